"""Files at an address: fetched once for their content; and whose turn it is."""

from __future__ import annotations

import pytest

from profiles.models import (
    ImportJob,
    ImportSchedule,
    Purchase,
    SavedMapping,
)
from profiles.services import (
    import_arrivals,
    import_looks,
)
from tests.factories.profiles import SourceFactory
from tests.factories.schedules import ImportScheduleFactory
from tests.profiles.files import GOOD, HEADER
from tests.profiles.import_looks.doing import (
    HOUR,
    MINUTE,
    OTHER,
    Killed,
    bring,
    expire,
    found,
    jobs,
    look_twice,
    told,
    uploads_left,
    work_off,
)
from tests.servers import Answer, serving

pytestmark = pytest.mark.django_db


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
