"""The pages of moments: listed with what became of them, written, tried, switched and answered."""

from __future__ import annotations

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from campaigns.models import Campaign
from cxportal.lib.registry import registry
from cxportal.pages.access import Role, create_staff, ensure_roles
from profiles.models import AccessRecord, Attribute, MomentDefinition, MomentVersion
from profiles.rules.names import AttributeType, Manner, TouchpointKind
from profiles.services import touching
from profiles.services.touching import Touch
from tests.factories.facts import AttributeFactory, note, tell
from tests.factories.own_moments import own_moment
from tests.factories.profiles import ProfileFactory, SourceFactory

SAID = {
    "name": "Nearly used up", "because": "you have {mb} MB left", "lasts": "2", "unit": "days",
    "again": "day", "chance": "half", "join": "all", "save": "yes",
}  # fmt: skip
EVENT = SAID | {
    "event": "Allowance Low", "property_1": "mb", "how_1": "at_most", "value_1": "10",
    "how_2": "is", "how_3": "is",
}  # fmt: skip


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


def text(answer) -> str:
    return " ".join(strip_tags(answer.content.decode()).split())


def happens(profile, at, name="Allowance Low", **data) -> None:
    touching.record_touchpoint(
        source=SourceFactory(),
        profile=profile,
        touch=Touch(TouchpointKind.TRACK, name, data, at),
        now=at,
    )


def test_moments_are_written_by_managers_alone():
    definition = own_moment(is_on=False)
    there = f"/moments/{definition.pk}/"
    for role in set(Role) - {Role.MANAGER}:
        staff = browser(role)
        may_look = 200 if role == Role.ANALYST else 403
        assert [staff.get(page).status_code for page in ("/moments/", there)] == [may_look] * 2
        assert {staff.get(p).status_code for p in ("/moments/new/", f"{there}change/")} == {403}
        assert staff.post(f"{there}switch/", {"to": "on-all-the-same"}).status_code == 403
        assert staff.post(f"{there}answer/", {"name": "x"}).status_code == 403
    assert MomentVersion.objects.count() == 1
    assert not Campaign.objects.exists()


@pytest.mark.parametrize(
    ("begins", "typed", "trigger"),
    [
        ("event", EVENT, {"event": "Allowance Low", "where": [{"property": "mb", "at_most": 10}]}),
        ("event", EVENT | {"how_1": "known", "value_1": "", "is_urgent": "on"},
         {"event": "Allowance Low", "where": [{"property": "mb", "known": True}]}),
        ("fact", SAID | {"because": "it is", "fact": "mb", "how": "at_most", "value": "10,5"},
         {"becomes": {"fact": "mb", "at_most": 10.5}}),
        ("fact", SAID | {"because": "it is", "fact": "owns_car", "how": "is", "value": "yes"},
         {"becomes": {"fact": "owns_car", "is": True}}),
        ("date", SAID | {"because": "on {day}", "date": "birthday", "days": "3", "side": "before", "yearly": "on"},
         {"date": "birthday", "days": -3, "yearly": True}),
    ],
)  # fmt: skip
def test_what_is_written_comes_back_as_it_was(manager, begins, typed, trigger):
    AttributeFactory(code="mb", name="Data left", type=AttributeType.NUMBER)
    saved = manager.post(f"/moments/new/?begins={begins}", typed)
    definition = MomentDefinition.objects.get()
    assert saved.url == f"/moments/{definition.pk}/"
    version = definition.versions.get()
    assert (version.trigger, version.lasts_minutes, version.is_on) == (trigger, 2880, False)
    assert version.written_by.username == "one-manager"
    form = manager.get(f"/moments/{definition.pk}/change/").context["form"]
    again = {name: form[name].value() for name in form.fields}
    again = {name: value for name, value in again.items() if value not in (None, False, "")}
    manager.post(f"/moments/{definition.pk}/change/", again | {"save": "yes"})
    assert definition.versions.count() == 1, "unchanged, so there is no new version"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"event": ""}, "This field is required."),
        ({"value_1": "few"}, "“few” is no number. Write one, such as 10."),
        ({"property_2": "mb", "how_2": "at_least", "value_2": "20"},
         "“mb” cannot be at least 20 and at most 10."),
        ({"lasts": "91"}, "It matters for a minute to 90 days."),
        ({"line-0-what": "fact:newspaper", "line-0-how": "is", "line-0-value": ""}, "Write a value."),
        ({"line-0-what": "fact:owns_car", "line-0-value": "yes", "line-1-what": "fact:owns_car",
          "line-1-value": "no"}, "“Has a car” is yes and “Has a car” is no: nobody can be both."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_is_written(manager, changes, words):
    answer = manager.post("/moments/new/", EVENT | changes)
    assert answer.status_code == 422
    assert words in text(answer)
    assert not MomentDefinition.objects.exists()


def test_lines_are_added_and_what_was_typed_stays(manager):
    typed = EVENT | {"add": "yes", "what": "fact:owns_car"}
    del typed["save"]
    answer = manager.post("/moments/new/", typed)
    page = answer.content.decode()
    assert [line.what for line in answer.context["lines"]] == ["fact:owns_car"]
    assert 'value="Allowance Low"' in page
    manager.post("/moments/new/", EVENT | {"line-0-what": "fact:owns_car", "line-0-value": "yes"})
    assert MomentVersion.objects.get().audience == {"fact": "owns_car", "is": True}


def test_a_try_says_how_often_it_would_have_been_and_for_whom(manager, now):
    people = [ProfileFactory(customer__name=f"Person {n}") for n in range(4)]
    for one in people[:2]:
        happens(one, now, remaining_mb=3)
    happens(people[2], now, remaining_mb=300)
    tell(people[0].customer, "owns_car", True, now)
    definition = own_moment(audience={"fact": "owns_car", "is": True}, is_on=False)
    answer = manager.post(f"/moments/{definition.pk}/")
    trial = answer.context["trial"]
    assert (trial.tried, trial.came, trial.began, trial.fitting, trial.occurred) == (4, 3, 2, 1, 1)
    assert trial.warnings == []
    assert "Person 0" in text(answer)
    assert "“Allowance Low” came on 10 March at 06:05 (remaining_mb 3)" in text(answer)
    looked = AccessRecord.objects.filter(door="campaigns:moment-detail")
    assert [one.customer_id for one in looked] == [people[0].customer_id]
    assert MomentVersion.objects.count() == 1


def warnings_of(manager, definition) -> list[str]:
    return manager.post(f"/moments/{definition.pk}/").context["trial"].warnings


def test_what_looks_wrong_is_said_before_it_goes_live(manager, now):
    definition = own_moment(is_on=False)
    assert warnings_of(manager, definition) == ["There are no customers yet to try it on."]
    ann = ProfileFactory()
    never = "No event “Allowance Low” came in the last 30 days. Is this how your systems name it?"
    assert warnings_of(manager, definition) == [never]
    happens(ann, now, remaining_mb=300)
    misfit = "“Allowance Low” came once in 30 days, and never with these properties."
    assert warnings_of(manager, definition) == [misfit]
    for _ in range(31):
        happens(ann, now, remaining_mb=1)
    everybody = "It would have been for nearly everybody."
    assert warnings_of(manager, definition) == [
        everybody,
        "It begins more often than daily for 1 customer.",
    ]
    nobody = own_moment(audience={"fact": "owns_car", "is": True}, is_on=False)
    assert warnings_of(manager, nobody) == ["The condition is so of nobody."]
    dated = own_moment({"date": "birthday", "days": 0}, is_on=False)
    note(ann.customer, "birthday", "1990-01-01", now, manner=Manner.SEEN, confidence=1.0)
    past = "No such date came near in the last 30 days; look whether they lie in the past."
    assert warnings_of(manager, dated) == [past]


def test_with_a_warning_it_is_switched_on_by_a_second_click_alone(manager):
    ProfileFactory()
    definition = own_moment(is_on=False)
    answer = manager.post(f"/moments/{definition.pk}/switch/", {"to": "on"})
    assert "It is still switched off." in text(answer)
    assert MomentVersion.objects.count() == 1
    manager.post(f"/moments/{definition.pk}/switch/", {"to": "on-all-the-same"})
    assert [v.is_on for v in definition.versions.order_by("number")] == [False, True]
    manager.post(f"/moments/{definition.pk}/switch/", {"to": "off"})
    assert [v.is_on for v in definition.versions.order_by("number")] == [False, True, False]


def test_what_cannot_come_any_more_says_so_on_every_page(manager):
    definition = own_moment({"date": "birthday", "days": 0})
    Attribute.objects.filter(code="birthday").update(is_active=False)
    gone = "There is no attribute “birthday” in use any more."
    for page in ("/moments/", f"/moments/{definition.pk}/", "/overview/"):
        assert gone in text(manager.get(page))
    manager.post(f"/moments/{definition.pk}/switch/", {"to": "off"})
    again = manager.post(
        f"/moments/{definition.pk}/switch/", {"to": "on-all-the-same"}, follow=True
    )
    assert gone in text(again)
    assert not definition.versions.order_by("-number")[0].is_on


def test_it_is_answered_by_a_message_whose_words_come_next(manager):
    definition = own_moment()
    said = {"name": "Swap minutes", "purpose": "offers"}
    answer = manager.post(f"/moments/{definition.pk}/answer/", said)
    campaign = Campaign.objects.get()
    assert (campaign.code, campaign.moment, campaign.purpose) == (
        "swap-minutes",
        definition.key,
        "offers",
    )
    assert answer.url == f"/messages/{campaign.pk}/en/"
    page = text(manager.get(f"/moments/{definition.pk}/"))
    assert "Swap minutes" in page
    assert "it has no words for a message yet" in page
    refused = manager.post(f"/moments/{definition.pk}/answer/", said | {"name": " "}, follow=True)
    assert "Give the message a name." in text(refused)
    assert Campaign.objects.count() == 1


def test_the_list_has_every_moment_and_costs_the_same_for_many(manager):
    manager.get("/moments/")
    counts = []
    for number in (1, 5):
        for _ in range(number - 1):
            own_moment()
        with CaptureQueriesContext(connection) as queries:
            page = text(manager.get("/moments/"))
        counts.append(len(queries))
        assert page.count("Allowance nearly used up") == number - 1
    assert counts[0] == counts[1]
    for built_in in registry.moments.values():
        assert built_in.label in page
