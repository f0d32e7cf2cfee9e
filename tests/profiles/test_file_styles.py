"""How an order file is written: encodings and delimiters."""

from __future__ import annotations

import pytest

from profiles.rules import file_styles
from profiles.rules.orders import DateOrder


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_recognised(encoding):
    text = "Kunde;Artikel\n1;Käse\n" * 20
    assert (
        text.encode(encoding).decode(file_styles.recognised_encoding(text.encode(encoding))) == text
    )


def test_windows_and_japanese_files_are_recognised():
    assert file_styles.recognised_encoding("Straße – 5 €\n".encode("cp1252")) == "cp1252"
    assert file_styles.recognised_encoding("注文番号,コーヒー、ーー\n".encode("cp932")) == "cp932"


def test_a_letter_cut_in_two_by_the_end_of_the_sample_does_not_matter():
    assert file_styles.recognised_encoding("Kä".encode()[:-1], is_whole=False) == "utf-8"


def test_bytes_that_are_no_text_are_not_recognised():
    assert file_styles.recognised_encoding(bytes(range(256)) * 4) == ""


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_recognised(delimiter):
    lines = [delimiter.join(row) for row in (["a", "b", "c"], ["1", "2", "3"], ["4", "5", "6"])]
    assert file_styles.recognised_delimiter(lines) == delimiter


def test_a_field_too_long_to_be_read_hides_no_delimiter():
    assert file_styles.recognised_delimiter(["a,b,c", "1,2,3", "1,2," + "x" * 200_000]) == ","


@pytest.mark.parametrize("mark", ["/", "-"])
def test_the_order_of_dates_is_told_by_the_first_that_can_only_be_one(mark):
    dates = [f"03{mark}04{mark}2026 08:00", f"03{mark}14{mark}2026 08:00"]
    assert file_styles.recognised_date_order(dates) == DateOrder.MONTH_FIRST
    assert file_styles.recognised_date_order(dates[:1]) == DateOrder.UNKNOWN
    assert file_styles.needs_date_order(dates[0])


@pytest.mark.parametrize("value", ["03.04.2026", "2026-04-03", "2026/04/03"])
def test_dates_that_can_only_be_read_in_one_way_need_no_order(value):
    assert file_styles.recognised_date_order([value]) == DateOrder.UNKNOWN
    assert not file_styles.needs_date_order(value)


def test_decimal_commas_do_not_pass_for_delimiters():
    assert file_styles.recognised_delimiter(["a;b;c", "1,50;2,50;3", "4,10;5,20;6"]) == ";"
