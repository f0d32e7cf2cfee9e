"""Rows of whole numbers as columns."""

from __future__ import annotations

import numpy as np
import pytest

from cxportal.lib.columns import read_longs

pytestmark = pytest.mark.django_db


def test_every_number_comes_whole_and_beside_its_own():
    query = """
        SELECT n::bigint, -n * 3::bigint, 9223372036854775807 - abs(n)
        FROM generate_series(%(first)s, 1000) AS n
    """
    columns = read_longs(query, {"first": -1000}, 3)
    numbers, thrice, large = (column[np.argsort(columns[0])] for column in columns)
    expected = np.arange(-1000, 1001)
    assert [column.dtype for column in columns] == [np.int64] * 3
    assert (numbers == expected).all()
    assert (thrice == -3 * expected).all()
    assert (large == 9223372036854775807 - np.abs(expected)).all()


def test_no_row_is_empty_columns():
    columns = read_longs("SELECT 1::bigint, 2::bigint WHERE false", {}, 2)
    assert [(len(column), column.dtype) for column in columns] == [(0, np.int64), (0, np.int64)]
