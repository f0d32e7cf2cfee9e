"""Two real connections, and what would go wrong without the lock and without the careful cursor."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from loyalty.models import AwardCursor, PointsEntry
from loyalty.rules import EntryKind
from loyalty.services import awarding, setting_up
from profiles.models import Company, PurchaseLine
from tests.factories.profiles import CustomerFactory, ProductFactory, ProfileFactory
from tests.loyalty.conftest import add_line

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Call all at the same time, each on a connection of its own."""
    start = threading.Barrier(len(calls), timeout=10)

    def run(call: Callable[[], object]) -> object:
        try:
            start.wait()
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(timeout=30) for future in [pool.submit(run, call) for call in calls]]


def until_somebody_waits() -> None:
    """Return as soon as another connection waits for this one."""
    for _ in range(500):
        with connection.cursor() as sql:
            sql.execute(
                "SELECT count(*) FROM pg_locks"
                " WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
            )
            if sql.fetchone()[0]:
                return
        time.sleep(0.02)
    pytest.fail("Nobody waits.")


def test_two_runs_at_once_book_each_purchase_once(buy, now):
    setting_up.ensure_programme()
    for _ in range(40):
        buy(("1", 500))
    counts = at_once(*[lambda: awarding.award_for_purchases(now=now, limit=1000)] * 4)
    assert PointsEntry.objects.count() == 40
    assert sum(count.points for count in counts) == 200


def test_without_the_lock_two_runs_would_book_the_same(buy, now):
    """The control: both read before either writes, and only the constraint is left."""
    Company.objects.create()
    programme = setting_up.ensure_programme()
    buy(("1", 500))
    newest = PurchaseLine.objects.latest("pk").pk
    refused = []
    with transaction.atomic():
        awarding._book_differences(programme, 0, newest, now)

        def book_as_well() -> None:
            try:
                awarding._book_differences(programme, 0, newest, now)
            except Exception as error:
                refused.append(str(error))
            finally:
                connection.close()

        second = threading.Thread(target=book_as_well)
        second.start()
        until_somebody_waits()
    second.join(timeout=10)
    assert "loyalty_entry_source_once" in refused[0]
    assert PointsEntry.objects.count() == 1


def test_a_run_leaves_the_work_to_the_one_that_is_at_it(buy, now):
    setting_up.ensure_programme()
    buy(("1", 500))
    with transaction.atomic():
        AwardCursor.objects.select_for_update().get()
        (counts,) = at_once(lambda: awarding.award_for_purchases(now=now, limit=10))
        assert (counts.entries, counts.caught_up) == (0, False)
    assert awarding.award_for_purchases(now=now, limit=10).entries == 1


def test_a_slow_till_s_lines_are_not_lost_behind_the_cursor(buy, now):
    setting_up.ensure_programme()
    slow, quick, product = buy(), buy(), ProductFactory()
    drawn, may_commit = threading.Event(), threading.Event()

    def ring_up_slowly() -> None:
        try:
            with transaction.atomic():
                add_line(slow, "1", 700, product=product)
                drawn.set()
                may_commit.wait(10)
        finally:
            connection.close()

    till = threading.Thread(target=ring_up_slowly)
    till.start()
    assert drawn.wait(10)
    add_line(quick, "1", 500, product=product)
    assert awarding.award_for_purchases(now=now, limit=10).points == 5
    cursor = AwardCursor.objects.get()
    may_commit.set()
    till.join(10)
    # The control: the slow line has the lower id, so a plain cursor stands behind it by now.
    assert PurchaseLine.objects.get(purchase=slow).pk < cursor.seen_line
    assert cursor.settled_line < PurchaseLine.objects.get(purchase=slow).pk
    assert awarding.award_for_purchases(now=now, limit=10).points == 7
    cursor.refresh_from_db()
    assert cursor.settled_line == cursor.seen_line
    assert awarding.award_for_purchases(now=now, limit=10).purchases == 0


def test_the_same_bonus_given_twice_at_once_is_booked_once(now):
    customer = CustomerFactory()
    entries = at_once(
        *[
            lambda: awarding.award_points(
                customer=customer,
                points=50,
                kind=EntryKind.BONUS,
                source_ref="decision:7",
                by="campaign",
                now=now,
            )
        ]
        * 4
    )
    assert PointsEntry.objects.count() == 1
    assert len({entry.pk for entry in entries}) == 1


def test_setting_up_at_once_makes_one_programme(db):
    at_once(*[setting_up.ensure_programme] * 4)
    assert AwardCursor.objects.count() == 1


def test_profiles_bought_for_keep_their_customers(buy, now):
    profile = ProfileFactory()
    buy(("1", 500), profile=profile)
    at_once(*[lambda: awarding.award_for_purchases(now=now, limit=10)] * 2)
    assert PointsEntry.objects.get().customer_id == profile.customer_id
