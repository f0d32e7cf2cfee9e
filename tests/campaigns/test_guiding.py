"""Paths of guidance: what is refused, what is repeatable, and whose turn it is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from campaigns.models import Delivery, LearningPath, PathFollowing, PathPart
from campaigns.queries.guidance import due_parts, progress
from campaigns.rules.codes import Door, OutcomeKind
from campaigns.rules.guidance import Part
from campaigns.services import answering, delivering, guiding, planning
from profiles.models import Attribute, FactValue
from profiles.rules.names import AttributeType
from profiles.services import goals, merging
from tests.factories.campaigns import consent, reachable_customer, ready_house

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 8, 0, tzinfo=UTC)
PARTS = [Part("Flour", "Which flour."), Part("Oven", "How hot."), Part("Crust", "How crisp.")]


@pytest.fixture(autouse=True)
def house():
    ready_house(control_share=0.5)


@pytest.fixture
def path() -> LearningPath:
    path = written()
    guiding.switch(path=path, is_on=True)
    return LearningPath.objects.get(pk=path.pk)


@pytest.fixture
def dolores():
    customer = reachable_customer()
    consent(customer, purpose="offers")
    return customer


def written(path: LearningPath | None = None, **changes) -> LearningPath:
    said = {"name": "Bake bread", "summary": "Three parts.", "days_between": 7, "parts": PARTS}
    return guiding.write(path=path, now=NOW, **(said | changes))


def next_part(customer, now: datetime = NOW) -> list[tuple[int, date]]:
    found = due_parts([customer.pk], now)
    numbers = dict(PathPart.objects.values_list("pk", "number"))
    return [(numbers[part], day) for part, day in
            zip(found.subject_id.tolist(), found.opens.tolist(), strict=True)]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": " "}, "Write a name and a summary: customers choose by them."),
        ({"name": "B" * 81}, "The name is too long: at most 80 letters."),
        ({"parts": PARTS[:1]}, "Write 2 to 12 parts, each with a title and a text."),
        ({"parts": [*PARTS, Part("", "no title")]}, "Write 2 to 12 parts, each with a title and a text."),
        ({"days_between": 5}, "Choose one of the paces."),
    ],
)  # fmt: skip
def test_what_is_no_path_is_refused_and_nothing_written(changes, told):
    with pytest.raises(guiding.PathUnfit, match=told):
        written(**changes)
    assert not LearningPath.objects.exists()
    assert not Attribute.objects.filter(code="goals").exists()


def test_a_second_path_of_the_same_name_is_refused(path):
    with pytest.raises(guiding.PathUnfit, match="There is a path of this name"):
        written()
    assert LearningPath.objects.count() == 1


def test_a_path_that_is_followed_keeps_its_name_and_takes_new_words(path, dolores):
    guiding.follow(customer=dolores, path=path, now=NOW)
    with pytest.raises(guiding.PathUnfit, match="Customers follow it by this name"):
        written(path, name="Bake rolls")
    written(path, parts=[*PARTS[:2], Part("Crumb", "How soft."), Part("Rolls", "Small ones.")])
    assert list(path.parts.order_by("number").values_list("title", flat=True)) == [
        "Flour", "Oven", "Crumb", "Rolls",
    ]  # fmt: skip
    written(path, parts=PARTS[:2])
    assert path.parts.count() == 2


def test_goals_need_an_attribute_of_several_choices():
    Attribute.objects.create(code="goals", name="Goals", type=AttributeType.TEXT, purpose="to x")
    with pytest.raises(goals.GoalsTaken):
        written()
    assert not LearningPath.objects.exists()


def test_following_twice_is_once_and_states_the_goal_once(path, dolores):
    first = guiding.follow(customer=dolores, path=path, now=NOW)
    again = guiding.follow(customer=dolores, path=path, now=NOW + timedelta(days=3))
    assert (again.pk, again.started_on) == (first.pk, date(2026, 3, 10))
    assert [fact.value for fact in FactValue.objects.all()] == [["Bake bread"]]


def test_a_path_that_is_off_cannot_be_begun_and_sends_nothing(path, dolores):
    guiding.follow(customer=dolores, path=path, now=NOW)
    guiding.switch(path=path, is_on=False)
    path.refresh_from_db()
    with pytest.raises(guiding.PathClosed):
        guiding.follow(customer=reachable_customer("Second"), path=path, now=NOW)
    assert next_part(dolores) == []


def test_ending_one_of_two_goals_keeps_the_other(path, dolores):
    other = written(name="Run")
    guiding.switch(path=other, is_on=True)
    other.refresh_from_db()
    following = guiding.follow(customer=dolores, path=path, now=NOW)
    guiding.follow(customer=dolores, path=other, now=NOW)
    guiding.stop(following=following, now=NOW + timedelta(days=1))
    newest = FactValue.objects.order_by("-occurred_at", "-pk").first()
    assert newest.value == ["Run"]
    assert [one.name for one in progress([dolores.pk], NOW + timedelta(days=1))] == ["Run"]


def test_nobody_who_asked_for_it_is_in_a_control_group(path):
    customers = [reachable_customer(f"Customer {number}") for number in range(12)]
    for customer in customers:
        consent(customer, purpose="offers")
        guiding.follow(customer=customer, path=path, now=NOW - timedelta(days=1))
    planning.plan_morning(now=NOW)
    assert Delivery.objects.count() == 12


def test_a_part_that_is_not_relevant_makes_room_for_the_next(path, dolores):
    guiding.follow(customer=dolores, path=path, now=NOW)
    assert next_part(dolores) == [(1, date(2026, 3, 10))]
    planning.plan_morning(now=NOW)
    delivering.deliver_due(now=NOW.replace(hour=12))
    assert next_part(dolores, NOW + timedelta(days=6)) == []
    week = NOW + timedelta(days=7)
    assert next_part(dolores, week) == [(2, date(2026, 3, 17))]
    planning.plan_morning(now=week)
    answering.record_outcome(
        decision=Delivery.objects.latest("pk").decision,
        kind=OutcomeKind.NOT_RELEVANT,
        door=Door.PAGE,
        actor="customer",
        now=week + timedelta(hours=1),
    )
    assert next_part(dolores, week + timedelta(days=7)) == [(3, date(2026, 3, 24))]


def test_a_message_planned_before_the_rest_does_not_leave(path, dolores):
    following = guiding.follow(customer=dolores, path=path, now=NOW)
    planning.plan_morning(now=NOW)
    guiding.rest(following=following, now=NOW.replace(hour=9))
    assert delivering.deliver_due(now=NOW.replace(hour=12)) == {"skipped": 1}
    assert Delivery.objects.get().reason == "not_so_any_more"


def test_paths_come_along_when_customers_are_joined_and_go_back(path, dolores):
    other = reachable_customer("Dolores R")
    guiding.follow(customer=other, path=path, now=NOW)
    edge = merging.join(
        one=dolores.profiles.get(), other=other.profiles.get(), rule="person", actor="staff:1", now=NOW
    )  # fmt: skip
    assert PathFollowing.objects.get().customer_id == dolores.pk
    merging.part(edge=edge, by="staff:1", now=NOW)
    assert PathFollowing.objects.get().customer_id == other.pk


@pytest.mark.parametrize("model", [LearningPath, PathFollowing])
def test_the_database_refuses_another_pace(path, dolores, model):
    guiding.follow(customer=dolores, path=path, now=NOW)
    with pytest.raises(IntegrityError, match="pace"), transaction.atomic():
        model.objects.update(days_between=3)


def test_the_database_refuses_to_follow_a_path_twice_at_once(path, dolores):
    following = guiding.follow(customer=dolores, path=path, now=NOW)
    following.pk = None
    with pytest.raises(IntegrityError, match="campaigns_pathfollowing_once"), transaction.atomic():
        PathFollowing.objects.bulk_create([following])
