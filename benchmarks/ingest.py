"""How many events a second are accepted and worked off into the timeline, beside a bare bulk insert.

`python -m benchmarks ingest [--events 30000]`: one web process and one worker process (with its beat), on a
scratch database of the server of DATABASE_URL. Batches of 100 events of known people come over several
connections. The baseline is one web process with a view that bulk-inserts the same rows (`_bare.py`).
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from queue import Empty, SimpleQueue

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cxportal.settings")
django.setup()

from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks._scratch import scratch_database  # noqa: E402
from profiles.models import InboundEvent, Touchpoint  # noqa: E402
from profiles.services import keys, processing, receiving  # noqa: E402

PER_BATCH = 100
CONNECTIONS = 4
PEOPLE = 2000
AIM_PER_SECOND, AIM_SHARE, AIM_LAG_SECONDS = 1000, 0.5, 5


@dataclass(frozen=True)
class Measured:
    accepted_seconds: float
    done_seconds: float
    lag_seconds: float = 0.0


def main(arguments: list[str]) -> int:
    """Measure both, print them; 1 when an aim was missed."""
    options = _options(arguments)
    with scratch_database() as url, tempfile.TemporaryDirectory() as state:
        key = _known_people()
        bodies = [_body(n) for n in range(options.events // PER_BATCH)]
        events = len(bodies) * PER_BATCH
        environment = os.environ | {
            "DATABASE_URL": url, "CXPORTAL_STATE": state, "CELERY_BROKER_URL": "filesystem://",
            "EVENTS_PER_SECOND": "1000000", "LOG_LEVEL": "WARNING", "ALLOWED_HOSTS": "127.0.0.1",
        }  # fmt: skip
        with _web("benchmarks._bare:application", environment) as port:
            bare = _measured(port, key, bodies, events)
        with _worker(environment, Path(state)), _web("cxportal.wsgi", environment) as port:
            ours = _measured(port, key, bodies, events)
        parked = InboundEvent.objects.exclude(reason="").count()
        connection.close()
    return _told(events, ours, bare, parked)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks ingest", description=__doc__)
    parser.add_argument("--events", type=int, default=30_000)
    return parser.parse_args(arguments)


def _told(events: int, ours: Measured, bare: Measured, parked: int) -> int:
    share = bare.done_seconds / ours.done_seconds
    print(
        f"baseline: benchmarks/_bare.py, one web process\n{events:,} events in batches of {PER_BATCH}\n"
    )
    print("          accepted/s  in the timeline/s  longest wait s")
    for name, each in (("cxportal", ours), ("bare", bare)):
        print(
            f"{name:<9} {events / each.accepted_seconds:>10,.0f} {events / each.done_seconds:>18,.0f}"
            f" {each.lag_seconds:>15.1f}"
        )
    print(f"\nspeed as a share of the bare view's: {share:.2f}; parked: {parked}")
    reached = (
        events / ours.done_seconds >= AIM_PER_SECOND
        and share >= AIM_SHARE
        and ours.lag_seconds <= AIM_LAG_SECONDS
        and not parked
    )
    return 0 if reached else 1


# --- what is sent ---------------------------------------------------------------------------------


def _known_people() -> str:
    """Make people known before the measurement, and return a write key."""
    now = timezone.now()
    source = keys.source_for(code="shop", name="Shop")
    made = keys.create_key(
        name="Benchmark",
        scopes=["events"],
        source=source,
        random=secrets.token_urlsafe(32),
        by=None,
        now=now,
    )
    known = [_event(n, "identify", f"known-{n}") for n in range(PEOPLE)]
    receiving.receive(events=known, message_ids=[""] * PEOPLE, source=source, now=now)
    while processing.process_waiting(now=now):
        pass
    Touchpoint.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return made.secret


def _body(batch: int) -> bytes:
    numbers = range(batch * PER_BATCH, (batch + 1) * PER_BATCH)
    kinds = ["identify" if n % 20 == 0 else "page" if n % 7 == 0 else "track" for n in numbers]
    events = [_event(n, kind, f"m-{n}") for n, kind in zip(numbers, kinds, strict=True)]
    sent = timezone.now().isoformat()
    return json.dumps({"batch": events, "sentAt": sent}).encode()


def _event(number: int, kind: str, message_id: str) -> dict[str, object]:
    """An event as the client for Node sends it, with about 700 bytes."""
    person = number * 7919 % PEOPLE
    said: dict[str, object] = {
        "type": kind,
        "messageId": message_id,
        "userId": f"user-{person}",
        "anonymousId": f"visitor-{person}",
        "timestamp": (timezone.now() - timedelta(seconds=30)).isoformat(),
        "integrations": {},
        "_metadata": {"nodeVersion": "20.20.2", "jsRuntime": "node"},
        "context": {
            "library": {"name": "@segment/analytics-node", "version": "3.1.0"},
            "locale": "de-AT",
            "page": {
                "path": "/coffee",
                "url": "https://shop.example.com/coffee",
                "title": "Coffee",
            },
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130 Safari/537.36",
        },
    }
    if kind == "identify":
        said["traits"] = {"email": f"user-{person}@example.com", "plan": "gold", "visits": number}
    elif kind == "page":
        said |= {"name": "Coffee", "properties": {"path": "/coffee", "title": "Coffee"}}
    else:
        said["event"] = "Filter Applied"
        said["properties"] = {"list": "coffee", "position": number, "roast": "dark"}
    return said


# --- measuring ------------------------------------------------------------------------------------


def _measured(port: int, key: str, bodies: Sequence[bytes], events: int) -> Measured:
    before = Touchpoint.objects.count()
    work: SimpleQueue[bytes] = SimpleQueue()
    for body in bodies:
        work.put(body)
    lag = _Lag()
    lag.start()
    began = time.perf_counter()
    refused: list[str] = []
    senders = [
        threading.Thread(target=_send, args=(port, key, work, refused)) for _ in range(CONNECTIONS)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    accepted = time.perf_counter() - began
    if refused:
        sys.exit(f"refused: {refused[0]}")
    while Touchpoint.objects.count() - before < events:
        if time.perf_counter() - began > 600 or lag.is_stuck():
            sys.exit("events are missing from the timeline")
        time.sleep(0.05)
    done = time.perf_counter() - began
    lag.stop()
    return Measured(accepted, done, lag.longest)


def _send(port: int, key: str, work: SimpleQueue[bytes], refused: list[str]) -> None:
    """Send batches over one connection until there are none, or one is refused."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    basic = base64.b64encode(f"{key}:".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/json"}
    while True:
        try:
            body = work.get_nowait()
        except Empty:
            return
        link.request("POST", "/v1/batch", body, headers)
        answer = link.getresponse()
        said = answer.read()
        if answer.status != 200:
            refused.append(f"{answer.status} {said!r}")
            return


class _Lag(threading.Thread):
    """Looks every 0.2 seconds how long the first event in the queue has waited."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.longest = 0.0
        self._over = threading.Event()

    def run(self) -> None:
        try:
            while not self._over.wait(0.2):
                first = InboundEvent.objects.filter(reason="").order_by("pk").first()
                if first:
                    waited = (timezone.now() - first.received_at).total_seconds()
                    self.longest = max(self.longest, waited)
        finally:
            connection.close()

    def is_stuck(self) -> bool:
        return self.longest > 120

    def stop(self) -> None:
        self._over.set()
        self.join()


# --- processes ------------------------------------------------------------------------------------


@contextmanager
def _web(application: str, environment: dict[str, str]) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["gunicorn", application, f"--bind=127.0.0.1:{port}", "--workers=1", "--threads=4",
               "--worker-class=gthread", "--access-logfile=/dev/null", "--log-level=warning"]  # fmt: skip
    with _process(command, environment):
        for _ in range(200):
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port


@contextmanager
def _worker(environment: dict[str, str], state: Path) -> Iterator[None]:
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=WARNING"]
    command = ["celery", "-A", "cxportal", "worker", "--beat", f"--schedule={state / 'beat'}"]
    command += ["--concurrency=1", *quiet]
    with _process(command, environment):
        yield


@contextmanager
def _process(command: list[str], environment: dict[str, str]) -> Iterator[None]:
    running = subprocess.Popen([sys.executable, "-m", *command], env=environment)
    try:
        yield
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(timeout=30)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
