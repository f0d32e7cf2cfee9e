"""Cuts order files of any size into records, as a stream: a broken one takes no other along."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple, TextIO

from profiles.rules.cells import REASON_HEADER, as_it_was
from profiles.rules.orders import RejectReason
from profiles.services.order_layouts import RECORD_LINES, Layout
from profiles.services.order_opening import FileDamaged, unpacked

# Longer than any honest row; a file that is not text often has no line end at all.
_LINE_LENGTH = 1_000_000
_LONGEST_SKIP = 100  # times the length of a line
_RAW_LENGTH = 2_000

Progress = Callable[[int], None]


class Reject(NamedTuple):
    """A row that is kept aside."""

    line_number: int
    reason: RejectReason
    raw: str


class Records:
    """The records of a file: (line number, values) for each, the header first, or a reject.

    Blank lines are no records. A quote that is never closed would swallow what follows: where a
    record of several lines does not come out right, its first line is rejected and reading goes on
    with the second. A file of rows that were kept aside is read as its rows were meant.
    """

    def __init__(self, path: Path, layout: Layout, progress: Progress | None = None) -> None:
        self.headers = layout.headers
        self._path = path
        self._layout = layout
        self._progress = progress or (lambda count: None)
        self._lines = _Lines()
        self._came_back = self.headers[-1:] == (REASON_HEADER,)

    def raw(self) -> str:
        """Return the text of the record that was given last."""
        return _raw("".join(self._lines.record))

    def __iter__(self) -> Iterator[tuple[int, list[str]] | Reject]:
        with unpacked(self._path) as (stream, raw):
            self._lines.read_from(_decoded(stream, self._layout.encoding))
            for count, record in enumerate(self._read()):
                yield record
                if not count % 4096:
                    self._progress(raw.tell())
            self._progress(raw.tell())

    def _read(self) -> Iterator[tuple[int, list[str]] | Reject]:
        width, lines = len(self.headers), self._lines
        reader = csv.reader(lines, delimiter=self._layout.delimiter, strict=True)
        while True:
            lines.record.clear()
            first = lines.number + 1
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield lines.reject_first(first, RejectReason.BROKEN_QUOTES)
                continue
            except _Unreadable as error:
                yield lines.reject_first(first, error.reason)
                continue
            if len(values) == width:
                if self._came_back:
                    values = [as_it_was(value) for value in values]
                    if not any(values[:-1]):  # it only says that there were more
                        continue
                yield first, values
            elif values:
                yield lines.reject_first(first, RejectReason.WRONG_COLUMNS)


def _decoded(stream: IO[bytes], encoding: str) -> TextIO:
    """Decode without failing: what a sample showed to be UTF-8 may be something else further on."""
    errors = "surrogateescape" if encoding.startswith("utf-8") else "replace"
    return io.TextIOWrapper(stream, encoding, errors=errors, newline="")


def _raw(text: str) -> str:
    return text.rstrip("\r\n").replace("\0", "\u2400")[:_RAW_LENGTH]


class _Unreadable(Exception):
    """A line that cannot be part of a record."""

    def __init__(self, reason: RejectReason) -> None:
        self.reason = reason


class _Lines:
    """The physical lines of a file, one by one; remembers those of the record being read."""

    def __init__(self) -> None:
        self.record: list[str] = []
        self.number = 0
        self._again: list[str] = []

    def read_from(self, text: TextIO) -> None:
        self._readline = text.readline

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        is_new = not self._again
        line = self._readline(_LINE_LENGTH) if is_new else self._again.pop()
        if not line:
            raise StopIteration
        self.number += 1
        if not line.isascii():
            line = _repaired(line)
        record = self.record
        record.append(line)
        if "\0" in line:
            raise _Unreadable(RejectReason.NUL)
        if len(line) == _LINE_LENGTH:
            if is_new and not line.endswith(("\n", "\r")):
                self._skip_rest_of_line()
            raise _Unreadable(RejectReason.TOO_LONG)
        if len(record) > RECORD_LINES:
            raise _Unreadable(RejectReason.BROKEN_QUOTES)
        return line

    def _skip_rest_of_line(self) -> None:
        for _ in range(_LONGEST_SKIP):
            rest = self._readline(_LINE_LENGTH)
            if len(rest) < _LINE_LENGTH or rest.endswith(("\n", "\r")):
                return
        raise FileDamaged("The file has a line without an end. Export it again.")

    def reject_first(self, number: int, reason: RejectReason) -> Reject:
        """Reject the first line of the record and give back the others, to be read again."""
        first, *others = self.record
        self._again.extend(reversed(others))
        self.number -= len(others)
        return Reject(number, RejectReason.BROKEN_QUOTES if others else reason, _raw(first))


def _repaired(line: str) -> str:
    """Read the bytes of a line that are no UTF-8, though the sample was, as Windows-1252."""
    try:
        line.encode()
    except UnicodeEncodeError:
        return line.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    return line
