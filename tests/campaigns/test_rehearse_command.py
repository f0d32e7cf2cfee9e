"""Rehearsing from a shell: what is said, and a table that adds up."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.management import CommandError, call_command

from campaigns.models import Rehearsal
from campaigns.queries.rehearsal_table import table
from tests.campaigns.test_views import REPORT
from tests.pages import rows

TIMING = REPORT["timing"]
REPORT_OF_SHELL = REPORT | {
    "decisions": {"speak": 96, "silent": {}},
    "messages": 71,
    "skipped": {"bought_since": 10, "attention_spent": 4},
    "deliveries": {"sent": 71, "skipped": 14, "planned": 11},
    "habits": REPORT["habits"] | {"groups": 2},
    "timing": TIMING | {"all_left": TIMING["all"], "slow_left": TIMING["slow"]},
}
pytestmark = pytest.mark.django_db
FOREIGN = """Wer,Wann,Ware
7,2026-01-05,A
7,2026-02-28,A
"""


@pytest.fixture
def foreign(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(FOREIGN)
    return path


def test_unknown_headers_are_listed_with_the_option_that_helps(foreign):
    with pytest.raises(CommandError) as refusal:
        call_command("rehearse", str(foreign))
    assert "The columns of the file are: Wer, Wann, Ware." in str(refusal.value)
    assert '--map customer_id="…" --map ordered_at="…"' in str(refusal.value)
    assert not Rehearsal.objects.exists()


def test_what_is_said_of_the_columns_is_used(foreign, monkeypatch):
    monkeypatch.setattr(
        "campaigns.services.rehearsing._in_own_database", lambda *_: REPORT_OF_SHELL
    )
    said = ["--map", "customer_id=Wer", "--map", "ordered_at=Wann", "--map", "product_id=Ware"]
    call_command("rehearse", str(foreign), *said, "--as-of", "2026-02-01")
    rehearsal = Rehearsal.objects.get()
    assert rehearsal.mapping == {
        "customer_id": "Wer",
        "ordered_at": "Wann",
        "product_id": "Ware",
    }
    assert (rehearsal.as_of, rehearsal.state) == (date(2026, 2, 1), "done")


def test_a_day_that_is_none_is_refused_in_words(foreign):
    with pytest.raises(CommandError, match="“2026-13-01” is no day; write it as 2026-03-31"):
        call_command("rehearse", str(foreign), "--as-of", "2026-13-01")


def test_the_messages_add_up_to_the_decisions_to_speak():
    text = table(rows.rehearsal(report=REPORT_OF_SHELL))
    lines = [" ".join(line.split()) for line in text.splitlines()]
    at = lines.index("Decisions to speak 96")
    assert lines[at + 1 : at + 6] == [
        "sent (to the sandbox) 71",
        "planned, then not sent 14",
        "bought since 10",
        "attention spent 4",
        "still planned when the file ended 11",
    ]
    assert lines[lines.index("kept aside 3") + 1] == "no customer 3"
