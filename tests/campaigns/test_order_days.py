"""Which days an order file has, and the first morning of a rehearsal on it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from campaigns.services import order_days
from campaigns.services.order_days import NothingToRehearse, Reading
from tests.profiles.files import MAPPING, order_file

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def line(day: str, customer: str = "C1") -> str:
    return f"{customer},O-{customer}-{day},{day}T08:00:00Z,P1,Beans,Coffee,1,12.50,Main Street"


def reading(folder, *lines: str, zone: str = "UTC") -> Reading:
    return Reading(order_file(folder, *lines), MAPPING, zone, NOW)


def test_a_row_of_the_future_is_kept_aside_and_ruins_nothing(tmp_path):
    file = reading(tmp_path, line("2026-01-05"), line("2026-02-07"), line("2029-03-01"))
    days = order_days.cut(reading=file, folder=tmp_path, progress=lambda done: None)
    assert days.days == [date(2026, 1, 5), date(2026, 2, 7)]
    assert (days.read, dict(days.rejected)) == (3, {"in_future": 1})


def test_guests_are_nobody_as_in_an_import(tmp_path):
    file = reading(tmp_path, line("2026-01-05"), line("2026-01-06", customer="guest"))
    days = order_days.cut(reading=file, folder=tmp_path, progress=lambda done: None)
    assert (days.days, dict(days.rejected)) == ([date(2026, 1, 5)], {"no_customer": 1})


def test_days_are_those_of_the_zone(tmp_path):
    file = reading(tmp_path, "C1,O1,2026-01-05T23:30:00Z,P1,,,1,1,", zone="Europe/Vienna")
    days = order_days.cut(reading=file, folder=tmp_path, progress=lambda done: None)
    assert days.days == [date(2026, 1, 6)]


@pytest.mark.parametrize("as_of", [None, date(2026, 2, 6), date(2026, 3, 8)])
def test_a_morning_between_the_days_of_the_file_is_taken(tmp_path, as_of):
    file = reading(tmp_path, line("2026-02-05"), line("2026-03-08"))
    order_days.check_day(reading=file, as_of=as_of)


@pytest.mark.parametrize(
    ("days", "as_of", "words"),
    [
        (["2026-01-05", "2026-03-08"], date(2026, 3, 11), "11 March 2026 is in the future."),
        (
            ["2026-01-05", "2026-03-08"],
            date(2026, 3, 9),
            "The orders of this file are from 5 January 2026 to 8 March 2026."
            " Choose a first morning from 6 January 2026 to 8 March 2026.",
        ),
        (
            ["2026-03-01", "2026-03-08"],
            None,
            "The orders of this file are from 1 March 2026 to 8 March 2026, too few to begin 30 days"
            " before the last. Choose a first morning from 2 March 2026 to 8 March 2026.",
        ),
        (
            ["2026-03-01", "2026-03-02"],
            None,
            "The orders of this file are from 1 March 2026 to 2 March 2026, too few to begin 30 days"
            " before the last. Only 2 March 2026 can be its first morning.",
        ),
        (
            ["2026-03-01", "2026-03-01"],
            date(2026, 3, 1),
            "All orders of this file are of one day, 1 March 2026.",
        ),
        (["2026-02-30"], None, "No row of this file could be read as an order."),
    ],
)
def test_another_is_refused_in_words(tmp_path, days, as_of, words):
    file = reading(tmp_path, *(line(day) for day in days))
    with pytest.raises(NothingToRehearse) as refusal:
        order_days.check_day(reading=file, as_of=as_of)
    assert refusal.value.message.startswith(words)


def test_a_file_too_long_to_be_scanned_at_once_is_tried(tmp_path, monkeypatch):
    monkeypatch.setattr(order_days, "_SCANNED_ROWS", 2)
    file = reading(tmp_path, line("2026-01-05"), line("2026-01-06"), line("2026-03-08"))
    order_days.check_day(reading=file, as_of=date(2026, 2, 20))
