"""Buckets: what passes at once, what passes with time, and that all processes count together."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection

from cxportal.lib import rates
from cxportal.lib.rates import RateLimit
from profiles.tasks import let_go

HALF_A_SECOND = RateLimit("test", per_second=2, burst=4)


def taken(limit: RateLimit, times: int, now, *, key: str = "k", cost: float = 1) -> list[int]:
    return [limit.wait_seconds(key, cost=cost, now=now) for _ in range(times)]


def test_a_burst_passes_and_then_so_many_a_second(db, now):
    assert taken(HALF_A_SECOND, 5, now) == [0, 0, 0, 0, 1]
    assert taken(HALF_A_SECOND, 2, now + timedelta(milliseconds=499)) == [1, 1]
    assert taken(HALF_A_SECOND, 2, now + timedelta(milliseconds=500)) == [0, 1]
    assert taken(HALF_A_SECOND, 5, now + timedelta(hours=1)) == [0, 0, 0, 0, 1]


def test_a_refusal_takes_nothing(db, now):
    taken(HALF_A_SECOND, 50, now)
    assert taken(HALF_A_SECOND, 1, now + timedelta(seconds=2), cost=4) == [0]


def test_what_costs_more_than_a_bucket_waits_until_it_is_full_and_pays_for_all(db, now):
    assert taken(HALF_A_SECOND, 2, now, cost=10) == [0, 5]
    assert taken(HALF_A_SECOND, 1, now + timedelta(seconds=4), cost=10) == [1]
    assert taken(HALF_A_SECOND, 1, now + timedelta(seconds=5), cost=10) == [0]


@pytest.mark.parametrize("per_second", [1 / 3600, 3, 7, 50, 5000])
def test_a_whole_bucket_fits_whatever_the_rate(db, now, per_second):
    limit = RateLimit("test", per_second=per_second, burst=6)
    assert [wait == 0 for wait in taken(limit, 7, now)] == [True] * 6 + [False]


def test_what_a_process_took_ahead_it_spends_without_asking(db, now, django_assert_num_queries):
    limit = RateLimit("test", per_second=1, burst=12, ahead=5)
    with django_assert_num_queries(1):
        assert taken(limit, 6, now) == [0] * 6
    with django_assert_num_queries(1):
        assert taken(limit, 6, now) == [0] * 6
    assert taken(limit, 1, now) == [1]


def test_the_last_of_a_bucket_is_not_lost_to_what_could_be_taken_ahead(db, now):
    limit = RateLimit("test", per_second=1, burst=8, ahead=5)
    assert taken(limit, 9, now) == [0] * 8 + [1]


def test_what_one_process_holds_another_does_not_get(db, now):
    ours, theirs = (RateLimit("test", per_second=1, burst=8, ahead=5) for _ in range(2))
    assert taken(ours, 1, now) == [0]
    assert taken(theirs, 3, now) == [0, 0, 1]
    assert taken(ours, 5, now) == [0] * 5


def test_what_costs_more_than_is_taken_ahead_takes_just_that(db, now):
    limit = RateLimit("test", per_second=1, burst=12, ahead=2)
    assert taken(limit, 3, now, cost=4) == [0, 0, 0]
    assert taken(limit, 1, now) == [1]


def test_keys_and_limits_do_not_share_a_bucket(db, now):
    other = RateLimit("other", per_second=2, burst=4)
    taken(HALF_A_SECOND, 4, now)
    assert taken(HALF_A_SECOND, 1, now, key="l") == [0]
    assert taken(other, 1, now) == [0]


def test_the_table_holds_no_key_as_it_was_said(db, now):
    HALF_A_SECOND.wait_seconds("198.51.100.7", now=now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM cxportal_rate")
        (key,) = (bytes(row[0]) for row in cursor.fetchall())
    assert len(key) == 16
    assert b"198" not in key


def test_what_is_full_again_is_swept_away_and_nothing_else(db, now):
    taken(HALF_A_SECOND, 1, now, key="old")
    taken(HALF_A_SECOND, 4, now, key="new")
    assert rates.sweep(now=now + timedelta(seconds=1)) == 1
    assert taken(HALF_A_SECOND, 1, now, key="new") == [1]


def test_the_tick_that_lets_go_of_old_data_sweeps(db, now):
    taken(HALF_A_SECOND, 1, now)
    with time_machine.travel(now + timedelta(seconds=1), tick=False):
        let_go()
    assert rates.sweep(now=now + timedelta(hours=1)) == 0


@pytest.mark.django_db(transaction=True)
def test_many_connections_count_together(now):
    limit, start = RateLimit("test", per_second=1, burst=10), threading.Barrier(4, timeout=10)

    def ask() -> int:
        try:
            start.wait()
            return taken(limit, 10, now).count(0)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        passed = [one.result(timeout=60) for one in [pool.submit(ask) for _ in range(4)]]
    assert sum(passed) == 10
