"""Excel workbooks become CSV; what is broken or too large is refused, and nothing is left behind."""

from __future__ import annotations

import csv
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from profiles.services import workbooks
from profiles.services.order_opening import FileDamaged, FileEmpty, NotCsv


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
    monkeypatch.setattr(workbooks, "MOST_CELLS", 3)
    path = workbook(tmp_path, ("a", "b"), ("1", "2"))
    with pytest.raises(workbooks.WorkbookTooLarge):
        workbooks.as_csv(path)
    assert list(tmp_path.iterdir()) == [path]
