"""Rows of whole numbers out of PostgreSQL as NumPy columns, without a Python object per value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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


def write_rows(table: str, columns: Sequence[str], rows: Any) -> None:
    """COPY ``rows`` (an iterable of tuples) into ``table``."""
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
