"""What doors show of one customer."""

from __future__ import annotations

import pytest

from profiles.queries import card
from profiles.rules.names import IdentifierKind
from tests.factories.profiles import IdentifierFactory, ProfileFactory

pytestmark = pytest.mark.django_db


def test_an_address_that_was_verified_is_shown_before_others(now):
    profile = ProfileFactory()
    for value, at in (("old@example.com", None), ("real@example.com", now)):
        IdentifierFactory(origin_profile=profile, value=value, verified_at=at)
    IdentifierFactory(origin_profile=profile, kind=IdentifierKind.PHONE, value="+12124151234")
    assert card.contacts(profile.customer_id) == [
        "phone …1234",
        "r…@example.com",
        "o…@example.com",
    ]
