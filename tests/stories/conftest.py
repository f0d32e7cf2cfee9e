"""A house that may send, and staff to meet customers in it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cxportal.pages.access import Role, create_staff, ensure_roles
from feedback.services.setting_up import ensure_survey
from loyalty.services.setting_up import ensure_programme
from tests.factories.campaigns import ready_house


@pytest.fixture(autouse=True)
def house(db):
    ready_house()
    ensure_programme()
    ensure_survey()


@pytest.fixture
def client_of():
    """Return a browser that is logged in with a role, from that moment on."""
    ensure_roles()

    def of(role: str) -> Client:
        client = Client()
        known = User.objects.filter(username=f"one-{role}").first()
        client.force_login(known or create_staff(f"one-{role}", Role(role), "a long enough word"))
        return client

    return of
