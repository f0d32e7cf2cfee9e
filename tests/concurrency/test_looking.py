"""Two workers at once: each schedule is looked by one of them, and each file goes in once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from profiles.models import ImportJob, ImportLook, ImportSchedule, Purchase, SavedMapping
from profiles.queries.company import company
from profiles.services import import_looks, importing
from tests.concurrency.test_claiming import at_once
from tests.factories.schedules import ImportScheduleFactory
from tests.profiles.files import MAPPING, order_file

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 10, 6, 5, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def till(tmp_path, settings):
    folder = tmp_path / "imports" / "till"
    folder.mkdir(parents=True)
    settings.IMPORT_FOLDER = str(tmp_path / "imports")
    company()
    for number in range(6):
        line = f"C{number},O{number},2026-01-05T07:30:00Z,P1,Beans,Coffee,1,1.00,Main Street"
        order_file(folder, line, name=f"{number}.csv")
    return folder


@pytest.fixture
def schedule(till) -> ImportSchedule:
    made = ImportScheduleFactory()
    SavedMapping.objects.create(
        source=made.source, kind=made.kind, mapping=MAPPING, time_zone="UTC", saved_at=NOW
    )
    return made


def test_two_workers_never_take_the_same_schedule(till):
    made = ImportScheduleFactory.create_batch(4)
    claims = at_once(*[lambda: [import_looks.claim_next(now=NOW) for _ in range(3)]] * 2)
    taken = [one.pk for claim in claims for one in claim if one is not None]
    assert sorted(taken) == sorted(one.pk for one in made)


def test_four_workers_bring_each_file_in_once(schedule):
    import_looks.look_next(now=NOW)
    looked = at_once(*[lambda: import_looks.look_next(now=LATER)] * 4)
    assert sum(map(bool, looked)) == 1

    def work() -> int:
        done = 0
        while job := importing.claim_next(now=LATER):
            importing.run_import(job_id=job.pk, now=LATER, attempt=job.attempt)
            done += 1
        return done

    at_once(work, work)
    work()
    assert list(ImportJob.objects.order_by("pk").values_list("file_name", "state")) == [
        (f"{number}.csv", "done") for number in range(6)
    ]
    assert Purchase.objects.count() == 6
    assert ImportLook.objects.filter(outcome="taken").count() == 1


def test_without_the_lock_both_would_take_the_same_schedule(schedule):
    """The control: the race is real."""
    both_have_read = threading.Barrier(2)

    def careless() -> int:
        with transaction.atomic():
            found = ImportSchedule.objects.due(NOW, free_at=NOW).get()
            both_have_read.wait(30)
            return found.pk

    first, second = at_once(careless, careless)
    assert first == second == schedule.pk


def test_a_worker_whose_lease_ran_out_and_the_next_one_bring_each_file_in_once(schedule):
    """Both work on the same look: the fence lets only the later one write."""
    import_looks.look_next(now=NOW)
    late = import_looks.claim_next(now=LATER)
    ImportSchedule.objects.update(lease_until=NOW - timedelta(days=365))
    next_one = import_looks.claim_next(now=LATER)

    def look(claimed: ImportSchedule) -> str:
        try:
            import_looks.look(schedule=claimed, now=LATER)
        except import_looks.LookLost:
            return "lost"
        return "done"

    assert at_once(lambda: look(late), lambda: look(next_one)) == ["lost", "done"]
    assert ImportJob.objects.count() == 6
