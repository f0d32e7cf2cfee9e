"""How an order file is written: encodings and delimiters."""

from __future__ import annotations

import pytest

from profiles.rules import file_styles


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


def test_decimal_commas_do_not_pass_for_delimiters():
    assert file_styles.recognised_delimiter(["a;b;c", "1,50;2,50;3", "4,10;5,20;6"]) == ";"
