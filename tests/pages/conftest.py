"""Staff of every role, and their browsers."""

from __future__ import annotations

import pytest
from django.test import Client

from cxportal.pages.access import Role, create_staff, ensure_roles


@pytest.fixture
def roles(db):
    ensure_roles()


@pytest.fixture
def staff(roles):
    """Return an account of a role, made when it is first asked for."""
    made = {}

    def of(role):
        if role not in made:
            made[role] = create_staff(f"one-{role}", role, "a long enough word")
        return made[role]

    return of


@pytest.fixture
def browser_of(staff):
    """Return a client that is logged in with a role."""

    def of(role: Role) -> Client:
        client = Client()
        client.force_login(staff(role))
        return client

    return of


@pytest.fixture
def manager(browser_of):
    return browser_of(Role.MANAGER)


@pytest.fixture
def administrator(browser_of):
    return browser_of(Role.ADMINISTRATOR)
