"""A rehearsal that is long is not taken from its process, and one that cannot run says so."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest

from campaigns.management.commands.rehearse_days import telling
from campaigns.models import Rehearsal
from campaigns.services import rehearsing
from campaigns.services.rehearsing import OrderFile

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.fixture
def rehearsal(db, tmp_path) -> Rehearsal:
    path = tmp_path / "orders.csv"
    path.write_text("customer,date,product\n")
    return rehearsing.request_rehearsal(
        file=OrderFile(path, path.name, {}), as_of=None, by=None, now=NOW
    )


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
