"""Staff who may look after cases, and signed links."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from cxportal.lib.links import LinkPurpose, token_for
from feedback.models import Invitation
from profiles.models import Company
from tests.factories.feedback import InvitationFactory


@pytest.fixture
def company(db) -> Company:
    return Company.objects.create(name="Corner", time_zone="Europe/Vienna")


@pytest.fixture
def asked(company) -> Invitation:
    return InvitationFactory(purchase__origin_profile__customer__name="Dolores Reyes")


@pytest.fixture
def page_of() -> Callable[[Invitation], str]:
    """Return the path behind the signed link of a question."""

    def path(invitation: Invitation) -> str:
        token = token_for(LinkPurpose.SURVEY, str(invitation.public_id))
        return reverse("feedback:answer", args=[token])

    return path


def staff(username: str, *codenames: str) -> User:
    user = User.objects.create_user(username, first_name="Mira", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


@pytest.fixture
def mira(company) -> User:
    return staff("mira", "view_case", "change_case")


@pytest.fixture
def mira_client(mira) -> Client:
    client = Client()
    client.force_login(mira)
    return client
