from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.models import AwardCursor, PointsEntry, Programme
from loyalty.rules import EntryKind, points_for
from loyalty.services import awarding, setting_up
from loyalty.services.awarding import Counts
from profiles.models import Company
from tests.factories.loyalty import PointsEntryFactory
from tests.factories.profiles import (
    CustomerFactory,
    ProductFactory,
    ProfileFactory,
    PurchaseFactory,
)
from tests.loyalty.conftest import add_line

pytestmark = pytest.mark.django_db


def ledger() -> list[tuple[str, str, int]]:
    return list(PointsEntry.objects.order_by("pk").values_list("source_ref", "kind", "points"))


def test_a_purchase_earns_whole_points_for_what_was_paid(buy, now):
    purchase = buy(("1", 999), ("2", 50))
    counts = awarding.award_for_purchases(now=now, limit=100)
    assert counts == Counts(purchases=1, entries=1, points=10, caught_up=True)
    entry = PointsEntry.objects.get()
    assert (entry.kind, entry.points, entry.source_ref) == (
        "purchase",
        10,
        f"purchase:{purchase.pk}",
    )
    assert entry.customer_id == purchase.customer_id
    assert entry.origin_profile_id == purchase.origin_profile_id
    assert (entry.occurred_at, entry.recorded_at) == (purchase.occurred_at, now)
    assert (entry.rate, entry.actor) == (Decimal(1), "programme")


def test_a_return_takes_its_points_back(buy, now):
    bought, returned = buy(("1", 999)), buy(("-1", 999))
    awarding.award_for_purchases(now=now, limit=100)
    assert ledger() == [
        (f"purchase:{bought.pk}", "purchase", 9),
        (f"purchase:{returned.pk}", "return", -9),
    ]


def test_a_purchase_below_one_point_leaves_no_entry(buy, now):
    buy(("1", 99))
    assert awarding.award_for_purchases(now=now, limit=100) == Counts(purchases=1)
    assert ledger() == []


def test_an_absurd_price_keeps_nobody_elses_points_back(buy, now):
    absurd, returned = buy(("999999999", 10**13)), buy(("-999999999", 10**13))
    sound = buy(("1", 999))
    counts = awarding.award_for_purchases(now=now, limit=100)
    assert counts == Counts(purchases=3, entries=3, points=9)
    assert ledger() == [
        (f"purchase:{absurd.pk}", "purchase", 1_000_000_000),
        (f"purchase:{returned.pk}", "return", -1_000_000_000),
        (f"purchase:{sound.pk}", "purchase", 9),
    ]
    AwardCursor.objects.update(seen_line=0, settled_line=0)
    assert awarding.award_for_purchases(now=now, limit=100) == Counts(purchases=3)


def test_a_second_run_changes_nothing(buy, now):
    buy(("1", 999))
    awarding.award_for_purchases(now=now, limit=100)
    before = ledger()
    assert awarding.award_for_purchases(now=now, limit=100) == Counts()
    assert ledger() == before


def test_the_same_lines_looked_at_again_change_nothing(buy, now):
    buy(("1", 999))
    awarding.award_for_purchases(now=now, limit=100)
    AwardCursor.objects.update(seen_line=0, settled_line=0)
    assert awarding.award_for_purchases(now=now, limit=100) == Counts(purchases=1)


def test_late_lines_correct_what_was_awarded(buy, now):
    purchase = buy(("1", 999))
    awarding.award_for_purchases(now=now, limit=100)
    add_line(purchase, "1", 501)
    awarding.award_for_purchases(now=now, limit=100)
    add_line(purchase, "-1", 800, number=10)
    awarding.award_for_purchases(now=now, limit=100)
    ref = f"purchase:{purchase.pk}"
    assert ledger() == [
        (ref, "purchase", 9),
        (f"{ref}:2", "adjustment", 6),
        (f"{ref}:3", "adjustment", -8),
    ]


def test_a_new_rate_holds_for_new_purchases_and_not_for_late_lines(buy, now):
    early = buy(("1", 1000))
    awarding.award_for_purchases(now=now, limit=100)
    Programme.objects.update(points_per_unit=2)
    add_line(early, "1", 1000)
    later = buy(("1", 1000))
    awarding.award_for_purchases(now=now, limit=100)
    assert ledger() == [
        (f"purchase:{early.pk}", "purchase", 10),
        (f"purchase:{early.pk}:2", "adjustment", 10),
        (f"purchase:{later.pk}", "purchase", 20),
    ]


def test_while_the_programme_is_off_purchases_wait(buy, now, programme):
    Programme.objects.update(enabled=False)
    buy(("1", 999))
    assert awarding.award_for_purchases(now=now, limit=100) == Counts()
    assert ledger() == []
    Programme.objects.update(enabled=True)
    assert awarding.award_for_purchases(now=now, limit=100).points == 9


def test_a_limited_run_stops_and_the_next_goes_on(buy, now):
    for _ in range(3):
        buy(("1", 500))
    first = awarding.award_for_purchases(now=now, limit=2)
    assert (first.purchases, first.points, first.caught_up) == (2, 10, False)
    second = awarding.award_for_purchases(now=now, limit=2)
    assert (second.purchases, second.points, second.caught_up) == (1, 5, True)


def test_a_purchase_cut_in_two_by_the_limit_is_awarded_as_a_whole(buy, now):
    buy(("1", 150), ("1", 150))
    awarding.award_for_purchases(now=now, limit=1)
    awarding.award_for_purchases(now=now, limit=1)
    assert [points for _, _, points in ledger()] == [3]


def test_points_follow_the_company_s_currency(buy, now):
    Company.objects.create(currency="JPY")
    buy(("1", 500))
    assert awarding.award_for_purchases(now=now, limit=100).points == 500


@pytest.mark.parametrize("rate", ["1", "0.3333", "1.5", "7.0001"])
@pytest.mark.parametrize(("quantity", "price"), [("0.333", 1999), ("-0.125", 777), ("3", 33)])
def test_the_statement_and_the_rule_agree(buy, now, programme, rate, quantity, price):
    Programme.objects.update(points_per_unit=Decimal(rate))
    buy((quantity, price))
    awarding.award_for_purchases(now=now, limit=100)
    booked = sum(points for _, _, points in ledger())
    assert booked == points_for(Decimal(quantity) * price, Decimal(rate))


def test_a_run_takes_the_same_number_of_queries_for_any_number_of_purchases(
    buy, now, programme, django_assert_num_queries
):
    for _ in range(5):
        buy(("1", 500))
    awarding.award_for_purchases(now=now, limit=1)
    with django_assert_num_queries(11):  # four of them are savepoints
        awarding.award_for_purchases(now=now, limit=100)


# --- One by one -----------------------------------------------------------------------------------


def test_a_bonus_is_booked_once_for_its_source(now):
    customer = CustomerFactory()
    given = {
        "customer": customer,
        "points": 50,
        "kind": EntryKind.BONUS,
        "source_ref": "decision:7",
        "by": "campaign",
    }
    first = awarding.award_points(**given, now=now)
    again = awarding.award_points(**given, now=now + timedelta(hours=1))
    assert again.pk == first.pk
    assert ledger() == [("decision:7", "bonus", 50)]


def test_a_bonus_is_taken_back_once_and_only_where_it_was_given(now):
    customer = CustomerFactory()
    awarding.award_bonus(customer.pk, "outcome:7", 50, now)
    for source_ref in ("outcome:7", "outcome:7", "outcome:8"):
        awarding.take_bonus_back(customer.pk, source_ref, now)
    assert ledger() == [("outcome:7", "bonus", 50), ("outcome:7:back", "adjustment", -50)]


@pytest.mark.parametrize("other", [{"points": 60}, {"kind": EntryKind.ADJUSTMENT}, {"customer": 0}])
def test_the_same_source_with_other_content_is_refused(now, other):
    entry = PointsEntryFactory(points=50, source_ref="decision:7")
    given = {"customer": entry.customer, "points": 50, "kind": EntryKind.BONUS} | other
    if "customer" in other:
        given["customer"] = CustomerFactory()
    with pytest.raises(awarding.SourceRefReused) as refused:
        awarding.award_points(**given, source_ref="decision:7", by="campaign", now=now)
    assert refused.value.code == "source_ref_reused"
    assert ledger() == [("decision:7", "bonus", 50)]


@pytest.mark.parametrize(
    ("points", "kind", "source_ref"),
    [
        (0, EntryKind.ADJUSTMENT, "desk:1"),
        (-5, EntryKind.BONUS, "desk:1"),
        (5, EntryKind.PURCHASE, "desk:1"),
        (-5, EntryKind.RETURN, "desk:1"),
        (5, EntryKind.BONUS, "purchase:1"),
        (5, EntryKind.BONUS, ""),
    ],
)
def test_points_that_cannot_be_are_refused_in_words(now, points, kind, source_ref):
    with pytest.raises(awarding.PointsRefused) as refused:
        awarding.award_points(
            customer=CustomerFactory(),
            points=points,
            kind=kind,
            source_ref=source_ref,
            by="staff:1",
            now=now,
        )
    assert refused.value.message
    assert ledger() == []


def test_a_database_error_of_another_kind_is_not_hidden(now):
    with pytest.raises(IntegrityError), transaction.atomic():
        awarding.award_points(
            customer=CustomerFactory(),
            points=5,
            kind="gift",
            source_ref="desk:1",
            by=None,
            now=now,
        )


# --- The ledger as a whole ------------------------------------------------------------------------

PROFILES = 3
steps = st.one_of(
    st.tuples(st.just("buy"), st.integers(0, PROFILES - 1), st.integers(-3000, 3000)),
    st.tuples(st.just("late line"), st.integers(0, 7), st.integers(-3000, 3000)),
    st.tuples(st.just("bonus"), st.integers(0, 4), st.just(0)),
    st.tuples(st.just("award"), st.integers(1, 3), st.just(0)),
    st.tuples(st.just("look again"), st.just(0), st.just(0)),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(steps, max_size=14))
def test_the_balance_is_the_sum_in_any_order_and_however_often(happened):
    now = datetime(2026, 3, 10, 6, 5, tzinfo=UTC)
    with transaction.atomic():
        setting_up.ensure_programme()
        profiles = [ProfileFactory() for _ in range(PROFILES)]
        product, purchases, paid, bonuses = ProductFactory(), [], [], set()
        for step, which, amount in happened:
            if step == "buy":
                purchase = PurchaseFactory(origin_profile=profiles[which])
                add_line(purchase, "1", amount, product=product)
                purchases.append(purchase)
                paid.append(amount)
            elif step == "late line" and purchases:
                at = which % len(purchases)
                add_line(purchases[at], "1", amount, product=product)
                paid[at] += amount
            elif step == "bonus":
                bonuses.add(which)
                for _ in range(2):
                    awarding.award_points(
                        customer=profiles[0].customer,
                        points=10 + which,
                        kind=EntryKind.BONUS,
                        source_ref=f"bonus:{which}",
                        by="campaign",
                        now=now,
                    )
            elif step == "award":
                awarding.award_for_purchases(now=now, limit=which)
            elif step == "look again":
                AwardCursor.objects.update(seen_line=0, settled_line=0)
        while not awarding.award_for_purchases(now=now, limit=5).caught_up:
            pass

        expected = [0] * PROFILES
        for purchase, amount in zip(purchases, paid, strict=True):
            whole = abs(amount) // 100
            who = profiles.index(purchase.origin_profile)
            expected[who] += whole if amount > 0 else -whole
        expected[0] += sum(10 + which for which in bonuses)
        ids = [profile.customer_id for profile in profiles]
        balances = {customer: balance for customer, balance, _ in PointsEntry.objects.sums(now)}
        assert [balances.get(customer, 0) for customer in ids] == expected
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("goods", "charge", "points"),
    [
        (("1", 1000), ("1", 500), [10]),  # postage
        (("1", 1000), ("-1", 300), [7]),  # a discount
        (("1", 1000), ("-1", 3000), []),  # a discount larger than the goods
        (("-1", 1000), ("-1", 500), [-10]),  # a return, its postage refunded
        (("-1", 1000), ("1", 300), [-7]),  # a return of what was discounted
        (("-1", 1000), ("1", 3000), []),
        (None, ("1", 500), []),
        (None, ("-1", 500), []),
    ],
)
def test_goods_earn_points_and_charges_only_lessen_them(buy, now, goods, charge, points):
    purchase = buy(*([goods] if goods else []))
    add_line(purchase, *charge, product=ProductFactory(code="POST", kind="charge"))
    awarding.award_for_purchases(now=now, limit=100)
    assert [row[2] for row in ledger()] == points
