"""The pages behind every message: why me, and stop. Links work without a log-in, looking changes nothing."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from campaigns.models import Delivery, Outcome
from campaigns.rules.codes import Door, OutcomeKind, Verdict
from campaigns.services import answering, delivering, planning
from campaigns.services.deciding import Context, decide
from cxportal.lib.links import LinkPurpose, token_for
from feedback.models import Case
from profiles.models import ConsentEntry, ConsentRule, ReorderStatement
from profiles.rules.names import ConsentState, Purpose
from profiles.services import consenting, scheduling
from tests.factories.campaigns import due_habit, reachable_customer, ready_house, wording
from tests.factories.profiles import ProductFactory, PurchaseFactory, PurchaseLineFactory
from tests.pages.tables import fingerprint


@pytest.fixture
def at_noon(now):
    """Noon of the day: neither quiet nor early."""
    noon = now.replace(hour=12)
    with time_machine.travel(noon, tick=False):
        yield noon


@pytest.fixture
def delivery(db, at_noon) -> Delivery:
    """A reminder of hazelnut beans, decided, written and sent."""
    ready_house()
    customer = reachable_customer("Dolores Reyes")
    beans = ProductFactory(name="Hazelnut beans")
    due_habit(customer, product=beans)
    due_habit(customer, product=ProductFactory(name="Paper filters"), window_probability=0.5)
    for back in (28, 58, 88):
        bought = PurchaseFactory(
            origin_profile=customer.profiles.get(), occurred_at=at_noon - timedelta(days=back)
        )
        PurchaseLineFactory(purchase=bought, product=beans)
    planning.plan_morning(now=at_noon)
    assert delivering.deliver_due(now=at_noon) == {"sent": 1}
    return Delivery.objects.get()


@pytest.fixture
def stranger() -> Client:
    """A browser that nobody is logged in with, and that is checked for forged forms."""
    return Client(enforce_csrf_checks=True)


def why_of(delivery: Delivery) -> str:
    return f"/why/{token_for(LinkPurpose.WHY, str(delivery.public_id))}/"


def stop_of(delivery: Delivery) -> str:
    return f"/stop/{token_for(LinkPurpose.STOP, str(delivery.public_id))}/"


def state_of(delivery: Delivery, purpose: Purpose = Purpose.REMINDERS) -> str:
    return statement_of(delivery, purpose).state


def statement_of(delivery: Delivery, purpose: Purpose) -> ConsentEntry:
    """Return the newest statement, as the ledger has it."""
    said = ConsentEntry.objects.filter(customer=delivery.customer, purpose=purpose, channel="email")
    return said.order_by("-occurred_at", "-pk")[0]


def tap(delivery: Delivery, answer: str):
    return Client().post(why_of(delivery), {"answer": answer}, follow=True)


def decided(delivery: Delivery, now):
    choices = decide(customers=[delivery.customer_id], context=Context(Door.EMAIL), now=now)
    return [(c.verdict, c.subject_id) for c in choices]


# --- why ------------------------------------------------------------------------------------------


def test_says_why_this_why_now_and_from_which_facts(delivery, stranger):
    page = stranger.get(why_of(delivery)).content.decode()
    assert "Why we wrote to you about Hazelnut beans" in page
    assert (
        "Because you bought it on 12 December, 11 January and 10 February, about every month."
        in page
    )
    assert "you need it again about 12 March" in page
    assert "most likely between 8 March and 17 March" in page
    assert "We wrote on Tuesday, 10 March, ahead of that day" in page
    assert "on 1 January 2025 you agreed to this" in page
    assert "You may write about reminders." in page
    assert "written automatically" in page


def test_names_what_else_was_weighed(delivery):
    page = Client().get(why_of(delivery)).content.decode()
    assert "We also thought of Paper filters, and did not write about it" in page


def test_looking_changes_nothing(delivery):
    before = fingerprint()
    for address in (why_of(delivery), stop_of(delivery)):
        for ask in (Client().get, Client().head, Client().options):
            ask(address)
    assert fingerprint() == before


@pytest.mark.parametrize("answer", ["helpful", "not_relevant", "not_now", "less_of_this"])
def test_one_tap_is_kept_thanked_for_and_harmless_twice(delivery, answer):
    page = tap(delivery, answer)
    again = tap(delivery, answer)
    assert page.status_code == again.status_code == 200
    outcome = Outcome.objects.get()
    assert (outcome.kind, outcome.door, outcome.actor) == (answer, "page", "customer")
    assert 'class="notice notice-good"' in page.content.decode()


@pytest.mark.parametrize(
    ("first", "second", "stands"),
    [
        ("not_now", "still_have_plenty", {"still_have_plenty"}),
        ("not_now", "not_relevant", {"not_relevant"}),
        ("not_relevant", "not_now", {"not_relevant"}),
        ("helpful", "less_of_this", {"helpful", "less_of_this"}),
    ],
)
def test_the_page_marks_the_answer_that_stands(delivery, first, second, stands):
    tap(delivery, first)
    page = tap(delivery, second).content.decode()
    marked = set(re.findall(r'value="(\w+)" aria-pressed="true"', page))
    assert marked == stands
    assert page.count("notice-good") == len(stands)


@pytest.mark.parametrize(
    "answer", ["not_relevant", "not_now", "less_of_this", "still_have_plenty", "stop"]
)
def test_a_tap_holds_before_the_next_decision(delivery, at_noon, answer):
    Delivery.objects.update(
        state="failed"
    )  # else this very message would be the reason for silence
    assert (Verdict.SPEAK, delivery.decision.moment.subject_id) in decided(delivery, at_noon)
    tap(delivery, answer)
    assert (Verdict.SPEAK, delivery.decision.moment.subject_id) not in decided(delivery, at_noon)


def test_plenty_moves_the_reminder_and_is_learned_from(delivery, at_noon):
    assert (
        "leave Hazelnut beans alone for two weeks"
        in tap(delivery, "still_have_plenty").content.decode()
    )
    schedule = delivery.customer.schedules.get()
    assert schedule.not_before_on == (at_noon + timedelta(days=14)).date()
    assert ReorderStatement.objects.get().kind == "plenty"


def test_a_person_is_one_tap_away(delivery):
    page = tap(delivery, "asked_for_a_person").content.decode()
    tap(delivery, "asked_for_a_person")
    case = Case.objects.get()
    assert (case.kind, case.customer) == ("person", delivery.customer)
    assert "A person will get back to you by Wednesday, 11 March" in page


def test_stop_withdraws_this_purpose_only(delivery):
    consenting.grant(
        customer=delivery.customer, purpose=Purpose.OFFERS, channel="email", wording=wording(Purpose.OFFERS),
        door="page", actor="customer", occurred_at=delivery.created_at - timedelta(days=1),
    )  # fmt: skip
    tap(delivery, "stop")
    assert state_of(delivery) == ConsentState.WITHDRAWN
    assert state_of(delivery, Purpose.OFFERS) == ConsentState.GRANTED


@pytest.mark.parametrize("answer", ["", "said", "buy_again", "x" * 5000])
def test_anything_else_is_refused_and_changes_nothing(delivery, answer):
    before = fingerprint()
    assert Client().post(why_of(delivery), {"answer": answer}).status_code == 422
    assert fingerprint() == before


def test_a_form_from_elsewhere_is_refused(delivery, stranger):
    assert stranger.post(why_of(delivery), {"answer": "helpful"}).status_code == 403
    assert not Outcome.objects.exists()


# --- taken back -----------------------------------------------------------------------------------


def take_back(delivery: Delivery, answer: str):
    return Client().post(why_of(delivery), {"take_back": answer}, follow=True)


@pytest.mark.parametrize(
    "answer", ["helpful", "not_relevant", "not_now", "less_of_this", "still_have_plenty"]
)
def test_an_answer_can_be_taken_back_and_given_again(delivery, at_noon, answer):
    Delivery.objects.update(state="failed")
    subject = delivery.decision.moment.subject_id
    assert "Take it back" in tap(delivery, answer).content.decode()
    for _ in range(2):
        page = take_back(delivery, answer).content.decode()
        assert "notice-good" not in page
        assert 'aria-pressed="true"' not in page
        assert (Verdict.SPEAK, subject) in decided(delivery, at_noon)
    assert "notice-good" in tap(delivery, answer).content.decode()
    assert Outcome.objects.filter(taken_back_at=None).count() == 1
    assert Outcome.objects.filter(taken_back_at=at_noon).count() == 1


def test_plenty_taken_back_gives_the_schedule_back(delivery):
    tap(delivery, "still_have_plenty")
    take_back(delivery, "still_have_plenty")
    assert delivery.customer.schedules.get().not_before_on is None
    assert [s.kind for s in ReorderStatement.objects.order_by("pk")] == ["plenty", "undo"]


def test_plenty_taken_back_leaves_what_was_said_since(delivery, at_noon):
    tap(delivery, "still_have_plenty")
    beans = delivery.customer.schedules.get().product
    later = at_noon + timedelta(hours=1)
    with time_machine.travel(later, tick=False):
        scheduling.pause(
            said=scheduling.Said(customer=delivery.customer, product=beans, door="page", now=later)
        )
        take_back(delivery, "still_have_plenty")
    schedule = delivery.customer.schedules.get()
    assert schedule.paused_at == later
    assert schedule.not_before_on == (at_noon + timedelta(days=14)).date()


@pytest.mark.parametrize("answer", ["stop", "asked_for_a_person"])
def test_what_has_its_own_way_back_is_not_taken_back_here(delivery, answer):
    page = tap(delivery, answer).content.decode()
    assert "Take it back" not in page
    before = fingerprint()
    assert Client().post(why_of(delivery), {"take_back": answer}).status_code == 422
    assert fingerprint() == before


def test_a_stop_leads_to_agreeing_again(delivery):
    page = tap(delivery, "stop").content.decode()
    assert re.search(r'<a href="[^"]*/stop/[^"]+">Agree again</a>', page)


def test_taking_back_what_was_never_said_changes_nothing(delivery):
    before = fingerprint()
    assert take_back(delivery, "not_relevant").status_code == 200
    assert fingerprint() == before


def test_both_at_once_is_refused(delivery):
    both = {"answer": "helpful", "take_back": "not_now"}
    assert Client().post(why_of(delivery), both).status_code == 422
    assert not Outcome.objects.exists()


def test_what_staff_answered_is_not_the_customers_to_take_back(delivery, at_noon):
    outcome = answering.record_outcome(
        decision=delivery.decision, kind=OutcomeKind.NOT_RELEVANT, door=Door.COUNTER,
        actor="staff:1", now=at_noon,
    )  # fmt: skip
    take_back(delivery, "not_relevant")
    outcome.refresh_from_db()
    assert outcome.taken_back_at is None


# --- links ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_forged_damaged_or_foreign_link_opens_nothing(delivery, method):
    stop_token = stop_of(delivery).split("/")[2]
    for address in (
        "/why/abc/",
        why_of(delivery)[:-3] + "xx/",
        f"/why/{stop_token}/",
        "/stop/abc/",
    ):
        page = getattr(Client(), method)(address, {"answer": "stop"})
        assert page.status_code == 404
        assert "not complete" in page.content.decode()
    assert not Outcome.objects.exists()


def test_why_expires_and_stop_never_does(delivery, at_noon):
    with time_machine.travel(at_noon + timedelta(days=4000), tick=False):
        expired = Client().get(why_of_then(delivery, at_noon))
        stop = Client().get(stop_of_then(delivery, at_noon))
    assert expired.status_code == 410
    assert stop.status_code == 200


def why_of_then(delivery, when):
    with time_machine.travel(when, tick=False):
        return why_of(delivery)


def stop_of_then(delivery, when):
    with time_machine.travel(when, tick=False):
        return stop_of(delivery)


def test_an_old_message_is_no_key_to_the_customers_page(delivery, at_noon):
    Delivery.objects.update(created_at=at_noon)
    assert "/my/" in Client().get(stop_of(delivery)).content.decode()
    Delivery.objects.update(created_at=at_noon - timedelta(days=31))
    assert "/my/" not in Client().get(stop_of(delivery)).content.decode()
    assert "/my/" not in Client().get(why_of(delivery)).content.decode()


# --- stop -----------------------------------------------------------------------------------------


def test_asks_with_one_button(delivery, stranger):
    page = stranger.get(stop_of(delivery)).content.decode()
    assert "Stop reminders to buy again" in page
    assert "…@example.com" in page
    assert "<script>" not in page
    assert state_of(delivery) == ConsentState.GRANTED


@pytest.mark.parametrize(
    "body",
    [
        {"data": "List-Unsubscribe=One-Click", "content_type": "application/x-www-form-urlencoded"},
        {"data": {"List-Unsubscribe": "One-Click"}},  # multipart/form-data
        {"data": "", "content_type": "text/plain"},
    ],
)
def test_one_click_as_mail_providers_do_it(delivery, stranger, body):
    for _ in range(2):
        answer = stranger.post(stop_of(delivery), **body)
        assert answer.status_code == 200
    assert state_of(delivery) == ConsentState.WITHDRAWN
    assert Outcome.objects.get().kind == OutcomeKind.STOP
    assert ConsentEntry.objects.filter(state=ConsentState.WITHDRAWN).count() == 1


@pytest.mark.parametrize("double", [False, True])
def test_stop_is_taken_back_by_a_new_consent_and_can_be_said_again(delivery, at_noon, double):
    # Only the mailbox has the link of its message: double opt-in asks it for nothing more.
    ConsentRule.objects.update(needs_confirmation=double)
    client = Client()
    client.post(stop_of(delivery))
    refused = client.post(stop_of(delivery) + "start-again/", {"wording": wording().pk})
    assert refused.status_code == 422
    assert "Tick the box" in refused.content.decode()
    assert state_of(delivery) == ConsentState.WITHDRAWN

    with time_machine.travel(at_noon + timedelta(minutes=1), tick=False):
        client.post(stop_of(delivery) + "start-again/", {"wording": wording().pk, "agreed": "yes"})
    entry = statement_of(delivery, Purpose.REMINDERS)
    assert (entry.state, entry.wording, entry.door, entry.actor) == (
        "granted",
        wording(),
        "page",
        "customer",
    )
    assert entry.evidence.ip_address == "127.0.0.1"

    with time_machine.travel(at_noon + timedelta(minutes=2), tick=False):
        client.post(stop_of(delivery))
    assert state_of(delivery) == ConsentState.WITHDRAWN


def test_starting_again_needs_a_form_of_ours(delivery, stranger):
    stranger.post(stop_of(delivery))
    form = {"wording": wording().pk, "agreed": "yes"}
    assert stranger.post(stop_of(delivery) + "start-again/", form).status_code == 403
    assert state_of(delivery) == ConsentState.WITHDRAWN
