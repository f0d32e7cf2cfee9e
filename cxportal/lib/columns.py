"""Rows of whole numbers out of PostgreSQL as NumPy columns, without a Python object per value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

_HEADER = 19  # signature (11 bytes), flags (4), length of the extension (4)
_TRAILER = 2


def read_longs(
    query: str, params: Mapping[str, Any] | Sequence[Any], columns: int
) -> list[NDArray[np.int64]]:
    """Run ``query``, whose columns are all ``bigint`` and never null, and return its columns.

    Reads by COPY in binary form: every row then has the same length (PostgreSQL manual, COPY,
    "Binary Format"), so that the buffer *is* the array.
    """
    statement = f"COPY ({query}) TO STDOUT (FORMAT binary)"
    with connection.cursor() as cursor, cursor.cursor.copy(statement, params) as copy:
        data = b"".join(bytes(part) for part in copy)
    row = np.dtype(
        [
            ("fields", ">i2"),
            *((f"c{n}", [("size", ">i4"), ("value", ">i8")]) for n in range(columns)),
        ]
    )
    rows = np.frombuffer(
        data, dtype=row, count=(len(data) - _HEADER - _TRAILER) // row.itemsize, offset=_HEADER
    )
    return [rows[f"c{n}"]["value"].astype(np.int64) for n in range(columns)]


def write_rows(table: str, columns: Sequence[str], rows: Any) -> None:
    """COPY ``rows`` (an iterable of tuples) into ``table``."""
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
