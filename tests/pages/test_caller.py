"""Who is calling: who it is, what is open, how urgent, and whom to connect; by key, and never in an address."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from cxportal.pages.access import Role
from cxportal.pages.caller import NumberMalformed, who_is_calling
from feedback.models import Case
from feedback.services import cases
from loyalty.services.setting_up import ensure_programme
from profiles.api.json_bodies import LARGEST
from profiles.models import AccessRecord, Touchpoint
from profiles.services import keys
from tests.factories.campaigns import ready_house
from tests.factories.profiles import (
    IdentifierFactory,
    PlaceFactory,
    ProductFactory,
    ProfileFactory,
    PurchaseFactory,
    PurchaseLineFactory,
    SourceFactory,
)

NUMBER = "+12124154471"
# What one answer costs, whoever calls.
QUERIES = 8


@pytest.fixture(autouse=True)
def house(db, now):
    ready_house()
    ensure_programme()
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def mira(staff):
    """The supervisor."""
    return staff(Role.SUPERVISOR)


@pytest.fixture
def dolores(now):
    profile = ProfileFactory(customer__name="Dolores Reyes")
    customer = profile.customer
    customer.home_place = PlaceFactory()
    customer.created_at = now - timedelta(days=700)
    customer.save()
    IdentifierFactory(origin_profile=profile, kind="phone", value=NUMBER)
    bought = PurchaseFactory(origin_profile=profile, occurred_at=now - timedelta(days=1))
    PurchaseLineFactory(purchase=bought, product=ProductFactory(name="Large coffee"))
    return customer


def complain(customer, now, **more) -> Case:
    kept = cases.open_case(
        customer=customer,
        kind="complaint",
        source_ref="call:1",
        detail="x",
        opened_by="staff:1",
        now=now,
    )
    Case.objects.filter(pk=kept.pk).update(**more)
    return kept


def call(customer, at) -> None:
    profile = customer.profiles.get()
    Touchpoint.objects.create(
        customer=customer,
        origin_profile=profile,
        source=SourceFactory(),
        kind="call",
        occurred_at=at,
    )


def test_nothing_open_goes_to_the_home_store(dolores, mira, now):
    answer = who_is_calling(number="(212) 415-4471", now=now)
    assert [one.name for one in answer.callers] == ["Dolores Reyes"]
    assert (answer.priority, answer.connect.desk, answer.connect.name) == (
        "normal",
        "counter",
        "Main Street",
    )
    assert answer.summary == (
        "Dolores Reyes, Member, customer since 2024, last bought Large coffee on 9 March 2026. "
        "Nothing is open."
    )


def test_an_open_case_goes_to_its_owner_first(dolores, mira, staff, now):
    owner = staff(Role.MANAGER)
    complain(dolores, now, owner=owner)
    answer = who_is_calling(number=NUMBER, now=now)
    assert (answer.connect.desk, answer.connect.staff_id) == ("owner", owner.pk)
    assert answer.priority == "high"
    assert answer.summary.endswith(
        f"Open: complaint, due 11 March 2026 at 17:00, with {owner.get_username()}."
    )


def test_an_owner_who_left_and_a_case_of_nobody_go_to_the_supervisor(dolores, mira, staff, now):
    owner = staff(Role.MANAGER)
    complain(dolores, now, owner=owner)
    owner.is_active = False
    owner.save()
    answer = who_is_calling(number=NUMBER, now=now)
    assert (answer.connect.desk, answer.connect.staff_id) == ("supervisor", mira.pk)
    assert "with nobody yet" in answer.summary


@pytest.mark.parametrize(("calls", "priority"), [(1, "normal"), (2, "high")])
def test_the_third_contact_in_a_week_is_urgent(dolores, mira, now, calls, priority):
    complain(dolores, now, priority="normal")
    for n in range(calls):
        call(dolores, now - timedelta(days=n + 1))
    call(dolores, now - timedelta(days=8))
    assert who_is_calling(number=NUMBER, now=now).priority == priority


def test_calls_with_nothing_open_are_said_and_not_urgent(dolores, mira, now):
    call(dolores, now - timedelta(hours=1))
    answer = who_is_calling(number=NUMBER, now=now)
    assert answer.priority == "normal"
    assert answer.summary.endswith("Nothing is open; called once this week.")


def test_a_number_of_two_lists_both_the_urgent_one_first(dolores, mira, now):
    other = ProfileFactory(customer__name="Aiden Reyes")
    IdentifierFactory(origin_profile=other, kind="phone", scope="office", value=NUMBER)
    complain(other.customer, now)
    answer = who_is_calling(number=NUMBER, now=now)
    assert [one.name for one in answer.callers] == ["Aiden Reyes", "Dolores Reyes"]
    assert answer.summary.startswith("Aiden Reyes")


def test_an_unknown_number_goes_to_the_supervisor(dolores, mira, now):
    answer = who_is_calling(number="+12124150000", now=now)
    assert (answer.callers, answer.connect.staff_id) == ([], mira.pk)
    assert answer.summary == "This number is not known. Nothing is open under it."


@pytest.mark.parametrize("number", ["", "anonymous", "12", "\0", "9" * 400])
def test_what_is_no_number_is_refused(mira, now, number):
    with pytest.raises(NumberMalformed):
        who_is_calling(number=number, now=now)


def test_the_number_of_queries_is_fixed(dolores, mira, now, django_assert_num_queries):
    complain(dolores, now, owner=mira)
    with django_assert_num_queries(QUERIES):
        who_is_calling(number=NUMBER, now=now)


# --- the door -------------------------------------------------------------------------------------


@pytest.fixture
def centre(now):
    """Return the call centre's client with a key of these scopes."""

    def of(*scopes: str) -> Client:
        made = keys.create_key(
            name="Call centre",
            scopes=scopes,
            source=SourceFactory(),
            random="c" * 30,
            by=None,
            now=now,
        )
        return Client(headers={"Authorization": f"Bearer {made.secret}"})

    return of


def ask(client: Client, body: object):
    return client.post("/api/v1/callers/", body, content_type="application/json")


def test_the_answer_is_json_and_the_look_is_on_record(dolores, mira, centre):
    answer = ask(centre("callers:read"), {"number": NUMBER})
    assert answer.status_code == 200
    told = answer.json()
    assert told["callers"][0]["customer"] == str(dolores.public_id)
    assert told["connect"] == {
        "desk": "counter",
        "name": "Main Street",
        "staff_id": 0,
        "place_id": dolores.home_place_id,
    }
    looks = AccessRecord.objects.filter(door="callers")
    assert [(look.customer_id, look.actor[:4], look.detail) for look in looks] == [
        (dolores.pk, "api:", "")
    ]


@pytest.mark.parametrize("body", [{}, {"number": "x"}, {"number": ["1"]}, [], "number"])
def test_nonsense_gets_a_clear_answer(mira, centre, body):
    answer = ask(centre("callers:read"), body)
    assert answer.status_code in {400, 409}
    assert set(answer.json()) == {"code", "message", "data"}


def test_only_a_key_with_the_scope_may_ask(dolores, mira, centre):
    assert ask(Client(), {"number": NUMBER}).status_code == 401
    assert ask(centre("read", "write"), {"number": NUMBER}).status_code == 403


def test_a_question_has_an_end_and_is_json(mira, centre):
    client = centre("callers:read")
    too_large = ask(client, {"number": NUMBER, "more": "x" * LARGEST})
    assert (too_large.status_code, too_large.json()["code"]) == (413, "too_large")
    form = client.post("/api/v1/callers/", {"number": NUMBER})
    assert (form.status_code, form.json()["code"]) == (415, "unsupported_media_type")


def test_a_centre_that_asks_too_often_waits_for_whole_seconds(dolores, mira, centre, settings):
    settings.API_REQUESTS_PER_SECOND = 2
    client = centre("callers:read")
    answers = [ask(client, {"number": NUMBER}) for _ in range(9)]
    assert [answer.status_code for answer in answers] == [200] * 8 + [429]
    assert (answers[8].json()["code"], answers[8]["Retry-After"]) == ("throttled", "1")
    assert AccessRecord.objects.filter(door="callers").count() == 8


def test_a_number_in_the_address_is_not_answered(dolores, mira, centre):
    client = centre("callers:read")
    assert client.get(f"/api/v1/callers/?number={NUMBER}").status_code == 405
