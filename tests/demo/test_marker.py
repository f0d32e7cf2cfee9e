"""Beginning anew after a demo that was broken off."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from cxportal.demo import marker
from profiles.models import Attribute, ConsentEntry, ConsentWording, Customer, PurchaseLine
from tests.factories.facts import AttributeFactory
from tests.factories.profiles import ProfileFactory, PurchaseLineFactory


@pytest.fixture(autouse=True)
def _state(settings, tmp_path):
    settings.STATE_DIR = tmp_path


def test_an_installation_without_a_demo_has_no_marker():
    assert not marker.is_half_filled()
    assert not marker.is_filled()


def test_the_marker_tells_begun_from_done():
    marker.mark(marker.FILLING)
    assert marker.is_half_filled()
    marker.mark(marker.DONE)
    assert marker.is_filled()
    assert not marker.is_half_filled()


@pytest.mark.django_db(transaction=True)
def test_starting_over_empties_all_tables_of_ours_and_keeps_accounts_and_first_rows():
    AttributeFactory(code="kept")
    User.objects.create_user("manager", password="kept")
    PurchaseLineFactory()
    profile = ProfileFactory()
    wording = ConsentWording.objects.create(
        purpose="reminders", language="en", version=1, text="May we?"
    )
    ConsentEntry.objects.create(  # append-only: no single row of it can be deleted
        customer=profile.customer,
        origin_profile=profile,
        purpose="reminders",
        channel="email",
        state="granted",
        occurred_at="2026-01-01T00:00:00Z",
        door="counter",
        actor="customer",
        wording=wording,
    )
    marker.mark(marker.FILLING)
    marker.start_over()
    assert not Customer.objects.exists()
    assert not PurchaseLine.objects.exists()
    assert not ConsentEntry.objects.exists()
    assert User.objects.filter(username="manager").exists()
    assert Attribute.objects.filter(code="kept").exists()
    assert not marker.is_half_filled()
