"""How the reason of a reminder names days."""

from __future__ import annotations

from datetime import date

import pytest

from profiles.rules.reordering import listed


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ([date(2026, 10, 3)], "3 October"),
        ([date(2026, 10, 3), date(2026, 10, 10)], "3 and 10 October"),
        ([date(2026, 9, 30), date(2026, 10, 10)], "30 September and 10 October"),
        ([date(2025, 10, 3), date(2026, 10, 10)], "3 October and 10 October"),
    ],
)
def test_days_of_one_month_share_its_name(days, words):
    assert listed(days) == words
