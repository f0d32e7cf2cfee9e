"""``manage.py first_run``: what a fresh installation gets; a second start changes nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.utils import timezone

from campaigns.models import Campaign, Delivery, Outcome, PlanRun, SandboxMessage
from campaigns.rules.codes import DeliveryState
from campaigns.services import fencing
from cxportal.demo import filling, marker, story_people
from cxportal.demo.enrolling import customer_of
from cxportal.pages.access import Role
from feedback.models import Case, Survey
from loyalty.models import PointsEntry, Programme
from profiles.models import (
    Customer,
    Habit,
    ImportJob,
    Place,
    ProfileEdge,
    PurchaseLine,
    ReorderSchedule,
)
from profiles.queries import duplicates, facts
from profiles.queries.households import household

pytestmark = pytest.mark.django_db
SMALL = 60


@pytest.fixture(autouse=True)
def _state(settings, tmp_path):
    settings.STATE_DIR = tmp_path


def first_run(*options: str) -> str:
    out = StringIO()
    call_command("first_run", *options, stdout=out)
    return out.getvalue()


def small_demo() -> str:
    return first_run("--embedded", f"--customers={SMALL}")


def rows() -> dict[str, int]:
    """Count the rows of every table of ours."""
    return {
        model.__name__: model.objects.count()
        for app in (*marker.APPS, "auth")
        for model in apps.get_app_config(app).get_models()
    }


def test_an_empty_start_has_roles_defaults_and_one_administrator():
    said = first_run("--embedded", "--empty")
    password = re.search(r"administrator with the password (\S+)", said).group(1)
    assert User.objects.get().check_password(password)
    assert set(Group.objects.values_list("name", flat=True)) == {role.value for role in Role}
    assert Campaign.objects.filter(code="reorder").exists()
    assert Programme.objects.exists()
    assert Survey.objects.exists()
    assert not Customer.objects.exists()
    assert not fencing.is_fenced()


def test_the_first_administrators_password_is_shown_once():
    first_run("--embedded", "--empty")
    before = rows()
    assert "password" not in first_run("--embedded", "--empty")
    assert rows() == before


def test_a_database_of_somebody_elses_gets_no_demo_unless_asked():
    first_run()
    assert not Customer.objects.exists()
    assert User.objects.get().username == "administrator"


def test_demo_and_empty_exclude_each_other():
    with pytest.raises(CommandError):
        first_run("--demo", "--empty")


def test_the_demo_fills_every_door():
    said = small_demo()
    today = filling.day_of(timezone.now())
    assert marker.is_filled()
    assert set(Place.objects.values_list("code", "kind")) == {
        ("main-street", "store"),
        ("station", "store"),
        ("old-market", "store"),
        ("web", "web"),
    }
    assert PurchaseLine.objects.exists()
    assert not ImportJob.objects.exclude(state="done", rows_rejected=0).exists()
    assert Habit.objects.filter(doubt="").exists()
    assert PointsEntry.objects.filter(kind="return").exists()
    assert [run.on for run in PlanRun.objects.order_by("on")] == [
        today - timedelta(days=back) for back in range(14, 0, -1)
    ]
    assert Delivery.objects.filter(state=DeliveryState.SENT).count() >= 10
    assert SandboxMessage.objects.count() == Delivery.objects.filter(state="sent").count()
    assert Outcome.objects.exists()
    kept = ProfileEdge.objects.filter(removed_at=None).order_by("pk")
    assert [edge.kind for edge in kept] == ["same", "apart"]
    assert duplicates.waiting().count() >= 2
    for role in Role:
        assert re.search(rf"{role.value} +\S+", said)
    assert "/counter/" in said


def test_the_people_of_the_stories_stand_as_their_stories_say():
    small_demo()
    complaint = customer_of(story_people.COMPLAINT)
    assert Case.objects.get(customer=complaint).kind == "complaint"
    assert not Delivery.objects.filter(customer=complaint, state="sent").exists()
    low = customer_of(story_people.LOW_SCORE)
    assert Case.objects.get(customer=low).kind == "low_score"
    stated = ReorderSchedule.objects.get(customer=customer_of(story_people.EVERY_SIX_WEEKS))
    assert stated.every_days == 42
    assert not Delivery.objects.filter(customer=customer_of(story_people.NO_RHYTHM)).exists()
    assert not Delivery.objects.filter(customer=customer_of(story_people.WITHDRAWN)).exists()
    assert customer_of(story_people.FAR_AWAY).time_zone == "Atlantic/Canary"
    dolores, now = customer_of(story_people.DOLORES).pk, timezone.now()
    assert not Outcome.objects.filter(customer=dolores).exists()
    assert not Delivery.objects.filter(customer=dolores, campaign__code="reorder").exists()
    at_home = [
        (one.words(now.date()), [w.words for w in one.warnings]) for one in household(dolores, now)
    ]
    assert at_home == [("Dolores Reyes", []), ("Aiden (6)", ["Nuts"])]
    assert facts.known([dolores], now)[dolores] == {
        "birthday": "1986-05-17",
        "drinks_coffee": True,
        "name_said": "doh-LOR-es",
        "owns_car": True,
    }


def test_a_second_start_changes_nothing_and_tells_the_same_log_ins():
    first = small_demo()
    before = rows()
    second = small_demo()
    assert rows() == before
    passwords = re.compile(rf"^  .*? ({'|'.join(Role)}) +(\S+)$", re.MULTILINE)
    assert passwords.findall(first) == passwords.findall(second)
    assert len(passwords.findall(first)) == len(Role)


@pytest.mark.django_db(transaction=True)
def test_a_demo_that_was_broken_off_begins_anew(monkeypatch):
    monkeypatch.setattr(filling, "_live_on", _break_off)
    with pytest.raises(KeyboardInterrupt):
        small_demo()
    assert marker.is_half_filled()
    monkeypatch.undo()
    small_demo()
    assert marker.is_filled()
    # Two whom an old list knows as well, and two who may be there twice.
    assert Customer.objects.count() <= SMALL + 4
    assert PlanRun.objects.count() == 14


def test_a_demo_broken_off_in_another_database_is_left_alone(monkeypatch):
    monkeypatch.setattr(filling, "_live_on", _break_off)
    with pytest.raises(KeyboardInterrupt):
        first_run("--demo", f"--customers={SMALL}")
    before = rows()
    with pytest.raises(CommandError, match="broken off"):
        first_run("--demo")
    assert rows() == before


def _break_off(*_: object) -> None:
    raise KeyboardInterrupt
