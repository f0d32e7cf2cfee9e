"""The figures of the overview, each from rows that were counted by hand."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from campaigns.models import Moment
from campaigns.queries import overview
from campaigns.queries.overview import Fate, span_until
from campaigns.rules.results import Comparison, Share
from tests.factories.profiles import (
    IdentifierFactory,
    ProductFactory,
    PurchaseFactory,
    PurchaseLineFactory,
)
from tests.pages import rows

pytestmark = pytest.mark.django_db


def bought(spoken, product, at):
    profile = spoken.customer.identifiers.get().origin_profile
    purchase = PurchaseFactory(customer=spoken.customer, origin_profile=profile, occurred_at=at)
    PurchaseLineFactory(purchase=purchase, product=product)


def reminded(at, *, bought_after_days=None, customer=None, **changes):
    product = ProductFactory()
    spoken = rows.decision(at, product=product, customer=customer, **changes)
    if not changes.get("reasons"):
        rows.delivery(at, spoken)
    if bought_after_days is not None:
        bought(spoken, product, at + timedelta(days=bought_after_days))
    return spoken


def test_moments_are_caught_silent_missed_or_under_way(now):
    rows.delivery(now)
    rows.delivery(now, state="planned", finished_at=None)
    rows.delivery(now, state="missed", reason="too_late")
    rows.delivery(now, state="uncertain")
    rows.delivery(now, state="skipped", reason="bought_since")
    rows.decision(now, reasons=["attention_spent", "something_else_helps_more"])
    rows.decision(now, reasons=["too_late"])
    rows.answer(rows.decision(now, door="counter"), "said", now)
    found = overview.moments(span_until(now))
    assert dict(found.fates) == {
        Fate.CAUGHT: 2,
        Fate.UNDER_WAY: 1,
        Fate.MISSED: 3,
        Fate.SILENT: 2,
    }
    assert dict(found.reasons) == {"attention_spent": 1, "bought_since": 1}
    assert dict(found.misses) == {"missed": 1, "uncertain": 1, "too_late": 1}
    assert found.silence == Share(2, 8)


def of_kind(kind, now, **changes):
    spoken = rows.decision(now, **changes)
    spoken.moment.kind = kind
    spoken.moment.save()
    return spoken


def unspoken(kind, now, until_days):
    Moment.objects.create(
        customer=IdentifierFactory().customer,
        kind=kind,
        cycle=now.date(),
        until=now.date() + timedelta(days=until_days),
        seen_at=now,
    )


def test_each_kind_of_moment_has_its_own_count_with_its_reasons(now):
    rows.delivery(now)
    rows.delivery(now, state="planned", finished_at=None)
    rows.decision(now, reasons=["attention_spent"])
    rows.answer(of_kind("birthday", now, door="counter"), "said", now)
    of_kind("birthday", now, reasons=["no_consent"])
    of_kind("birthday", now, reasons=["no_consent", "no_address"])
    of_kind("birthday", now, reasons=["open_case"])
    rows.delivery(now, of_kind("arrival", now), state="missed", reason="too_late")
    found = overview.moments(span_until(now)).by_kind
    assert {key: dict(kind.fates) for key, kind in found.items()} == {
        "due_reorder": {Fate.CAUGHT: 1, Fate.UNDER_WAY: 1, Fate.SILENT: 1},
        "birthday": {Fate.CAUGHT: 1, Fate.SILENT: 3},
        "arrival": {Fate.MISSED: 1},
    }
    assert dict(found["birthday"].reasons) == {"no_consent": 2, "open_case": 1}
    assert dict(found["arrival"].misses) == {"missed": 1}
    assert (found["birthday"].total, found["due_reorder"].total) == (4, 3)


def test_a_moment_that_nobody_met_is_missed_once_it_is_over(now):
    unspoken("third_contact", now, 0)
    unspoken("third_contact", now - timedelta(days=3), 2)
    unspoken("third_contact", now - timedelta(days=3), 4)
    unspoken("basket", now - timedelta(days=40), 0)
    found = overview.moments(span_until(now))
    assert dict(found.fates) == {Fate.UNDER_WAY: 2, Fate.MISSED: 1}
    assert dict(found.misses) == {"nobody_met": 1}
    assert list(found.by_kind) == ["third_contact"]


def test_the_span_is_chosen(now):
    for days in (0, 6, 7, 29, 30, 89, 90):
        rows.delivery(now - timedelta(days=days))
    assert [overview.moments(span_until(now, days)).total for days in (7, 30, 90)] == [2, 4, 6]
    assert [overview.burden(span_until(now, days)).messages for days in (7, 30, 90)] == [2, 4, 6]
    # Two messages to two customers in one week.
    assert overview.burden(span_until(now, 7)).per_customer_week == pytest.approx(1.0)


def test_a_moment_counts_once_with_its_newest_decision(now):
    first = rows.decision(now - timedelta(days=2), reasons=["attention_spent"])
    first.pk, first.public_id = None, uuid4()
    first.reasons, first.verdict, first.decided_at = [], "speak", now - timedelta(days=1)
    first.save()
    rows.delivery(now, first)
    found = overview.moments(span_until(now))
    assert dict(found.fates) == {Fate.CAUGHT: 1}
    assert dict(found.by_day) == {((now - timedelta(days=1)).date(), Fate.CAUGHT): 1}


def test_what_a_door_asked_for_is_caught_once_it_was_said(now):
    asked = rows.decision(now, door="page")
    span = span_until(now)
    assert dict(overview.moments(span).fates) == {Fate.UNDER_WAY: 1}
    said = rows.answer(asked, "said", now)
    assert dict(overview.moments(span).fates) == {Fate.CAUGHT: 1}
    said.taken_back_at = now
    said.save()
    later = span_until(now + timedelta(days=8))
    assert dict(overview.moments(later).fates) == {Fate.MISSED: 1}
    assert dict(overview.moments(later).misses) == {"nobody_met": 1}


def test_what_was_caught_stays_caught_when_the_answer_silences_the_next(now):
    told = rows.delivery(now - timedelta(days=2)).decision
    told.pk, told.public_id = None, uuid4()
    told.reasons, told.verdict, told.decided_at = ["dismissed"], "silent", now
    told.save()
    found = overview.moments(span_until(now))
    assert dict(found.fates) == {Fate.CAUGHT: 1}
    assert dict(found.by_day) == {((now - timedelta(days=2)).date(), Fate.CAUGHT): 1}


def test_moments_older_than_thirty_mornings_are_left_out(now):
    rows.decision(now - timedelta(days=31), reasons=["attention_spent"])
    rows.decision(now - timedelta(days=29), reasons=["attention_spent"])
    assert overview.moments(span_until(now)).total == 1


def test_a_reminder_hits_from_three_days_before_to_seven_after(now):
    at = now - timedelta(days=20)
    reminded(at, bought_after_days=0.2)  # the day itself is the last purchase: not a new one
    reminded(at, bought_after_days=1)
    reminded(at, bought_after_days=7)
    reminded(at, bought_after_days=8)
    reminded(at)
    assert overview.reminders(span_until(now)).sent == Share(2, 5)


def test_reminders_whose_seven_days_have_not_passed_are_not_judged(now):
    reminded(now - timedelta(days=7), bought_after_days=1)
    reminded(now - timedelta(days=8), bought_after_days=1)
    assert overview.reminders(span_until(now)).sent == Share(1, 1)


def test_each_customer_counts_once_against_the_control_group(now):
    at = now - timedelta(days=20)
    often = IdentifierFactory().customer
    reminded(at, customer=often, bought_after_days=1)
    reminded(at + timedelta(days=3), customer=often)
    reminded(at)
    reminded(at, arm="control", reasons=["control_group"], bought_after_days=2)
    reminded(at, arm="control", reasons=["no_consent"], bought_after_days=2)
    found = overview.reminders(span_until(now))
    assert found.sent == Share(1, 3)
    assert found.against_control == Comparison(treated=Share(1, 2), control=Share(1, 1))


def test_the_burden_counts_messages_people_and_complaints(now):
    one = rows.delivery(now)
    rows.delivery(now, rows.decision(now, customer=one.customer))
    other = rows.delivery(now)
    rows.answer(one.decision, "not_relevant", now)
    rows.answer(one.decision, "stop", now)
    rows.answer(other.decision, "less_of_this", now)
    rows.answer(other.decision, "buy_again", now)
    found = overview.burden(span_until(now))
    assert (found.messages, found.customers, found.unwanted, found.stopped) == (3, 2, 2, 1)
    assert found.per_customer_week == pytest.approx(0.35)


@pytest.mark.parametrize("read", [overview.moments, overview.reminders, overview.burden])
def test_an_empty_house_has_no_figures(read, now):
    read(span_until(now))


def test_a_return_is_no_purchase(now):
    at = now - timedelta(days=20)
    product = ProductFactory()
    spoken = rows.decision(at, product=product)
    rows.delivery(at, spoken)
    profile = spoken.customer.identifiers.get().origin_profile
    purchase = PurchaseFactory(
        customer=spoken.customer, origin_profile=profile, occurred_at=at + timedelta(days=2)
    )
    PurchaseLineFactory(purchase=purchase, product=product, quantity=-1)
    assert overview.reminders(span_until(now)).sent == Share(0, 1)
