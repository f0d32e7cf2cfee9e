"""Turns Excel workbooks into CSV, which every import reads.

Of formulas the values count that were stored with them; nothing is computed. What unpacks too far, or holds more
than a page can wait for, is refused.
"""

from __future__ import annotations

import csv
import os
import time
import warnings
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from profiles.services import workbook_limits
from profiles.services.order_opening import FileDamaged, FileEmpty
from profiles.services.workbook_limits import WorkbookTooLarge, too_large

_MAGIC = b"PK\x03\x04"
_MOST_COLUMNS = 500
#: Of this thread's work, whatever else the machine does: a page waits for it.
MOST_SECONDS = 20.0


def is_workbook(path: Path) -> bool:
    """Tell by its first bytes, whatever it is called."""
    with path.open("rb") as file:
        return file.read(4) == _MAGIC


def as_csv(path: Path) -> Path:
    """Write the first sheet that has rows as CSV beside the workbook; return where.

    Raises:
        NotCsv, FileDamaged, FileEmpty, WorkbookTooLarge: nothing was left behind.
    """
    workbook_limits.check(path)
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
                until = time.thread_time() + MOST_SECONDS
                for sheet in book.worksheets:
                    if count := _write_sheet(sheet, writer, until):
                        return count
            finally:
                book.close()
        except WorkbookTooLarge:
            raise
        except Exception as error:  # whatever a broken archive or XML makes of the library
            raise FileDamaged("The workbook cannot be read. Save it again, or as CSV.") from error
    return 0


def _write_sheet(sheet: Any, writer: Any, until: float) -> int:
    # What a sheet says of its size is often wrong: ask each row.
    sheet.reset_dimensions()
    width = count = 0
    for row in _rows(sheet, until):
        # The first row has the headers, so it says how wide the table is.
        width = width or len(row)
        if len(row) > _MOST_COLUMNS:
            raise too_large()
        if any(row):
            writer.writerow(row + [""] * (width - len(row)))
            count += 1
    return count


def _rows(sheet: Any, until: float) -> Iterator[list[str]]:
    for row in sheet.iter_rows(values_only=True):
        if time.thread_time() > until:
            raise too_large()
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
        is_day = value.time() == clock_time()
        return value.date().isoformat() if is_day else value.isoformat(" ", "seconds")
    if isinstance(value, date | clock_time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(round(value.total_seconds()))
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value).replace("\0", "").encode("utf-8", "replace").decode()
