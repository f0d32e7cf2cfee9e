"""Guards and allergies in decisions: at every door, again inside the claim, and in words for each reader."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from campaigns.models import Decision, Delivery
from campaigns.queries.received import why
from campaigns.rules.codes import Door, Refusal, Verdict
from campaigns.services import answering, delivering, planning
from campaigns.services.deciding import Context, decide
from cxportal.pages.access import Role, create_staff, ensure_roles
from profiles.models import Product
from tests.factories.campaigns import due_habit, reachable_customer, ready_house
from tests.factories.facts import tell, warn_of
from tests.factories.guards import guard_on

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 5, 0, tzinfo=UTC)
NOON = NOW.replace(hour=12)
DOORS = [Context(Door.EMAIL), answering.COUNTER, Context(Door.PAGE)]


@pytest.fixture(autouse=True)
def house():
    ready_house()


@pytest.fixture
def dolores():
    return reachable_customer()


def reasons(customer, context):
    (choice,) = decide(customers=[customer.pk], context=context, now=NOW)
    return choice.reasons


@pytest.mark.parametrize("context", DOORS, ids=lambda context: context.door)
@pytest.mark.parametrize(
    ("coffee", "refusal"), [(False, Refusal.GUARD), (None, Refusal.GUARD_UNSURE)]
)
def test_a_guard_silences_every_door(dolores, context, coffee, refusal):
    guard_on(due_habit(dolores).product)
    if coffee is not None:
        tell(dolores, "drinks_coffee", coffee, NOW)
    assert reasons(dolores, context) == [refusal]


@pytest.mark.parametrize("context", DOORS, ids=lambda context: context.door)
def test_an_allergy_silences_every_door(dolores, context):
    product = due_habit(dolores).product
    Product.objects.filter(pk=product.pk).update(allergens=["nuts"])
    warn_of(dolores, NOW)
    assert reasons(dolores, context) == [Refusal.ALLERGY]


@pytest.mark.parametrize(
    ("context", "expected"),
    list(zip(DOORS, [[Refusal.GUARD_ASKS], [], [Refusal.GUARD_ASKS]], strict=True)),
)
def test_what_has_to_be_asked_is_spoken_only_at_the_counter(dolores, context, expected):
    guard_on(due_habit(dolores).product, unknown="ask")
    assert reasons(dolores, context) == expected


def test_only_the_guarded_of_several_is_held_back(dolores):
    held, free = due_habit(dolores, window_probability=0.9).product, due_habit(dolores).product
    guard_on(held)
    found = decide(customers=[dolores.pk], context=DOORS[0], now=NOW)
    assert {c.subject_id: c.verdict for c in found} == {
        free.pk: Verdict.SPEAK,
        held.pk: Verdict.SILENT,
    }


@pytest.mark.parametrize("then", ["guard", "fact", "allergy"])
def test_what_comes_after_the_plan_wins_at_sending(dolores, then):
    product = due_habit(dolores).product
    if then == "fact":
        guard_on(product, kind="forbids", unknown="allow")
    planning.plan_morning(now=NOW)
    assert Delivery.objects.get().state == "planned"
    if then == "guard":
        guard_on(product)
    elif then == "fact":
        tell(dolores, "drinks_coffee", True, NOON)
    else:
        Product.objects.filter(pk=product.pk).update(allergens=["nuts"])
        warn_of(dolores, NOON)
    assert delivering.deliver_due(now=NOON) == {"skipped": 1}
    codes = {"guard": "guard_not_known", "fact": "guard_forbids", "allergy": "allergy"}
    assert Delivery.objects.get().reason == codes[then]


def test_the_reason_is_kept_by_keys_and_read_by_managers(dolores, client):
    version = tell(dolores, "drinks_coffee", False, NOW)
    guard = guard_on(due_habit(dolores).product)
    planning.plan_morning(now=NOW)
    decision = Decision.objects.get()
    assert decision.reasons == ["guard_forbids"]
    assert decision.facts["held"] == [
        {"guard": guard.versions.get().pk, "answer": "no", "asked": [0], "rows": [["fact", version.pk]]}
    ]  # fmt: skip
    ensure_roles()
    client.force_login(create_staff("mo", Role.MANAGER, "a long enough word"))
    page = client.get(f"/decisions/{decision.public_id}/").content.decode()
    assert "A guard keeps it from them" in page
    assert "Known: “Drinks coffee”: no, told on 10 March 2026" in page


def test_a_customer_is_not_told_what_was_held_back(dolores):
    held = due_habit(dolores, window_probability=0.9).product
    due_habit(dolores)
    guard_on(held)
    planning.plan_morning(now=NOW)
    delivering.deliver_due(now=NOON)
    page = why(Delivery.objects.get())
    assert page.others == []
    assert page.left_out == (
        "Something else came up that does not suit you by what we know. Your page shows all that we know."
    )
