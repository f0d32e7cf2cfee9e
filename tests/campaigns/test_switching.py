"""The one switch, and the rules of sending behind it."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from campaigns.models import SendingPolicy
from campaigns.services import policing, switching

pytestmark = pytest.mark.django_db


@pytest.fixture
def mira():
    return User.objects.create_user("mira")


def test_stopping_says_when_and_by_whom(mira, now):
    policy = switching.stop_sending(by=mira, now=now)
    assert (policy.stopped_at, policy.stopped_by) == (now, mira)


def test_stopping_twice_changes_nothing(mira, now):
    switching.stop_sending(by=mira, now=now)
    other = User.objects.create_user("tom")
    with pytest.raises(switching.AlreadyStopped):
        switching.stop_sending(by=other, now=now)
    assert SendingPolicy.objects.get().stopped_by == mira
    assert LogEntry.objects.count() == 1


def test_what_is_not_stopped_cannot_be_started(mira, now):
    with pytest.raises(switching.NotStopped):
        switching.resume_sending(by=mira, now=now)
    assert LogEntry.objects.count() == 0


def test_a_change_of_the_rules_names_old_and_new(mira, now):
    policing.change_policy(values={"max_per_week": 1, "shortest_rhythm_days": 5}, by=mira, now=now)
    assert LogEntry.objects.get().change_message == "messages a week, at most: 2 → 1"


def test_the_database_refuses_what_the_house_must_never_do(mira, now):
    with pytest.raises(IntegrityError), transaction.atomic():
        policing.change_policy(values={"max_per_week": 8}, by=mira, now=now)
    assert LogEntry.objects.count() == 0
