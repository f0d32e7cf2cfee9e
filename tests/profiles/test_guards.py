"""Guards: what is written and refused, what the database keeps, and what they say over pairs."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from profiles.models import Attribute, Guard, GuardVersion, Product
from profiles.queries.company import company
from profiles.queries.guard_pages import guard_rows
from profiles.queries.guard_words import said
from profiles.queries.guards import guarded
from profiles.rules.guards import Held
from profiles.services import guarding
from tests.factories.facts import attribute, child, tell, warn_of
from tests.factories.guards import COFFEE, WRITTEN, guard_on, wanted
from tests.factories.profiles import CategoryFactory, ProductFactory, ProfileFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 6, 5, tzinfo=UTC)
SLIM = {"fact": "losing_weight", "is": True}
NOT_SHOWN = "it rests on what is delicate, or is asked no more, and is not shown"


@pytest.fixture
def beans():
    return ProductFactory(code="beans", name="Beans")


@pytest.fixture
def dolores():
    return ProfileFactory().customer


def held(customer, product) -> Held:
    pair = np.array([customer.pk]), np.array([product.pk])
    return Held(int(guarded(*pair, NOW).held[0]))


def words(customer, product) -> list[str]:
    pair = np.array([customer.pk]), np.array([product.pk])
    return [one.text for one in said(guarded(*pair, NOW).why(0), NOW)]


# --- what is written --------------------------------------------------------------------------------


def test_each_change_is_a_version_and_the_newest_holds(beans, dolores):
    tell(dolores, "drinks_coffee", True, NOW)
    guard = guard_on(beans)
    assert held(dolores, beans) == Held(0)
    guarding.change(guard_id=guard.pk, wanted=wanted(kind="forbids"), by=None, now=NOW)
    assert held(dolores, beans) == Held.REFUSED
    guarding.switch(guard_id=guard.pk, is_on=False, by=None, now=NOW)
    assert held(dolores, beans) == Held(0)
    kept = guard.versions.order_by("number").values_list("number", "kind", "is_on")
    assert list(kept) == [(1, "needs", True), (2, "forbids", True), (3, "forbids", False)]


def test_said_again_is_no_version(beans):
    guard = guard_on(beans)
    guarding.change(guard_id=guard.pk, wanted=wanted(), by=None, now=NOW)
    guarding.switch(guard_id=guard.pk, is_on=True, by=None, now=NOW)
    assert guard.versions.count() == 1


@pytest.mark.parametrize(
    ("said_of_it", "reason"),
    [
        ({"condition": {"fact": "gone", "is": 1}}, "gone"),
        ({"condition": {"all": []}}, "empty"),
        ({"condition": SLIM}, "delicate"),
        ({"condition": SLIM, "kind": "forbids", "unknown": "ask"}, "delicate_asked"),
    ],
)
def test_what_cannot_be_asked_is_refused_and_nothing_written(beans, said_of_it, reason):
    with pytest.raises(guarding.ConditionRefused) as caught:
        guard_on(beans, **said_of_it)
    assert caught.value.data["reason"] == reason
    assert not Guard.objects.exists()


def test_a_note_that_is_too_long_is_refused_and_nothing_written(beans):
    with pytest.raises(guarding.NoteMalformed):
        guard_on(beans, note="x" * 301)
    assert not Guard.objects.exists()


def test_what_is_broken_is_not_switched_on_and_says_so_in_the_list(beans, dolores):
    guard = guard_on(beans, is_on=False)
    Attribute.objects.filter(code="drinks_coffee").update(is_active=False)
    with pytest.raises(guarding.ConditionRefused):
        guarding.switch(guard_id=guard.pk, is_on=True, by=None, now=NOW)
    (row,) = guard_rows()
    assert row.state == ("Broken", "warn")
    assert row.broken == "There is no attribute “drinks_coffee” in use any more."


def test_what_broke_while_it_was_on_counts_as_not_known(beans, dolores):
    tell(dolores, "drinks_coffee", True, NOW)
    guard_on(beans, {"not": {"fact": "drinks_coffee", "known": True}})
    assert held(dolores, beans) == Held.REFUSED
    Attribute.objects.filter(code="drinks_coffee").update(is_active=False)
    assert held(dolores, beans) == Held.UNSURE


# --- what the database refuses ----------------------------------------------------------------------


@pytest.mark.parametrize("both", [True, False])
def test_a_guard_is_on_exactly_one_subject(beans, both):
    subjects = {"product": beans, "category": beans.category} if both else {}
    with pytest.raises(IntegrityError, match="profiles_guard_one_subject"), transaction.atomic():
        Guard.objects.bulk_create([Guard(created_at=WRITTEN, **subjects)])


@pytest.mark.parametrize(
    ("field", "constraint"), [("kind", "guardversion_kind"), ("when_unknown", "when_unknown")]
)
def test_codes_are_those_that_there_are(beans, field, constraint):
    said_of_it = {"kind": "needs", "when_unknown": "ask", field: "other"}
    guard = Guard.objects.create(product=beans, created_at=WRITTEN)
    row = GuardVersion(
        guard=guard, number=1, condition={}, is_on=True, written_at=WRITTEN, **said_of_it
    )
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        GuardVersion.objects.bulk_create([row])


def test_a_version_stays_as_it_was_written(beans):
    guard_on(beans)
    refusal = pytest.raises(IntegrityError, match="never changed or deleted")
    with refusal, transaction.atomic():
        GuardVersion.objects.update(note="other")


def test_an_allergen_is_one_of_the_fourteen(beans):
    with pytest.raises(IntegrityError, match="profiles_product_allergens"), transaction.atomic():
        Product.objects.filter(pk=beans.pk).update(allergens=["nuts", "cats"])


def test_the_use_that_customers_agreed_to_stays_what_it_was(dolores):
    assert attribute("losing_weight").holds_back
    tell(dolores, "losing_weight", True, NOW)
    uses = Attribute.objects.filter(code="losing_weight")
    with pytest.raises(IntegrityError, match="customers agreed to this use"), transaction.atomic():
        uses.update(holds_back=False)


# --- over pairs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "unknown", "answers"),
    [
        ("needs", "refuse", [Held(0), Held.REFUSED, Held.UNSURE]),
        ("needs", "allow", [Held(0), Held.REFUSED, Held(0)]),
        ("forbids", "ask", [Held.REFUSED, Held(0), Held.ASK]),
    ],
)
def test_a_guard_admits_refuses_or_does_not_know(beans, kind, unknown, answers):
    guard_on(beans, kind=kind, unknown=unknown)
    yes, no, silent = (ProfileFactory().customer for _ in range(3))
    tell(yes, "drinks_coffee", True, NOW)
    tell(no, "drinks_coffee", False, NOW)
    assert [held(one, beans) for one in (yes, no, silent)] == answers


def test_a_guard_of_a_category_holds_for_its_products_alone(beans, dolores):
    tea = ProductFactory(category=CategoryFactory(name="Tea"))
    guard_on(beans.category)
    assert (held(dolores, beans), held(dolores, tea)) == (Held.UNSURE, Held(0))


def test_several_guards_all_hold(beans, dolores):
    tell(dolores, "drinks_coffee", True, NOW)
    guard_on(beans, kind="forbids")
    guard_on(beans.category, {"fact": "owns_car", "is": True}, unknown="ask")
    assert held(dolores, beans) == Held.REFUSED | Held.ASK
    assert words(dolores, beans) == [
        "“Beans” is not for: “Drinks coffee” is yes. Known: “Drinks coffee”: yes, told on 10 March 2026",
        "“Coffee” needs: “Has a car” is yes. Not known: “Has a car” is yes",
    ]


def test_what_rests_on_the_delicate_is_not_said(beans, dolores):
    tell(dolores, "losing_weight", True, NOW)
    guard_on(beans, SLIM, kind="forbids", unknown="allow")
    assert held(dolores, beans) == Held.REFUSED
    kept = guarded(np.array([dolores.pk]), np.array([beans.pk]), NOW).why(0)
    assert words(dolores, beans) == [NOT_SHOWN]
    Attribute.objects.filter(code="losing_weight").update(is_active=False)
    assert [one.text for one in said(kept, NOW)] == [NOT_SHOWN], "nor once it is asked no more"


def test_an_allergy_of_the_household_holds_without_a_guard(beans, dolores):
    Product.objects.filter(pk=beans.pk).update(allergens=["nuts", "milk"])
    aiden = child(dolores, NOW)
    warn_of(dolores, NOW, aiden)
    assert held(dolores, beans) == Held.ALLERGY
    assert words(dolores, beans) == ["Aiden must avoid: Nuts"]
    assert held(ProfileFactory().customer, beans) == Held(0)
    assert held(dolores, ProductFactory()) == Held(0)


def test_reasons_keep_keys_and_no_words_of_the_customer(beans, dolores):
    version = tell(dolores, "drinks_coffee", False, NOW)
    guard = guard_on(beans)
    pair = np.array([dolores.pk]), np.array([beans.pk])
    assert guarded(*pair, NOW).why(0) == [
        {
            "guard": guard.versions.get().pk,
            "answer": "no",
            "asked": [0],
            "rows": [["fact", version.pk]],
        }
    ]


def test_many_pairs_cost_what_one_costs(beans):
    Product.objects.filter(pk=beans.pk).update(allergens=["nuts"])
    people = [ProfileFactory().customer for _ in range(6)]
    others = [ProductFactory(category=beans.category) for _ in range(3)]
    guard_on(beans, {"any": [COFFEE, {"bought": {"product": beans.pk}}]})
    guard_on(beans.category, {"age": {"of": "child", "under": 3}})
    guard_on(others[0], SLIM, kind="forbids", unknown="allow")
    pairs = [(one.pk, product.pk) for one in people for product in (beans, *others)]
    company()
    counts = []
    for each in (pairs[:2], pairs):
        columns = (np.array(column) for column in zip(*each, strict=True))
        with CaptureQueriesContext(connection) as queries:
            guarded(*columns, NOW)
        counts.append(len(queries))
    # What stands; warnings; of what needs: attributes, products, facts, purchases, company, relatives; of what
    # forbids: attributes and facts.
    assert counts == [10, 10]


def test_products_that_nothing_stands_on_cost_one_query(beans, dolores, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert held(dolores, beans) == Held(0)
