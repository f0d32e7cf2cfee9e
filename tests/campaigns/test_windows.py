"""Quiet hours: in the customer's own zone, over midnight and through clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.rules.windows import is_quiet, leave_an_hour, next_open, next_open_of

VIENNA = ZoneInfo("Europe/Vienna")
EVENING, MORNING = time(20, 0), time(9, 0)
YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("clock", "quiet"),
    [
        ("19:59", False),
        ("20:00", True),
        ("23:59", True),
        ("00:00", True),
        ("08:59", True),
        ("09:00", False),
    ],
)
def test_quiet_hours_cross_midnight_and_are_half_open(clock, quiet):
    at = datetime.fromisoformat(f"2026-03-10T{clock}:00+01:00")
    assert is_quiet(at, VIENNA, EVENING, MORNING) is quiet


def test_equal_ends_mean_no_quiet_hours():
    assert not is_quiet(datetime(2026, 3, 10, 3, 0, tzinfo=UTC), VIENNA, MORNING, MORNING)


def test_the_same_instant_is_day_in_vienna_and_night_in_new_york():
    at = datetime(2026, 3, 10, 10, 0, tzinfo=UTC)
    assert next_open(at, VIENNA, EVENING, MORNING) == at
    opens = next_open(at, ZoneInfo("America/New_York"), EVENING, MORNING)
    assert opens == datetime(2026, 3, 10, 13, 0, tzinfo=UTC)


def test_an_evening_waits_for_the_next_morning():
    at = datetime(2026, 3, 10, 21, 30, tzinfo=UTC)
    assert next_open(at, VIENNA, EVENING, MORNING) == datetime(2026, 3, 11, 8, 0, tzinfo=UTC)


def test_an_opening_that_the_clock_skips_comes_right_after_the_gap():
    # On 29 March 2026 Vienna goes from 02:00 to 03:00.
    at = datetime(2026, 3, 28, 23, 0, tzinfo=UTC)
    opens = next_open(at, VIENNA, time(22, 0), time(2, 30))
    assert opens == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_an_opening_that_the_clock_repeats_counts_the_second_time():
    # On 25 October 2026 Vienna has 02:30 twice.
    at = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
    assert next_open(at, VIENNA, time(22, 0), time(2, 30)) == datetime(
        2026, 10, 25, 1, 30, tzinfo=UTC
    )


@given(
    at=st.integers(0, 2 * 366 * 24 * 60).map(lambda minutes: YEAR + timedelta(minutes=minutes)),
    zone=st.sampled_from(sorted(z for z in available_timezones() if "/" in z)[::12]),
    quiet_from=st.times(),
    quiet_until=st.times(),
)
def test_what_opens_is_never_quiet_and_never_more_than_a_day_away(
    at, zone, quiet_from, quiet_until
):
    ends = quiet_from.replace(microsecond=0), quiet_until.replace(microsecond=0)
    opens = next_open(at, ZoneInfo(zone), *ends)
    assert not is_quiet(opens, ZoneInfo(zone), *ends)
    assert at <= opens <= at + timedelta(hours=26)


NOON_REST = (time(12, 0), time(13, 0))


@pytest.mark.parametrize(
    ("clock", "opens"),
    [("11:59", "11:59"), ("12:00", "13:00"), ("12:30", "13:00"), ("08:00", "09:00")],
)
def test_quiet_hours_add_up(clock, opens):
    at = datetime.fromisoformat(f"2026-03-10T{clock}:00+01:00")
    found = next_open_of(at, VIENNA, [(EVENING, MORNING), NOON_REST])
    assert found == datetime.fromisoformat(f"2026-03-10T{opens}:00+01:00")


def test_quiet_hours_that_follow_on_each_other_are_one():
    at = datetime.fromisoformat("2026-03-10T23:00:00+01:00")
    found = next_open_of(at, VIENNA, [(EVENING, MORNING), (time(9, 0), time(11, 30))])
    assert found == datetime.fromisoformat("2026-03-11T11:30:00+01:00")


def test_where_no_hour_is_left_it_is_asked_again_a_day_later():
    at = datetime(2026, 3, 10, 10, 0, tzinfo=UTC)
    whole_day = [(EVENING, MORNING), (MORNING, EVENING)]
    assert next_open_of(at, VIENNA, whole_day) == at + timedelta(days=1)
    assert not leave_an_hour(whole_day)


def test_without_quiet_hours_every_instant_is_open():
    at = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)
    assert next_open_of(at, VIENNA, []) == at
    assert leave_an_hour([])
