"""The pages of guards: listed, written line by line, changed, tried, switched, with their history."""

from __future__ import annotations

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from cxportal.pages.access import Role, create_staff, ensure_roles
from profiles.models import AccessRecord, Attribute, Guard, GuardVersion
from profiles.queries import guard_trials
from tests.factories.facts import tell
from tests.factories.guards import guard_on
from tests.factories.profiles import ProductFactory, ProfileFactory

CAR = {"line-0-what": "fact:owns_car", "line-0-value": "yes"}
SAID = {"kind": "needs", "when_unknown": "refuse", "join": "all"}


@pytest.fixture(autouse=True)
def _house(db, now):
    ensure_roles()
    with time_machine.travel(now, tick=False):
        yield


def browser(role: Role) -> Client:
    client = Client()
    client.force_login(create_staff(f"one-{role}", role, "a long enough word"))
    return client


@pytest.fixture
def manager():
    return browser(Role.MANAGER)


@pytest.fixture
def wash():
    return ProductFactory(code="wash", name="Car wash")


def text(answer) -> str:
    return " ".join(strip_tags(answer.content.decode()).split())


def test_guards_are_written_by_managers_alone(wash):
    guard = guard_on(wash)
    for role in set(Role) - {Role.MANAGER}:
        staff = browser(role)
        pages = ("/guards/", "/guards/new/", f"/guards/{guard.pk}/", f"/guards/{guard.pk}/change/")
        assert {staff.get(page).status_code for page in pages} == {403}
        assert staff.post(f"/guards/{guard.pk}/switch/", {"to": "off"}).status_code == 403
    assert guard.versions.count() == 1


def test_lines_are_added_and_dropped_and_what_was_typed_stays(manager):
    typed = (
        SAID | CAR | {"note": "of the boss", "product": "wash", "add": "yes", "what": "age:child"}
    )
    answer = manager.post("/guards/new/", typed)
    assert [line.what for line in answer.context["lines"]] == ["fact:owns_car", "age:child"]
    page = answer.content.decode()
    assert 'value="of the boss"' in page
    assert 'name="line-1-under"' in page
    typed = typed | {"line-1-what": "age:child", "line-1-under": "3", "drop": "0"}
    del typed["add"]
    answer = manager.post("/guards/new/", typed)
    assert [line.what for line in answer.context["lines"]] == ["age:child"]
    assert 'name="line-0-under" value="3"' in answer.content.decode()
    assert not Guard.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"product": ""}, "Choose either a product or a category."),
        ({"product": "gone"}, "There is no such product."),
        ({"line-0-what": ""}, "Add at least one line"),
        ({"line-0-what": "fact:nothing"}, "Add at least one line"),
        (
            {"line-0-what": "fact:newspaper", "line-0-how": "is", "line-0-value": ""},
            "Write a value.",
        ),
        ({"line-0-what": "age:child"}, "Write one of the two, or both."),
        ({"note": "x" * 301}, "at most 300 characters"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_written(manager, wash, changes, words):
    answer = manager.post("/guards/new/", SAID | CAR | {"product": "wash", "save": "yes"} | changes)
    assert answer.status_code == 422
    assert words in text(answer)
    assert not Guard.objects.exists()


@pytest.mark.parametrize(
    ("line", "condition"),
    [
        ({"what": "fact:owns_car", "value": "known"}, {"fact": "owns_car", "known": True}),
        ({"what": "fact:owns_car", "value": "no", "turned": "on"},
         {"not": {"fact": "owns_car", "is": False}}),
        ({"what": "fact:diet", "value": "vegan"}, {"fact": "diet", "is": "vegan"}),
        ({"what": "fact:newspaper", "how": "contains", "value": "Presse"},
         {"fact": "newspaper", "contains": "Presse"}),
        ({"what": "fact:newspaper", "how": "known", "value": ""}, {"fact": "newspaper", "known": True}),
        ({"what": "fact:birthday", "how": "before", "value": "2000-01-31"},
         {"fact": "birthday", "before": "2000-01-31"}),
        ({"what": "age:customer", "at_least": "18", "under": ""},
         {"age": {"of": "customer", "at_least": 18}}),
        ({"what": "registered:open_case", "value": "yes"}, {"registered": "open_case", "is": "yes"}),
    ],
)  # fmt: skip
def test_a_line_is_stored_as_its_condition_and_comes_back_as_it_was(manager, wash, line, condition):
    lines = {f"line-0-{name}": value for name, value in line.items()}
    saved = manager.post("/guards/new/", SAID | lines | {"product": "wash", "save": "yes"})
    guard = Guard.objects.get()
    assert saved.url == f"/guards/{guard.pk}/"
    version = guard.versions.get()
    assert (version.condition, version.is_on) == (condition, False)
    page = manager.get(f"/guards/{guard.pk}/change/").context["lines"]
    again = {f"line-0-{name}": page[0][name].value() for name in page[0].fields}
    again = {name: "" if value in (None, False) else value for name, value in again.items()}
    again["line-0-what"] = page[0].what
    if not page[0]["turned"].value():
        del again["line-0-turned"]
    manager.post(f"/guards/{guard.pk}/change/", SAID | again | {"save": "yes"})
    assert guard.versions.count() == 1, "unchanged, so there is no new version"


def test_things_are_named_by_code_or_name_and_categories_chosen(manager, wash):
    other = ProductFactory(code="x-1", name="Wax")
    lines = {
        "line-0-what": "bought:product", "line-0-thing": "wax", "line-0-times": "2",
        "line-0-within_days": "90",
        "line-1-what": "owns:category", "line-1-thing": str(wash.category_id), "line-1-turned": "on",
    }  # fmt: skip
    said = SAID | {"join": "any", "category": str(wash.category_id), "save": "yes"}
    manager.post("/guards/new/", lines | said)
    assert GuardVersion.objects.get().condition == {
        "any": [
            {"bought": {"product": other.pk, "times": 2, "within_days": 90}},
            {"not": {"owns": {"category": wash.category_id}}},
        ]
    }


def test_a_change_is_in_the_history_with_who_made_it(manager, wash):
    guard = guard_on(wash, is_on=False)
    manager.post(f"/guards/{guard.pk}/change/", SAID | CAR | {"save": "yes"})
    manager.post(f"/guards/{guard.pk}/switch/", {"to": "on"})
    page = text(manager.get(f"/guards/{guard.pk}/"))
    assert "needs: “Has a car” is yes" in page
    assert "Version 3, one-manager, 10 Mar 2026, 06:05 (UTC)" in page
    assert "Version 1, first start" in page
    assert guard.versions.order_by("-number")[0].is_on


def test_a_try_counts_all_names_some_and_is_on_record(manager, wash, now):
    people = [ProfileFactory(customer__name=f"Person {n}").customer for n in range(3)]
    tell(people[0], "drinks_coffee", True, now)
    guard = guard_on(wash, is_on=False)
    answer = manager.post(f"/guards/{guard.pk}/")
    counted = [(one.title, one.customers) for one in answer.context["trial"].outcomes]
    assert counted == [("Kept from them", 0), ("May come up", 1), ("Not known", 2)]
    assert "All 3 customers were tried. Nothing was changed." in text(answer)
    assert "Person 0" in text(answer)
    looked = AccessRecord.objects.filter(door="profiles:guard-detail").order_by("customer_id")
    assert [one.customer_id for one in looked] == [one.pk for one in people]
    assert guard.versions.count() == 1


def test_of_many_customers_every_so_manieth_is_tried(manager, wash, monkeypatch):

    monkeypatch.setattr(guard_trials, "MOST_TRIED", 4)
    monkeypatch.setattr(guard_trials, "BATCH", 3)
    for _ in range(10):
        ProfileFactory()
    trial = manager.post(f"/guards/{guard_on(wash).pk}/").context["trial"]
    assert (trial.customers, trial.is_sample) == (10, True)
    assert trial.tried in {3, 4}
    assert sum(one.customers for one in trial.outcomes) == trial.tried


def test_what_is_broken_says_so_on_every_page(manager, wash):
    guard = guard_on(wash)
    Attribute.objects.filter(code="drinks_coffee").update(is_active=False)
    gone = "There is no attribute “drinks_coffee” in use any more."
    for page in ("/guards/", f"/guards/{guard.pk}/", f"/guards/{guard.pk}/change/"):
        assert gone in text(manager.get(page))
    manager.post(f"/guards/{guard.pk}/switch/", {"to": "off"})
    answer = manager.post(f"/guards/{guard.pk}/switch/", {"to": "on"}, follow=True)
    assert gone in text(answer)
    assert not guard.versions.order_by("-number")[0].is_on


def test_the_list_costs_the_same_for_one_and_for_many(manager, wash):
    guard_on(wash)
    manager.get("/guards/")
    counts = []
    for number in (1, 6):
        for _ in range(number - 1):
            guard_on(ProductFactory())
        with CaptureQueriesContext(connection) as queries:
            page = text(manager.get("/guards/"))
        counts.append(len(queries))
        assert page.count("needs: “Drinks coffee” is yes") == number
    assert counts[0] == counts[1]
