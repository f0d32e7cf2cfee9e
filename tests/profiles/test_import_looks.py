"""Looks of schedules: what is new goes in once, whatever breaks off, and what fails says so."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from openpyxl import Workbook

from profiles.models import (
    ImportJob,
    ImportLook,
    ImportSchedule,
    Purchase,
    SavedMapping,
    ScheduledFile,
)
from profiles.queries.company import company
from profiles.rules.names import JobState
from profiles.services import (
    import_arrivals,
    import_folders,
    import_looks,
    import_schedules,
    importing,
    order_layouts,
    undoing,
)
from tests.factories.profiles import SourceFactory
from tests.factories.schedules import ImportScheduleFactory
from tests.profiles.files import GOOD, HEADER, MAPPING, order_file
from tests.servers import Answer, serving

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
OTHER = "C7,O7,2026-01-07T08:00:00Z,P7,Tea,Tea,1,3.00,Main Street"


class Killed(BaseException):
    """What the end of a process looks like from inside."""


@pytest.fixture
def till(tmp_path, settings) -> Path:
    folder = tmp_path / "imports" / "till"
    folder.mkdir(parents=True)
    settings.IMPORT_FOLDER = str(tmp_path / "imports")
    company()
    return folder


@pytest.fixture
def schedule(till, now) -> ImportSchedule:
    """A schedule of a source whose columns were confirmed before."""
    made = ImportScheduleFactory()
    SavedMapping.objects.create(
        source=made.source, kind=made.kind, mapping=MAPPING, time_zone="UTC", saved_at=now
    )
    return made


def bring(folder: Path, name: str, *lines: str, header: str = HEADER, at: int = 1) -> Path:
    """Put a file into a folder, last changed ``at`` seconds after 1970."""
    path = order_file(folder, *lines, name=name, header=header)
    os.utime(path, (at, at))
    return path


def look_twice(now: datetime) -> datetime:
    """Look, and again when the files have settled; return when."""
    assert import_looks.look_next(now=now)
    assert import_looks.look_next(now=now + MINUTE)
    return now + MINUTE


def work_off(now: datetime) -> list[ImportJob]:
    """Run the imports that wait, in the order in which workers take them."""
    done = []
    while job := importing.claim_next(now=now):
        done.append(importing.run_import(job_id=job.pk, now=now, attempt=job.attempt))
    return done


def uploads_left() -> list[Path]:
    folder = Path(django_settings.UPLOAD_DIR)
    return sorted(folder.iterdir()) if folder.exists() else []


def found(*, by: str = "name") -> list[tuple[str, str]]:
    return list(ScheduledFile.objects.order_by(by, "pk").values_list("name", "state"))


def jobs(*fields: str) -> list[tuple[object, ...]]:
    return list(ImportJob.objects.order_by("pk").values_list(*fields))


def told(schedule: ImportSchedule) -> tuple[str, str, int]:
    schedule.refresh_from_db()
    return schedule.outcome, schedule.reason, schedule.failures


# --- folders ----------------------------------------------------------------------------------------


def test_a_file_goes_in_when_it_has_stayed_as_it_was_for_a_minute(schedule, till, now):
    path = bring(till, "a.csv", *GOOD)
    assert import_looks.look_next(now=now)
    assert told(schedule) == ("arriving", "", 0)
    assert schedule.next_due_at == now + MINUTE
    assert not ImportJob.objects.exists()
    assert not import_looks.look_next(now=now + MINUTE / 2)
    assert import_looks.look_next(now=now + MINUTE)
    assert told(schedule) == ("taken", "", 0)
    assert schedule.next_due_at == now.replace(minute=0) + HOUR
    assert found() == [("a.csv", "taken")]
    (job,) = work_off(now + MINUTE)
    assert (job.state, job.schedule, job.schedule_name, job.created_by) == (
        JobState.DONE,
        schedule,
        schedule.name,
        None,
    )
    assert Purchase.objects.count() == 2
    assert path.exists()
    assert uploads_left() == []


def test_a_file_that_grows_waits_until_it_is_whole(schedule, till, now):
    path = bring(till, "a.csv", GOOD[0])
    for minute in range(1, 5):
        assert import_looks.look_next(now=now + minute * MINUTE)
        with path.open("a") as file:
            file.write(GOOD[1] + "\n")
    assert not ImportJob.objects.exists()
    assert found() == [("a.csv", "arriving")]
    import_looks.look_next(now=now + 5 * MINUTE)
    import_looks.look_next(now=now + 6 * MINUTE)
    assert jobs("file_name", "state") == [("a.csv", "queued")]


def test_a_file_of_the_same_size_that_was_written_again_waits(schedule, till, now):
    path = bring(till, "a.csv", *GOOD)
    import_looks.look_next(now=now)
    os.utime(path, (2, 2))
    import_looks.look_next(now=now + MINUTE)
    assert not ImportJob.objects.exists()


def test_two_looks_within_a_minute_do_not_make_a_file_whole(schedule, till, now):
    bring(till, "a.csv", *GOOD)
    import_looks.look_next(now=now)
    soon = now + timedelta(seconds=3)
    import_schedules.ask_look(schedule_id=schedule.pk, now=soon)
    assert import_looks.look_next(now=soon)
    assert not ImportJob.objects.exists()


def test_a_file_that_changes_while_it_is_copied_waits(schedule, till, now, monkeypatch):
    path = bring(till, "a.csv", *GOOD)
    import_looks.look_next(now=now)
    listed = import_folders.files_in

    def then_it_grows(folder: str, pattern: str):
        seen = listed(folder, pattern)
        with path.open("a") as file:
            file.write(OTHER + "\n")
        return seen

    monkeypatch.setattr(import_folders, "files_in", then_it_grows)
    import_looks.look_next(now=now + MINUTE)
    assert told(schedule)[0] == "arriving"
    assert not ImportJob.objects.exists()
    assert uploads_left() == []


def test_an_unchanged_file_is_looked_at_no_more(schedule, till, now):
    bring(till, "a.csv", *GOOD)
    at = look_twice(now)
    (till / "a.csv").chmod(0)
    for hour in (1, 2, 3):
        assert import_looks.look_next(now=at + hour * HOUR)
    assert told(schedule) == ("nothing", "", 0)
    assert len(jobs("pk")) == 1
    looks = list(ImportLook.objects.order_by("pk").values_list("outcome", "times", "files"))
    assert looks == [("arriving", 1, 0), ("taken", 1, 1), ("nothing", 3, 0)]


def test_the_same_content_under_another_name_is_skipped_and_said_so(schedule, till, now):
    bring(till, "a.csv", *GOOD)
    at = look_twice(now)
    bring(till, "b.csv", *GOOD)
    os.utime(till / "a.csv", (9, 9))
    look_twice(at + HOUR)
    assert len(jobs("pk")) == 1
    assert found() == [("a.csv", "taken"), ("a.csv", "known"), ("b.csv", "known")]
    notes = set(ScheduledFile.objects.filter(state="known").values_list("note", flat=True))
    assert notes == {"The same content came before as “a.csv”."}
    assert uploads_left() == [Path(ImportJob.objects.get().path)]


def test_what_somebody_uploaded_before_is_skipped_and_said_so(schedule, till, now, tmp_path):
    job = importing.start_import(
        path=order_file(tmp_path, *GOOD),
        file_name="by hand.csv",
        source=schedule.source,
        mapping=MAPPING,
        time_zone="UTC",
        by=None,
        now=now,
    )
    bring(till, "a.csv", *GOOD)
    look_twice(now)
    assert jobs("file_name") == [("by hand.csv",)]
    note = ScheduledFile.objects.get().note
    assert note == f"The same content was imported before (import {job.pk})."


def test_what_was_taken_back_does_not_come_again_by_itself(schedule, till, now):
    bring(till, "a.csv", *GOOD)
    at = look_twice(now)
    (job,) = work_off(at)
    undoing.ask(job_id=job.pk, now=at)
    undoing.run_next(now=at)
    assert not Purchase.objects.exists()
    os.utime(till / "a.csv", (9, 9))
    look_twice(at + HOUR)
    assert work_off(at + HOUR) == []
    assert not Purchase.objects.exists()


def test_several_files_go_in_by_name_one_after_the_other(schedule, till, now):
    for name in ("c.csv", "a.csv", "b.csv"):
        bring(till, name, OTHER.replace("O7", name))
    at = look_twice(now)
    assert jobs("file_name", "state") == [(f"{x}.csv", "queued") for x in "abc"]
    assert len({made for (made,) in jobs("created_at")}) == 3
    first = importing.claim_next(now=at)
    assert first is not None
    assert first.file_name == "a.csv"
    assert importing.claim_next(now=at) is None, "the next waits until this one is over"
    importing.run_import(job_id=first.pk, now=at, attempt=first.attempt)
    assert [job.file_name for job in work_off(at)] == ["b.csv", "c.csv"]


def test_files_of_other_schedules_need_not_wait(schedule, till, now, queued, tmp_path):
    bring(till, "a.csv", *GOOD)
    at = look_twice(now)
    queued(order_file(tmp_path, OTHER))
    claimed = [importing.claim_next(now=at), importing.claim_next(now=at)]
    assert all(claimed)


def test_a_backlog_goes_in_by_and_by(schedule, till, now, monkeypatch):
    monkeypatch.setattr(import_looks, "AT_ONCE", 2)
    for number in range(5):
        bring(till, f"{number}.csv", OTHER.replace("O7", f"O{number}"))
    at = look_twice(now)
    assert len(jobs("pk")) == 2
    assert schedule.jobs.count() == 2
    told(schedule)
    assert schedule.next_due_at == at + MINUTE
    import_looks.look_next(now=at + MINUTE)
    assert len(jobs("pk")) == 2, "what was taken is not imported yet"
    for minute in (2, 3, 4):
        work_off(at)
        import_looks.look_next(now=at + minute * MINUTE)
    assert [name for (name,) in jobs("file_name")] == [f"{n}.csv" for n in range(5)]


def test_a_file_that_cannot_be_read_is_an_import_that_failed_and_the_others_go_on(
    schedule, till, now
):
    bring(till, "a.csv", header="no table at all")
    (till / "b.csv").write_bytes(b"")
    bring(till, "c.csv", *GOOD)
    at = look_twice(now)
    outcome, reason, failures = told(schedule)
    assert (outcome, failures) == ("failed", 1)
    assert reason.startswith("This is no table in CSV form")
    assert jobs("file_name", "state") == [
        ("a.csv", "failed"),
        ("b.csv", "failed"),
        ("c.csv", "queued"),
    ]
    assert ImportJob.objects.get(file_name="b.csv").error.startswith("The file is empty.")
    assert [job.state for job in work_off(at)] == ["done"]
    assert uploads_left() == []
    import_looks.look_next(now=at + HOUR)
    assert told(schedule) == ("nothing", "", 0)
    assert len(jobs("pk")) == 3, "the broken ones are not tried again"


def test_a_file_that_may_not_be_read_is_an_import_that_failed(schedule, till, now, monkeypatch):
    bring(till, "a.csv", *GOOD)
    bring(till, "b.csv", OTHER)
    import_looks.look_next(now=now)
    opened = os.open

    def refuse(path, *arguments, **named):
        if path == "a.csv":
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments, **named)

    monkeypatch.setattr(os, "open", refuse)
    import_looks.look_next(now=now + MINUTE)
    assert jobs("file_name", "state") == [("a.csv", "failed"), ("b.csv", "queued")]
    assert "Permission denied" in ImportJob.objects.get(file_name="a.csv").error


def test_a_header_without_rows_is_nothing_to_import(schedule, till, now):
    bring(till, "a.csv")
    bring(till, "b.csv")
    look_twice(now)
    assert told(schedule) == ("nothing", "", 0)
    assert found() == [("a.csv", "empty"), ("b.csv", "known")]
    assert not ImportJob.objects.exists()


def test_a_workbook_goes_in_as_its_first_sheet_and_once(schedule, till, now):
    book = Workbook()
    for line in (HEADER, *GOOD):
        book.active.append(line.split(","))
    book.save(till / "a.xlsx")
    ImportSchedule.objects.update(pattern="*.xlsx")
    at = look_twice(now)
    (job,) = work_off(at)
    assert (job.state, job.file_name, job.rows_read) == ("done", "a.xlsx", 3)
    assert uploads_left() == []
    (till / "b.xlsx").write_bytes((till / "a.xlsx").read_bytes())
    look_twice(at + HOUR)
    assert found() == [("a.xlsx", "taken"), ("b.xlsx", "known")]


def test_a_folder_that_is_gone_fails_the_look_and_comes_back(schedule, till, now):
    till.rename(till.with_name("elsewhere"))
    import_looks.look_next(now=now)
    outcome, reason, failures = told(schedule)
    assert (outcome, failures) == ("failed", 1)
    assert "No such file or directory" in reason
    assert schedule.next_due_at == now + timedelta(minutes=15)
    till.with_name("elsewhere").rename(till)
    import_looks.look_next(now=now + HOUR)
    assert told(schedule) == ("nothing", "", 0)


def test_failures_in_a_row_wait_longer_and_are_never_dropped(schedule, till, now):
    till.rmdir()
    at, waits = now, []
    for _ in range(12):
        assert import_looks.look_next(now=at)
        schedule.refresh_from_db()
        waits.append(round((schedule.next_due_at - at).total_seconds() / 60))
        at = schedule.next_due_at
    assert waits == [15, 15, 30, 60, 120, 240, 480, 960, 1440, 1440, 1440, 1440]
    (look,) = ImportLook.objects.all()
    assert (look.outcome, look.times, look.first_at) == ("failed", 12, now)
    till.mkdir()
    import_looks.look_next(now=at)
    assert told(schedule) == ("nothing", "", 0)
    assert schedule.next_due_at - at <= HOUR


def test_the_history_does_not_grow_for_ever(schedule, till, now, monkeypatch):
    monkeypatch.setattr(import_looks, "LOOKS_KEPT", 3)
    for hour in range(6):
        (till.rmdir if till.exists() else till.mkdir)()
        import_looks.look_next(now=now + hour * 2 * HOUR)
    kept = list(ImportLook.objects.order_by("pk").values_list("outcome", flat=True))
    assert kept == ["nothing", "failed", "nothing"]


def test_an_error_of_ours_is_told_and_raised(schedule, till, now, monkeypatch):
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(import_folders, "files_in", broken)
    with pytest.raises(ZeroDivisionError):
        import_looks.look_next(now=now)
    outcome, reason, failures = told(schedule)
    assert (outcome, failures) == ("failed", 1)
    assert reason.startswith("An error of ours")
    assert schedule.lease_until is None


# --- columns ----------------------------------------------------------------------------------------


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


# --- broken off -------------------------------------------------------------------------------------


def expire() -> None:
    """Let the leases of workers that are gone run out."""
    ImportSchedule.objects.update(lease_until=datetime(2026, 1, 1, tzinfo=UTC))


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


# --- addresses --------------------------------------------------------------------------------------


def csv(*lines: str) -> bytes:
    return "\n".join([HEADER, *lines, ""]).encode()


@pytest.fixture
def server(settings):
    with serving() as files:
        settings.IMPORT_OWN_HOSTS = [files.host]
        yield files


@pytest.fixture
def fetched(schedule, server) -> ImportSchedule:
    """The schedule of before, which now fetches from an address."""
    ImportSchedule.objects.update(
        whence="address", folder="", pattern="", address=server.address("/orders.csv?key=abc")
    )
    server.files["/orders.csv"] = Answer(csv(*GOOD), etag='"one"')
    schedule.refresh_from_db()
    return schedule


def test_a_file_is_fetched_and_goes_in_at_once(fetched, now):
    assert import_looks.look_next(now=now)
    assert told(fetched) == ("taken", "", 0)
    assert (fetched.etag, fetched.next_due_at) == ('"one"', now.replace(minute=0) + HOUR)
    (job,) = work_off(now)
    assert (job.state, job.file_name, job.rows_read) == ("done", "orders.csv", 3)
    assert uploads_left() == []


def test_an_unchanged_file_costs_a_question_and_nothing_more(fetched, server, now):
    import_looks.look_next(now=now)
    work_off(now)
    import_looks.look_next(now=now + HOUR)
    assert server.asked[1][1]["If-None-Match"] == '"one"'
    assert told(fetched) == ("nothing", "", 0)
    assert len(jobs("pk")) == 1
    assert uploads_left() == []


def test_the_same_content_without_a_mark_is_skipped(fetched, server, now):
    server.files["/orders.csv"] = Answer(csv(*GOOD))
    for hour in range(3):
        import_looks.look_next(now=now + hour * HOUR)
    assert told(fetched) == ("nothing", "", 0)
    assert len(jobs("pk")) == 1
    assert found() == [("orders.csv", "taken")]


def test_another_content_goes_in(fetched, server, now):
    import_looks.look_next(now=now)
    server.files["/orders.csv"] = Answer(csv(OTHER), etag='"two"')
    import_looks.look_next(now=now + HOUR)
    assert len(work_off(now)) == 2
    assert Purchase.objects.count() == 3


def test_a_worker_killed_between_fetch_and_import_leaves_nothing_that_is_lost(
    fetched, server, now, monkeypatch
):
    bring_in = import_arrivals.bring

    def kill(**_: object) -> None:
        raise Killed

    monkeypatch.setattr(import_arrivals, "bring", kill)
    with pytest.raises(Killed):
        import_looks.look_next(now=now)
    assert told(fetched) == ("", "", 0)
    assert fetched.etag == "", "what was fetched and not handed over is asked for again"
    monkeypatch.setattr(import_arrivals, "bring", bring_in)
    expire()
    assert import_looks.look_next(now=now)
    assert [job.state for job in work_off(now)] == ["done"]
    assert Purchase.objects.count() == 2


def test_a_worker_killed_between_handing_over_and_the_end_brings_nothing_twice(
    fetched, now, monkeypatch
):
    finish = import_looks._finish

    def kill(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(import_looks, "_finish", kill)
    with pytest.raises(Killed):
        import_looks.look_next(now=now)
    assert len(jobs("pk")) == 1
    monkeypatch.setattr(import_looks, "_finish", finish)
    expire()
    assert import_looks.look_next(now=now)
    assert len(jobs("pk")) == 1
    assert told(fetched) == ("nothing", "", 0)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(status=401), "IMPORT_PASSWORDS"),
        (Answer(status=404), "no file at this address"),
        (Answer(b"<html>", headers={"Content-Type": "text/html"}), "a page in place of a file"),
        (Answer(csv(*GOOD), cut_short=True), "asked"),
        (Answer(status=302, headers={"Location": "https://169.254.169.254/"}), "inner network"),
    ],
)
def test_an_address_that_gives_no_file_fails_the_look_with_a_reason(
    fetched, server, now, answer, words
):
    server.files["/orders.csv"] = answer
    import_looks.look_next(now=now)
    outcome, reason, failures = told(fetched)
    assert (outcome, failures) == ("failed", 1)
    assert words in reason
    assert "abc" not in reason
    assert not ImportJob.objects.exists()
    assert uploads_left() == []


def test_a_file_over_the_limit_of_uploads_fails_the_look(fetched, now, settings):
    settings.ORDER_FILE_MAX_BYTES = 50
    import_looks.look_next(now=now)
    assert "larger than" in told(fetched)[1]
    assert uploads_left() == []


def test_a_fetched_file_that_is_none_fails_once_and_is_not_fetched_again(fetched, server, now):
    server.files["/orders.csv"] = Answer(b"%PDF", etag='"three"')
    import_looks.look_next(now=now)
    assert told(fetched)[0] == "failed"
    assert jobs("state") == [("failed",)]
    import_looks.look_next(now=now + HOUR)
    assert told(fetched) == ("nothing", "", 0)
    assert jobs("state") == [("failed",)]


def test_nothing_is_fetched_while_somebody_has_to_confirm_the_first_columns(fetched, server, now):
    SavedMapping.objects.all().delete()
    import_looks.look_next(now=now)
    assert told(fetched)[0] == "parked"
    import_looks.look_next(now=now + HOUR)
    assert told(fetched)[0] == "parked"
    assert len(server.asked) == 1


# --- whose turn it is -------------------------------------------------------------------------------


def test_only_what_is_due_is_looked_at_and_the_longest_due_first(till, now):
    late = ImportScheduleFactory(next_due_at=now - 2 * HOUR)
    ImportScheduleFactory(next_due_at=now + MINUTE)
    ImportScheduleFactory(is_active=False, next_due_at=None)
    later = ImportScheduleFactory(next_due_at=now - HOUR)
    claimed = [import_looks.claim_next(now=now) for _ in range(3)]
    assert claimed == [late, later, None]


def test_a_source_of_people_is_read_as_its_kind(till, now):
    source = SourceFactory()
    ImportScheduleFactory(source=source, kind="customers")
    mapping = {"customer_id": "Number", "name": "Name"}
    SavedMapping.objects.create(
        source=source, kind="customers", mapping=mapping, time_zone="UTC", saved_at=now
    )
    bring(till, "crm.csv", "C1,Dolores", header="Number,Name")
    (job,) = work_off(look_twice(now))
    assert (job.kind, job.state, job.counts["customers_new"]) == ("customers", "done", 1)
