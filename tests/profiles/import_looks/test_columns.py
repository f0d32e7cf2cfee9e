"""Columns that nobody confirmed wait for a person; a look that was broken off is taken up again."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest

from profiles.models import (
    ImportJob,
    ImportSchedule,
    Purchase,
    SavedMapping,
    ScheduledFile,
)
from profiles.services import (
    import_arrivals,
    import_folders,
    import_looks,
    importing,
    order_layouts,
)
from tests.profiles.files import GOOD, HEADER, MAPPING
from tests.profiles.import_looks.doing import (
    HOUR,
    MINUTE,
    OTHER,
    Killed,
    bring,
    expire,
    jobs,
    look_twice,
    told,
    uploads_left,
    work_off,
)

pytestmark = pytest.mark.django_db


def test_without_confirmed_columns_the_first_file_waits_and_the_others_stay_where_they_are(
    schedule, till, now, admin_user
):
    SavedMapping.objects.all().delete()
    bring(till, "a.csv", *GOOD)
    bring(till, "b.csv", OTHER)
    at = look_twice(now)
    assert told(schedule) == ("parked", "A file waits until somebody has confirmed its columns.", 0)
    assert jobs("file_name", "state", "mapping") == [("a.csv", "parked", {})]
    assert "Nobody has said yet" in ImportJob.objects.get().error
    import_looks.look_next(now=at + HOUR)
    assert len(jobs("pk")) == 1
    assert importing.claim_next(now=at) is None, "no worker takes what waits for a person"
    later = at + HOUR
    job = import_arrivals.confirm(
        job_id=ImportJob.objects.get().pk,
        mapping=MAPPING,
        time_zone="Europe/Vienna",
        by=admin_user,
        now=later,
    )
    assert (job.state, job.error, job.time_zone, job.created_by) == (
        "queued",
        "",
        "Europe/Vienna",
        admin_user,
    )
    assert SavedMapping.objects.get().mapping == MAPPING
    assert import_looks.look_next(now=later), "it looks at once for what it left lying"
    assert [job.state for job in work_off(later)] == ["done", "done"]
    assert Purchase.objects.count() == 3


def test_a_file_with_other_columns_waits_for_a_person_and_the_next_ones_go_on(schedule, till, now):
    bring(till, "a.csv", "C1,O1,2026-01-05,P1", header="kunde,order_id,ordered_at,product_id")
    bring(till, "b.csv", *GOOD)
    at = look_twice(now)
    assert told(schedule)[0] == "parked"
    assert jobs("file_name", "state") == [("a.csv", "parked"), ("b.csv", "queued")]
    assert "The file has no column" in ImportJob.objects.get(file_name="a.csv").error
    assert [job.file_name for job in work_off(at)] == ["b.csv"]
    import_looks.look_next(now=at + HOUR)
    assert told(schedule) == ("nothing", "", 0)


def test_dates_that_can_be_read_in_two_ways_wait_for_a_person(schedule, till, now):
    bring(till, "a.csv", OTHER.replace("2026-01-07T08:00:00Z", "03/04/2026"))
    look_twice(now)
    assert jobs("state") == [("parked",)]
    assert "day or the month comes first" in ImportJob.objects.get().error


def test_more_columns_than_are_used_do_not_matter(schedule, till, now):
    bring(till, "a.csv", GOOD[0] + ",x", header=HEADER + ",new_column")
    assert [job.state for job in work_off(look_twice(now))] == ["done"]


def test_what_is_confirmed_once_lets_in_all_that_waited_for_it(schedule, till, now, admin_user):
    other = "kunde,order_id,ordered_at,product_id"
    bring(till, "a.csv", "C1,O1,2026-01-05,P1", header=other)
    bring(till, "b.csv", "C1,O2,2026-01-06,P1", header=other)
    bring(till, "c.csv", "C1,O3,2026-01-07", header="wer,order_id,ordered_at")
    at = look_twice(now)
    mapping = {name: name for name in other.split(",")[1:]} | {"customer_id": "kunde"}
    first = ImportJob.objects.get(file_name="a.csv")
    import_arrivals.confirm(
        job_id=first.pk, mapping=mapping, time_zone="UTC", by=admin_user, now=at
    )
    assert jobs("file_name", "state") == [
        ("a.csv", "queued"),
        ("b.csv", "queued"),
        ("c.csv", "parked"),
    ]
    assert [job.state for job in work_off(at)] == ["done", "done"]


def test_columns_that_do_not_fit_either_leave_the_file_waiting(schedule, till, now, admin_user):
    bring(till, "a.csv", "C1,O1,2026-01-05,P1", header="kunde,order_id,ordered_at,product_id")
    look_twice(now)
    job = ImportJob.objects.get()
    with pytest.raises(order_layouts.MappingWrong):
        import_arrivals.confirm(
            job_id=job.pk, mapping=MAPPING, time_zone="UTC", by=admin_user, now=now
        )
    assert jobs("state") == [("parked",)]
    assert uploads_left() == [Path(job.path)]


@pytest.mark.django_db(transaction=True)
def test_a_file_that_nobody_wants_goes_and_does_not_come_again(schedule, till, now, admin_user):
    bring(till, "a.csv", "C1,O1,2026-01-05,P1", header="kunde,order_id,ordered_at,product_id")
    at = look_twice(now)
    import_arrivals.drop(job_id=ImportJob.objects.get().pk, by=admin_user, now=at)
    assert not ImportJob.objects.exists()
    assert uploads_left() == []
    os.utime(till / "a.csv", (9, 9))
    look_twice(at + HOUR)
    assert not ImportJob.objects.exists()
    assert (
        ScheduledFile.objects.get(state="taken").note == "Somebody decided not to import this file."
    )


def test_what_does_not_wait_cannot_be_confirmed_or_dropped(schedule, till, now, admin_user):
    bring(till, "a.csv", *GOOD)
    look_twice(now)
    key = ImportJob.objects.get().pk
    with pytest.raises(import_arrivals.NotParked):
        import_arrivals.confirm(job_id=key, mapping={}, time_zone="UTC", by=admin_user, now=now)
    with pytest.raises(import_arrivals.NotParked):
        import_arrivals.drop(job_id=key, by=admin_user, now=now)
    assert jobs("state", "mapping") == [("queued", MAPPING)]


@pytest.mark.parametrize("where", ["bring", "waits_for_columns"])
@pytest.mark.django_db(transaction=True)
def test_a_look_that_was_killed_is_taken_up_again_and_nothing_goes_in_twice(
    schedule, till, now, monkeypatch, where
):
    for name in ("a.csv", "b.csv", "c.csv"):
        bring(till, name, OTHER.replace("O7", name))
    import_looks.look_next(now=now)
    true, calls = getattr(import_arrivals, where), 0

    def kill(*arguments, **named):
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Killed
        return true(*arguments, **named)

    monkeypatch.setattr(import_arrivals, where, kill)
    with pytest.raises(Killed):
        import_looks.look_next(now=now + MINUTE)
    assert jobs("file_name") == [("a.csv",)]
    assert not import_looks.look_next(now=now + MINUTE), "the dead worker's lease still holds"
    expire()
    assert import_looks.look_next(now=now + 2 * MINUTE)
    assert jobs("file_name") == [("a.csv",), ("b.csv",), ("c.csv",)]
    assert [job.state for job in work_off(now)] == ["done"] * 3
    assert Purchase.objects.count() == 3


def test_a_worker_that_was_overtaken_writes_nothing_more(schedule, till, now, monkeypatch):
    bring(till, "a.csv", *GOOD)
    import_looks.look_next(now=now)
    copy = import_folders.copy

    def slowly(*arguments, **named):
        ImportSchedule.objects.update(attempt=9)
        return copy(*arguments, **named)

    monkeypatch.setattr(import_folders, "copy", slowly)
    late = import_looks.claim_next(now=now + MINUTE)
    assert late is not None
    with pytest.raises(import_looks.LookLost):
        import_looks.look(schedule=late, now=now + MINUTE)
    assert not ImportJob.objects.exists()
    assert told(schedule)[0] == "arriving"


def test_the_lease_is_kept_while_a_large_file_is_copied(schedule, till, now, monkeypatch):
    monkeypatch.setattr(import_looks, "_SIGN_OF_LIFE_SECONDS", 0)
    bring(till, "a.csv", *GOOD)
    import_looks.look_next(now=now)
    long_ago = datetime(2026, 1, 1, tzinfo=now.tzinfo)
    copy, leases = import_folders.copy, []

    def slowly(*arguments, keep, **named):
        ImportSchedule.objects.update(lease_until=long_ago)
        keep()
        leases.append(ImportSchedule.objects.get().lease_until)
        return copy(*arguments, keep=keep, **named)

    monkeypatch.setattr(import_folders, "copy", slowly)
    import_looks.look_next(now=now + MINUTE)
    assert leases[0] > long_ago
