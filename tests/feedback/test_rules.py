from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from feedback.rules import CaseKind, CasePriority, due_at, is_low, priority_for, shortened

VIENNA = ZoneInfo("Europe/Vienna")


@pytest.mark.parametrize(
    ("opened_at", "due"),
    [
        # Tuesday to Wednesday
        (datetime(2026, 3, 10, 6, 5, tzinfo=UTC), datetime(2026, 3, 11, 16, 0, tzinfo=UTC)),
        # Friday and Saturday to Monday
        (datetime(2026, 3, 13, 18, 0, tzinfo=UTC), datetime(2026, 3, 16, 16, 0, tzinfo=UTC)),
        (datetime(2026, 3, 14, 9, 0, tzinfo=UTC), datetime(2026, 3, 16, 16, 0, tzinfo=UTC)),
        # Sunday at 23:30 in UTC is Monday in Vienna
        (datetime(2026, 3, 15, 23, 30, tzinfo=UTC), datetime(2026, 3, 17, 16, 0, tzinfo=UTC)),
        # over the change to summer time, 17:00 stays 17:00
        (datetime(2026, 3, 27, 9, 0, tzinfo=UTC), datetime(2026, 3, 30, 15, 0, tzinfo=UTC)),
    ],
)
def test_a_case_is_due_at_five_on_the_next_working_day(opened_at, due):
    assert due_at(opened_at, VIENNA) == due


@pytest.mark.parametrize(("score", "low"), [(0, True), (6, True), (7, False), (None, False)])
def test_a_score_is_low_up_to_the_threshold(score, low):
    assert is_low(score, 6) is low


def test_who_waits_for_an_answer_goes_first():
    assert priority_for(CaseKind.LOW_SCORE) == CasePriority.NORMAL
    assert priority_for(CaseKind.PERSON) == CasePriority.HIGH
    assert priority_for(CaseKind.COMPLAINT) == CasePriority.HIGH


def test_words_are_cut_between_words():
    assert shortened("The queue\nwas  long") == "The queue was long"
    assert shortened("The queue was long", at_most=12) == "The queue…"
