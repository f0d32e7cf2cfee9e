"""The log of decisions, the whole record of one, and what would be said: as staff see them."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import Decision
from campaigns.services import planning
from cxportal.pages.access import Role
from profiles.models import AccessRecord
from profiles.rules.names import ConsentState
from tests.factories.campaigns import consent, due_habit, reachable_customer, ready_house
from tests.factories.profiles import PlaceFactory, ProductFactory
from tests.pages import rows
from tests.pages.tables import fingerprint

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def house(now):
    ready_house()
    with time_machine.travel(now, tick=False):
        yield


def shown(client, name="decisions", /, *args, **asked):
    answer = client.get(f"{reverse(name, args=args)}?{urlencode(asked)}")
    return answer.status_code, answer.content.decode()


@pytest.fixture
def two(now):
    """One that was said and one that was not."""
    dolores, aiden = reachable_customer("Dolores Reyes"), reachable_customer("Aiden Hall")
    for customer in (dolores, aiden):
        due_habit(customer, ProductFactory(name=f"Beans of {customer.name}"))
    consent(aiden, ConsentState.WITHDRAWN, at=now - timedelta(days=1))
    planning.plan_morning(now=now)
    return dolores, aiden


def test_each_decision_is_a_line_with_its_sentence_and_reasons(manager, two):
    status, page = shown(manager)
    assert status == 200
    assert "Dolores Reyes — Due to be bought again: Beans of Dolores Reyes" in page
    assert "The customer bought it, about every month" in page
    assert "No consent to such messages" in page
    for decision in Decision.objects.all():
        assert reverse("decision", args=[decision.public_id]) in page


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"verdict": "silent"}, ["Aiden Hall"]),
        ({"reason": "no_consent"}, ["Aiden Hall"]),
        ({"reason": "open_case"}, []),
        ({"campaign": "reorder", "verdict": "speak"}, ["Dolores Reyes"]),
        ({"moment": "due_reorder"}, ["Aiden Hall", "Dolores Reyes"]),
        ({"door": "counter"}, []),
        ({"since": "2026-03-11"}, []),
        ({"since": "2026-03-10", "until": "2026-03-10"}, ["Aiden Hall", "Dolores Reyes"]),
        ({"until": "2026-03-09"}, []),
        ({"until": "9999-12-31"}, ["Aiden Hall", "Dolores Reyes"]),
    ],
)
def test_the_log_is_narrowed(manager, two, asked, names):
    _, page = shown(manager, **asked)
    assert [name for name in ("Aiden Hall", "Dolores Reyes") if f"{name} —" in page] == names


def test_one_customer_and_one_moment_are_asked_for(manager, two):
    _, aiden = two
    _, page = shown(manager, customer=aiden.pk)
    assert ("Aiden Hall —" in page, "Dolores Reyes —" in page) == (True, False)
    _, page = shown(manager, number=Decision.objects.get(verdict="speak").moment_id)
    assert ("Aiden Hall —" in page, "Dolores Reyes —" in page) == (False, True)


def test_nonsense_in_the_address_is_said_on_the_form(manager, two):
    assert shown(manager, verdict="perhaps")[0] == 422
    assert shown(manager, since="yesterday")[0] == 422
    assert shown(manager, before="x_y")[0] == 200


def test_pages_join_without_a_gap(manager, now):
    for minutes in range(60):
        rows.decision(now - timedelta(minutes=minutes // 2))
    first = manager.get(reverse("decisions")).context
    second = manager.get(reverse("decisions") + first["older_url"]).context
    urls = [line.url for line in [*first["lines"], *second["lines"]]]
    expected = Decision.objects.order_by("-decided_at", "-pk").values_list("public_id", flat=True)
    assert urls == [reverse("decision", args=[key]) for key in expected]
    assert (len(first["lines"]), second["older_url"]) == (50, "")


def test_the_number_of_queries_does_not_grow(manager, now):
    rows.decision(now)
    with CaptureQueriesContext(connection) as few:
        shown(manager)
    for _ in range(20):
        rows.decision(now, reasons=["bought_since"])
    with CaptureQueriesContext(connection) as many:
        shown(manager)
    assert len(many) == len(few)


def test_an_analyst_reads_numbers_in_place_of_names(browser_of, two):
    analyst = browser_of(Role.ANALYST)
    _, page = shown(analyst)
    assert "Dolores Reyes —" not in page
    assert f"Customer {two[0].pk} —" in page
    spoken = Decision.objects.get(verdict="speak")
    status, page = shown(analyst, "decision", spoken.public_id)
    assert status == 200
    assert "Dolores Reyes," not in page
    assert reverse("what-if") not in page


@pytest.mark.parametrize(
    ("role", "log", "try_out"),
    [
        (Role.MANAGER, 200, 200),
        (Role.SUPERVISOR, 200, 200),
        (Role.ANALYST, 200, 403),
        (Role.COUNTER, 403, 403),
        (Role.ADMINISTRATOR, 403, 403),
    ],
)
def test_who_may(browser_of, role, log, try_out):
    client = browser_of(role)
    assert (shown(client)[0], shown(client, "what-if")[0]) == (log, try_out)


# --- the whole record -----------------------------------------------------------------------------


def test_the_record_names_what_was_weighed_with_reasons_and_facts(manager, now):
    dolores = reachable_customer()
    due_habit(dolores, ProductFactory(name="Hazelnut beans"))
    due_habit(dolores, ProductFactory(name="Filters"), window_probability=0.7, rhythm_days=42.0)
    planning.plan_morning(now=now)
    spoken = Decision.objects.get(verdict="speak")
    other = Decision.objects.get(verdict="silent")
    status, page = shown(manager, "decision", spoken.public_id)
    assert status == 200
    assert "Hazelnut beans" in page
    assert "Something else helps this customer more." in page
    assert "Rhythm days: 42.0" in page
    assert reverse("decision", args=[other.public_id]) in page
    assert "It stood on a consent to reminders" in page
    assert "You may write about reminders." in page
    seen = AccessRecord.objects.get(door="decision")
    assert (seen.act, seen.customer_id) == ("looked", dolores.pk)


def test_the_record_of_a_silence_says_why_and_what_was_answered(manager, now):
    silent = rows.decision(now, reasons=["attention_spent", "open_case"])
    _, page = shown(manager, "decision", silent.public_id)
    assert "Their attention for this week is spent." in page
    assert "A complaint or question of theirs is open." in page
    answered = rows.answer(rows.delivery(now).decision, "too_personal", now)
    _, page = shown(manager, "decision", answered.decision.public_id)
    assert "Too personal" in page
    assert "Sent" in page


def test_a_decision_of_somebody_erased_is_gone(manager, two, now):
    spoken = Decision.objects.get(verdict="speak")
    type(two[0]).objects.filter(pk=two[0].pk).update(erased_at=now)
    assert shown(manager, "decision", spoken.public_id)[0] == 404


# --- what if --------------------------------------------------------------------------------------


@pytest.fixture
def open_moment():
    dolores = reachable_customer()
    due_habit(dolores, ProductFactory(name="Hazelnut beans", code="beans"))
    due_habit(dolores, ProductFactory(name="Filters"), window_probability=0.7)
    return dolores


def test_what_would_be_said_and_what_not_stands_in_sentences(manager, open_moment):
    status, page = shown(manager, "what-if", customer=open_moment.pk, door="email")
    assert status == 200
    assert "Would be said" in page
    assert "Hazelnut beans" in page
    assert "The customer bought it, about every month." in page
    assert "The chance that it helps is 8 in 10." in page
    assert "Would stay unsaid" in page
    assert "Something else helps this customer more." in page


def test_nothing_is_kept_of_it(manager, open_moment):
    place = PlaceFactory()
    before = table_rows()
    status, page = shown(
        manager,
        "what-if",
        customer=open_moment.pk,
        door="counter",
        place=place.pk,
        basket="beans, nonsense",
        event="Product Viewed",
    )
    assert status == 200
    assert "“nonsense” does not count: the catalogue does not know this product." in page
    assert "The store does not count: they did not agree" in page
    assert table_rows() == before


def table_rows():
    """Every row of every table, but the record of who looked."""
    kept = ("profiles_accessrecord", "django_session", "auth_user")
    return {table: held for table, held in fingerprint().items() if table not in kept}


def test_trying_it_out_is_a_look_at_the_customer(manager, open_moment):
    shown(manager, "what-if", customer=open_moment.pk, door="page")
    seen = AccessRecord.objects.get(door="what-if")
    assert (seen.act, seen.customer_id) == ("looked", open_moment.pk)


def test_a_later_time_is_another_answer(manager, open_moment):
    _, page = shown(manager, "what-if", customer=open_moment.pk, door="page", at="2026-04-20T09:00")
    assert "Nothing would be said" in page
    assert "Monday 20 April 2026, 09:00" in page


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"customer": 999999}, "There is no customer of that number."),
        ({"customer": "Dolores"}, "Enter a whole number."),
        ({"at": "2026-03-09T09:00"}, "This time is over: what was said then is in the log."),
        ({"at": "2027-03-09T09:00"}, "Choose a time within the next 60 days."),
        ({"basket": ",".join(f"p{n}" for n in range(51))}, "Write at most 50 products."),
        ({"door": "window"}, "Select a valid choice."),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(manager, open_moment, asked, said):
    given = {"customer": open_moment.pk, "door": "counter"} | asked
    status, page = shown(manager, "what-if", **given)
    assert status == 422
    assert said in page
