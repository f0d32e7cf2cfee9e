"""Real Celery workers on each broker: they find the rows, may be killed, and nothing is lost or doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from celery import Celery
from django.conf import settings
from django.db import connection

from campaigns.models import Delivery, SandboxMessage, SendingPolicy
from campaigns.services import delivering, planning
from tests.factories.campaigns import due_habit, reachable_customer, ready_house

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("workers")]

ROOT = Path(__file__).resolve().parent.parent.parent
BROKERS = [
    pytest.param("filesystem://", id="files"),
    pytest.param("TEST_REDIS_URL", id="redis", marks=pytest.mark.services),
    pytest.param("TEST_RABBITMQ_URL", id="rabbitmq", marks=pytest.mark.services),
]


def database_url() -> str:
    """Address of the test's own database."""
    name = connection.settings_dict["NAME"]
    head, _, query = settings.DATABASE_URL.partition("?")
    return head.rpartition("/")[0] + f"/{name}" + (f"?{query}" if query else "")


class Workers:
    """Workers of one broker, each in a process group of its own."""

    def __init__(self, broker: str, state: Path) -> None:
        self.environment = os.environ | {
            "DATABASE_URL": database_url(),
            "CELERY_BROKER_URL": broker,
            "CXPORTAL_STATE": str(state),
            "EMAIL_URL": "sandbox://",
        }
        self.log = (state / "worker.log").open("w")
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        command = [sys.executable, "-m", "celery", "-A", "cxportal", "worker", "--concurrency=1"]
        quiet = [
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            "--loglevel=WARNING",
        ]
        self.running.append(
            subprocess.Popen(
                [*command, *quiet],
                cwd=ROOT,
                env=self.environment,
                stdout=self.log,
                stderr=self.log,
                start_new_session=True,
            )
        )

    def ring(self, task: str) -> None:
        """Send a bell by the same road that beat takes."""
        command = [sys.executable, "-m", "celery", "-A", "cxportal", "call", task]
        subprocess.run(command, cwd=ROOT, env=self.environment, check=True, stdout=self.log)

    def kill(self) -> None:
        for worker in self.running:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
        self.running.clear()


@pytest.fixture
def workers(request, tmp_path) -> Iterator[Workers]:
    name = request.param
    broker = os.environ[name] if name.startswith("TEST_") else name
    with Celery(broker=broker).connection() as link:
        if not broker.startswith("filesystem"):
            link.ensure_connection(max_retries=1)
    workers = Workers(broker, tmp_path)
    yield workers
    workers.kill()
    workers.log.close()


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for what a real process does; the deadline is no measure of speed."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


def plan(customers: int) -> None:
    """Plan messages that are due at the workers' own, real time."""
    ready_house()
    now = datetime.now(UTC)
    for number in range(customers):
        due_habit(
            reachable_customer(f"Customer {number}"),
            last_on=(now - timedelta(days=30)).date(),
            remind_on=(now - timedelta(days=1)).date(),
            expected_on=(now + timedelta(days=3)).date(),
        )
    SendingPolicy.objects.update(quiet_from="00:00", quiet_until="00:00")
    planning.plan_morning(now=now.replace(hour=5))
    Delivery.objects.update(due_at=now - timedelta(minutes=1))


def states() -> set[str]:
    return set(Delivery.objects.values_list("state", flat=True))


@pytest.mark.parametrize("workers", BROKERS, indirect=True)
def test_a_bell_is_enough_for_a_worker_to_send_what_is_due(workers):
    plan(3)
    workers.start()
    workers.ring("campaigns.deliver_due")
    until(lambda: states() == {"sent"})
    assert SandboxMessage.objects.count() == 3


@pytest.mark.parametrize("workers", BROKERS[:1], indirect=True)
def test_what_a_killed_worker_had_handed_over_is_uncertain_and_the_rest_goes_on(workers):
    plan(3)
    now = datetime.now(UTC)
    claimed, _ = delivering.claim(now=now, limit=2)
    first, *_ = delivering._composed(claimed, now, delivering.Counter())
    assert delivering._may_leave(first, now)
    with connection.cursor() as cursor:  # the worker that claimed them has died meanwhile
        cursor.execute(
            "UPDATE campaigns_delivery SET lease_until = now() - interval '1 s' WHERE state = 'claimed'"
        )
    workers.start()
    workers.ring("campaigns.deliver_due")
    until(lambda: states() == {"sent", "uncertain"})
    assert Delivery.objects.get(state="uncertain").pk == first.delivery.pk
    assert SandboxMessage.objects.count() == 2


@pytest.mark.parametrize("workers", BROKERS[:1], indirect=True)
def test_a_worker_killed_in_the_middle_loses_nothing_and_doubles_nothing(workers):
    plan(120)
    workers.start()
    workers.ring("campaigns.deliver_due")
    until(lambda: SandboxMessage.objects.count() >= 20)
    workers.kill()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE campaigns_delivery SET lease_until = now() WHERE state = 'claimed'")
    workers.start()
    workers.ring("campaigns.deliver_due")
    until(lambda: states() <= {"sent", "uncertain"})
    received = list(SandboxMessage.objects.values_list("message_id", flat=True))
    assert len(received) == len(set(received))
    uncertain = Delivery.objects.filter(state="uncertain").count()
    assert uncertain <= 1, "one worker process hands over one message at a time"
    assert 120 - uncertain <= len(received) <= 120
