"""Reading the cells of an order file: dates, numbers, prices, and what a spreadsheet would run."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.rules import cells, kinds, orders
from profiles.rules.orders import DateOrder

VIENNA = ZoneInfo("Europe/Vienna")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2017-01-01T12:30:27Z", datetime(2017, 1, 1, 12, 30, 27, tzinfo=UTC)),
        ("2017-01-01T12:30:27+02:00", datetime(2017, 1, 1, 10, 30, 27, tzinfo=UTC)),
        ("2017-01-01 12:30:27 +0200", datetime(2017, 1, 1, 10, 30, 27, tzinfo=UTC)),
        ("2017-01-01 12:30:27 UTC", datetime(2017, 1, 1, 12, 30, 27, tzinfo=UTC)),
        ("2010-12-01T08:26:00", datetime(2010, 12, 1, 7, 26, tzinfo=UTC)),
        ("2024-03-01 10:15:00.000", datetime(2024, 3, 1, 9, 15, tzinfo=UTC)),
        ("2024-07-01 08:30", datetime(2024, 7, 1, 6, 30, tzinfo=UTC)),
        ("2024/07/01 08:30", datetime(2024, 7, 1, 6, 30, tzinfo=UTC)),
        ("2024-07-01", datetime(2024, 6, 30, 22, 0, tzinfo=UTC)),
        ("01.07.2024", datetime(2024, 6, 30, 22, 0, tzinfo=UTC)),
        ("1.7.2024 08:30:15", datetime(2024, 7, 1, 6, 30, 15, tzinfo=UTC)),
    ],
)
def test_times_are_read_in_the_usual_forms(text, moment):
    assert cells.parsed_time(text, VIENNA) == moment


@pytest.mark.parametrize(
    ("text", "order", "moment"),
    [
        ("12/1/2010 8:26", DateOrder.MONTH_FIRST, datetime(2010, 12, 1, 8, 26, tzinfo=UTC)),
        ("12/1/2010 8:26", DateOrder.DAY_FIRST, datetime(2010, 1, 12, 8, 26, tzinfo=UTC)),
        ("12/1/2010 12:05 AM", DateOrder.MONTH_FIRST, datetime(2010, 12, 1, 0, 5, tzinfo=UTC)),
        ("12/1/2010 1:05 pm", DateOrder.MONTH_FIRST, datetime(2010, 12, 1, 13, 5, tzinfo=UTC)),
        ("12/1/2010", DateOrder.UNKNOWN, None),
        ("13/13/2010", DateOrder.DAY_FIRST, None),
        ("12-1-2010 8:26", DateOrder.MONTH_FIRST, datetime(2010, 12, 1, 8, 26, tzinfo=UTC)),
        ("12-1-2010 8:26", DateOrder.DAY_FIRST, datetime(2010, 1, 12, 8, 26, tzinfo=UTC)),
        ("12-1-2010", DateOrder.UNKNOWN, None),
        ("12.1.2010", DateOrder.MONTH_FIRST, datetime(2010, 1, 12, tzinfo=UTC)),
    ],
)
def test_slashes_and_dashes_are_read_only_when_their_order_is_known(text, order, moment):
    assert cells.parsed_time(text, ZoneInfo("UTC"), order) == moment


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2023-02-30", "30.02.2023", "2024-01-01 25:00", "1.23E+12", "0001-01-01",
     "9999-12-31T23:59:59-23:00", "2024-01-01T10:00:60", "20240101", "2024-W01-1"],
)  # fmt: skip
def test_impossible_times_are_refused(text):
    assert cells.parsed_time(text, VIENNA) is None


def test_a_time_that_the_clock_change_left_out_is_read_with_the_offset_before():
    assert cells.parsed_time("2024-03-31 02:30", VIENNA) == datetime(2024, 3, 31, 1, 30, tzinfo=UTC)


def test_a_time_that_comes_twice_is_the_first():
    assert cells.parsed_time("2024-10-27 02:30", VIENNA) == datetime(
        2024, 10, 27, 0, 30, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("text", "comma", "number"),
    [
        ("4.50", False, "4.50"),
        ("1,234.50", False, "1234.50"),
        ("4,50", True, "4.50"),
        ("1.234,50 €", True, "1234.50"),
        ("1 234,50", True, "1234.50"),
        ("1\u202f234,50\u00a0€", True, "1234.50"),
        ("1\u00a0234\u00a0567,5", True, "1234567.5"),
        ("$3", False, "3"),
        ("4.50-", False, "-4.50"),
        ("-0.5", False, "-0.5"),
        ("1e-05", False, "0.00001"),
        ("4.50", True, "4.50"),
    ],
)
def test_numbers_are_read_as_shops_write_them(text, comma, number):
    assert cells.parsed_number(text, decimal_comma=comma) == Decimal(number)


@pytest.mark.parametrize(
    "text", ["", "abc", "4,5,0", "1.2.3", "NaN", "Infinity", "--4", "٣", "1e99", "#N/A", "9" * 40]
)
def test_what_is_no_number_is_refused(text):
    assert cells.parsed_number(text) is None


def test_prices_are_rounded_half_up_in_the_minor_unit_of_the_currency():
    assert cells.parsed_price("2.675", digits=2) == 268
    assert cells.parsed_price("1200", digits=cells.minor_digits("JPY")) == 1200
    assert cells.parsed_price("1.2345", digits=cells.minor_digits("KWD")) == 1235


def test_quantities_keep_thousandths_and_tell_zero_from_nonsense():
    assert cells.parsed_quantity("0.250") == Decimal("0.250")
    assert cells.parsed_quantity("0.0001") == 0
    assert cells.parsed_quantity("80,995") == 80995
    assert cells.parsed_quantity("12345678901") is None


@given(st.integers(-(10**11), 10**11))
def test_every_price_is_read_back_from_how_it_is_written(minor):
    whole, cents = divmod(abs(minor), 100)
    sign = "-" if minor < 0 else ""
    assert cells.parsed_price(f"{sign}{whole}.{cents:02}", digits=2) == minor
    assert cells.parsed_price(f"{sign}{whole},{cents:02}", digits=2, decimal_comma=True) == minor


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_values(text):
    cells.parsed_time(text, VIENNA, DateOrder.DAY_FIRST)
    cells.parsed_quantity(text)
    cells.parsed_price(text, digits=2, decimal_comma=True)
    kinds.product_kind(text, text)
    orders.proposed_mapping([text, text])


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_a_spreadsheet_would_run_gets_a_leading_quote(sign):
    assert cells.harmless_cell(f"{sign}1+1") == f"'{sign}1+1"
