"""Decisions by key: ask what to say, answer, take back, read why."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine

from campaigns.models import Campaign, Decision, Delivery, Moment, Outcome
from campaigns.services import planning
from feedback.services import cases
from profiles.models import AccessRecord, Touchpoint
from profiles.rules.names import Channel, ConsentState, Purpose
from tests.factories.campaigns import (
    address_of,
    consent,
    due_habit,
    reachable_customer,
    ready_house,
)
from tests.factories.profiles import (
    IdentifierFactory,
    PlaceFactory,
    ProductFactory,
    ProfileFactory,
    PurchaseFactory,
    PurchaseLineFactory,
)
from tests.profiles.api import System, rows, said

ASK = "decisions/"
OTHER_SOURCE = "call-centre"


@pytest.fixture(autouse=True)
def house(db, now):
    with time_machine.travel(now, tick=False):
        ready_house()
        yield


@pytest.fixture
def till(now):
    return System("decisions", now=now)


@pytest.fixture
def crm(now):
    return System("read", now=now, source=OTHER_SOURCE)


@pytest.fixture
def dolores():
    return reachable_customer()


@pytest.fixture
def beans(dolores, now):
    product = ProductFactory(code="beans", name="Hazelnut beans")
    profile = dolores.profiles.get()
    for days in (88, 59, 28):
        bought = PurchaseFactory(origin_profile=profile, occurred_at=now - timedelta(days=days))
        PurchaseLineFactory(purchase=bought, product=product)
    due_habit(dolores, product)
    return product


def ask(system, customer, /, *, key="", **asked):
    headers = {"Idempotency-Key": key} if key else {}
    return system.post(ASK, {"customer": str(customer.public_id)} | asked, **headers)


def test_what_to_say_comes_with_its_reason_and_its_address(till, dolores, beans):
    answer = ask(till, dolores)
    assert answer.status_code == 200
    (action,) = answer.json()["actions"]
    kept = Decision.objects.get()
    assert action == {
        "decision": str(kept.public_id),
        "verdict": "speak",
        "moment": "due_reorder",
        "about": "Hazelnut beans",
        "product": "",
        "campaign": "reorder",
        "why": "The customer bought it on 12 December, 10 January and 10 February, about every month",
        "ask_first": "",
        "reasons": [],
        "held": "",
        "worth": 0.6,
        "likelihood": 0.8,
        "until": "2026-03-12",
    }
    assert (kept.door, kept.verdict, kept.customer_id) == ("counter", "speak", dolores.pk)
    assert answer.json()["customer"] == str(dolores.public_id)
    assert answer.json()["language"] == "en"


def test_asking_again_brings_the_same_decision(till, dolores, beans):
    first, again = (ask(till, dolores).json()["actions"][0]["decision"] for _ in range(2))
    assert first == again
    assert Decision.objects.count() == 1


@pytest.mark.parametrize(
    ("reader", "why"),
    [
        ("customer", "You bought it on 12 December, 10 January and 10 February, about every month"),
        ("manager", "The customer bought it on 12 December, 10 January and 10 February, about every month"),
    ],
)  # fmt: skip
def test_each_reader_has_their_own_sentence(till, dolores, beans, reader, why):
    (action,) = ask(till, dolores, reader=reader).json()["actions"]
    assert action["why"] == why


def test_a_dry_run_keeps_nothing(till, dolores, beans):
    place = PlaceFactory(code="main-street")
    consent_to_location(dolores)
    before = rows()
    context = {"place": place.code, "basket": [{"product": "beans"}], "event": "Product Viewed"}
    answer = ask(till, dolores, dry_run=True, context=context)
    (action,) = answer.json()["actions"]
    assert (action["about"], action["decision"]) == ("Hazelnut beans", None)
    assert answer.json()["left_out"] == []
    assert rows() == before


def consent_to_location(customer):
    entry = consent(customer, purpose=Purpose.REMINDERS)
    type(entry).objects.create(
        customer=customer,
        origin_profile=customer.profiles.get(),
        purpose=Purpose.LOCATION,
        channel=Channel.NONE,
        state=ConsentState.GRANTED,
        occurred_at=entry.occurred_at,
        door="page",
        actor="customer",
        wording=entry.wording,
    )


def test_a_dry_run_is_a_look_and_an_ask_a_change(till, dolores, beans):
    ask(till, dolores, dry_run=True)
    ask(till, dolores)
    seen = AccessRecord.objects.order_by("pk").values_list("act", "customer_id", "door")
    assert list(seen) == [
        ("looked", dolores.pk, "campaigns:api-decisions"),
        ("changed", dolores.pk, "campaigns:api-decisions"),
    ]


def test_the_context_counts_and_leaves_no_event(till, dolores, beans):
    PlaceFactory(code="main-street")
    consent_to_location(dolores)
    ask(till, dolores, context={"place": "main-street", "basket": [{"product": "beans"}]})
    assert Touchpoint.objects.count() == 0
    decided = Decision.objects.values_list("moment__kind", "verdict")
    assert set(decided) == {("due_reorder", "speak"), ("basket", "silent")}


def test_what_cannot_count_is_named(till, dolores, beans):
    PlaceFactory(code="main-street")
    context = {"place": "main-street", "basket": [{"product": "beans"}, {"product": "nonsense"}]}
    assert ask(till, dolores, context=context).json()["left_out"] == [
        {"what": "place", "why": "they did not agree that where they are is used"},
        {"what": "nonsense", "why": "the catalogue does not know this product"},
    ]


def test_what_stays_unsaid_has_its_reasons(till, dolores, beans, now):
    cases.open_case(
        customer=dolores, kind="complaint", source_ref="call:1", detail="torn", opened_by="staff:1", now=now
    )  # fmt: skip
    answer = ask(till, dolores).json()
    assert answer["actions"] == []
    (one,) = answer["considered"]
    assert (one["verdict"], one["about"]) == ("silent", "Hazelnut beans")
    assert one["reasons"] == [
        {"code": "open_case", "text": "a complaint or question of theirs is open"}
    ]
    assert one["decision"] == str(Decision.objects.get().public_id)


def test_a_customer_is_told_in_the_second_person_why_not(till, dolores, beans, now):
    cases.open_case(
        customer=dolores, kind="complaint", source_ref="call:1", detail="torn", opened_by="staff:1", now=now
    )  # fmt: skip
    (one,) = ask(till, dolores, reader="customer").json()["considered"]
    assert one["reasons"][0]["text"] == "a question or complaint of yours is open, and comes first"


def test_no_more_is_said_than_was_asked_for(till, dolores, beans):
    due_habit(dolores, ProductFactory(name="Filters"), window_probability=0.7)
    answer = ask(till, dolores, limit=1).json()
    assert [one["about"] for one in answer["actions"]] == ["Hazelnut beans"]
    assert [(one["about"], one["reasons"][0]["code"]) for one in answer["considered"]] == [
        ("Filters", "something_else_helps_more")
    ]
    assert len(ask(till, dolores, limit=2, dry_run=True).json()["actions"]) == 2


# --- whose it is ----------------------------------------------------------------------------------


def test_a_customer_is_found_by_number_and_by_address(till, dolores, beans):
    profile = ProfileFactory(customer=dolores, source__code="till", external_id="K-1001")
    email = address_of(dolores)
    for whose in (
        {"number": profile.external_id},
        {"identifier": {"kind": "email", "value": email.upper()}},
    ):
        answer = till.post(ASK, whose | {"dry_run": True})
        assert answer.json()["customer"] == str(dolores.public_id)


def test_nobody_and_several_are_told_apart(till, dolores, beans):
    IdentifierFactory(origin_profile=dolores.profiles.get(), kind="phone", value="+12124154471")
    IdentifierFactory(
        origin_profile=ProfileFactory(), kind="phone", scope="crm", value="+12124154471"
    )
    phone = {"identifier": {"kind": "phone", "value": "+1 212 415 4471"}}
    assert said(till.post(ASK, phone)) == (409, "customer_ambiguous")
    assert said(till.post(ASK, {"number": "K-0"})) == (404, "not_found")
    assert said(till.post(ASK, {"customer": str(uuid4())})) == (404, "not_found")
    assert said(till.post(ASK, {})) == (400, "invalid")


# --- what is refused, and changes nothing ---------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ({"context": {"at": "2026-03-09T06:05:00Z"}}, "This time is over: leave it out, or correct the clock."),
        ({"context": {"at": "2026-03-10T09:00:00Z"}}, "This time is still to come"),
        ({"context": {"at": "2026-09-10T09:00:00Z"}, "dry_run": True}, "Ask at most 60 days ahead."),
        ({"context": {"basket": [{"product": "x"}] * 5000}}, "Ensure this field has no more than 200 elements."),
        ({"context": {"door": "email"}}, "Messages are planned by the morning"),
        ({"limit": 11}, "Ensure this value is less than or equal to 10."),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_clearly(till, dolores, beans, asked, where):
    before = rows()
    answer = ask(till, dolores, **asked)
    assert said(answer) == (400, "invalid")
    assert where in str(answer.json()["data"])
    assert rows() == before


def test_a_store_that_is_not_known_is_refused(till, dolores):
    answer = ask(till, dolores, context={"place": "nowhere"})
    assert said(answer) == (409, "place_unknown")


def test_a_later_time_is_tried_out(till, dolores, beans, now):
    later = (now + timedelta(days=30)).isoformat()
    assert ask(till, dolores, dry_run=True).json()["actions"] != []
    assert ask(till, dolores, dry_run=True, context={"at": later}).json()["actions"] == []


def test_keys_do_what_their_scopes_say(till, crm, dolores, beans):
    assert said(ask(crm, dolores)) == (403, "permission_denied")
    kept = ask(till, dolores).json()["actions"][0]["decision"]
    assert said(till.get(f"decisions/{kept}/")) == (403, "permission_denied")
    assert said(till.get(ASK)) == (403, "permission_denied")
    assert said(crm.post(f"decisions/{kept}/outcomes/", {"said": "said"}))[0] == 403


def test_who_was_erased_is_gone(till, crm, dolores, beans, now):
    kept = ask(till, dolores).json()["actions"][0]["decision"]
    type(dolores).objects.filter(pk=dolores.pk).update(erased_at=now)
    assert said(crm.get(f"decisions/{kept}/")) == (410, "erased")
    assert crm.get(ASK).json()["items"] == []


# --- once -----------------------------------------------------------------------------------------


def test_under_a_key_the_first_answer_comes_again(till, dolores, beans):
    first = ask(till, dolores, key="till-7")
    Campaign.objects.update(is_live=False)
    again = ask(till, dolores, key="till-7")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()
    assert said(ask(till, dolores, key="till-7", limit=3)) == (422, "idempotency_key_reused")


# --- answers --------------------------------------------------------------------------------------


def answered(till, customer, kind, **more):
    kept = ask(till, customer).json()["actions"][0]["decision"]
    return kept, till.post(f"decisions/{kept}/outcomes/", {"said": kind} | more)


@pytest.mark.parametrize(
    ("kind", "silent_for"),
    [
        ("said", "already_said"),
        ("not_now", "customer_said_later"),
        ("not_relevant", "dismissed"),
        ("too_personal", "too_personal"),
        ("less_of_this", "dismissed"),
        ("still_have_plenty", ""),
    ],
)
def test_an_answer_is_obeyed_before_the_next_decision_and_taken_back(
    till, dolores, beans, kind, silent_for
):
    kept, answer = answered(till, dolores, kind)
    assert answer.status_code == 201
    assert (answer.json()["said"], answer.json()["by"]) == (kind, "customer")
    next_ = ask(till, dolores, dry_run=True).json()
    assert next_["actions"] == []
    # What is put off by weeks is no moment of today.
    codes = [one["reasons"][0]["code"] for one in next_["considered"]]
    assert codes == ([silent_for] if silent_for else [])
    outcome = f"decisions/{kept}/outcomes/{answer.json()['id']}/"
    assert till.delete(outcome).status_code == 204
    assert till.delete(outcome).status_code == 204
    assert len(ask(till, dolores, dry_run=True).json()["actions"]) == 1


def test_too_personal_ends_the_kind_and_not_only_the_product(till, dolores, beans):
    answered(till, dolores, "too_personal")
    due_habit(dolores, ProductFactory(name="Filters"))
    answer = ask(till, dolores, dry_run=True, limit=5).json()
    assert answer["actions"] == []
    assert {one["reasons"][0]["code"] for one in answer["considered"]} == {"too_personal"}


def test_too_personal_stops_what_is_planned_and_nobody_else(till, dolores, beans, now):
    other = reachable_customer("Aiden Hall")
    due_habit(other, beans)
    answered(till, dolores, "too_personal")
    planning.plan_morning(now=now)
    assert list(Delivery.objects.values_list("customer_id", flat=True)) == [other.pk]


def test_the_same_answer_again_is_the_same(till, dolores, beans):
    kept, first = answered(till, dolores, "not_relevant", by="staff")
    again = till.post(f"decisions/{kept}/outcomes/", {"said": "not_relevant", "by": "staff"})
    assert again.json() == first.json()
    assert Outcome.objects.get().actor == f"api:{till.key.pk}"


def test_a_stop_is_no_answer_to_take_back(till, dolores, beans):
    kept, answer = answered(till, dolores, "stop")
    refused = till.delete(f"decisions/{kept}/outcomes/{answer.json()['id']}/")
    assert said(refused) == (409, "stands_for_good")


def test_a_silence_cannot_be_answered(till, dolores, beans, now):
    cases.open_case(
        customer=dolores, kind="complaint", source_ref="call:1", detail="torn", opened_by="staff:1", now=now
    )  # fmt: skip
    kept = ask(till, dolores).json()["considered"][0]["decision"]
    refused = till.post(f"decisions/{kept}/outcomes/", {"said": "said"})
    assert said(refused) == (409, "nothing_to_answer")
    assert Outcome.objects.count() == 0


def test_an_answer_belongs_to_its_decision(till, dolores, beans):
    other = reachable_customer("Aiden Hall")
    due_habit(other, beans)
    _, answer = answered(till, dolores, "said")
    foreign = ask(till, other).json()["actions"][0]["decision"]
    refused = till.delete(f"decisions/{foreign}/outcomes/{answer.json()['id']}/")
    assert said(refused) == (404, "not_found")
    assert Outcome.objects.get().taken_back_at is None


# --- why ------------------------------------------------------------------------------------------


def test_the_whole_record_says_why(till, crm, dolores, beans, now):
    due_habit(dolores, ProductFactory(name="Filters"), window_probability=0.7)
    planning.plan_morning(now=now)
    spoken = Decision.objects.get(verdict="speak")
    answer = crm.get(f"decisions/{spoken.public_id}/")
    assert answer.status_code == 200
    record = answer.json()
    assert (record["id"], record["verdict"]) == (str(spoken.public_id), "speak")
    assert record["facts"]["bought_on"] == ["2025-12-12", "2026-01-10", "2026-02-10"]
    assert record["considered"] == [
        {
            "decision": str(Decision.objects.get(verdict="silent").public_id),
            "campaign": "Reminder to buy again",
            "about": "Filters",
            "worth": 0.25,
            "reasons": ["something_else_helps_more"],
        }
    ]
    assert record["consent"]["wording"] == "You may write about reminders."
    assert record["consent"]["agreed_at"] == "2025-01-01T00:00:00Z"
    assert (record["delivery"], record["answers"]) == ("planned", [])
    seen = AccessRecord.objects.get(door="campaigns:api-decision")
    assert (seen.act, seen.customer_id) == ("looked", dolores.pk)


def test_a_silence_says_what_it_stood_on(till, crm, dolores, beans, now):
    consent(dolores, ConsentState.WITHDRAWN, at=now - timedelta(days=1))
    planning.plan_morning(now=now)
    record = crm.get(f"decisions/{Decision.objects.get().public_id}/").json()
    assert record["reasons"] == [{"code": "no_consent", "text": "no consent to such messages"}]
    assert record["consent"] is None


def test_an_unknown_decision_is_not_there(crm):
    assert said(crm.get(f"decisions/{uuid4()}/")) == (404, "not_found")


def test_the_log_comes_in_pages_newest_first(till, crm, dolores, beans):
    for name in ("Filters", "Milk"):
        due_habit(dolores, ProductFactory(name=name))
    ask(till, dolores, limit=3)
    first = crm.get(f"{ASK}?limit=2").json()
    rest = crm.get(f"{ASK}?limit=2&cursor={first['next']}").json()
    ids = [one["id"] for one in first["items"] + rest["items"]]
    expected = Decision.objects.order_by("-decided_at", "-pk").values_list("public_id", flat=True)
    assert ids == [str(one) for one in expected]
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)


def test_the_log_is_narrowed(till, crm, dolores, beans, now):
    other = reachable_customer("Aiden Hall")
    due_habit(other, beans, doubt="")
    cases.open_case(
        customer=other, kind="complaint", source_ref="call:1", detail="torn", opened_by="staff:1", now=now
    )  # fmt: skip
    ask(till, dolores)
    ask(till, other)

    def customers(query):
        return [one["customer"] for one in crm.get(f"{ASK}?{query}").json()["items"]]

    assert customers("verdict=silent") == [str(other.public_id)]
    assert customers("reason=open_case") == [str(other.public_id)]
    assert customers(f"customer={dolores.public_id}") == [str(dolores.public_id)]
    assert customers("moment=birthday") == []
    assert customers("campaign=reorder&door=counter&verdict=speak") == [str(dolores.public_id)]
    assert customers("until=2026-03-10T06:00:00Z") == []
    assert len(customers("since=2026-03-10T06:00:00Z&moment=due_reorder")) == 2


def test_moments_are_kept_as_at_the_counter(till, dolores, beans):
    ask(till, dolores)
    assert Moment.objects.get().kind == "due_reorder"
    assert Delivery.objects.count() == 0
