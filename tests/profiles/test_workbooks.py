"""Excel workbooks become CSV; what is broken or too large is refused, and nothing is left behind."""

from __future__ import annotations

import csv
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from profiles.services import workbook_limits, workbooks
from profiles.services.order_opening import FileDamaged, FileEmpty, NotCsv
from profiles.services.workbook_limits import WorkbookTooLarge

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def workbook(folder: Path, *rows: tuple[object, ...], sheets: int = 1) -> Path:
    book = Workbook()
    for _ in range(sheets - 1):
        book.create_sheet()
    for row in rows:
        book.worksheets[-1].append(row)
    path = folder / "book.xlsx"
    book.save(path)
    return path


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_values_are_written_as_imports_read_them(tmp_path):
    path = workbook(
        tmp_path,
        ("Customer", "When", "Day", "Amount", "Yes", "None"),
        (4711.0, datetime.fromisoformat("2026-01-05 07:30:00"), date(2026, 1, 5), 2.5, True, None),
        ("Käse; “x”", None, None, None, None, "end"),
    )
    assert rows_of(workbooks.as_csv(path)) == [
        ["Customer", "When", "Day", "Amount", "Yes", "None"],
        ["4711", "2026-01-05 07:30:00", "2026-01-05", "2.5", "yes", ""],
        ["Käse; “x”", "", "", "", "", "end"],
    ]


def test_formulas_count_by_their_stored_values_alone(tmp_path):
    path = workbook(tmp_path, ("a", "b"), ("=1+1", "x"))
    assert rows_of(workbooks.as_csv(path)) == [["a", "b"], ["", "x"]]


def test_the_first_sheet_with_rows_is_read(tmp_path):
    path = workbook(tmp_path, ("a", "b"), ("1", "2"), sheets=3)
    assert rows_of(workbooks.as_csv(path)) == [["a", "b"], ["1", "2"]]


def broken(folder: Path) -> Path:
    path = folder / "broken.xlsx"
    path.write_bytes(b"PK\x03\x04 no archive")
    return path


def other_archive(folder: Path) -> Path:
    path = folder / "other.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("orders.csv", "a,b\n1,2\n")
    return path


def no_xml(folder: Path) -> Path:
    path = folder / "bad.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<not xml")
    return path


@pytest.mark.parametrize(
    ("made", "error"),
    [(broken, FileDamaged), (other_archive, NotCsv), (no_xml, FileDamaged), (workbook, FileEmpty)],
)
def test_what_cannot_be_read_is_refused_and_leaves_nothing(tmp_path, made, error):
    path = made(tmp_path)
    with pytest.raises(error):
        workbooks.as_csv(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_workbook_with_too_many_cells_is_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(workbook_limits._MOST, "c", 3)
    path = workbook(tmp_path, ("a", "b"), ("1", "2"))
    with pytest.raises(WorkbookTooLarge):
        workbooks.as_csv(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_workbook_that_takes_too_long_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(workbooks, "MOST_SECONDS", -1.0)
    path = workbook(tmp_path, ("a", "b"), ("1", "2"))
    with pytest.raises(WorkbookTooLarge):
        workbooks.as_csv(path)
    assert list(tmp_path.iterdir()) == [path]


# --- what is small and unpacks far ----------------------------------------------------------------


def with_sheet(
    folder: Path, *rows: bytes, times: int = 1, part: str = "xl/worksheets/sheet1.xml"
) -> Path:
    """A workbook with one part made by hand; ``rows`` come ``times`` times over."""
    plain = workbook(folder, ("a", "b"))
    path = folder / "hostile.xlsx"
    with zipfile.ZipFile(plain) as had, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in had.infolist():
            if entry.filename != part:
                made.writestr(entry, had.read(entry))
        with made.open(part, "w") as file:
            file.write(f'<worksheet xmlns="{MAIN}"><sheetData>'.encode())
            for _ in range(times):
                file.writelines(rows)
            file.write(b"</sheetData></worksheet>")
    plain.unlink()
    return path


FIFTY_MB = 50_000_000
BOMBS = {
    "empty rows": b"<row></row>",
    "empty cells": b"<row><c/><c/></row>",
    "full cells": b"<row><c><v>1</v></c><c><v>2</v></c></row>",
    "cells of another prefix": b'<x:row xmlns:x="' + MAIN.encode() + b'"><x:c/></x:row>',
    "nothing but tags": b"<a/>",
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=list(BOMBS))
def test_what_inflates_to_fifty_megabytes_is_refused_before_it_is_read(tmp_path, monkeypatch, bomb):
    path = with_sheet(tmp_path, bomb * 1000, times=FIFTY_MB // (1000 * len(bomb)))
    assert path.stat().st_size < FIFTY_MB // 50
    monkeypatch.setattr(workbooks, "load_workbook", None)  # would be an error if it were asked
    with pytest.raises(WorkbookTooLarge):
        workbooks.as_csv(path)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "rows",
    [
        [b"<row>", b"<c/>" * 20_000, b"</row>"],
        [b'<row r="2000000000"><c><v>1</v></c></row>'],
        [b'<row><c t="inlineStr"><is><t>', b"x" * 300_000, b"</t></is></c></row>"],
    ],
    ids=["a row without end", "a row far away", "a text without end"],
)
def test_what_excel_could_not_hold_is_refused(tmp_path, rows):
    with pytest.raises(WorkbookTooLarge):
        workbooks.as_csv(with_sheet(tmp_path, *rows))


def test_a_part_that_claims_to_be_small_is_not_read_further(tmp_path):
    path = with_sheet(tmp_path, b"<row><c><v>1</v></c></row>" * 1000)
    packed = bytearray(path.read_bytes())
    entry = packed.rindex(b"xl/worksheets/sheet1.xml")
    packed[entry - 46 + 24 : entry - 46 + 28] = (100).to_bytes(4, "little")
    path.write_bytes(packed)
    with pytest.raises(FileDamaged):
        workbooks.as_csv(path)


def test_a_part_that_says_it_unpacks_too_far_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook_limits, "MOST_BYTES", 1_000)
    with pytest.raises(WorkbookTooLarge):
        workbooks.as_csv(workbook(tmp_path, ("a", "b"), ("1", "2")))


def test_a_document_that_declares_entities_is_not_read(tmp_path):
    path = with_sheet(tmp_path, part="xl/extra.xml")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/more.xml", '<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>')
    with pytest.raises(FileDamaged):
        workbooks.as_csv(path)


def test_long_texts_and_a_hundred_columns_pass(tmp_path):
    path = workbook(tmp_path, ["x" * 32_000] + ["y"] * 99, ["z"] * 100)
    assert [len(row) for row in rows_of(workbooks.as_csv(path))] == [100, 100]
