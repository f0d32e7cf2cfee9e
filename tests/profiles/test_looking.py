"""When a schedule looks again: by its rhythm, over the changes of the clock, and after failures."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from profiles.rules.looking import LookOutcome, Rhythm, next_look, outcome_of

VIENNA = ZoneInfo("Europe/Vienna")


def utc(month: int, day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, second, tzinfo=UTC)


def test_minutes_count_from_the_look():
    due = next_look(Rhythm.MINUTES, now=utc(3, 10, 6, 5, 30), zone=VIENNA, every_minutes=15)
    assert due == utc(3, 10, 6, 20, 30)


@pytest.mark.parametrize("minute", [0, 5, 59])
def test_hours_are_full_ones(minute):
    assert next_look(Rhythm.HOURLY, now=utc(3, 10, 6, minute, 7), zone=VIENNA) == utc(3, 10, 7)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (utc(3, 10, 1, 29), utc(3, 10, 1, 30)),  # 02:29 in Vienna
        (utc(3, 10, 1, 30), utc(3, 11, 1, 30)),
        (utc(3, 10, 23, 30), utc(3, 11, 1, 30)),  # after midnight there, before it in UTC
        (utc(3, 28, 2, 0), utc(3, 29, 1, 30)),  # 02:30 is skipped: 03:30 of summer time
        (utc(3, 29, 1, 30), utc(3, 30, 0, 30)),
        (utc(10, 24, 0, 30), utc(10, 25, 0, 30)),  # 02:30 comes twice: the first
        (utc(10, 25, 0, 30), utc(10, 26, 1, 30)),  # and not the second
    ],
)
def test_a_day_is_one_of_the_companys_clock(now, due):
    assert next_look(Rhythm.DAILY, now=now, zone=VIENNA, daily_at=time(2, 30)) == due


@pytest.mark.parametrize(
    ("failures", "minutes"),
    [(1, 15), (2, 15), (3, 30), (4, 60), (5, 120), (6, 240), (7, 480), (8, 960), (9, 1440), (1000, 1440)],
)  # fmt: skip
def test_after_failures_it_waits_longer_and_never_more_than_a_day(failures, minutes):
    now = utc(3, 10, 6, 5)
    due = next_look(Rhythm.HOURLY, now=now, zone=VIENNA, failures=failures)
    assert due - now == timedelta(minutes=minutes)


@pytest.mark.parametrize(("failures", "minutes"), [(1, 5), (2, 5), (3, 10), (4, 20)])
def test_a_short_interval_is_not_lengthened_at_once(failures, minutes):
    now = utc(3, 10, 6)
    due = next_look(Rhythm.MINUTES, now=now, zone=VIENNA, every_minutes=5, failures=failures)
    assert due - now == timedelta(minutes=minutes)


def test_a_daily_look_that_failed_is_tried_again_the_same_night():
    at, now = time(2, 30), utc(3, 10, 1, 30)
    assert next_look(Rhythm.DAILY, now=now, zone=VIENNA, daily_at=at, failures=1) == utc(
        3, 10, 1, 45
    )


def test_a_daily_look_keeps_its_time_however_often_it_failed():
    at, now = time(2, 30), utc(3, 10, 20)
    assert next_look(Rhythm.DAILY, now=now, zone=VIENNA, daily_at=at, failures=9) == utc(
        3, 11, 1, 30
    )


@pytest.mark.parametrize(
    ("counts", "outcome"),
    [
        ({}, LookOutcome.NOTHING),
        ({"arriving": 2}, LookOutcome.ARRIVING),
        ({"arriving": 2, "taken": 1}, LookOutcome.TAKEN),
        ({"taken": 3, "parked": 1}, LookOutcome.PARKED),
        ({"taken": 3, "parked": 1, "failed": 1}, LookOutcome.FAILED),
    ],
)
def test_a_look_is_named_by_what_matters_most(counts, outcome):
    none = dict.fromkeys(("failed", "parked", "taken", "arriving"), 0)
    assert outcome_of(**none | counts) == outcome
