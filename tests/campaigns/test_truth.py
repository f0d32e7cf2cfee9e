"""Sentences say what is in the data, and reasons are the whole of what stands in the way.

Over generated cases: lifting all that is named against an action lets it be said, and nothing less does; taking
away the evidence that is named for it lowers its worth.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.models import Campaign, Outcome
from campaigns.rules.codes import Door, OutcomeKind, Refusal, Verdict
from campaigns.services import answering, planning
from campaigns.services.deciding import Context, decide
from feedback.models import Case
from feedback.services import cases
from profiles.models import Habit, Identifier, PurchaseLine
from profiles.queries.purchases import bought_on
from profiles.rules.names import ConsentState
from profiles.rules.reordering import because
from profiles.services import learning, preferring, scheduling
from tests.factories.campaigns import consent, due_habit, reachable_customer, ready_house
from tests.factories.profiles import (
    IdentifierFactory,
    ProductFactory,
    ProfileFactory,
    PurchaseFactory,
    PurchaseLineFactory,
)
from tests.pages import rows

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 6, 5, tzinfo=UTC)
MAIL = Context(Door.EMAIL)
GENERATED = settings(
    max_examples=25, deadline=None, database=None, derandomize=True,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@contextmanager
def taken_back():
    """Each example begins where the last one did."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def only(customer):
    (choice,) = decide(customers=[customer.pk], context=MAIL, now=NOW)
    return choice


def reminders_alone():
    """One campaign, so that nothing else is weighed."""
    ready_house()
    Campaign.objects.exclude(moment="due_reorder").update(is_live=False)


# --- what stands against it, and how it is lifted -------------------------------------------------


def unanswer(customer, *kinds):
    for outcome in Outcome.objects.filter(customer=customer, kind__in=kinds, taken_back_at=None):
        answering.take_back(outcome=outcome, door=Door.COUNTER, now=NOW)


def complain(customer):
    cases.open_case(
        customer=customer, kind="complaint", source_ref="call:1", detail="torn", opened_by="staff:1", now=NOW
    )  # fmt: skip


def solve(customer):
    for case in Case.objects.filter(customer=customer):
        cases.solve(case=case, resolution="mended", by="staff:1", now=NOW)


def ignore_six(customer):
    for weeks in range(2, 8):
        at = NOW - timedelta(weeks=weeks)
        rows.delivery(at, rows.decision(at, customer=customer))


def said(customer):
    return scheduling.Said(customer, customer.habits.get().product, "page", NOW)


PUT = {
    "case": complain,
    "no consent": lambda c: consent(c, ConsentState.WITHDRAWN, at=NOW - timedelta(days=1)),
    "no address": lambda c: Identifier.objects.filter(customer=c).delete(),
    "paused": lambda c: scheduling.pause(said=said(c)),
    "stopped": lambda c: scheduling.stop(said=said(c)),
    "ignored": ignore_six,
    "too often": lambda c: Habit.objects.filter(customer=c).update(rhythm_days=4.0),
}
LIFT = {
    Refusal.DISMISSED: lambda c: unanswer(c, OutcomeKind.NOT_RELEVANT, OutcomeKind.LESS),
    Refusal.TOO_PERSONAL: lambda c: unanswer(c, OutcomeKind.TOO_PERSONAL),
    Refusal.NOT_YET: lambda c: unanswer(c, OutcomeKind.NOT_NOW),
    Refusal.ALREADY_SAID: lambda c: unanswer(c, OutcomeKind.SAID),
    Refusal.OPEN_CASE: solve,
    Refusal.NO_CONSENT: lambda c: consent(c, at=NOW),
    Refusal.NO_ADDRESS: lambda c: IdentifierFactory(origin_profile=c.profiles.get()),
    Refusal.SCHEDULE_PAUSED: lambda c: scheduling.resume(said=said(c)),
    Refusal.SCHEDULE_STOPPED: lambda c: scheduling.resume(said=said(c)),
    Refusal.UNNOTICED: lambda c: preferring.hear_again(customer=c, now=NOW),
    Refusal.TOO_FREQUENT: lambda c: Habit.objects.filter(customer=c).update(rhythm_days=30.0),
}
# Of the schedule, one word stands.
ANSWERS = [
    OutcomeKind.NOT_RELEVANT,
    OutcomeKind.TOO_PERSONAL,
    OutcomeKind.LESS,
    OutcomeKind.NOT_NOW,
    OutcomeKind.SAID,
]
ORDER = [*ANSWERS, *PUT]


def in_order(obstacles):
    given = sorted(obstacles, key=ORDER.index)
    # Agreeing again is something of one's own, and forgives by itself what was ignored.
    beside = {"stopped": "paused", "ignored": "no consent"}
    return [one for one in given if beside.get(one) not in given]


@GENERATED
@given(obstacles=st.sets(st.sampled_from(ORDER), min_size=1, max_size=4).map(in_order))
def test_lifting_all_that_is_named_lets_it_be_said_and_nothing_less_does(obstacles):
    with taken_back():
        reminders_alone()
        customer = reachable_customer()
        due_habit(customer)
        put_in_the_way(customer, obstacles)
        against = only(customer).reasons
        assert against != []
        for lifted, reason in enumerate(against):
            assert only(customer).verdict == Verdict.SILENT
            assert only(customer).reasons == against[lifted:]
            LIFT[reason](customer)
        assert (only(customer).verdict, only(customer).reasons) == (Verdict.SPEAK, [])


def put_in_the_way(customer, obstacles):
    """All answers are to the one suggestion of the moment before anything stood against it."""
    (choice,) = decide(customers=[customer.pk], context=answering.COUNTER, now=NOW)
    (decision,) = planning.store_choices(choices=[choice], door=Door.COUNTER, now=NOW)
    for one in obstacles:
        if one in ANSWERS:
            answering.record_outcome(
                decision=decision, kind=one, door=Door.COUNTER, actor="customer", now=NOW
            )
        else:
            PUT[one](customer)


# --- what speaks for it ---------------------------------------------------------------------------


@pytest.fixture
def monthly():
    """Somebody who buys one thing about every month, among others who do."""
    reminders_alone()
    product = ProductFactory(name="Hazelnut beans")
    profiles = [reachable_customer().profiles.get(), *(ProfileFactory() for _ in range(8))]
    for profile in profiles:
        for back in range(1, 8):
            at = NOW - timedelta(days=28 * back, hours=back)
            bought = PurchaseFactory(origin_profile=profile, occurred_at=at)
            PurchaseLineFactory(purchase=bought, product=product)
    learning.learn_everything(now=NOW)
    return profiles[0].customer


def test_without_the_evidence_that_is_named_it_is_worth_less(monthly):
    before = only(monthly)
    named = bought_on([(monthly.pk, before.subject_id)], NOW)[monthly.pk, before.subject_id]
    assert len(named) == 3
    for day in map(date.fromisoformat, named):
        PurchaseLine.objects.filter(customer=monthly, occurred_at__date=day).delete()
    learning.learn_everything(now=NOW)
    after = decide(customers=[monthly.pk], context=MAIL, now=NOW)
    assert before.worth > 0
    # What is no moment any more is worth nothing.
    assert max((choice.worth for choice in after), default=0.0) < before.worth


# --- what a sentence names ------------------------------------------------------------------------

MONTHS = {f"{date(2026, month, 1):%B}": month for month in range(1, 13)}
DAYS = st.lists(st.dates(date(2025, 4, 1), date(2026, 3, 9)), min_size=1, max_size=6, unique=True)


def days_in(sentence):
    """Every day that a sentence names, as (day, month): "3, 10 October and 2 November"."""
    month, found = 0, set()
    for word in reversed(re.findall(r"[A-Za-z]+|\d+", sentence)):
        if word in MONTHS:
            month = MONTHS[word]
        elif word.isdecimal() and month:
            found.add((int(word), month))
        elif word == "on":
            month = 0
    return found


@GENERATED
@given(days=DAYS, reader=st.sampled_from(["customer", "staff", "manager"]))
def test_each_day_that_is_named_is_a_day_of_a_purchase(days, reader):
    with taken_back():
        profile, product = ProfileFactory(), ProductFactory()
        for day in days:
            at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
            bought = PurchaseFactory(origin_profile=profile, occurred_at=at)
            PurchaseLineFactory(purchase=bought, product=product)
        key = (profile.customer_id, product.pk)
        facts = {"rhythm_days": 30.0, "bought_on": bought_on([key], NOW)[key]}
        named = days_in(because(facts, reader).partition(", about")[0])
        kept = PurchaseLine.objects.filter(customer=profile.customer, product=product)
        stored = {(at.day, at.month) for at in kept.values_list("occurred_at", flat=True)}
        assert named == {(day.day, day.month) for day in sorted(days)[-3:]}
        assert named <= stored
