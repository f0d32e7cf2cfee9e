from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories.loyalty import PointsEntryFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("model", ["programme", "tier", "pointsentry"])
def test_each_list_opens(admin_client, programme, model):
    PointsEntryFactory()
    assert admin_client.get(reverse(f"admin:loyalty_{model}_changelist")).status_code == 200


def test_the_ledger_is_read_only(admin_client):
    entry = PointsEntryFactory(points=100)
    assert admin_client.get(reverse("admin:loyalty_pointsentry_add")).status_code == 403
    page = reverse("admin:loyalty_pointsentry_change", args=[entry.pk])
    assert admin_client.get(page).status_code == 200
    assert admin_client.post(page, {"points": 900}).status_code == 403
    entry.refresh_from_db()
    assert entry.points == 100


def test_the_ledger_s_list_takes_the_same_queries_for_any_length(admin_client):
    ledger = reverse("admin:loyalty_pointsentry_changelist")
    PointsEntryFactory()
    admin_client.get(ledger)
    with CaptureQueriesContext(connection) as for_one:
        admin_client.get(ledger)
    for _ in range(8):
        PointsEntryFactory()
    with CaptureQueriesContext(connection) as for_nine:
        admin_client.get(ledger)
    assert len(for_nine) == len(for_one)
