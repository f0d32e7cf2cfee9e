"""Rows between PostgreSQL and NumPy columns, without a Python object per value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

_HEADER = 19  # signature (11 bytes), flags (4), length of the extension (4)
_FIELDS, _SIZE = 2, 4
# A row of PostgreSQL holds 1 GB at most.
_PIECES = 64


def read_longs(
    query: str, params: Mapping[str, Any] | Sequence[Any], columns: int
) -> list[NDArray[np.int64]]:
    """Run ``query``, whose columns are all ``bigint`` and never null, and return its columns.

    PostgreSQL packs each column into a few values of 8 bytes a number, most significant first
    (``int8send``), so that the buffer *is* the array: a message for each row costs more than all else.
    They come by COPY in binary form (PostgreSQL manual, COPY, "Binary Format").
    """
    names = [f"c{n}" for n in range(columns)]
    packed = ", ".join(f"string_agg(int8send({name}), ''::bytea)" for name in names)
    statement = (
        f"COPY (SELECT {packed} FROM ({query}) AS found ({', '.join(names)})"
        f" GROUP BY mod({names[0]}, {_PIECES})) TO STDOUT (FORMAT binary)"
    )
    with connection.cursor() as cursor, cursor.cursor.copy(statement, params) as copy:
        data = b"".join(copy)
    pieces = list(_pieces(data))
    return [
        np.concatenate([np.empty(0, np.int64), *(piece[n] for piece in pieces)])
        for n in range(columns)
    ]


def _pieces(data: bytes) -> Iterator[list[NDArray[np.int64]]]:
    """Yield the columns of each row: its number of fields, then each with its size; -1 ends all."""
    at = _HEADER
    while (fields := int.from_bytes(data[at : at + _FIELDS], signed=True)) > 0:
        at += _FIELDS
        row = []
        for _ in range(fields):
            size = int.from_bytes(data[at : at + _SIZE])
            at += _SIZE
            row.append(np.frombuffer(data, ">i8", size // 8, at).astype(np.int64))
            at += size
        yield row


# --- and back ----------------------------------------------------------------------------------------

# The bytes of one column, one row each; None where the column is null in every row.
Field = NDArray[np.uint8] | None

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_DAYS_TO_2000 = 10_957
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def write_fields(
    table: str, columns: Sequence[str], chunks: Iterable[tuple[int, Sequence[Field]]]
) -> int:
    """COPY rows into ``table`` in binary form; return how many.

    A chunk is a number of rows and a field for each column; a field is as wide in all rows of its chunk.
    """
    written = 0
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)"
    with connection.cursor() as cursor, cursor.cursor.copy(statement) as copy:
        copy.write(_SIGNATURE)
        for rows, fields in chunks:
            copy.write(_packed(rows, fields))
            written += rows
        copy.write(_END)
    return written


def _packed(rows: int, fields: Sequence[Field]) -> bytes:
    """Lay the fields side by side, each after its size."""
    parts = [_same(rows, len(fields).to_bytes(_FIELDS))]
    for field in fields:
        size = -1 if field is None else field.shape[1]
        parts.append(_same(rows, size.to_bytes(_SIZE, signed=True)))
        if field is not None:
            parts.append(field)
    return np.hstack(parts).tobytes()


def _same(rows: int, value: bytes) -> NDArray[np.uint8]:
    return np.broadcast_to(np.frombuffer(value, np.uint8), (rows, len(value)))


def _bytes(values: NDArray[Any], form: str) -> NDArray[np.uint8]:
    return np.ascontiguousarray(values.astype(form)).view(np.uint8).reshape(len(values), -1)


def longs(values: NDArray[np.int64]) -> Field:
    """``bigint``."""
    return _bytes(values, ">i8")


def integers(values: NDArray[np.int64]) -> Field:
    """``integer``."""
    return _bytes(values, ">i4")


def doubles(values: NDArray[np.float64]) -> Field:
    """``double precision``."""
    return _bytes(values, ">f8")


def dates(days: NDArray[np.int64]) -> Field:
    """``date``, from days since 1970."""
    return _bytes(days - _DAYS_TO_2000, ">i4")


def blobs(values: NDArray[Any]) -> Field:
    """``bytea``: the bytes of each row of a table of numbers, as they lie in memory."""
    return np.ascontiguousarray(values).view(np.uint8).reshape(len(values), -1)


def text(value: str, rows: int) -> Field:
    """``text`` or ``varchar``, the same in every row."""
    return _same(rows, value.encode())


def instant(value: datetime, rows: int) -> Field:
    """``timestamptz``, the same in every row."""
    passed = (value - _EPOCH) // timedelta(microseconds=1)
    return _same(rows, passed.to_bytes(8, signed=True))
