"""Offers in decisions: which product by the rule base, for whom, why, and what speaks against."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign, Decision, Delivery, Offer, SandboxMessage, SendingPolicy
from campaigns.queries.offer_words import offer_said
from campaigns.rules.codes import Door, OutcomeKind, Refusal, Verdict
from campaigns.rules.reasons import Reader
from campaigns.services import answering, delivering, offering, planning, ruling
from campaigns.services.deciding import Context, decide
from profiles.models import Category, Customer, Product
from profiles.rules.names import Purpose
from tests.factories.campaigns import consent, reachable_customer, ready_house
from tests.factories.characteristics import characteristics, product_like
from tests.factories.facts import tell, warn_of
from tests.factories.guards import guard_on
from tests.factories.offers import CAR, offer, rule, wanted_offer
from tests.factories.profiles import PurchaseFactory, PurchaseLineFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 5, 0, tzinfo=UTC)
NOON = NOW.replace(hour=12)
MAIL = Context(Door.EMAIL)
LIGHT = {"has": "weight", "at_most": 1000}


@pytest.fixture(autouse=True)
def house():
    ready_house()
    # A moment that everybody is in on a known day, and that no other campaign answers.
    Campaign.objects.filter(moment="birthday").update(is_live=False)


@pytest.fixture
def dolores() -> Customer:
    return born()


def born(name: str = "Dolores Reyes") -> Customer:
    """A customer whose birthday is today, and who agreed to offers."""
    customer = reachable_customer(name)
    consent(customer, purpose=Purpose.OFFERS)
    tell(customer, "birthday", "1990-03-10", NOW - timedelta(days=9))
    return customer


@pytest.fixture
def chairs() -> tuple[Product, Product]:
    characteristics()
    return product_like("Armchair", weight=12000), product_like("Light chair", weight=900)


def gift(terms, **said) -> Offer:
    return offer(terms, moments=["birthday"], **said)


def only(customer: Customer, context: Context = answering.COUNTER, now: datetime = NOW):
    (choice,) = decide(customers=[customer.pk], context=context, now=now)
    return choice


def any_of(*products: Product):
    return {"any": [{"product": product.pk} for product in products]}


def bought(customer: Customer, product: Product, at: datetime, quantity: int = 1) -> None:
    purchase = PurchaseFactory(
        customer=customer, origin_profile=customer.profiles.get(), occurred_at=at
    )
    PurchaseLineFactory(purchase=purchase, product=product, quantity=quantity)


# --- what fits ------------------------------------------------------------------------------------


def test_the_product_that_fits_by_the_rule_base_is_offered_with_its_reason(dolores, chairs):
    told = tell(dolores, "owns_car", True, NOW - timedelta(days=7))
    light = rule(CAR, LIGHT, name="Drivers like it light")
    gift(any_of(*chairs))
    choice = only(dolores)
    assert (choice.verdict, choice.product_id) == (Verdict.SPEAK, chairs[1].pk)
    # 0.6 that a word helps on a birthday, 0.8 for what only fits, 2 in value, 0.2 for disturbing.
    assert choice.worth == pytest.approx(0.76)
    version = light.versions.get()
    assert choice.facts["offer"] == {
        "version": Offer.objects.get().versions.get().pk,
        "rule": version.pk,
        "product": chairs[1].pk,
        "rows": [["fact", told.pk]],
    }
    said = offer_said(choice.facts, Door.COUNTER, Reader.CUSTOMER)
    assert said.title == "Light chair: 20 % off today"
    assert said.because == ("you told us on 3 March 2026: has a car; it fits by its weight 900 g")


def test_what_fits_well_comes_before_what_fits(dolores, chairs):
    armchair, light = chairs
    tell(dolores, "owns_car", True, NOW)
    rule(CAR, {"product": armchair.pk}, "fits")
    rule(CAR, {"product": light.pk}, "fits_well")
    gift(any_of(armchair, light))
    assert only(dolores).product_id == light.pk


def test_what_does_not_fit_is_never_offered_whatever_else_fits(dolores, chairs):
    tell(dolores, "owns_car", True, NOW)
    rule(CAR, {"has": "weight", "known": True}, "fits_well")
    rule(CAR, LIGHT, "fits_not")
    gift(any_of(*chairs))
    assert only(dolores).product_id == chairs[0].pk


def test_where_nothing_fits_nothing_is_said_and_no_moment_is_kept(dolores, chairs):
    rule(CAR, LIGHT)
    gift(any_of(*chairs))
    assert only(dolores).reasons == [Refusal.NOTHING_FITS]
    planning.plan_morning(now=NOW)
    assert Decision.objects.count() == 0


def test_a_rule_or_offer_that_is_off_over_or_not_yet_there_counts_for_nothing(dolores, chairs):
    tell(dolores, "owns_car", True, NOW)
    made = gift(any_of(*chairs), starts_at=NOW, ends_at=NOW + timedelta(hours=1))
    live = rule(CAR, LIGHT)
    assert only(dolores).verdict == Verdict.SPEAK
    for at in (NOW - timedelta(seconds=1), NOW + timedelta(hours=1)):
        assert decide(customers=[dolores.pk], context=answering.COUNTER, now=at) == []
    ruling.switch(rule_id=live.pk, is_on=False, by=None, now=NOW)
    assert only(dolores).reasons == [Refusal.NOTHING_FITS]
    offering.switch(offer_id=made.pk, is_on=False, by=None, now=NOW)
    assert decide(customers=[dolores.pk], context=answering.COUNTER, now=NOW) == []


def test_an_offer_for_some_needs_no_rule_and_is_for_nobody_else(dolores, chairs):
    gift(any_of(*chairs), condition=CAR)
    assert only(dolores).reasons == [Refusal.NOTHING_FITS]
    tell(dolores, "owns_car", True, NOW)
    assert only(dolores).product_id == chairs[0].pk


def test_what_was_bought_just_now_or_is_kept_already_is_passed_over(dolores, chairs):
    armchair, light = chairs
    tell(dolores, "owns_car", True, NOW)
    gift(any_of(armchair, light), condition=CAR)
    bought(dolores, armchair, NOW - timedelta(days=40))
    assert only(dolores).product_id == armchair.pk
    bought(dolores, armchair, NOW - timedelta(hours=3))
    assert only(dolores).product_id == light.pk
    kept = Category.objects.create(name="Chairs", lasts_years=10)
    Product.objects.filter(pk=light.pk).update(category=kept)
    bought(dolores, light, NOW - timedelta(days=400))
    assert only(dolores).reasons == [Refusal.NOTHING_FITS]


def test_guidance_is_for_who_owns_it(dolores, chairs):
    gift(any_of(*chairs), kind="guidance")
    assert only(dolores).reasons == [Refusal.NOTHING_FITS]
    bought(dolores, chairs[1], NOW - timedelta(days=40))
    assert only(dolores).product_id == chairs[1].pk
    bought(dolores, chairs[1], NOW - timedelta(days=30), quantity=-1)
    assert only(dolores).reasons == [Refusal.NOTHING_FITS]


def test_what_comes_out_later_is_not_offered_before(dolores, chairs):
    gift(any_of(*chairs), condition={"age": {"of": "customer", "at_least": 18}})
    Product.objects.filter(pk=chairs[0].pk).update(released_on=date(2026, 3, 11))
    assert only(dolores).product_id == chairs[1].pk


def test_an_offer_is_said_at_its_doors_alone(dolores, chairs):
    adults = {"age": {"of": "customer", "at_least": 18}}
    gift(any_of(*chairs), condition=adults, doors=[Door.COUNTER])
    assert only(dolores).verdict == Verdict.SPEAK
    assert decide(customers=[dolores.pk], context=MAIL, now=NOW) == []


# --- what speaks against --------------------------------------------------------------------------

ADULTS = {"age": {"of": "customer", "at_least": 18}}


def test_where_a_guard_keeps_the_best_away_the_next_is_offered(dolores, chairs):
    gift(any_of(*chairs), condition=ADULTS)
    guard_on(chairs[0], {"fact": "owns_car", "is": True})
    assert only(dolores).product_id == chairs[1].pk
    guard_on(chairs[1], {"fact": "owns_car", "is": True})
    choice = only(dolores)
    assert (choice.product_id, choice.reasons) == (chairs[0].pk, [Refusal.GUARD_UNSURE])
    assert len(choice.facts["held"]) == 1


def test_an_allergy_keeps_what_is_offered_away(dolores, chairs):
    gift({"product": chairs[0].pk}, condition=ADULTS)
    Product.objects.update(allergens=["nuts"])
    warn_of(dolores, NOW)
    assert only(dolores).reasons == [Refusal.ALLERGY]


def test_offers_compete_in_one_moment_and_the_rest_is_remembered(dolores, chairs):
    small = gift({"product": chairs[0].pk}, condition=ADULTS, value_house=0.5)
    large = gift({"product": chairs[1].pk}, condition=ADULTS, value_house=3.0)
    choice = only(dolores)
    assert (choice.campaign.offer, choice.product_id) == (large, chairs[1].pk)
    assert choice.considered == [
        [small.campaigns.get().pk, 0, pytest.approx(0.52), ["something_else_helps_more"],
         chairs[0].pk]
    ]  # fmt: skip


def test_of_offers_that_exclude_each_other_one_is_said(dolores, chairs):
    first = gift({"product": chairs[0].pk}, condition=ADULTS, exclusivity="spring")
    assert only(dolores).verdict == Verdict.SPEAK
    answering.record_at_counter(
        customer=dolores, choice=("birthday", 0), kind=OutcomeKind.SAID, actor="staff:1", now=NOW
    )
    offering.switch(offer_id=first.pk, is_on=False, by=None, now=NOW)
    offer({"product": chairs[1].pk}, condition=ADULTS, exclusivity="spring",
          moments=["something_new"], starts_at=NOW - timedelta(days=1))  # fmt: skip
    assert only(dolores).reasons == [Refusal.EXCLUSIVE]


def test_the_same_is_not_said_again_in_another_moment(dolores, chairs):
    gift({"product": chairs[0].pk}, condition=ADULTS)
    answering.record_at_counter(
        customer=dolores, choice=("birthday", 0), kind=OutcomeKind.SAID, actor="staff:1", now=NOW
    )
    made = Offer.objects.get()
    wanted = wanted_offer({"product": chairs[0].pk}, condition=ADULTS, moments=["something_new"])
    wanted = offering.Wanted(**{**vars(wanted), "starts_at": NOW - timedelta(days=1)})
    offering.change(offer_id=made.pk, wanted=wanted, stock=None, by=None, now=NOW)
    assert decide(customers=[dolores.pk], context=answering.COUNTER, now=NOW) == []
    later = NOW + timedelta(days=31)
    wanted = offering.Wanted(**{**vars(wanted), "starts_at": later})
    offering.change(offer_id=made.pk, wanted=wanted, stock=None, by=None, now=NOW)
    assert only(dolores, now=later).verdict == Verdict.SPEAK


def test_not_relevant_is_said_of_the_product_and_not_of_the_moment(dolores, chairs):
    gift(any_of(*chairs), condition=ADULTS)
    answering.record_at_counter(
        customer=dolores, choice=("birthday", 0), kind=OutcomeKind.NOT_RELEVANT, actor="staff:1",
        now=NOW,
    )  # fmt: skip
    assert only(dolores).product_id == chairs[1].pk


# --- stock ----------------------------------------------------------------------------------------


def test_what_is_said_at_a_counter_is_counted_down_and_given_back(dolores, chairs):
    gift({"product": chairs[0].pk}, condition=ADULTS, stock=1)
    said = answering.record_at_counter(
        customer=dolores, choice=("birthday", 0), kind=OutcomeKind.SAID, actor="staff:1", now=NOW
    )
    assert Offer.objects.get().stock == 0
    assert only(born("Ines")).reasons == [Refusal.OUT_OF_STOCK]
    answering.take_back(outcome=said, door=Door.COUNTER, now=NOW)
    assert Offer.objects.get().stock == 1


def test_messages_are_planned_for_as_many_as_there_are_and_no_more(chairs):
    customers = [born(name) for name in ("Ada", "Ben", "Cleo")]
    gift({"product": chairs[0].pk}, condition=ADULTS, stock=2)
    planning.plan_morning(now=NOW)
    assert Delivery.objects.count() == 2
    left_out = Decision.objects.get(verdict="silent")
    assert (left_out.customer, left_out.reasons) == (customers[2], ["out_of_stock"])
    assert delivering.deliver_due(now=NOON) == {"sent": 2}
    assert Offer.objects.get().stock == 0


def test_nobody_takes_more_than_there_is(chairs):
    made = gift({"product": chairs[0].pk}, condition=ADULTS, stock=0)
    with pytest.raises(offering.OutOfStock):
        offering.take(offer_id=made.pk)
    assert Offer.objects.get().stock == 0
    Offer.objects.update(stock=None)
    offering.take(offer_id=made.pk)
    assert Offer.objects.get().stock is None


# --- by mail, and again at the instant of sending -------------------------------------------------


def test_a_message_names_the_product_and_says_why(dolores, chairs):
    gift({"product": chairs[1].pk}, condition=ADULTS)
    planning.plan_morning(now=NOW)
    delivering.deliver_due(now=NOON)
    message = SandboxMessage.objects.get()
    assert message.subject == "Light chair"
    assert Decision.objects.get().product == chairs[1]


def _switched_off(made: Offer, product: Product, customer: Customer) -> None:
    offering.switch(offer_id=made.pk, is_on=False, by=None, now=NOW)


def _over(made: Offer, product: Product, customer: Customer) -> None:
    wanted = offering.wanted_of(made.versions.get())
    wanted = offering.Wanted(**{**vars(wanted), "ends_at": NOW + timedelta(hours=1)})
    offering.change(offer_id=made.pk, wanted=wanted, stock=None, by=None, now=NOW)


def _gone(made: Offer, product: Product, customer: Customer) -> None:
    Offer.objects.update(stock=0)


def _bought(made: Offer, product: Product, customer: Customer) -> None:
    bought(customer, product, NOW + timedelta(hours=2))


def _guarded(made: Offer, product: Product, customer: Customer) -> None:
    guard_on(product, {"fact": "owns_car", "is": True})


def _changed(made: Offer, product: Product, customer: Customer) -> None:
    wanted = offering.wanted_of(made.versions.get())
    wanted = offering.Wanted(**{**vars(wanted), "condition": CAR})
    offering.change(offer_id=made.pk, wanted=wanted, stock=None, by=None, now=NOW)


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (_switched_off, "campaign_not_live"),
        (_over, "offer_over"),
        (_gone, "out_of_stock"),
        (_bought, "bought_since"),
        (_guarded, "guard_not_known"),
        (_changed, "nothing_fits"),
    ],
    ids=lambda one: getattr(one, "__name__", one),
)
def test_whatever_comes_in_between_wins(dolores, chairs, happens, reason):
    made = gift({"product": chairs[0].pk}, condition=ADULTS)
    planning.plan_morning(now=NOW)
    happens(made, chairs[0], dolores)
    assert delivering.deliver_due(now=NOON) == {"skipped": 1}
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reason) == ("skipped", reason)
    assert SandboxMessage.objects.count() == 0


# --- something new --------------------------------------------------------------------------------


def test_who_something_new_fits_is_told_once(dolores, chairs):
    other = reachable_customer("Ines")
    consent(other, purpose=Purpose.OFFERS)
    tell(other, "owns_car", True, NOW)
    Product.objects.filter(pk=chairs[1].pk).update(released_on=date(2026, 3, 9))
    rule(CAR, LIGHT, "fits_well")
    offer(any_of(*chairs), moments=["something_new"], value_house=2.0)
    assert sorted(planning._awaited(NOW)) == [dolores.pk, other.pk]
    for day in range(3):
        planning.plan_morning(now=NOW + timedelta(days=day))
        delivering.deliver_due(now=NOON + timedelta(days=day))
    decision = Decision.objects.get()
    assert (decision.customer, decision.product) == (other, chairs[1])
    assert (decision.moment.kind, decision.moment.cycle) == ("something_new", date(2026, 3, 9))
    assert SandboxMessage.objects.count() == 1


def test_while_nothing_is_new_nobody_is_waited_for(dolores, chairs):
    Product.objects.update(released_on=date(2025, 3, 9))
    offer(any_of(*chairs), moments=["something_new"], condition=ADULTS)
    assert list(planning._awaited(NOW)) == []


# --- its cost -------------------------------------------------------------------------------------


def test_the_number_of_queries_depends_on_nothing(chairs):
    def asked(customers: list[int]) -> int:
        with CaptureQueriesContext(connection) as statements:
            decide(customers=customers, context=answering.COUNTER, now=NOW)
        return len(statements)

    rule(CAR, {"any": [LIGHT, {"product": chairs[0].pk}]})
    gift(any_of(*chairs))
    few = [born("Ada").pk]
    tell(Customer.objects.get(), "owns_car", True, NOW)
    asked(few)
    cost = asked(few)
    for n in range(4):
        customer = born(f"Customer {n}")
        tell(customer, "owns_car", True, NOW)
        few.append(customer.pk)
        rule({"fact": "drinks_coffee", "is": True}, {"product": chairs[0].pk}, name=f"Rule {n}")
        gift({"product": chairs[n % 2].pk}, condition=CAR, name=f"Offer {n}")
    assert asked(few) == cost


def test_thousands_get_what_each_alone_would(chairs):
    SendingPolicy.objects.update(control_share=0.0)
    rule(CAR, LIGHT)
    gift(any_of(*chairs))
    gift({"product": chairs[0].pk}, condition={"fact": "drinks_coffee", "is": True})
    customers = [born(f"Customer {n}") for n in range(4)]
    tell(customers[0], "owns_car", True, NOW)
    tell(customers[1], "drinks_coffee", True, NOW)
    tell(customers[2], "owns_car", True, NOW)
    bought(customers[2], chairs[1], NOW - timedelta(hours=1))
    ids = [one.pk for one in customers]
    together = decide(customers=ids, context=MAIL, now=NOW)
    alone = [choice for one in ids for choice in decide(customers=[one], context=MAIL, now=NOW)]
    assert [(c.customer_id, c.product_id, c.reasons, c.worth) for c in together] == [
        (c.customer_id, c.product_id, c.reasons, c.worth) for c in alone
    ]
    assert [c.product_id for c in together] == [chairs[1].pk, chairs[0].pk, None, None]
