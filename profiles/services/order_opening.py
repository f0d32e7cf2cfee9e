"""Opens order files, packed or not, and says what is wrong with one that cannot be read."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, cast

from cxportal.lib.errors import DomainError

# Order files shrink to a tenth or a thirtieth; what unpacks beyond this is no order file.
_UNPACKED_AT_MOST = 100
# A small one may hold much the same line a lot of times.
_UNPACKED_FREE = 10_000_000


class OrderFileError(DomainError):
    """The file as a whole cannot be read; the message says why and what to do."""

    code = "order_file"


class FileMissing(OrderFileError):
    code = "file_missing"


class FileEmpty(OrderFileError):
    code = "file_empty"


class HeaderOnly(OrderFileError):
    code = "header_only"


class NotCsv(OrderFileError):
    code = "not_csv"


class UnknownEncoding(OrderFileError):
    code = "unknown_encoding"


class FileDamaged(OrderFileError):
    code = "file_damaged"


class MappingWrong(OrderFileError):
    """``code`` says in which way: column_missing, column_twice, column_absent, header_twice …"""

    code = "mapping_wrong"


class DatesAmbiguous(OrderFileError):
    code = "dates_ambiguous"


class TimeZoneUnknown(OrderFileError):
    code = "time_zone_unknown"


@contextmanager
def unpacked(path: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Open a file, packed or not (by its content, not its name): its bytes, and the file on disk.

    Raises:
        FileMissing: there is none. FileDamaged: packed bytes that cannot be unpacked.
    """
    with ExitStack() as stack:
        try:
            raw = stack.enter_context(path.open("rb"))
        except OSError as error:
            raise FileMissing(
                f"The file {path.name} cannot be opened: {error.strerror}."
            ) from error
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        stream = stack.enter_context(_Unpacking(raw)) if packed else raw
        try:
            yield cast("IO[bytes]", stream), raw
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise FileDamaged(
                "The packed file is damaged or was cut off on its way. Send it again."
            ) from error


class _Unpacking(gzip.GzipFile):
    """Unpacks a file, and stops where it becomes far more than orders can be."""

    def __init__(self, packed: IO[bytes]) -> None:
        super().__init__(fileobj=packed, mode="rb")
        size = os.fstat(packed.fileno()).st_size
        self._most = size * _UNPACKED_AT_MOST + _UNPACKED_FREE

    def read(self, size: int | None = -1) -> bytes:
        return self._within(super().read(size))

    def read1(self, size: int = -1) -> bytes:
        return self._within(super().read1(size))

    def _within(self, unpacked_bytes: bytes) -> bytes:
        if self.tell() > self._most:
            raise FileDamaged(
                f"The packed file unpacks to more than {_UNPACKED_AT_MOST} times its size, and orders"
                " never do. Export it again, or send it unpacked."
            )
        return unpacked_bytes
