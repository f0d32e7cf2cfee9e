"""The customer's own page: what it says, what it takes, and what a link may not do."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
import time_machine
from django.test import Client

from campaigns.models import Delivery
from campaigns.services import delivering, planning
from cxportal.lib.links import LinkPurpose, token_for
from feedback.models import Case
from loyalty.services.setting_up import ensure_programme
from profiles.models import ConsentEntry, ContactPreference, ReorderSchedule, ReorderStatement
from profiles.rules.names import ConsentState, IdentifierKind, Purpose
from profiles.rules.purposes import MESSAGES
from profiles.services import scheduling
from tests.factories.campaigns import due_habit, reachable_customer, ready_house, wording
from tests.factories.profiles import (
    IdentifierFactory,
    ProductFactory,
    PurchaseFactory,
    PurchaseLineFactory,
)
from tests.pages.tables import fingerprint

# What one page costs, whatever the customer bought.
QUERIES = 41
AWAY = "_never sent_"


@pytest.fixture(autouse=True)
def house(db, now):
    ready_house()
    ensure_programme()
    with time_machine.travel(now.replace(hour=12), tick=False):
        yield


@pytest.fixture
def dolores():
    """A customer with beans due, bought each month."""
    customer = reachable_customer("Dolores Reyes")
    IdentifierFactory(
        origin_profile=customer.profiles.get(), kind=IdentifierKind.PHONE, value="+12124154471"
    )
    wording(Purpose.OFFERS)
    due_habit(customer, product=ProductFactory(name="Hazelnut beans"))
    return customer


@pytest.fixture
def browser() -> Client:
    return Client()


def own(customer, *parts: object) -> str:
    token = token_for(LinkPurpose.MY_PAGE, str(customer.public_id))
    return "/".join(["/my", token, *map(str, parts), ""])


def page(customer) -> str:
    return Client().get(own(customer)).content.decode()


def say(customer, said: str, **form: object):
    product = customer.habits.get().product_id
    return Client().post(own(customer, "reorder", product, said), form, follow=True)


def said_of(customer) -> ReorderSchedule:
    return ReorderSchedule.objects.get(customer=customer)


def statement_of(customer, purpose: Purpose) -> ConsentEntry:
    said = ConsentEntry.objects.filter(customer=customer, purpose=purpose)
    return said.order_by("-occurred_at", "-pk")[0]


# --- what it says ---------------------------------------------------------------------------------


def test_says_what_is_next_about_when_and_because_of_what(dolores, now):
    for back in (28, 58, 88):
        bought = PurchaseFactory(
            origin_profile=dolores.profiles.get(), occurred_at=now - timedelta(days=back)
        )
        PurchaseLineFactory(purchase=bought, product=dolores.habits.get().product)
    text = page(dolores)
    assert "Hello Dolores" in text
    assert (
        "Next is Hazelnut beans, about Thursday 12 March, because you buy it about every month."
        in text
    )
    assert (
        "Because you bought it on 12 December, 11 January and 10 February, about every month."
        in text
    )


def test_a_link_is_no_log_in_so_contact_data_is_masked(dolores):
    text = page(dolores)
    assert "phone …4471" in text
    assert "…@example.com" in text
    for value in dolores.identifiers.values_list("value", flat=True):
        assert value not in text


def test_what_is_not_sure_is_said_with_its_range(dolores):
    due_habit(
        dolores, product=ProductFactory(name="Paper filters"), doubt="too_few", purchase_days=2,
        earliest_on=date(2026, 4, 1), latest_on=date(2026, 6, 20),
    )  # fmt: skip
    text = page(dolores)
    assert "not sure yet" in text
    assert "You bought it twice, last on 10 February. That is too little to know when." in text
    assert "some time between 1 April and 20 June" in text
    assert "Next is Hazelnut beans" in text


def test_what_is_bought_every_few_days_is_no_reminder(dolores):
    due_habit(dolores, product=ProductFactory(name="Milk"), rhythm_days=2.0, purchase_days=90)
    assert "Milk" not in page(dolores)


def test_messages_lead_to_their_reasons(dolores, now):
    planning.plan_morning(now=now.replace(hour=12))
    delivering.deliver_due(now=now.replace(hour=12))
    delivery = Delivery.objects.get()
    text = page(dolores)
    assert "Hazelnut beans: about time again" in text
    assert f"/why/{token_for(LinkPurpose.WHY, str(delivery.public_id))}/" in text


def test_nothing_is_invented_for_a_newcomer(db):
    text = page(reachable_customer("Nora Neu"))
    assert "Nothing is about to run out, as far as we can tell." in text
    assert "We do not know of one" in text
    assert "0 points" in text


def test_looking_changes_nothing(dolores, browser):
    page(dolores)
    before = fingerprint()
    product = dolores.habits.get().product_id
    for ask in (browser.get, browser.head, browser.options):
        ask(own(dolores))
    for parts in (
        ("reorder", product, "stop"),
        ("consent",),
        ("contact",),
        ("person",),
    ):
        assert browser.get(own(dolores, *parts)).status_code == 405
    assert fingerprint() == before


def test_the_number_of_queries_is_fixed(dolores, django_assert_num_queries):
    for _ in range(12):
        due_habit(dolores)
    with django_assert_num_queries(QUERIES):
        page(dolores)


# --- rhythms --------------------------------------------------------------------------------------


def test_every_six_weeks_beats_what_was_learned_and_can_be_undone(dolores):
    text = say(dolores, "every", weeks=6).content.decode()
    assert said_of(dolores).every_days == 42
    assert "about Tuesday 24 March" in text
    assert (
        "you asked to be reminded every 6 weeks. That counts for more than what we learned." in text
    )
    say(dolores, "undo")
    assert said_of(dolores).every_days is None
    assert "about Thursday 12 March" in page(dolores)


def test_what_was_chosen_is_answered_in_the_words_it_was_offered_in(dolores):
    text = say(dolores, "every", weeks=12).content.decode()
    assert "we remind you every 12 weeks." in text
    assert "you asked to be reminded every 12 weeks." in text


def test_an_interval_from_elsewhere_stays_among_what_is_offered(dolores, now):
    said = scheduling.Said(
        customer=dolores, product=dolores.habits.get().product, door="counter", now=now
    )
    scheduling.buy_every(said=said, days=70)
    assert '<option value="10" selected>every 10 weeks</option>' in page(dolores)
    say(dolores, "every", weeks=10)
    assert said_of(dolores).every_days == 70


def test_a_day_more_than_a_year_ahead_names_its_year(dolores, now):
    said = scheduling.Said(
        customer=dolores, product=dolores.habits.get().product, door="counter", now=now
    )
    scheduling.buy_every(said=said, days=364)
    assert "about 9 February 2027" in page(dolores)


def test_the_choice_of_the_house_takes_the_own_interval_back(dolores):
    say(dolores, "every", weeks=6)
    say(dolores, "every", weeks=0)
    assert said_of(dolores).every_days is None


@pytest.mark.parametrize("weeks", ["", "x", "-1", "200", "7", "11", "52", "9" * 5000])
def test_an_impossible_interval_is_said_and_not_kept(dolores, weeks):
    text = say(dolores, "every", weeks=weeks).content.decode()
    assert "toast-error" in text
    assert not ReorderStatement.objects.exists()


def test_skip_leaves_one_round_out(dolores):
    text = say(dolores, "skip").content.decode()
    assert said_of(dolores).not_before_on == date(2026, 4, 8)
    assert "not before 8 April" in text


def test_sooner_brings_it_forward(dolores):
    text = say(dolores, "sooner").content.decode()
    assert said_of(dolores).sooner_on == date(2026, 3, 10)
    assert "as soon as we may write" in text


def test_sooner_is_done_with_by_the_next_purchase(dolores, now):
    say(dolores, "sooner")
    dolores.habits.update(
        last_on=date(2026, 3, 11), expected_on=date(2026, 4, 10), remind_on=date(2026, 4, 5)
    )
    assert "about 10 April" in page(dolores)
    planning.plan_morning(now=now + timedelta(days=2))
    assert not Delivery.objects.exists()


def test_plenty_waits_two_weeks(dolores):
    text = say(dolores, "plenty").content.decode()
    assert said_of(dolores).not_before_on == date(2026, 3, 24)
    assert "not before Tuesday 24 March" in text


@pytest.mark.parametrize(
    ("said", "words"), [("pause", "paused by you"), ("stop", "stopped by you")]
)
def test_rest_and_start_again(dolores, said, words):
    text = say(dolores, said).content.decode()
    assert words in text
    assert "Undo" in text
    assert "Remind me again" in text
    assert words not in say(dolores, "resume").content.decode()


def test_each_change_is_kept_as_a_statement_of_the_customer(dolores):
    for said in ("plenty", "pause", "undo"):
        say(dolores, said)
    kept = ReorderStatement.objects.order_by("pk").values_list("kind", "door")
    assert list(kept) == [("plenty", "page"), ("pause", "page"), ("undo", "page")]


def test_htmx_gets_the_card_and_the_way_back(dolores, browser):
    product = dolores.habits.get().product_id
    answer = browser.post(
        own(dolores, "reorder", product, "pause"), headers={"HX-Request": "true"}
    ).content.decode()
    assert answer.lstrip().startswith("<article")
    assert f'id="schedule-{product}"' in answer
    assert own(dolores, "reorder", product, "undo") in answer
    assert "<html" not in answer


@pytest.mark.parametrize("said", ["explode", "learned"])
def test_what_cannot_be_said_is_not_there(dolores, said):
    assert say(dolores, said).status_code == 404
    assert not ReorderSchedule.objects.exists()


def test_somebody_elses_product_cannot_be_changed(dolores, browser):
    other = due_habit(reachable_customer("Somebody Else")).product_id
    assert browser.post(own(dolores, "reorder", other, "stop")).status_code == 404
    assert not ReorderSchedule.objects.exists()


# --- consent --------------------------------------------------------------------------------------


def consent(customer, **form: object):
    return Client().post(own(customer, "consent"), {"channel": "email"} | form, follow=True)


def test_withdraws_as_easily_as_it_is_given(dolores):
    consent(dolores, purpose="reminders", state="withdrawn")
    said = statement_of(dolores, Purpose.REMINDERS)
    assert (said.state, said.door, said.actor) == (ConsentState.WITHDRAWN, "page", "customer")


def test_gives_consent_to_the_wording_that_stood_there(dolores):
    text = page(dolores)
    assert wording(Purpose.OFFERS).text in text
    assert "checked" not in text
    consent(
        dolores, purpose="offers", state="granted", agreed="yes", wording=wording(Purpose.OFFERS).pk
    )
    said = statement_of(dolores, Purpose.OFFERS)
    assert (said.state, said.wording) == (ConsentState.GRANTED, wording(Purpose.OFFERS))
    assert said.evidence.ip_address == "127.0.0.1"
    assert said.evidence_hash != ""


@pytest.mark.parametrize("form", [{}, {"agreed": "yes"}, {"agreed": "yes", "wording": "999999"}])
def test_no_box_ticked_under_this_wording_no_consent(dolores, form):
    answer = consent(dolores, purpose="offers", state="granted", **form)
    assert answer.status_code == 422
    assert "Tick the box to agree." in answer.content.decode()
    assert not ConsentEntry.objects.filter(purpose=Purpose.OFFERS).exists()


def test_agreeing_again_in_an_old_tab_is_answered_in_words(dolores):
    before = ConsentEntry.objects.count()
    answer = consent(dolores, purpose="reminders", state="granted")
    assert answer.status_code == 200
    assert "before. It stays so." in answer.content.decode()
    assert ConsentEntry.objects.count() == before


def test_stop_everything_is_one_tap(dolores):
    consent(
        dolores, purpose="offers", state="granted", agreed="yes", wording=wording(Purpose.OFFERS).pk
    )
    consent(dolores, scope="all")
    assert {statement_of(dolores, purpose).state for purpose, _ in MESSAGES} == {
        ConsentState.WITHDRAWN
    }


def test_an_unknown_purpose_is_not_there(dolores):
    assert consent(dolores, purpose="tracking", state="granted").status_code == 404


# --- how often, and a person ----------------------------------------------------------------------


def test_keeps_how_often_and_when(dolores, browser):
    form = {"max_per_week": "1", "quiet_from": "21:30", "quiet_until": "10:00"}
    browser.post(own(dolores, "contact"), form)
    kept = ContactPreference.objects.get(customer=dolores)
    assert (kept.max_per_week, kept.quiet_from, kept.quiet_until) == (1, time(21, 30), time(10, 0))
    browser.post(own(dolores, "contact"), {"max_per_week": "", "quiet_from": "", "quiet_until": ""})
    kept.refresh_from_db()
    assert (kept.max_per_week, kept.quiet_from, kept.quiet_until) == (None, None, None)


@pytest.mark.parametrize(
    "form",
    [
        {"quiet_from": "21:30"},
        {"max_per_week": "9"},
        {"quiet_from": "25:00"},
        {"quiet_from": "21:00", "quiet_until": "21:00"},
        {"quiet_from": "08:00", "quiet_until": "21:00"},  # the house's are 20:00 to 09:00
    ],
)
def test_refuses_halves_and_nonsense(dolores, browser, form):
    answer = browser.post(own(dolores, "contact"), form)
    assert answer.status_code == 422
    assert "field-error" in answer.content.decode()
    assert not ContactPreference.objects.exists()


def test_a_person_is_asked_for_once_while_it_is_open(dolores, browser):
    browser.post(own(dolores, "person"), {"text": "My bag was torn."})
    text = browser.post(
        own(dolores, "person"), {"text": "My bag was torn."}, follow=True
    ).content.decode()
    case = Case.objects.get()
    assert (case.customer, case.kind, case.detail) == (dolores, "person", "My bag was torn.")
    assert "Somebody gets back to you by Wednesday, 11 March" in text


# --- links ----------------------------------------------------------------------------------------


def test_forms_from_elsewhere_are_refused(dolores):
    strict = Client(enforce_csrf_checks=True)
    product = dolores.habits.get().product_id
    for parts in (
        ("reorder", product, "stop"),
        ("consent",),
        ("contact",),
        ("person",),
    ):
        assert strict.post(own(dolores, *parts), {"scope": "all"}).status_code == 403
    assert not ReorderSchedule.objects.exists()
    assert statement_of(dolores, Purpose.REMINDERS).state == ConsentState.GRANTED


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_forged_or_foreign_link_says_what_to_do(dolores, browser, method):
    stop = token_for(LinkPurpose.STOP, str(dolores.public_id))
    for token in ("abc", stop, own(dolores).split("/")[2][:-2]):
        address = f"/my/{token}/" if method == "get" else f"/my/{token}/consent/"
        answer = getattr(browser, method)(address, {"scope": "all"})
        assert answer.status_code == 404
        assert "Open it again from the message" in answer.content.decode()
    assert statement_of(dolores, Purpose.REMINDERS).state == ConsentState.GRANTED
