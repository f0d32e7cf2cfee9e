"""Conditions over real rows: the same answer as a plain evaluator that takes one customer at a time."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedback.services import cases
from profiles.models import Attribute, Category, Product
from profiles.queries.company import company
from profiles.queries.conditions import Row, answers
from profiles.rules.condition_words import Use
from profiles.rules.conditions import Truth, Wrong, read
from profiles.rules.names import Allergen, AttributeType, MemberRole
from profiles.services import telling
from tests.factories.facts import AttributeFactory, attribute, child, note, tell, told, warn_of
from tests.factories.profiles import (
    CategoryFactory,
    ProductFactory,
    ProfileFactory,
    PurchaseFactory,
    PurchaseLineFactory,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 6, 5, tzinfo=UTC)
NO, UNKNOWN, YES = Truth.NO, Truth.UNKNOWN, Truth.YES
HOLD = Use.HOLD_BACK


@pytest.fixture
def dolores():
    return ProfileFactory().customer


def bought(customer, product, days_ago=10, quantity=1):
    purchase = PurchaseFactory(
        origin_profile=customer.profiles.get(), occurred_at=NOW - timedelta(days=days_ago)
    )
    return PurchaseLineFactory(purchase=purchase, product=product, quantity=quantity)


def answer(raw, customer, use=HOLD):
    condition = read(raw)
    return Truth(int(answers([condition], [customer.pk], NOW, use=use).of(condition)[0]))


def evidence(raw, customer):
    condition = read(raw)
    _, why = answers([condition], [customer.pk], NOW, use=HOLD).grounds(condition, customer.pk)
    return [(one.row, one.id) for _, one in why if one]


# --- each sort of question --------------------------------------------------------------------------

COFFEE = {"fact": "drinks_coffee", "is": True}


def test_what_nobody_told_is_unknown_and_not_no(dolores):
    assert answer(COFFEE, dolores) == UNKNOWN
    assert answer({"not": COFFEE}, dolores) == UNKNOWN
    assert answer({"fact": "drinks_coffee", "known": True}, dolores) == NO


@pytest.mark.parametrize(("value", "truth"), [(True, YES), (False, NO)])
def test_what_was_told_is_known_with_the_version_that_says_it(dolores, value, truth):
    version = tell(dolores, "drinks_coffee", value, NOW)
    assert answer(COFFEE, dolores) == truth
    assert evidence(COFFEE, dolores) == [(Row.FACT, version.pk)]


@pytest.mark.parametrize(("confidence", "truth"), [(0.7, YES), (0.69, UNKNOWN)])
def test_a_conclusion_counts_when_it_is_sure_enough(dolores, confidence, truth):
    note(dolores, "drinks_coffee", True, NOW, confidence=confidence)
    assert answer(COFFEE, dolores) == truth


def test_what_a_customer_deleted_is_unknown_again(dolores):
    tell(dolores, "drinks_coffee", True, NOW - timedelta(days=2))
    tell(dolores, "drinks_coffee", None, NOW - timedelta(days=1))
    assert answer(COFFEE, dolores) == UNKNOWN


def test_an_attribute_that_is_no_longer_in_use_is_broken_and_never_true(dolores):
    tell(dolores, "drinks_coffee", True, NOW)
    Attribute.objects.filter(code="drinks_coffee").update(is_active=False)
    for raw in (COFFEE, {"not": COFFEE}, {"not": {"fact": "drinks_coffee", "known": True}}):
        assert answer(raw, dolores) == UNKNOWN
    (problem,) = answers([read(COFFEE)], [dolores.pk], NOW, use=HOLD).broken.values()
    assert problem.words == "There is no attribute “drinks_coffee” in use any more."


def test_a_special_category_counts_only_as_told_and_agreed_to(dolores):
    slim = {"fact": "losing_weight", "is": True}
    tell(dolores, "losing_weight", True, NOW - timedelta(days=1))
    assert answer(slim, dolores) == YES
    assert answer(slim, dolores, Use.CHOOSE) == UNKNOWN, "never for another use"
    telling.withdraw_agreement(told=told(dolores, NOW))
    assert answer(slim, dolores) == UNKNOWN


@pytest.mark.parametrize(
    ("kind", "value", "asked", "truth"),
    [
        ("number", 70, {"at_least": 70}, YES),
        ("number", 70, {"at_most": 69.5}, NO),
        ("date", "2020-02-01", {"before": "2020-02-01"}, NO),
        ("date", "2020-02-01", {"from": "2020-02-01"}, YES),
        ("text", "Die Presse", {"is": "die presse"}, YES),
        ("text", "Die Presse", {"contains": "PRESS"}, YES),
        ("choice", "a", {"one_of": ["b", "a"]}, YES),
        ("choice", "a", {"is": "b"}, NO),
        ("choices", ["a", "b"], {"includes": "b"}, YES),
    ],
)
def test_values_are_compared_by_their_type(dolores, kind, value, asked, truth):
    choices = ["a", "b"] if kind.startswith("choice") else []
    made = AttributeFactory(type=AttributeType(kind), choices=choices)
    tell(dolores, made.code, value, NOW)
    assert answer({"fact": made.code, **asked}, dolores) == truth


def test_bought_counts_purchases_of_a_product_or_category_in_time(dolores):
    beans = ProductFactory()
    line = bought(dolores, beans, days_ago=40)
    bought(dolores, beans, days_ago=50)
    of = {"product": beans.pk}
    assert answer({"bought": of}, dolores) == YES
    assert evidence({"bought": of}, dolores) == [(Row.LINE, line.pk)]
    assert answer({"bought": of | {"within_days": 39}}, dolores) == NO
    assert answer({"bought": of | {"within_days": 41, "times": 2}}, dolores) == NO
    assert answer({"bought": {"category": beans.category_id, "times": 2}}, dolores) == YES


def test_owned_is_what_was_not_returned(dolores):
    phone = ProductFactory()
    owns = {"owns": {"product": phone.pk}}
    assert answer(owns, dolores) == NO
    bought(dolores, phone, quantity=2)
    bought(dolores, phone, days_ago=5, quantity=-1)
    assert answer(owns, dolores) == YES
    bought(dolores, phone, days_ago=4, quantity=-1)
    assert answer(owns, dolores) == NO
    assert answer({"bought": {"product": phone.pk}}, dolores) == YES


def test_what_is_bought_of_a_delicate_category_is_never_used(dolores):
    strips = ProductFactory(category=CategoryFactory(name="Health", is_delicate=True))
    bought(dolores, strips)
    assert answer({"bought": {"product": strips.pk}}, dolores) == UNKNOWN
    assert answer({"owns": {"category": strips.category_id}}, dolores) == UNKNOWN


BABY = {"age": {"of": "child", "under": 3}}


def test_a_child_is_of_an_age_only_where_the_birthday_was_told(dolores):
    assert answer(BABY, dolores) == UNKNOWN
    child(dolores, NOW, "Aiden")
    assert answer(BABY, dolores) == UNKNOWN
    baby = child(dolores, NOW, "Bea", born_on=date(2023, 3, 11))
    assert answer(BABY, dolores) == YES
    assert evidence(BABY, dolores) == [(Row.MEMBER, baby.pk)]


def test_where_every_childs_age_was_told_no_is_no(dolores):
    child(dolores, NOW, "Aiden", born_on=date(2023, 3, 10))  # three today
    child(dolores, NOW, "Rex", role=MemberRole.PET)
    assert answer(BABY, dolores) == NO


@pytest.mark.parametrize(
    ("birthday", "truth"), [("2008-03-10", YES), ("2008-03-11", NO), ("1900-01-01", UNKNOWN)]
)
def test_the_customers_own_age(dolores, birthday, truth):
    tell(dolores, "birthday", birthday, NOW)
    assert answer({"age": {"of": "customer", "at_least": 18}}, dolores) == truth


def test_what_a_household_must_avoid_is_yes_or_unknown(dolores):
    nuts = {"minds": "nuts"}
    assert answer(nuts, dolores) == UNKNOWN
    warning = warn_of(dolores, NOW, child(dolores, NOW))
    assert answer(nuts, dolores) == YES
    assert evidence(nuts, dolores) == [(Row.WARNING, warning.pk)]
    assert answer({"minds": "milk"}, dolores) == UNKNOWN
    assert answer({"minds": "any"}, dolores) == YES


def test_facts_of_other_apps_are_asked_through_the_registry(dolores):
    asked = {"registered": "open_case", "is": "yes"}
    assert answer(asked, dolores) == NO
    cases.open_case(
        customer=dolores, kind="complaint", source_ref="call:1", detail="torn", opened_by="staff:1", now=NOW
    )  # fmt: skip
    assert answer(asked, dolores) == YES
    assert answer({"registered": "known", "is": "yes"}, dolores) == UNKNOWN, "not to be asked"


# --- one and thousands ------------------------------------------------------------------------------

CODES = ["drinks_coffee", "owns_car", "has_small_child"]
TODAY = date(2026, 3, 10)


class World:
    """Some customers with a few random facts, purchases and children, as rows and as plain values."""

    def __init__(self, seed: int = 5) -> None:
        dice = random.Random(seed)
        self.products = [ProductFactory(category=CategoryFactory(name=n)) for n in "AAB"]
        self.people = {}
        for _ in range(14):
            customer = ProfileFactory().customer
            self.people[customer.pk] = {
                "facts": {c: self._tell(customer, c, dice) for c in CODES if dice.random() < 0.6},
                "lines": [self._buy(customer, dice) for _ in range(dice.randrange(5))],
                "born": [self._child(customer, n, dice) for n in range(dice.randrange(3))],
                "minds": self._warn(customer, dice),
            }

    def _tell(self, customer, code, dice):
        value = dice.random() < 0.5
        tell(customer, code, value, NOW - timedelta(days=1))
        return value

    def _buy(self, customer, dice):
        product, days = dice.choice(self.products), dice.randrange(1, 60)
        quantity = dice.choice([1, 1, 2, -1])
        bought(customer, product, days, quantity)
        return product, days, quantity

    def _child(self, customer, n, dice):
        born_on = dice.choice([None, date(2024, 1, 1), date(2020, 1, 1)])
        child(customer, NOW, f"Child {n}", born_on=born_on)
        return born_on

    def _warn(self, customer, dice):
        if dice.random() < 0.3:
            warn_of(customer, NOW, allergen=Allergen.NUTS)
            return {"nuts"}
        return set()


def naive(raw, person):
    """Answer one condition of one customer, straight from the sentence of each rule."""
    (kind, *_) = raw
    if kind in ("all", "any"):
        parts = [naive(part, person) for part in raw[kind]]
        decisive, other = (NO, YES) if kind == "all" else (YES, NO)
        return decisive if decisive in parts else UNKNOWN if UNKNOWN in parts else other
    if kind == "not":
        return {YES: NO, NO: YES, UNKNOWN: UNKNOWN}[naive(raw["not"], person)]
    return NAIVE[kind](raw, person)


def naive_fact(raw, person):
    if raw["fact"] not in person["facts"]:
        return UNKNOWN
    return YES if person["facts"][raw["fact"]] == raw["is"] else NO


def lines_of(inner, person):
    for product, days, quantity in person["lines"]:
        wanted = inner.get("product", product.pk) == product.pk
        if wanted and inner.get("category", product.category_id) == product.category_id:
            yield days, quantity


def naive_bought(raw, person):
    inner = raw["bought"]
    counted = [
        days
        for days, quantity in lines_of(inner, person)
        if quantity > 0 and days < inner.get("within_days", 1000)
    ]
    return YES if len(counted) >= inner.get("times", 1) else NO


def naive_owns(raw, person):
    return YES if sum(quantity for _, quantity in lines_of(raw["owns"], person)) > 0 else NO


def naive_age(raw, person):
    years = [None if day is None else TODAY.year - day.year for day in person["born"]]
    if any(age is not None and age < raw["age"]["under"] for age in years):
        return YES
    return NO if years and None not in years else UNKNOWN


NAIVE = {
    "fact": naive_fact,
    "bought": naive_bought,
    "owns": naive_owns,
    "age": naive_age,
    "minds": lambda raw, person: YES if raw["minds"] in person["minds"] else UNKNOWN,
}


def drawn_questions():
    products = list(Product.objects.order_by("pk").values_list("pk", flat=True))
    categories = list(Category.objects.order_by("pk").values_list("pk", flat=True))
    of = st.sampled_from([{"product": n} for n in products] + [{"category": n} for n in categories])
    return st.one_of(
        st.builds(lambda c, v: {"fact": c, "is": v}, st.sampled_from(CODES), st.booleans()),
        st.builds(lambda s, n: {"bought": s | {"times": n}}, of, st.integers(1, 3)),
        st.builds(lambda s, n: {"bought": s | {"within_days": n}}, of, st.sampled_from([7, 30])),
        st.builds(lambda s: {"owns": s}, of),
        st.just(BABY),
    )


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_many_get_the_answers_that_each_would_get_alone(data, world):
    conditions = st.recursive(
        drawn_questions(),
        lambda inner: st.one_of(
            st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
            st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
            st.builds(lambda part: {"not": part}, inner),
        ),
        max_leaves=5,
    )
    raw = data.draw(
        conditions | st.builds(lambda one: {"any": [one, {"minds": "nuts"}]}, conditions)
    )
    try:
        condition = read(raw)
    except Wrong:  # deeper than a condition may be
        return
    ids = list(world.people)
    found = answers([condition], ids, NOW, use=HOLD)
    expected = [naive(raw, world.people[pk]) for pk in ids]
    assert [Truth(int(truth)) for truth in found.of(condition)] == expected
    assert [found.grounds(condition, pk)[0] for pk in ids] == expected


@pytest.fixture
def world():
    return World()


def test_one_costs_as_many_queries_as_all(world):
    raw = {
        "all": [
            COFFEE,
            {"fact": "owns_car", "is": False},
            {"bought": {"product": world.products[0].pk}},
            {"owns": {"category": world.products[2].category_id}},
            BABY,
            {"age": {"of": "customer", "under": 30}},
            {"minds": "nuts"},
            {"registered": "open_case", "is": "yes"},
        ]
    }
    company()
    condition, counts = read(raw), []
    for ids in (list(world.people)[:1], list(world.people)):
        with CaptureQueriesContext(connection) as queries:
            answers([condition], ids, NOW, use=HOLD)
        counts.append(len(queries))
    # Attributes, products, categories; facts, purchases, birthdays, company, relatives, warnings, cases.
    assert counts == [10, 10]
    assert attribute("birthday").is_active
