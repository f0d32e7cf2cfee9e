"""Files in a folder: what is new goes in once, whole, and what fails says so."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook

from profiles.models import (
    ImportJob,
    ImportLook,
    ImportSchedule,
    Purchase,
    ScheduledFile,
)
from profiles.rules.names import JobState
from profiles.services import (
    import_folders,
    import_looks,
    import_schedules,
    importing,
    undoing,
)
from tests.profiles.files import GOOD, HEADER, MAPPING, order_file
from tests.profiles.import_looks.doing import (
    HOUR,
    MINUTE,
    OTHER,
    bring,
    found,
    jobs,
    look_twice,
    told,
    uploads_left,
    work_off,
)

pytestmark = pytest.mark.django_db


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
