"""Columns to PostgreSQL and back."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest
from django.db import connection

from cxportal.lib import columns

pytestmark = pytest.mark.django_db

NAMES = ("a_long", "an_integer", "a_double", "a_day", "a_blob", "a_text", "an_instant", "a_null")


@pytest.fixture
def table() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE columns_there (a_long bigint, an_integer integer,"
            " a_double double precision, a_day date, a_blob bytea, a_text varchar(30),"
            " an_instant timestamptz, a_null bigint) ON COMMIT DROP"
        )
    return "columns_there"


def rows(table: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} ORDER BY a_long")
        return [
            tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)
            for row in cursor.fetchall()
        ]


def test_every_kind_of_value_arrives(table):
    at = datetime(1999, 12, 31, 23, 59, 59, 123456, tzinfo=UTC)
    one = (
        columns.longs(np.array([-(2**62), 7])),
        columns.integers(np.array([-5, 2**31 - 1])),
        columns.doubles(np.array([-0.25, 1e300])),
        columns.dates(np.array([-1, 20_522])),
        columns.blobs(np.array([[1, 258], [0, -1]], dtype="<i2")),
        columns.text("zu früh", 2),
        columns.instant(at, 2),
        None,
    )
    other = (
        columns.longs(np.array([9])),
        columns.integers(np.array([0])),
        columns.doubles(np.array([0.0])),
        columns.dates(np.array([10_957])),
        columns.blobs(np.zeros((1, 0), dtype="<i2")),
        columns.text("", 1),
        columns.instant(datetime(2026, 3, 10, tzinfo=UTC), 1),
        columns.longs(np.array([3])),
    )
    assert columns.write_fields(table, NAMES, [(2, one), (1, other)]) == 3
    assert rows(table) == [
        (-(2**62), -5, -0.25, date(1969, 12, 31), b"\x01\x00\x02\x01", "zu früh", at, None),
        (7, 2**31 - 1, 1e300, date(2026, 3, 10), b"\x00\x00\xff\xff", "zu früh", at, None),
        (9, 0, 0.0, date(2000, 1, 1), b"", "", datetime(2026, 3, 10, tzinfo=UTC), 3),
    ]


def test_nothing_is_written_of_nothing(table):
    assert columns.write_fields(table, NAMES, []) == 0
    assert rows(table) == []


def test_what_was_written_is_read(table):
    wide = 3_000  # more than one piece
    numbers = np.arange(wide, dtype=np.int64) * 1_000_003
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} ALTER a_null SET DEFAULT 0")
    columns.write_fields(
        table, ("a_long", "a_null"), [(wide, (columns.longs(numbers), columns.longs(-numbers)))]
    )
    long, other = columns.read_longs(f"SELECT a_long, a_null FROM {table}", [], 2)
    order = np.argsort(long)
    assert np.array_equal(long[order], numbers)
    assert np.array_equal(other[order], -numbers)
