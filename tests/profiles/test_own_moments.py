"""Moments of managers' own: written with care, found together, and over when it is not so any more."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from cxportal.lib.registry import Moment
from profiles.models import Attribute, FreshTouch, MomentDefinition, MomentVersion
from profiles.queries.company import company
from profiles.queries.own_moments import awaited_events, own_moments
from profiles.rules.names import AttributeType, Manner, Sensitivity, TouchpointKind
from profiles.services import defining, touching
from profiles.services.touching import Touch
from tests.factories.facts import AttributeFactory, note, tell
from tests.factories.own_moments import LOW, WRITTEN, own_moment, wanted
from tests.factories.profiles import PlaceFactory, ProfileFactory, SourceFactory

pytestmark = pytest.mark.django_db
ENDS = {"date": "trial_ends_on", "days": -14}
BECAME_LOW = {"becomes": {"fact": "remaining_mb", "at_most": 10}}


@pytest.fixture
def ann():
    return ProfileFactory()


@pytest.fixture
def _facts():
    AttributeFactory(code="remaining_mb", name="Data left", type=AttributeType.NUMBER, unit="MB")
    AttributeFactory(code="trial_ends_on", name="Trial ends", type=AttributeType.DATE)


def happens(profile, at, name="Allowance Low", place=None, **data):
    return touching.record_touchpoint(
        source=SourceFactory(),
        profile=profile,
        touch=Touch(TouchpointKind.TRACK, name, data, at, place=place),
        now=at,
    )


def moment() -> Moment:
    (found,) = own_moments()
    return found


def found(now, *profiles) -> list[tuple[int, date, date, dict]]:
    seen = moment().detect([one.customer_id for one in profiles], now)
    facts = [{name: column[n] for name, column in seen.facts.items()} for n in range(len(seen))]
    return list(
        zip(seen.customer_id.tolist(), seen.cycle.tolist(), seen.until.tolist(), facts, strict=True)
    )


# --- events ---------------------------------------------------------------------------------------


def test_an_event_that_fits_begins_a_moment_with_what_it_carries(ann, now):
    own_moment()
    happens(ann, now - timedelta(hours=3), remaining_mb=8, plan="Small", lat=48.2)
    carried = {
        "remaining_mb": 8,
        "event": "Allowance Low",
        "on": "2026-03-10",
        "at": "03:05",
        "place": "",
    }
    assert found(now, ann) == [(ann.customer_id, date(2026, 3, 10), date(2026, 3, 12), carried)]
    assert moment().explain(carried, "customer") == "you have 8 MB left"
    staff = "“Allowance Low” came on 10 March at 03:05 (remaining_mb 8)"
    assert moment().explain(carried, "staff") == staff


def test_one_that_does_not_fit_or_matters_no_more_begins_none(ann, now):
    own_moment()
    happens(ann, now - timedelta(hours=1), remaining_mb=11)
    happens(ann, now - timedelta(hours=1))
    happens(ann, now - timedelta(hours=1), name="Plan Viewed", remaining_mb=2)
    happens(ann, now - timedelta(days=2), remaining_mb=2)
    assert found(now, ann) == []


@pytest.mark.parametrize(
    ("again", "cycle"),
    [("week", date(2026, 3, 9)), ("month", date(2026, 3, 1)), ("once", date(2000, 1, 1))],
)
def test_how_soon_it_may_come_again_names_the_occurrence(ann, now, again, cycle):
    own_moment(again=defining.Again(again))
    happens(ann, now, name="allowance LOW", remaining_mb="10")
    assert [row[1] for row in found(now, ann)] == [cycle]


def test_it_is_for_whom_the_condition_fits(ann, now):
    own_moment(audience={"fact": "owns_car", "is": True})
    others = [ProfileFactory(), ProfileFactory()]
    for one in (ann, *others):
        happens(one, now, remaining_mb=1)
    tell(ann.customer, "owns_car", True, now)
    tell(others[0].customer, "owns_car", False, now)
    assert [row[0] for row in found(now, ann, *others)] == [ann.customer_id]


def test_where_somebody_was_counts_only_while_they_agree(ann, now):
    own_moment({"event": "Cinema Passed"}, because="a film came out")
    place = PlaceFactory()
    touched = happens(ann, now, name="Cinema Passed")
    assert len(found(now, ann)) == 1
    type(touched).objects.filter(pk=touched.pk).update(place=place)
    assert found(now, ann) == []


def test_events_that_are_waited_for_are_decided_about_when_they_come(ann, now):
    assert awaited_events() == {}
    definition = own_moment()
    assert awaited_events() == {"allowance low": timedelta(days=2)}
    assert awaited_events(urgent_only=True) == {}
    fresh = happens(ann, now, remaining_mb=50)
    happens(ann, now, name="Plan Viewed")
    touching.record_touchpoint(
        source=SourceFactory(),
        profile=ann,
        touch=Touch(TouchpointKind.TRACK, "Allowance Low", {}, now - timedelta(days=3)),
        now=now,
    )
    defining.switch(definition_id=definition.pk, is_on=False, by=None, now=now)
    assert awaited_events() == {}
    happens(ann, now)
    assert list(FreshTouch.objects.values_list("pk", flat=True)) == [fresh.pk]


def test_the_morning_looks_at_whom_it_may_have_happened_to(ann, now):
    own_moment()
    late = ProfileFactory()
    happens(late, now - timedelta(hours=47), remaining_mb=1)
    happens(ann, now - timedelta(hours=49), remaining_mb=1)
    assert list(moment().awaited(now)) == [late.customer_id]


# --- facts ----------------------------------------------------------------------------------------


def said(profile, value, at, attribute="remaining_mb"):
    note(profile.customer, attribute, value, at, manner=Manner.SEEN, confidence=1.0)


@pytest.mark.usefixtures("_facts")
def test_a_fact_that_became_so_begins_a_moment_once_however_often_it_is_said(ann, now):
    own_moment(BECAME_LOW, because="you have {value} MB left", again=defining.Again.DAY)
    for days, value in ((9, 8.0), (5, 300.0), (1, 9.0), (0, 7.0)):
        said(ann, value, now - timedelta(days=days, hours=1))
    carried = {"value": 7.0, "on": "2026-03-09"}
    assert found(now, ann) == [(ann.customer_id, date(2026, 3, 9), date(2026, 3, 11), carried)]
    assert moment().explain(carried, "customer") == "you have 7 MB left"
    assert list(moment().awaited(now)) == [ann.customer_id]
    said(ann, 500.0, now)
    assert found(now, ann) == []


@pytest.mark.usefixtures("_facts")
def test_a_fact_that_was_so_for_long_begins_none(ann, now):
    own_moment(BECAME_LOW)
    for days in (5, 3, 1):
        said(ann, 10.0 - days, now - timedelta(days=days))
    assert found(now, ann) == []


@pytest.mark.usefixtures("_facts")
def test_a_date_nears_for_so_many_days(ann, now):
    own_moment(ENDS, because="your trial ends on {day}", lasts=timedelta(days=15))
    said(ann, "2026-03-24", now - timedelta(days=40), "trial_ends_on")
    assert found(now - timedelta(days=1), ann) == []
    day = date(2026, 3, 24)
    assert [row[1:3] for row in found(now, ann)] == [(day, day)]
    assert moment().explain({"day": "2026-03-24"}, "customer") == "your trial ends on 24 March"
    assert len(found(now + timedelta(days=14), ann)) == 1
    assert found(now + timedelta(days=15), ann) == []
    assert list(moment().awaited(now)) == [ann.customer_id]
    assert list(moment().awaited(now - timedelta(days=1))) == []


@pytest.mark.usefixtures("_facts")
def test_a_date_that_comes_each_year_comes_each_year(ann, now):
    own_moment(ENDS | {"days": 0, "yearly": True}, lasts=timedelta(days=1))
    said(ann, "2024-02-29", now - timedelta(days=40), "trial_ends_on")
    february = now - timedelta(days=10)
    assert [row[1] for row in found(february, ann)] == [date(2026, 2, 28)]
    assert list(moment().awaited(february)) == [ann.customer_id]
    assert found(now, ann) == []


# --- over -----------------------------------------------------------------------------------------


def ended(profile, cycle: date, now) -> str:
    asked = np.array([profile.customer_id]), np.array([0]), np.array([cycle], dtype="datetime64[D]")
    return str(moment().ended(*asked, now)[0])


def test_what_is_over_says_why(ann, now):
    definition = own_moment(audience={"fact": "owns_car", "is": True})
    tell(ann.customer, "owns_car", True, now - timedelta(days=1))
    happens(ann, now, remaining_mb=1)
    day = date(2026, 3, 10)
    assert ended(ann, day, now) == ""
    assert ended(ann, day, now + timedelta(days=3)) == "too_late"
    tell(ann.customer, "owns_car", False, now + timedelta(minutes=1))
    assert ended(ann, day, now + timedelta(minutes=2)) == "not_so_any_more"
    defining.switch(definition_id=definition.pk, is_on=False, by=None, now=now)
    assert ended(ann, day, now) == "not_so_any_more"
    assert moment().label == "Allowance nearly used up", "it is known by name all the same"


def test_many_moments_cost_what_one_costs(ann, now):
    happens(ann, now, remaining_mb=1)
    company()
    counts = []
    for number in (1, 5):
        for _ in range(number - 1):
            own_moment(audience={"fact": "owns_car", "is": True})
        if number == 1:
            own_moment(audience={"fact": "drinks_coffee", "is": True})
        with CaptureQueriesContext(connection) as queries:
            for one in own_moments():
                one.detect([ann.customer_id], now)
        counts.append(len(queries))
    assert counts == [counts[0]] * 2


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.usefixtures("_facts")
@pytest.mark.parametrize(
    ("trigger", "changes", "words"),
    [
        (LOW, {"name": " "}, "Give it a name."),
        (LOW, {"because": ""}, "Say what the customer reads after “because”."),
        (LOW, {"lasts": timedelta(days=91)}, "It matters for a minute to 90 days."),
        (LOW, {"audience": {"all": [{"fact": "owns_car", "is": True}, {"fact": "owns_car", "is": False}]}},
         "“Has a car” is yes and “Has a car” is no: nobody can be both."),
        (LOW, {"audience": {"fact": "gone", "is": True}}, "There is no attribute “gone” in use any more."),
        ({"event": ""}, {}, "event: Write it as text of at most 200 letters."),
        ({"event": "x", "where": [{"property": "mb", "at_least": 20}, {"property": "mb", "at_most": 10}]}, {},
         "“mb” cannot be at least 20 and at most 10."),
        (BECAME_LOW, {"is_urgent": True}, "Only what the customer is doing is urgent: an event."),
        (BECAME_LOW, {"because": "{remaining_mb} left"},
         "There is no “remaining_mb” here: braces take on and value."),
        (ENDS | {"date": "remaining_mb"}, {}, "date: “remaining_mb” is no date."),
        (ENDS | {"date": "gone"}, {}, "There is no attribute “gone” in use any more."),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words_and_nothing_is_written(trigger, changes, words):
    with pytest.raises(defining.MomentRefused) as refused:
        defining.create(wanted=wanted(trigger, **changes), by=None, now=WRITTEN)
    assert refused.value.message == words
    assert not MomentDefinition.objects.exists()


def test_what_is_delicate_begins_nothing_and_selects_nobody():
    AttributeFactory(
        code="due_on", name="Due", type=AttributeType.DATE, sensitivity=Sensitivity.SPECIAL
    )
    due = {"date": "due_on", "days": -30}
    for trigger, changes in ((due, {}), (LOW, {"audience": {"fact": "due_on", "known": True}})):
        with pytest.raises(defining.MomentRefused) as refused:
            defining.create(wanted=wanted(trigger, **changes), by=None, now=WRITTEN)
        assert refused.value.data["reason"] == "delicate"
    assert not MomentDefinition.objects.exists()


@pytest.mark.usefixtures("_facts")
def test_a_moment_on_a_deleted_attribute_finds_nobody_and_is_not_switched_on(ann, now):
    definition = own_moment(ENDS, lasts=timedelta(days=15))
    said(ann, "2026-03-24", now - timedelta(days=40), "trial_ends_on")
    Attribute.objects.filter(code="trial_ends_on").update(is_active=False)
    assert found(now, ann) == []
    defining.switch(definition_id=definition.pk, is_on=False, by=None, now=now)
    with pytest.raises(defining.MomentRefused, match="There is no attribute “trial_ends_on”"):
        defining.switch(definition_id=definition.pk, is_on=True, by=None, now=now)
    assert [v.is_on for v in definition.versions.order_by("number")] == [False, True, False]


def test_each_change_is_a_version_and_the_same_again_is_none(now):
    definition = own_moment()
    again = defining.change(definition_id=definition.pk, wanted=wanted(), by=None, now=now)
    assert again.number == 2
    changed = wanted(lasts=timedelta(hours=3))
    version = defining.change(definition_id=definition.pk, wanted=changed, by=None, now=now)
    assert (version.number, version.lasts_minutes, version.is_on) == (3, 180, True)
    assert definition.key == "own:allowance_nearly_used_up"
    assert own_moment().key == "own:allowance_nearly_used_up_2"


# --- what the database refuses --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"lasts_minutes": 0}, "profiles_momentversion_lasts"),
        ({"again": "often"}, "profiles_momentversion_again"),
        ({"chance": "sure"}, "profiles_momentversion_chance"),
        ({"is_urgent": True, "trigger": ENDS}, "profiles_momentversion_urgent_by_event"),
        ({"number": 1}, "profiles_momentversion_number"),
    ],
)
def test_a_version_that_cannot_be_is_refused_past_all_python(change, constraint):
    version = own_moment().versions.get(number=2)
    version.pk, version.number = None, 3
    for name, value in change.items():
        setattr(version, name, value)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        MomentVersion.objects.bulk_create([version])
    with (
        pytest.raises(IntegrityError, match="profiles_momentversion_append_only"),
        transaction.atomic(),
    ):
        MomentVersion.objects.update(name="other")
    with pytest.raises(IntegrityError, match="profiles_momentdefinition_key"), transaction.atomic():
        MomentDefinition.objects.update(key="birthday")
