"""The counter: the whole card in one look, answers that are kept, and looking that writes nothing."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
import time_machine
from django.contrib.auth.models import User
from django.db.models import JSONField, Value

from campaigns.models import Campaign, Decision, Outcome
from campaigns.services import deciding, planning
from cxportal.pages.access import Role
from feedback.services import cases
from loyalty.services.setting_up import ensure_programme
from profiles.models import AccessRecord
from profiles.rules.names import IdentifierKind, PlaceKind
from tests.factories.campaigns import due_habit, reachable_customer, ready_house
from tests.factories.profiles import (
    IdentifierFactory,
    PlaceFactory,
    ProductFactory,
    PurchaseFactory,
    PurchaseLineFactory,
)
from tests.pages.tables import fingerprint

# What one card costs, whatever the customer bought.
QUERIES = 59


@pytest.fixture(autouse=True)
def house(db, now):
    ready_house()
    ensure_programme()
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def mira(browser_of):
    return browser_of(Role.COUNTER)


@pytest.fixture
def dolores(now):
    """A customer whose beans are due today, bought every month."""
    customer = reachable_customer("Dolores Reyes", search_name="dolores reyes")
    IdentifierFactory(
        origin_profile=customer.profiles.get(), kind=IdentifierKind.PHONE, value="+12124154471"
    )
    beans = ProductFactory(name="Hazelnut beans")
    due_habit(customer, product=beans)
    for back in (28, 58, 88):
        bought = PurchaseFactory(
            origin_profile=customer.profiles.get(), occurred_at=now - timedelta(days=back)
        )
        PurchaseLineFactory(purchase=bought, product=beans)
    return customer


def card(client, customer) -> str:
    return client.get(f"/counter/{customer.pk}/").content.decode()


def answer(client, customer, kind: str, **changes):
    subject = customer.habits.get().product_id
    form = {"moment": "due_reorder", "subject": subject, "answer": kind} | changes
    return client.post(f"/counter/{customer.pk}/answer/", form, follow=True)


# --- finding --------------------------------------------------------------------------------------


def test_the_last_digits_open_the_card_at_once(mira, dolores):
    found = mira.post("/counter/", {"q": "4471"})
    assert (found.status_code, found.url) == (302, f"/counter/{dolores.pk}/")


def test_several_hits_are_listed_with_masked_contacts(mira, dolores):
    reachable_customer("Dolores Umbach", search_name="dolores umbach")
    page = mira.post("/counter/", {"q": "dolores"}).content.decode()
    assert "2 customers for “dolores”" in page
    assert "phone …4471" in page
    assert "@example.com" in page
    assert "customer0@" not in page


def test_what_is_searched_for_stands_in_no_address(mira, dolores):
    page = mira.get("/counter/").content.decode()
    assert 'class="counter-search" role="search" method="post"' in page
    by_address = mira.get("/counter/?q=4471")
    assert by_address.status_code == 200
    assert "Who is there?" in by_address.content.decode()
    assert "4471" not in by_address.content.decode()


def test_a_similar_name_is_never_opened_by_itself(mira, dolores):
    answer = mira.post("/counter/", {"q": "dolorse"})
    assert answer.status_code == 200
    assert "similar name" in answer.content.decode()


@pytest.mark.parametrize("typed", ["%", "x", "\0\0\0", "a" * 10_000])
def test_nonsense_gets_a_clear_answer(mira, dolores, typed):
    page = mira.post("/counter/", {"q": typed})
    assert page.status_code == 200
    assert "Dolores" not in page.content.decode()
    assert "Type" in page.content.decode()


# --- the card -------------------------------------------------------------------------------------


def test_the_card_says_who_what_is_due_and_why(mira, dolores):
    page = card(mira, dolores)
    assert "Dolores Reyes" in page
    assert "Hazelnut beans" in page
    assert (
        "The customer bought it on 12 December, 11 January and 10 February, about every month"
        in page
    )
    assert "Said it" in page
    assert "reminders to buy again by e-mail: yes" in page
    assert "offers and news by e-mail: not asked" in page
    assert "phone …4471" in page
    assert "+12124154471" not in page


@pytest.mark.parametrize("parameters", [{}, [1], {"points": "abc"}, {"points": -500}, None])
def test_a_campaign_that_promises_nonsense_keeps_no_card_closed(mira, dolores, parameters):
    Campaign.objects.filter(code="reorder").update(
        action="bonus_points", parameters=Value(parameters, JSONField())
    )
    page = card(mira, dolores)
    assert "Hazelnut beans" in page
    assert "bonus points" not in page


def test_times_are_those_of_the_store_where_it_was_bought(mira, dolores, now):
    store = PlaceFactory(code="far", name="Far", time_zone="Pacific/Auckland")
    PurchaseLineFactory(
        purchase=PurchaseFactory(
            origin_profile=dolores.profiles.get(), place=store, occurred_at=now - timedelta(hours=1)
        )
    )
    assert "Tue 10 Mar, 18:05" in card(mira, dolores)


def test_a_look_writes_nothing_but_its_own_record(mira, dolores):
    before = fingerprint()
    mira.get("/counter/")
    mira.post("/counter/", {"q": "dolores"})
    card(mira, dolores)
    mira.head(f"/counter/{dolores.pk}/")
    record = {"profiles_accessrecord": before["profiles_accessrecord"]}
    assert fingerprint() | record == before
    assert list(AccessRecord.objects.values_list("act", "customer_id")) == [
        ("searched", None),
        ("looked", dolores.pk),
    ]


def test_the_number_of_queries_is_fixed(mira, dolores, django_assert_num_queries, now):
    for back in range(1, 40):
        bought = PurchaseFactory(
            origin_profile=dolores.profiles.get(), occurred_at=now - timedelta(days=back)
        )
        PurchaseLineFactory(purchase=bought)
        PurchaseLineFactory(purchase=bought)
    with django_assert_num_queries(QUERIES):
        card(mira, dolores)


def test_an_open_case_comes_first_and_silences_selling(mira, dolores, now, browser_of):
    case = cases.open_case(
        customer=dolores,
        kind="complaint",
        source_ref="call:1",
        detail="x",
        opened_by="staff:1",
        now=now,
    )
    page = card(mira, dolores)
    assert "Open: complaint, due Wed 11 March" in page
    assert "Said it" not in page
    assert "a complaint or question of theirs is open" in page
    assert f"/cases/{case.pk}/" not in page
    assert f"/cases/{case.pk}/" in card(browser_of(Role.SUPERVISOR), dolores)


def test_nobody_is_there(mira):
    assert mira.get("/counter/999999/").status_code == 404


# --- answering ------------------------------------------------------------------------------------


def test_said_is_kept_as_an_outcome_and_not_suggested_again(mira, dolores):
    page = answer(mira, dolores, "said").content.decode()
    outcome = Outcome.objects.get()
    assert (outcome.kind, outcome.door, outcome.customer) == ("said", "counter", dolores)
    assert outcome.actor.startswith("staff:")
    assert Decision.objects.get().facts["bought_on"] == ["2025-12-12", "2026-01-11", "2026-02-10"]
    assert "Said it" not in page
    assert "it was said already" in page


def test_not_for_them_is_for_good(mira, dolores):
    assert (
        "the customer said: not relevant" in answer(mira, dolores, "not_relevant").content.decode()
    )


def test_a_suggestion_that_is_over_says_so_and_stores_nothing(mira, dolores, now):
    PurchaseLineFactory(
        purchase=PurchaseFactory(origin_profile=dolores.profiles.get(), occurred_at=now),
        product=dolores.habits.get().product,
    )
    page = answer(mira, dolores, "said").content.decode()
    assert "no longer open" in page
    assert not Outcome.objects.exists()


@pytest.mark.parametrize("kind", ["stop", "", "said\0"])
def test_other_answers_are_refused(mira, dolores, kind):
    assert answer(mira, dolores, kind).status_code == 400
    assert not Outcome.objects.exists()


@pytest.mark.parametrize("broken", [{"subject": "x"}, {"subject": "9" * 5000}, {"moment": "other"}])
def test_what_was_never_suggested_cannot_be_answered(mira, dolores, broken):
    assert "no longer open" in answer(mira, dolores, "said", **broken).content.decode()
    assert not Outcome.objects.exists()


def undo(client, customer):
    return client.post(
        f"/counter/{customer.pk}/answer/{Outcome.objects.latest('pk').pk}/undo/", follow=True
    )


@pytest.mark.parametrize("kind", ["said", "not_now", "not_relevant"])
def test_a_slip_of_the_finger_is_undone(mira, dolores, now, kind):
    page = answer(mira, dolores, kind).content.decode()
    assert f"/answer/{Outcome.objects.get().pk}/undo/" in page
    page = undo(mira, dolores).content.decode()
    assert "Undone." in page
    assert 'value="said"' in page
    assert Outcome.objects.get().taken_back_at == now
    assert "nothing of yours" in undo(mira, dolores).content.decode()
    assert Outcome.objects.get().taken_back_at == now


def test_nobody_elses_answer_is_undone_and_no_old_one(browser_of, mira, dolores, now):
    answer(mira, dolores, "said")
    same, other = User.objects.get(pk=mira.session["_auth_user_id"]), browser_of(Role.SUPERVISOR)
    assert "nothing of yours" in undo(other, dolores).content.decode()
    with time_machine.travel(now + timedelta(hours=25), tick=False):
        mira.force_login(same)
        assert "nothing of yours" in undo(mira, dolores).content.decode()
    assert Outcome.objects.get().taken_back_at is None


def test_one_customers_answer_is_not_undone_under_another(mira, dolores):
    answer(mira, dolores, "said")
    assert "nothing of yours" in undo(mira, reachable_customer("Ann Other")).content.decode()
    assert Outcome.objects.get().taken_back_at is None


# --- who and where --------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.COUNTER, Role.SUPERVISOR, Role.MANAGER])
def test_opens_to(browser_of, dolores, role):
    assert browser_of(role).get(f"/counter/{dolores.pk}/").status_code == 200


@pytest.mark.parametrize("role", [Role.ANALYST, Role.ADMINISTRATOR])
def test_stays_closed_to_who_has_no_business_with_customers(browser_of, dolores, role):
    browser = browser_of(role)
    for address in ("/counter/", f"/counter/{dolores.pk}/"):
        assert browser.get(address).status_code == 403
    assert answer(browser, dolores, "said").status_code == 403
    assert not Outcome.objects.exists()


def test_strangers_are_sent_to_the_log_in(client, dolores):
    answer = client.get(f"/counter/{dolores.pk}/")
    assert (answer.status_code, answer.url) == (302, f"/login/?next=/counter/{dolores.pk}/")


def test_the_store_is_chosen_once_and_kept(mira, dolores):
    PlaceFactory(code="a", name="Harbour")
    station = PlaceFactory(code="b", name="Station", time_zone="Europe/Vienna")
    PlaceFactory(code="c", name="Web shop", kind=PlaceKind.WEB)
    page = mira.get("/counter/").content.decode()
    assert "Store of this counter" in page
    assert "Web shop" not in page
    assert mira.post("/counter/store/", {"store": station.pk}).status_code == 302
    page = card(mira, dolores)
    assert "<strong>Station</strong>" in page
    assert "07:05" in page


@pytest.mark.parametrize("store", ["", "0", "x", "9" * 40])
def test_a_store_that_does_not_exist_is_not_kept(mira, store):
    assert mira.post("/counter/store/", {"store": store}).status_code == 404


@pytest.mark.parametrize("is_in_control", [False, True])
def test_what_nobody_said_is_not_told_as_said(mira, dolores, now, monkeypatch, is_in_control):
    """Of the two groups only the reminded one was written to."""
    drawn = np.array([is_in_control])
    monkeypatch.setattr(deciding, "in_control", lambda code, customers, share: drawn)
    planning.plan_morning(now=now)
    assert Decision.objects.get().reasons == (["control_group"] if is_in_control else [])
    assert ("it was said already" in card(mira, dolores).lower()) is not is_in_control
