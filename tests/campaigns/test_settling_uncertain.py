"""A person settles what nobody knew, once, and it is on record who did."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from campaigns.models import Delivery
from campaigns.services import planning
from campaigns.services.settling_uncertain import NotUncertain, settle
from cxportal.pages.access import Role, create_staff, ensure_roles
from tests.factories.campaigns import due_habit, reachable_customer, ready_house

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 5, 0, tzinfo=UTC)


@pytest.fixture
def mira():
    ensure_roles()
    return create_staff("mira", Role.MANAGER, "a long enough word")


@pytest.fixture
def uncertain() -> Delivery:
    ready_house()
    due_habit(reachable_customer())
    planning.plan_morning(now=NOW)
    Delivery.objects.update(state="uncertain", reason="worker_lost", finished_at=NOW)
    return Delivery.objects.get()


@pytest.mark.parametrize(
    ("arrived", "state", "reason"), [(True, "sent", ""), (False, "failed", "not_arrived")]
)
def test_what_was_found_out_is_kept(uncertain, mira, arrived, state, reason):
    settle(delivery=uncertain, arrived=arrived, by=mira, now=NOW)
    assert (uncertain.state, uncertain.reason) == (state, reason)
    assert LogEntry.objects.get().change_message == f"state: uncertain → {state}"


def test_what_is_settled_cannot_be_settled_again(uncertain, mira):
    settle(delivery=uncertain, arrived=True, by=mira, now=NOW)
    with pytest.raises(NotUncertain):
        settle(delivery=uncertain, arrived=False, by=mira, now=NOW)
    assert Delivery.objects.get().state == "sent"
    assert LogEntry.objects.count() == 1


def test_a_manager_settles_from_the_list_and_an_analyst_cannot(uncertain, mira, client):
    page = reverse("admin:campaigns_delivery_changelist")
    chosen = {"action": "it_arrived", "_selected_action": [uncertain.pk]}
    client.force_login(create_staff("ada", Role.ANALYST, "a long enough word"))
    client.post(page, chosen)
    assert Delivery.objects.get().state == "uncertain"
    client.force_login(mira)
    client.post(page, chosen)
    assert Delivery.objects.get().state == "sent"
