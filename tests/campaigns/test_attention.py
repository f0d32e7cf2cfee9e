"""How much is written to whom: less after messages of which nothing came, and never more than the limits."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import IntegrityError
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from campaigns.models import Delivery, Outcome, SendingPolicy
from campaigns.queries import eligibility
from campaigns.queries.attention import received_by
from campaigns.rules.attention import Patience, Received, Spread, spread
from campaigns.rules.codes import Door, Refusal
from campaigns.services import answering, delivering, planning
from campaigns.services.deciding import Context, decide
from cxportal.lib.links import LinkPurpose, token_for
from profiles.models import Customer, Product
from profiles.services import preferring
from tests.factories.campaigns import consent, due_habit, reachable_customer, ready_house
from tests.factories.profiles import ProductFactory, PurchaseFactory, PurchaseLineFactory
from tests.pages import rows

NOW = datetime(2026, 3, 10, 5, 0, tzinfo=UTC)
MAIL = Context(Door.EMAIL)
COUNTS = st.integers(0, 12)
RECEIVED = st.builds(
    Received, judged=COUNTS, welcome=COUNTS, unwelcome=COUNTS, ignored=st.integers(0, 12)
)

# --- the rule -------------------------------------------------------------------------------------


@given(received=RECEIVED)
def test_silence_and_displeasure_only_ever_lessen(received):
    weeks = spread(received, Patience()).weeks
    more_ignored = Received(0, received.welcome, received.unwelcome, received.ignored + 1)
    more_unwelcome = Received(0, received.welcome, received.unwelcome + 1, received.ignored)
    for worse in (more_ignored, more_unwelcome):
        after = spread(worse, Patience()).weeks
        assert after == 0 or (weeks != 0 and after >= weeks)


@given(received=RECEIVED, welcomed=COUNTS)
def test_what_is_welcome_only_ever_loosens(received, welcomed):
    better = Received(0, received.welcome + welcomed, received.unwelcome, received.ignored)
    before, after = spread(received, Patience()).weeks, spread(better, Patience()).weeks
    assert (before == 0) == (after == 0)
    assert after <= before


DAYS_AGO = st.lists(st.floats(-3, 40), max_size=12)


@given(received=RECEIVED, said=DAYS_AGO, own=st.none() | st.integers(0, 7), house=st.integers(0, 7))
def test_the_limits_of_customer_and_house_are_never_exceeded(received, said, own, house):
    policy = SendingPolicy(max_per_week=house, quiet_from=time(20), quiet_until=time(9))
    at = [NOW - timedelta(days=days) for days in said]
    row = (1, "UTC", None, None, own, True, True, at, ["reminders"], [])
    stands = eligibility._standing(row, policy, False, spread(received, Patience()), NOW)
    limit = house if own is None else min(own, house)
    this_week = sum(days < 7 for days in said)
    assert stands.room <= max(0, limit - this_week)


# --- what came of a message -----------------------------------------------------------------------


@pytest.fixture
def dolores(db) -> Customer:
    ready_house()
    return reachable_customer()


def sent(customer: Customer, days_ago: float, product: Product | None = None) -> Delivery:
    at = NOW - timedelta(days=days_ago)
    return rows.delivery(at, rows.decision(at, customer=customer, product=product))


def received(customer: Customer) -> Received:
    return received_by([customer.pk], NOW)[customer.pk]


def bought(customer: Customer, days_ago: float, product: Product, **line) -> None:
    purchase = PurchaseFactory(
        origin_profile=customer.profiles.get(), occurred_at=NOW - timedelta(days=days_ago)
    )
    PurchaseLineFactory(purchase=purchase, product=product, **line)


def test_who_was_sent_nothing_is_asked_as_much_as_anybody(dolores):
    assert received(dolores) == Received()
    assert eligibility.standings([dolores.pk], SendingPolicy.objects.get(), NOW)[
        dolores.pk
    ].spread == Spread(1)


def test_a_message_is_ignored_once_its_week_has_passed(dolores):
    sent(dolores, 6.9)
    assert received(dolores) == Received()
    sent(dolores, 7)
    assert received(dolores) == Received(judged=1, ignored=1)


def test_what_did_not_certainly_arrive_or_had_to_be_sent_was_not_ignored(dolores):
    for changes in ({"state": "uncertain"}, {"state": "missed"}, {"is_transactional": True}):
        delivery = sent(dolores, 10)
        Delivery.objects.filter(pk=delivery.pk).update(**changes)
    sent(dolores, 181)
    assert received(dolores) == Received()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("helpful", Received(judged=1, welcome=1)),
        ("buy_again", Received(judged=1, welcome=1)),
        ("not_now", Received(judged=1)),
        ("still_have_plenty", Received(judged=1)),
        ("asked_for_a_person", Received(judged=1)),
        ("not_relevant", Received(judged=1, unwelcome=1)),
        ("less_of_this", Received(judged=1, unwelcome=1)),
        ("too_personal", Received(judged=1, unwelcome=1)),
        ("stop", Received(judged=1, unwelcome=1)),
        # That staff said it somewhere says nothing of the message.
        ("said", Received(judged=1, ignored=1)),
    ],
)
def test_each_answer_says_how_a_message_was_received(dolores, kind, expected):
    rows.answer(sent(dolores, 8).decision, kind, NOW - timedelta(days=8))
    assert received(dolores) == expected


def test_of_an_answer_that_was_taken_back_it_counts_that_somebody_was_there(dolores):
    given = rows.answer(sent(dolores, 8).decision, "less_of_this", NOW - timedelta(days=8))
    Outcome.objects.filter(pk=given.pk).update(taken_back_at=NOW)
    assert received(dolores) == Received(judged=1)
    sent(dolores, 7)
    assert received(dolores) == Received(judged=2, ignored=1)


def test_what_was_bought_within_the_week_was_of_use(dolores):
    beans, tea = ProductFactory(), ProductFactory()
    sent(dolores, 10, beans)
    bought(dolores, 10.5, beans)  # before it was sent
    bought(dolores, 9, tea)
    bought(dolores, 9, beans, quantity=-1)
    bought(dolores, 2, beans)  # too late
    assert received(dolores) == Received(judged=1, ignored=1)
    bought(dolores, 4, beans)
    assert received(dolores) == Received(judged=1, welcome=1)


def test_of_a_message_about_no_product_any_purchase_counts(dolores):
    letter = sent(dolores, 10)
    letter.decision.moment.kind = "stays_away"
    letter.decision.moment.save()
    bought(dolores, 8, ProductFactory())
    assert received(dolores) == Received(judged=1, welcome=1)


@pytest.mark.parametrize(
    "own_act",
    [
        lambda customer, at: consent(customer, at=at),
        lambda customer, at: preferring.prefer(
            customer=customer, wishes=preferring.Wishes(max_per_week=1), now=at
        ),
        lambda customer, at: preferring.hear_again(customer=customer, now=at),
        lambda customer, at: rows.answer(
            rows.decision(at, customer=customer, door="counter"), "not_now", at
        ),
    ],
)
def test_what_customers_do_of_their_own_forgives_what_was_ignored_before(dolores, own_act):
    for days_ago in (30, 24, 18):
        sent(dolores, days_ago)
    own_act(dolores, NOW - timedelta(days=20))
    assert received(dolores) == Received(judged=3, ignored=1)


def test_a_customer_is_counted_alone_as_among_others(dolores):
    other = reachable_customer()
    for days_ago in (30, 20, 10):
        sent(dolores, days_ago)
    rows.answer(sent(other, 9).decision, "helpful", NOW)
    together = received_by([dolores.pk, other.pk], NOW)
    assert together == {dolores.pk: received(dolores), other.pk: received(other)}
    assert together[dolores.pk] == Received(judged=3, ignored=3)


# --- and what follows -----------------------------------------------------------------------------


def reasons(customer: Customer, now=NOW, context=MAIL) -> list[Refusal]:
    (choice,) = decide(customers=[customer.pk], context=context, now=now)
    return choice.reasons


def ignored(customer: Customer, *days_ago: float) -> None:
    for days in days_ago:
        sent(customer, days)


def test_after_two_ignored_messages_there_is_room_as_before(dolores):
    due_habit(dolores)
    ignored(dolores, 30, 8)
    assert reasons(dolores) == []


def test_after_three_the_allowance_is_spread_over_two_weeks(dolores):
    due_habit(dolores)
    ignored(dolores, 30, 12, 11)
    assert reasons(dolores) == [Refusal.LESS_OFTEN]
    # One of the two leaves the two weeks.
    later = NOW + timedelta(days=2, hours=1)
    assert reasons(dolores, later) == []


def test_after_six_nothing_is_written_and_the_counter_speaks_all_the_same(dolores):
    due_habit(dolores)
    ignored(dolores, 90, 80, 70, 60, 50, 40)
    assert reasons(dolores) == [Refusal.UNNOTICED]
    assert reasons(dolores, context=answering.COUNTER) == []
    preferring.hear_again(customer=dolores, now=NOW)
    assert reasons(dolores) == []


def test_after_half_a_year_a_message_is_tried_again(dolores):
    due_habit(dolores)
    ignored(dolores, 181, 150, 140, 130, 120, 110)
    assert reasons(dolores) == []


def test_what_was_planned_before_is_asked_again_as_it_leaves(dolores):
    due_habit(dolores)
    planning.plan_morning(now=NOW)
    ignored(dolores, 90, 80, 70, 60, 50, 40)
    assert delivering.deliver_due(now=NOW.replace(hour=12)) == {"skipped": 1}
    planned = Delivery.objects.order_by("pk").first()
    assert (planned.state, planned.reason) == ("skipped", "messages_unnoticed")


def test_less_often_is_asked_again_as_it_leaves(dolores):
    due_habit(dolores)
    planning.plan_morning(now=NOW)
    ignored(dolores, 30, 12, 11)
    assert delivering.deliver_due(now=NOW.replace(hour=12)) == {"skipped": 1}
    assert Delivery.objects.order_by("pk").first().reason == "written_less_often"


def test_in_a_rehearsal_nobody_ignores(dolores):
    due_habit(dolores)
    ignored(dolores, 90, 80, 70, 60, 50, 40)
    SendingPolicy.objects.update(is_rehearsal=True)
    assert reasons(dolores) == []


@pytest.mark.parametrize(("fewer", "silent"), [(0, 6), (3, 3), (4, 3)])
def test_patience_that_is_none_is_refused(dolores, fewer, silent):
    with pytest.raises(IntegrityError, match="campaigns_policy_patience"):
        SendingPolicy.objects.update(fewer_after=fewer, silent_after=silent)


# --- the way to the shop --------------------------------------------------------------------------


@pytest.fixture
def mailed(dolores, client):
    """A reminder that left at noon, and how to follow its link some time after."""
    due_habit(dolores, ProductFactory(url="https://shop.example.com/p1"))
    planning.plan_morning(now=NOW)
    noon = NOW.replace(hour=12)
    delivering.deliver_due(now=noon)
    delivery = Delivery.objects.get()
    address = reverse("campaigns:buy", args=[token_for(LinkPurpose.BUY, str(delivery.public_id))])

    def follow(after: timedelta, time_machine, **headers):
        time_machine.move_to(noon + after, tick=False)
        return client.get(address, headers=headers)

    return follow


def test_a_link_leads_to_the_shop_and_is_noticed_once(mailed, time_machine):
    for _ in range(2):
        answer = mailed(timedelta(hours=3), time_machine)
        assert (answer.status_code, answer.url) == (302, "https://shop.example.com/p1")
    assert [(one.kind, one.actor) for one in Outcome.objects.all()] == [("buy_again", "customer")]


@pytest.mark.parametrize(
    ("after", "headers"),
    [(timedelta(seconds=20), {}), (timedelta(hours=3), {"Sec-Purpose": "prefetch;prerender"})],
)
def test_a_scanner_is_led_on_and_nothing_is_kept(mailed, time_machine, after, headers):
    assert mailed(after, time_machine, **headers).status_code == 302
    assert Outcome.objects.count() == 0


def test_a_product_that_has_no_address_any_more_leads_nowhere(mailed, time_machine):
    Product.objects.update(url="")
    assert mailed(timedelta(hours=3), time_machine).status_code == 410
    assert Outcome.objects.count() == 0


def test_where_links_are_not_counted_they_lead_straight_to_the_shop(dolores):
    SendingPolicy.objects.update(counts_links=False)
    due_habit(dolores, ProductFactory(url="https://shop.example.com/p1"))
    planning.plan_morning(now=NOW)
    delivering.deliver_due(now=NOW.replace(hour=12))
    assert "Buy again: https://shop.example.com/p1" in Delivery.objects.get().message.text
