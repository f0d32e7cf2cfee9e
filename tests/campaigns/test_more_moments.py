"""What the moments' own flags do to a decision, what an event brings about, and what nobody said."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from campaigns.models import Campaign, Decision, Delivery, Moment
from campaigns.rules.codes import Door, Refusal, Verdict
from campaigns.services import answering, composing, delivering, planning, reacting
from campaigns.services.deciding import Context, decide
from feedback.rules import CaseKind
from feedback.services import cases
from loyalty.services.setting_up import ensure_programme
from profiles.models import (
    Category,
    ConsentEntry,
    ContactPreference,
    Customer,
    FreshTouch,
    Touchpoint,
)
from profiles.rules.names import Channel, ConsentState, Purpose, TouchpointKind
from profiles.services import touching
from profiles.services.touching import Touch
from tests.factories.campaigns import consent, due_habit, reachable_customer, ready_house, wording
from tests.factories.facts import tell
from tests.factories.loyalty import PointsEntryFactory
from tests.factories.profiles import (
    PlaceFactory,
    ProductFactory,
    PurchaseFactory,
    PurchaseLineFactory,
    SourceFactory,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 5, 0, tzinfo=UTC)
MAIL = Context(Door.EMAIL)


@pytest.fixture(autouse=True)
def house():
    ready_house()


@pytest.fixture
def dolores() -> Customer:
    customer = reachable_customer()
    consent(customer, purpose=Purpose.OFFERS)
    return customer


def of(kind: str, customer: Customer, context: Context, now: datetime):
    choices = decide(customers=[customer.pk], context=context, now=now)
    return next((one for one in choices if one.moment == kind), None)


# --- a birthday keeps its day ---------------------------------------------------------------------


def test_no_counter_congratulates_ahead(dolores):
    tell(dolores, "birthday", "1990-03-11", NOW)
    assert of("birthday", dolores, answering.COUNTER, NOW) is None
    spoken = of("birthday", dolores, answering.COUNTER, NOW + timedelta(days=1))
    assert (spoken.verdict, spoken.worth) == (Verdict.SPEAK, pytest.approx(0.4))


def test_the_counter_congratulates_by_the_customers_clock(dolores):
    Customer.objects.update(time_zone="Pacific/Auckland")
    tell(dolores, "birthday", "1990-03-11", NOW)
    # 00:30 on 11 March in Auckland is 11:30 of the 10th in UTC.
    assert of("birthday", dolores, answering.COUNTER, NOW.replace(hour=10, minute=30)) is None
    assert of("birthday", dolores, answering.COUNTER, NOW.replace(hour=11, minute=30))


def test_a_congratulation_leaves_in_the_morning_of_the_day_there(dolores):
    Customer.objects.update(time_zone="America/Los_Angeles")
    tell(dolores, "birthday", "1990-03-11", NOW)
    planning.plan_morning(now=NOW + timedelta(days=1))
    delivery = Delivery.objects.get()
    # 09:00 of the 11th in Los Angeles (UTC-7 since 8 March).
    assert delivery.due_at == datetime(2026, 3, 11, 16, 0, tzinfo=UTC)
    assert delivery.expires_at == datetime(2026, 3, 12, 7, 0, tzinfo=UTC)
    assert delivering.deliver_due(now=delivery.due_at) == {"sent": 1}


def test_without_consent_to_offers_nobody_is_congratulated_by_mail(dolores):
    consent(dolores, ConsentState.WITHDRAWN, Purpose.OFFERS, NOW - timedelta(days=1))
    tell(dolores, "birthday", "1990-03-10", NOW)
    assert of("birthday", dolores, MAIL, NOW).reasons == [Refusal.NO_CONSENT]


def test_what_is_kept_for_years_is_named_in_its_message(dolores):
    phone = ProductFactory(
        name="Fine Phone", category=Category.objects.create(name="P", lasts_years=3)
    )
    purchase = PurchaseFactory(
        origin_profile=dolores.profiles.get(), occurred_at=datetime(2023, 3, 10, 12, tzinfo=UTC)
    )
    PurchaseLineFactory(purchase=purchase, product=phone)
    planning.plan_morning(now=NOW)
    words = composing.compose(delivery=Delivery.objects.get()).words
    assert words.subject == "Fine Phone: time for a new one?"
    assert "you bought it on 10 March 2023, 3 years ago" in words.text
    assert "/buy/" in words.text


# --- care is said although something is open ------------------------------------------------------


def contacted_three_times(customer: Customer) -> None:
    cases.open_case(
        customer=customer, kind=CaseKind.COMPLAINT, source_ref="call:1", detail="torn",
        opened_by="staff:1", now=NOW - timedelta(days=2),
    )  # fmt: skip
    for hours in (20, 2):
        Touchpoint.objects.create(
            customer=customer, origin_profile=customer.profiles.get(), source=SourceFactory(),
            kind="call", occurred_at=NOW - timedelta(hours=hours),
        )  # fmt: skip


def test_the_third_contact_is_told_while_selling_is_silent(dolores):
    due_habit(dolores)
    contacted_three_times(dolores)
    choices = decide(customers=[dolores.pk], context=answering.COUNTER, now=NOW)
    assert [(one.moment, one.verdict) for one in choices] == [
        ("third_contact", Verdict.SPEAK),
        ("due_reorder", Verdict.SILENT),
    ]
    assert choices[1].reasons == [Refusal.OPEN_CASE]


def test_care_in_words_is_sent_although_a_case_is_open(dolores):
    contacted_three_times(dolores)
    campaign = Campaign.objects.get(code="third-contact")
    say(campaign)
    planning.plan_morning(now=NOW)
    assert delivering.deliver_due(now=NOW.replace(hour=12)) == {"sent": 1}


def say(campaign: Campaign) -> None:
    composing.save_template(
        campaign=campaign,
        language="en",
        subject="Hello",
        text="Hello",
        html="<p>Hello</p>",
        by=None,
    )


# --- what nobody said -----------------------------------------------------------------------------


def test_a_moment_without_words_is_kept_although_nobody_met_it(dolores):
    contacted_three_times(dolores)
    planning.plan_morning(now=NOW)
    moment = Moment.objects.get()
    assert (moment.kind, moment.until) == ("third_contact", date(2026, 3, 17))
    assert not Decision.objects.exists()
    planning.plan_morning(now=NOW + timedelta(days=1))
    assert Moment.objects.get() == moment


def test_said_at_the_counter_it_has_its_decision(dolores):
    contacted_three_times(dolores)
    planning.plan_morning(now=NOW)
    choice = of("third_contact", dolores, answering.COUNTER, NOW)
    answering.record_at_counter(
        customer=dolores, choice=("third_contact", choice.subject_id), kind="said",
        actor="staff:1", now=NOW,
    )  # fmt: skip
    assert Decision.objects.get().moment == Moment.objects.get()


# --- events of this moment ------------------------------------------------------------------------


@pytest.fixture
def located(dolores) -> Customer:
    ConsentEntry.objects.create(
        customer=dolores, origin_profile=dolores.profiles.get(), purpose=Purpose.LOCATION,
        channel=Channel.NONE, state=ConsentState.GRANTED, occurred_at=NOW - timedelta(days=9),
        door="page", actor="customer", wording=wording(Purpose.LOCATION),
    )  # fmt: skip
    return dolores


def arrive(customer: Customer, at: datetime, name: str = "Geofence Entered") -> None:
    touching.record_touchpoint(
        source=SourceFactory(),
        profile=customer.profiles.get(),
        touch=Touch(TouchpointKind.TRACK, name, {}, at, place=PlaceFactory()),
        now=at,
    )


@pytest.fixture
def arrival() -> Campaign:
    campaign = Campaign.objects.get(code="arrival")
    Campaign.objects.filter(pk=campaign.pk).update(is_live=True, value=2.0)
    say(campaign)
    return campaign


NIGHT = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)


def test_what_one_is_in_the_middle_of_passes_quiet_hours(located, arrival):
    arrive(located, NIGHT)
    assert reacting.react(now=NIGHT) == {"customers": 1, "speak": 1}
    assert not FreshTouch.objects.exists()
    assert Delivery.objects.get().due_at == NIGHT
    assert delivering.deliver_due(now=NIGHT + timedelta(seconds=20)) == {"sent": 1}


def test_it_passes_the_customers_own_quiet_hours_too(located, arrival):
    ContactPreference.objects.create(
        customer=located, quiet_from=time(0, 0), quiet_until=time(12, 0)
    )
    arrive(located, NIGHT)
    reacting.react(now=NIGHT)
    assert delivering.deliver_due(now=NIGHT) == {"sent": 1}


def test_what_is_not_urgent_waits_for_the_morning(located):
    due_habit(located)
    planning.plan_morning(now=NOW)
    assert delivering.deliver_due(now=NOW) == {}
    assert Delivery.objects.get().due_at == datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def test_an_event_asks_about_nothing_but_what_is_urgent(located, arrival):
    due_habit(located)
    arrive(located, NOW)
    reacting.react(now=NOW)
    assert Decision.objects.get().moment.kind == "arrival"


def test_half_an_hour_later_the_moment_is_missed(located, arrival):
    arrive(located, NIGHT)
    reacting.react(now=NIGHT)
    assert delivering.deliver_due(now=NIGHT + timedelta(minutes=31)) == {"missed": 1}
    assert Delivery.objects.get().reason == "too_late"


def test_gone_again_it_is_not_said(located, arrival):
    arrive(located, NIGHT)
    reacting.react(now=NIGHT)
    arrive(located, NIGHT + timedelta(minutes=2), "Geofence Exited")
    assert delivering.deliver_due(now=NIGHT + timedelta(minutes=3)) == {"missed": 1}


def test_one_moment_a_day_however_often_somebody_walks_by(located, arrival):
    for minute in range(3):
        arrive(located, NIGHT + timedelta(minutes=minute))
        reacting.react(now=NIGHT + timedelta(minutes=minute))
    assert Delivery.objects.count() == 1


def test_one_message_a_day_holds_for_what_is_urgent_as_well(located, arrival):
    due_habit(located)
    planning.plan_morning(now=NOW)
    noon = NOW.replace(hour=12)
    assert delivering.deliver_due(now=noon) == {"sent": 1}
    arrive(located, noon + timedelta(minutes=5))
    reacting.react(now=noon + timedelta(minutes=5))
    assert delivering.deliver_due(now=noon + timedelta(minutes=6)) == {"skipped": 1}
    assert Delivery.objects.get(state="skipped").reason == "attention_spent"


def test_the_weeks_budget_holds_for_what_is_urgent_as_well(located, arrival):
    ContactPreference.objects.create(customer=located, max_per_week=0)
    arrive(located, NIGHT)
    assert reacting.react(now=NIGHT) == {"customers": 1, "speak": 0}
    assert Decision.objects.get().reasons == [Refusal.BUDGET]


def test_the_control_group_hears_nothing_of_it(located, arrival):
    ready_house(control_share=0.5)
    everybody = [located]
    while not any(d.arm == "control" for d in Decision.objects.all()):
        arrive(everybody[-1], NIGHT)
        reacting.react(now=NIGHT)
        other = reachable_customer()
        consent(other, purpose=Purpose.OFFERS)
        ConsentEntry.objects.create(
            customer=other, origin_profile=other.profiles.get(), purpose=Purpose.LOCATION,
            channel=Channel.NONE, state=ConsentState.GRANTED, occurred_at=NOW - timedelta(days=9),
            door="page", actor="customer", wording=wording(Purpose.LOCATION),
        )  # fmt: skip
        everybody.append(other)
    silent = Decision.objects.get(arm="control")
    assert silent.reasons == [Refusal.CONTROL]
    assert not Delivery.objects.filter(decision=silent).exists()


def test_a_basket_is_a_moment_for_whoever_meets_the_customer(dolores):
    product = ProductFactory(name="Lettuce")
    touching.record_touchpoint(
        source=SourceFactory(),
        profile=dolores.profiles.get(),
        touch=Touch(TouchpointKind.TRACK, "Product Added", {"product": product.code}, NIGHT),
        now=NIGHT,
    )
    assert reacting.react(now=NIGHT) == {"customers": 1, "speak": 0}
    assert Moment.objects.get().kind == "basket"
    assert of("basket", dolores, answering.COUNTER, NIGHT).verdict == Verdict.SPEAK
    assert of("basket", dolores, answering.COUNTER, NIGHT + timedelta(minutes=31)) is None


# --- worth ----------------------------------------------------------------------------------------


def test_close_to_the_next_tier_a_regular_customer_is_written_to(dolores):
    ensure_programme()
    source = SourceFactory()
    for month in range(9):
        purchase = PurchaseFactory(
            origin_profile=dolores.profiles.get(), source=source,
            occurred_at=NOW - timedelta(days=30 * month + 1),
        )  # fmt: skip
        PointsEntryFactory(
            customer=dolores, kind="purchase", points=52, purchase=purchase, rate=1,
            source_ref=f"purchase:{purchase.pk}", occurred_at=purchase.occurred_at,
        )  # fmt: skip
    choice = of("close_to_next_tier", dolores, MAIL, NOW)
    # 468 points, 32 missing: (1 - exp(-10/455*22)) * 10/11 = 0.3485; twice that less 0.45.
    assert choice.likelihood == pytest.approx(0.3485)
    assert choice.worth == pytest.approx(0.2471, abs=0.0001)
    assert choice.verdict == Verdict.SPEAK


@pytest.mark.parametrize("code", ["next-tier", "tier-at-risk", "birthday", "second-visit"])
def test_the_words_of_each_default_can_be_previewed(dolores, code):
    template = Campaign.objects.get(code=code).templates.get()
    parts = {name: getattr(template, name) for name in ("subject", "text", "html")}
    words = composing.preview(**parts, customer=dolores, now=NOW)
    assert words.subject
