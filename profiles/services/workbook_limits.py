"""What a workbook may cost to read, judged before the library for workbooks sees it.

A few kilobytes of an archive can unpack into minutes of work and gigabytes of objects. The parts are read through
once by the parser alone, which builds nothing, and stops at the first limit.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import IO
from xml.parsers import expat

from profiles.services.order_opening import FileDamaged, NotCsv

#: Some ten seconds of work on a slow machine; what is larger comes as CSV.
MOST_CELLS = 300_000
# Excel's own limits: rows and columns of a sheet, and characters of a cell, each of which may be escaped in seven.
MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
MOST_TEXT = 7 * 32_767
MOST_BYTES = 100_000_000
_MOST_PARTS = 5_000
_MOST_TAGS = 4 * MOST_CELLS
_MOST_SHEETS = 300
_STEP = 64 * 1024


class WorkbookTooLarge(NotCsv):
    """It would hold up whoever reads it."""

    code = "workbook_too_large"


def too_large() -> WorkbookTooLarge:
    """Return the refusal, with what may come."""
    return WorkbookTooLarge(
        f"The workbook holds more than {MOST_CELLS:,} cells, or unpacks too far. "
        "Save the sheet as CSV and send that."
    )


def check(path: Path) -> None:
    """Pass a workbook that is read in bounded time and memory.

    Raises:
        NotCsv, FileDamaged, WorkbookTooLarge: it is none, broken, or too large.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if "xl/workbook.xml" not in archive.namelist():
                raise NotCsv("This file is a zip archive. Unpack it, and send the file in it.")
            # Reading a part ends where the archive says that it ends, so what it says can be added up.
            if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > MOST_BYTES:
                raise too_large()
            _count_brackets(archive, parts)
            scan = _Scan()
            for part in parts:
                with archive.open(part) as file:
                    scan.read(file)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise FileDamaged("The workbook is damaged or was cut off on its way.") from error


def _count_brackets(archive: zipfile.ZipFile, parts: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse what must have too many tags, at the speed of unpacking: each opens once, and closes once at most."""
    brackets = 0
    for part in parts:
        with archive.open(part) as file:
            while chunk := file.read(_STEP):
                brackets += chunk.count(b"<")
                if brackets > 2 * _MOST_TAGS:
                    raise too_large()


class _Scan:
    """Counts tags over all parts; the names of spaces in front of a tag's name do not matter."""

    def __init__(self) -> None:
        self._tags = 0
        self._named = Counter[str]()
        self._columns = self._text = 0
        self._is_text = False

    def read(self, part: IO[bytes]) -> None:
        """Count what one part has; what is no XML counts nothing from there on, and is not read later either."""
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._declared
        self._columns = self._text = 0
        try:
            while chunk := part.read(_STEP):
                parser.Parse(chunk)
        except expat.ExpatError:
            return

    def _start(self, tag: str, said: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        self._tags += 1
        self._text, self._is_text = 0, name in _TEXTS
        if name == "c":
            self._columns += 1
        elif name == "row":
            self._columns = 0
        self._named[name] += 1 if name in _MOST else 0
        is_far = name == "row" and _number(said.get("r", "")) > MOST_ROWS
        if is_far or self._columns > MOST_COLUMNS or self._tags > _MOST_TAGS:
            raise too_large()
        if name in _MOST and self._named[name] > _MOST[name]:
            raise too_large()

    def _characters(self, text: str) -> None:
        self._text += len(text)
        if self._is_text and self._text > MOST_TEXT:
            raise too_large()

    def _declared(self, *_: object) -> None:
        """Workbooks declare no types of document; entities, which such may hold, unpack without end."""
        raise FileDamaged("The workbook cannot be read. Save it again, or as CSV.")


# What holds the text of a cell, or its value.
_TEXTS = {"t", "v"}
_MOST = {"c": MOST_CELLS, "row": MOST_ROWS, "sheet": _MOST_SHEETS}


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else (MOST_ROWS + 1 if text else 0)
