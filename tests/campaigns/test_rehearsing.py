"""A rehearsal that is long is not taken from its process, and one that cannot run says so."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError

from campaigns.management.commands.rehearse_days import telling
from campaigns.models import Rehearsal
from campaigns.services import rehearsing
from campaigns.services.order_days import NothingToRehearse
from campaigns.services.rehearsing import OrderFile
from profiles.services.order_opening import OrderFileError

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


MAPPING = {"customer_id": "customer", "ordered_at": "date", "product_id": "product"}
ORDERS = """customer,date,product,name,delivered
c1,2026-01-01 10:00,p1,Beans,2026-01-03
c1,2026-02-28 10:00,p1,Beans,2026-02-28
"""


def request(path: Path, as_of: date | None = None, **changes: Any) -> Rehearsal:
    file = replace(OrderFile(path, "orders.csv", MAPPING), **changes)
    return rehearsing.request_rehearsal(file=file, as_of=as_of, by=None, now=NOW)


@pytest.fixture
def upload(settings) -> Callable[[], Path]:
    """Upload the same orders, once more each time."""
    folder = Path(settings.UPLOAD_DIR)
    folder.mkdir()
    numbers = count()

    def uploaded() -> Path:
        path = folder / f"{next(numbers)}.csv"
        path.write_text(ORDERS)
        return path

    return uploaded


@pytest.fixture
def rehearsal(db, upload) -> Rehearsal:
    return request(upload())


def test_what_was_told_last_is_repeated_while_nothing_is_new(capsys):
    with telling(every_seconds=0.02) as tell:
        tell({"step": "Learning", "done": 1, "of": 3})
        time.sleep(0.2)
    lines = [json.loads(line)["progress"] for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == {"step": "Starting", "done": 0, "of": 0}
    assert lines[1:].count({"step": "Learning", "done": 1, "of": 3}) == len(lines) - 1 >= 3


def test_a_rehearsal_that_cannot_run_fails_with_its_reason(rehearsal, monkeypatch):
    def full(*_: object) -> None:
        raise OSError("no space left on /secret/path")

    monkeypatch.setattr(rehearsing, "_in_own_database", full)
    assert rehearsing.run_next(now=NOW)
    rehearsal.refresh_from_db()
    assert (rehearsal.state, rehearsal.lease_until) == ("failed", None)
    assert rehearsal.error == "The rehearsal could not be run: OSError."
    assert not rehearsing.run_next(now=NOW)


def ends_with(monkeypatch, outcome: Any) -> None:
    """Let the process that rehearses end in this way."""

    def in_own_database(*_: object) -> Any:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(rehearsing, "_in_own_database", in_own_database)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        ({"moments": 3}, "done"),
        (rehearsing.RehearsalFailed("Too short."), "failed"),
        (OSError("no space left"), "failed"),
    ],
)
def test_only_the_report_is_kept_whatever_the_end(rehearsal, monkeypatch, outcome, state):
    ends_with(monkeypatch, outcome)
    assert Path(rehearsal.path).exists()
    rehearsing.run_next(now=NOW)
    rehearsal.refresh_from_db()
    assert rehearsal.state == state
    assert not Path(rehearsal.path).exists()


def test_a_file_of_somebody_at_a_shell_stays_theirs(db, tmp_path, monkeypatch):
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS)
    request(path)
    ends_with(monkeypatch, {})
    rehearsing.run_next(now=NOW)
    assert path.read_text() == ORDERS


def test_a_worker_that_lost_its_rehearsal_takes_no_file_from_the_next(rehearsal, monkeypatch):
    def lose(*_: object) -> dict[str, Any]:
        Rehearsal.objects.update(attempt=9)
        return {}

    monkeypatch.setattr(rehearsing, "_in_own_database", lose)
    rehearsing.run_next(now=NOW)
    rehearsal.refresh_from_db()
    assert rehearsal.state == "running"
    assert Path(rehearsal.path).exists()


@pytest.mark.parametrize("state", ["queued", "running", "done"])
def test_the_same_again_is_the_same_and_its_second_upload_goes(rehearsal, upload, state):
    Rehearsal.objects.update(state=state, report={"moments": 3})
    again = upload()
    same = request(again)
    assert (same.pk, same.state, same.path) == (rehearsal.pk, state, rehearsal.path)
    assert not again.exists()
    assert Path(rehearsal.path).exists()


def test_the_same_again_after_a_failure_is_tried_anew_on_the_new_upload(rehearsal, upload):
    Rehearsal.objects.update(state="failed", error="No database.", finished_at=NOW)
    again = upload()
    same = request(again)
    assert (same.pk, same.state, same.error, same.path, same.finished_at) == (
        rehearsal.pk,
        "queued",
        "",
        str(again),
        None,
    )
    assert again.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"mapping": MAPPING | {"product_id": "name"}},
        {"mapping": MAPPING | {"ordered_at": "delivered"}},
        {"mapping": MAPPING | {"date_order": "dmy"}},
        {"time_zone": "Asia/Tokyo"},
        {"as_of": date(2026, 2, 1)},
    ],
)
def test_a_file_read_in_another_way_is_another_rehearsal(rehearsal, upload, changes):
    Rehearsal.objects.update(state="done", report={"moments": 3})
    other = request(upload(), **changes)
    assert other.pk != rehearsal.pk
    assert (other.state, other.report) == ("queued", {})
    assert request(upload(), **changes).pk == other.pk
    assert Rehearsal.objects.count() == 2


def test_the_database_refuses_the_same_twice(rehearsal):
    rehearsal.pk = None
    with pytest.raises(IntegrityError, match="campaigns_rehearsal_once"):
        Rehearsal.objects.bulk_create([rehearsal])


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"as_of": date(2025, 12, 31)}, NothingToRehearse),
        ({"as_of": date(2026, 3, 11)}, NothingToRehearse),
        ({"mapping": {}}, OrderFileError),
        ({"time_zone": "Mars/Olympus"}, OrderFileError),
    ],
)
def test_what_cannot_be_rehearsed_is_refused_at_once(db, upload, changes, error):
    path = upload()
    with pytest.raises(error):
        request(path, **changes)
    assert not Rehearsal.objects.exists()
    assert path.exists()


def test_a_child_that_complains_at_length_is_heard_to_its_end(rehearsal, monkeypatch):
    """More than a pipe holds: a child whose complaints nobody reads would hang."""
    script = (
        "import json, sys; sys.stderr.write('x' * 500_000 + '\\n');"
        " print(json.dumps({'report': {'moments': 3}}))"
    )
    monkeypatch.setattr(
        rehearsing, "_command", lambda spec: [rehearsing.sys.executable, "-c", script]
    )
    report = rehearsing._child(rehearsal, "rehearsal_0", lambda news: None)
    assert report == {"moments": 3}
