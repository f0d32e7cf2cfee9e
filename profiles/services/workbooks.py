"""Turns Excel workbooks into CSV, which every import reads.

Of formulas the values count that were stored with them; nothing is computed. What unpacks too far, or holds more
than a page can wait for, is refused.
"""

from __future__ import annotations

import csv
import os
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from profiles.services.order_opening import FileDamaged, FileEmpty, NotCsv

_MAGIC = b"PK\x03\x04"
_MOST_BYTES = 500_000_000
_MOST_COLUMNS = 500
#: About fifteen seconds of work; what is larger comes as CSV.
MOST_CELLS = 2_000_000


class WorkbookTooLarge(NotCsv):
    code = "workbook_too_large"


def is_workbook(path: Path) -> bool:
    """Tell by its first bytes, whatever it is called."""
    with path.open("rb") as file:
        return file.read(4) == _MAGIC


def as_csv(path: Path) -> Path:
    """Write the first sheet that has rows as CSV beside the workbook; return where.

    Raises:
        NotCsv, FileDamaged, FileEmpty, WorkbookTooLarge: nothing was left behind.
    """
    _check_size(path)
    target = path.with_name(f"{path.name.partition('.')[0]}-sheet.csv")
    try:
        with os.fdopen(
            os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
            "w",
            encoding="utf-8",
            newline="",
        ) as file:
            count = _write(path, csv.writer(file))
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    if not count:
        target.unlink(missing_ok=True)
        raise FileEmpty("No sheet of this workbook holds rows. Export it again.")
    return target


def _check_size(path: Path) -> None:
    """Add up what the archive says of itself; reading checks again that it is true."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            size = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise FileDamaged("The workbook is damaged or was cut off on its way.") from error
    if "xl/workbook.xml" not in names:
        raise NotCsv("This file is a zip archive. Unpack it, and send the file in it.")
    if size > _MOST_BYTES:
        raise _too_large()


def _too_large() -> WorkbookTooLarge:
    return WorkbookTooLarge(
        f"The workbook holds more than {MOST_CELLS:,} cells. Save the sheet as CSV and send that."
    )


def _write(path: Path, writer: Any) -> int:
    """Write the rows of the first sheet that has any; return how many."""
    # Opened here: the library judges files by their names.
    with (
        path.open("rb") as file,
        warnings.catch_warnings(),
    ):  # of styles and extensions that nobody asked for
        warnings.simplefilter("ignore")
        try:
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            try:
                for sheet in book.worksheets:
                    if count := _write_sheet(sheet, writer):
                        return count
            finally:
                book.close()
        except WorkbookTooLarge:
            raise
        except Exception as error:  # whatever a broken archive or XML makes of the library
            raise FileDamaged("The workbook cannot be read. Save it again, or as CSV.") from error
    return 0


def _write_sheet(sheet: Any, writer: Any) -> int:
    # What a sheet says of its size is often wrong: ask each row.
    sheet.reset_dimensions()
    width = cells = count = 0
    for row in _rows(sheet):
        # The first row has the headers, so it says how wide the table is.
        width = width or len(row)
        cells += max(len(row), 1)
        if cells > MOST_CELLS or len(row) > _MOST_COLUMNS:
            raise _too_large()
        if any(row):
            writer.writerow(row + [""] * (width - len(row)))
            count += 1
    return count


def _rows(sheet: Any) -> Iterator[list[str]]:
    for row in sheet.iter_rows(values_only=True):
        cells = [_text(value) for value in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield cells


def _text(value: Any) -> str:
    """Write a value as it is read: days and times in ISO form, whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        is_day = value.time() == time()
        return value.date().isoformat() if is_day else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(round(value.total_seconds()))
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value).replace("\0", "").encode("utf-8", "replace").decode()
