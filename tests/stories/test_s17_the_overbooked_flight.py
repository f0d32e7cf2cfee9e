"""S17: a flight is overbooked. Of its passengers staff get a few to ask first, with reasons, nothing delicate."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.html import strip_tags

from profiles.models import AccessRecord, Profile
from profiles.rules.names import AttributeType, Manner, Sensitivity
from tests.factories.facts import AttributeFactory, note
from tests.factories.feedback import CaseFactory
from tests.factories.profiles import ProfileFactory
from tests.profiles.events import post, write_key

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
ASKED = {"offer": "a later flight, for a night at a hotel", "most": "3", "save": "yes"}
LINES = {
    "line-0-what": "fact:travels_alone", "line-0-value": "yes", "line-0-weight": "2",
    "line-1-what": "fact:fare", "line-1-value": "flexible", "line-1-weight": "1",
    "line-2-what": "fact:connects", "line-2-value": "yes", "line-2-weight": "-2",
}  # fmt: skip


@pytest.fixture
def supervisor(client_of):
    """A flight of 180, of whom four stand out."""
    yes_no = {"type": AttributeType.YES_NO}
    AttributeFactory(code="travels_alone", name="Travels alone", **yes_no)
    AttributeFactory(code="connects", name="Connects", **yes_no)
    AttributeFactory(
        code="fare", name="Fare", type=AttributeType.CHOICE, choices=["cheapest", "flexible"]
    )
    for n in range(180):
        ProfileFactory(external_id=f"p{n}", customer__name=f"Passenger {n}")
    known = {
        "p7": {"travels_alone": True, "fare": "flexible"},
        "p8": {"travels_alone": True, "fare": "flexible", "connects": True},
        "p9": {"travels_alone": True, "fare": "flexible"},
        "p10": {"travels_alone": True},
    }
    for number, facts in known.items():
        customer = Profile.objects.get(external_id=number).customer
        for code, value in facts.items():
            note(customer, code, value, NOW, manner=Manner.SEEN, confidence=1.0)
    angry = Profile.objects.get(external_id="p9").customer
    CaseFactory(customer=angry)
    with time_machine.travel(NOW, tick=False):
        yield client_of("supervisor")


def text(answer) -> str:
    return " ".join(strip_tags(answer.content.decode()).split())


def test_staff_get_a_few_with_reasons_and_one_to_ask_first(supervisor):
    pasted = "\n".join([f"p{n}" for n in range(180)] + ["p999"])
    answer = supervisor.post("/mind-least/", ASKED | LINES | {"customers": pasted})
    shown = [(one.name, one.score, one.against) for one in answer.context["ranking"].ranked]
    assert shown == [
        ("Passenger 7", 3.0, []),
        ("Passenger 10", 2.0, []),
        ("Passenger 8", 1.0, ["“Connects” is yes"]),
    ]
    page = text(answer)
    assert "Ask first: a later flight, for a night at a hotel" in page
    assert "180 customers were asked about. 1 has a complaint open, and is left out." in page
    assert "These name nobody, or several: p999" in page
    assert "“Travels alone” is yes; “Fare” is flexible" in page
    looked = AccessRecord.objects.filter(door="campaigns:mind-least").values_list(
        "customer_id", flat=True
    )
    assert set(looked) == {one.customer_id for one in answer.context["ranking"].ranked}


def test_another_system_asks_the_same(supervisor):
    write_key(NOW, "read")
    criteria = [
        {"condition": {"fact": "travels_alone", "is": True}, "weight": 2},
        {"condition": {"fact": "connects", "is": True}, "weight": -2},
    ]
    body = {"customers": ["p8", "p9", "p10", "p999"], "criteria": criteria}
    said = post("/api/v1/decisions/mind-least/", body).json()
    known = str(Profile.objects.get(external_id="p10").customer.public_id)
    reasons = ["“Travels alone” is yes"]
    assert said["ranked"][0] == {"customer": known, "score": 2.0, "reasons": reasons, "against": []}
    counts = (len(said["ranked"]), said["asked"], said["complaining"], said["unclear"])
    assert counts == (2, 3, 1, ["p999"])
    allergic = body | {"criteria": [{"condition": {"minds": "nuts"}, "weight": 1}]}
    wrong = post("/api/v1/decisions/mind-least/", allergic)
    assert (wrong.status_code, wrong.json()["code"]) == (409, "condition_refused")


def test_the_list_may_come_as_a_file(supervisor):
    file = SimpleUploadedFile("flight.csv", b"passenger,seat\np8,12A\np10,3C\n")
    answer = supervisor.post("/mind-least/", ASKED | LINES | {"file": file})
    assert [one.name for one in answer.context["ranking"].ranked] == ["Passenger 10", "Passenger 8"]
    assert answer.context["ranking"].ranked[1].against == ["“Connects” is yes"]


def test_what_is_delicate_is_refused_with_the_reason(supervisor):
    AttributeFactory(
        code="faith", name="Faith", type=AttributeType.YES_NO, sensitivity=Sensitivity.SPECIAL,
        purpose="to set your table",
    )  # fmt: skip
    line = {"line-0-what": "fact:faith", "line-0-value": "yes", "line-0-weight": "1"}
    answer = supervisor.post("/mind-least/", ASKED | line | {"customers": "p7"})
    assert answer.status_code == 422
    assert "“Faith” is a special category." in text(answer)
    assert "ranking" not in answer.context


def test_nobody_named_is_said(supervisor):
    answer = supervisor.post("/mind-least/", ASKED | LINES)
    assert answer.status_code == 422
    assert "Say who it is about" in text(answer)


def test_counter_staff_and_analysts_do_not_rank_people(client_of):
    assert [client_of(role).get("/mind-least/").status_code for role in ("counter", "analyst")] == [
        403,
        403,
    ]
