"""Mails that ask for a confirmation: once each, to the address that was given, and never past the switch."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaigns.models import SandboxMessage, SendingPolicy
from campaigns.services import confirming, fencing
from profiles.models import ConsentRequest, ConsentRule, Identifier
from profiles.rules.names import Channel, Purpose
from profiles.services import consenting
from tests.factories.campaigns import ready_house, wording
from tests.factories.profiles import IdentifierFactory, ProfileFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def house():
    ready_house()
    ConsentRule.objects.update(needs_confirmation=True)


@pytest.fixture
def ask(now):
    """Let the customer of a profile say yes."""

    def of(profile, at=now, **more):
        return consenting.grant(
            customer=profile.customer,
            purpose=Purpose.OFFERS,
            channel=Channel.EMAIL,
            wording=wording(Purpose.OFFERS),
            door="sign-up",
            actor="customer",
            occurred_at=at,
            **more,
        )

    return of


@pytest.fixture
def anna():
    return IdentifierFactory(value="anna@example.com").origin_profile


def test_each_request_is_mailed_once_with_its_wording(ask, anna, now):
    request = ask(anna).request
    assert confirming.ask_due(now=now) == {"sent": 1}
    assert confirming.ask_due(now=now) == {}
    mail = SandboxMessage.objects.get()
    assert (mail.recipient, mail.subject) == ("anna@example.com", "Please confirm: offers and news")
    assert "“You may write about offers.”" in mail.text
    assert "http://127.0.0.1:8000/confirm/" in mail.text
    request.refresh_from_db()
    assert (request.mailed_at, request.attempts, request.lease_until) == (now, 1, None)


def test_it_goes_to_the_address_that_was_given_with_the_yes(ask, anna, now):
    IdentifierFactory(origin_profile=anna, value="verified@example.com", verified_at=now)
    ask(anna, identifier=Identifier.objects.get(value="anna@example.com"))
    confirming.ask_due(now=now)
    assert SandboxMessage.objects.get().recipient == "anna@example.com"


def test_without_that_it_goes_to_a_verified_one_before_a_newer(ask, anna, now):
    Identifier.objects.update(verified_at=now)
    IdentifierFactory(origin_profile=anna, value="newer@example.com")
    ask(anna)
    confirming.ask_due(now=now)
    assert SandboxMessage.objects.get().recipient == "anna@example.com"


@pytest.mark.parametrize("state", ["stopped", "fenced"])
def test_nothing_leaves_past_the_switch_and_it_waits(ask, anna, now, state):
    ask(anna)
    change = {"stopped_at": now} if state == "stopped" else {"fingerprint": "another"}
    SendingPolicy.objects.update(**change)
    assert confirming.ask_due(now=now) == {"stopped": 1}
    assert not SandboxMessage.objects.exists()
    assert ConsentRequest.objects.get().attempts == 0
    SendingPolicy.objects.update(stopped_at=None, fingerprint=fencing.fingerprint())
    assert confirming.ask_due(now=now) == {"sent": 1}


def test_who_has_no_address_waits_until_there_is_one(ask, now):
    profile = ProfileFactory()
    ask(profile)
    assert confirming.ask_due(now=now) == {}
    IdentifierFactory(origin_profile=profile)
    assert confirming.ask_due(now=now) == {"sent": 1}


def test_after_thirty_days_nobody_is_asked_any_more(ask, anna, now):
    ask(anna, at=now - timedelta(days=31))
    assert confirming.ask_due(now=now) == {}


def test_a_mail_server_that_fails_is_tried_five_times_a_lease_apart(ask, anna, now, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    request = ask(anna).request
    for attempt in range(1, 6):
        assert confirming.ask_due(now=now) == {"failed": 1}
        assert confirming.ask_due(now=now) == {}
        request.refresh_from_db()
        assert (request.attempts, request.mailed_at) == (attempt, None)
        ConsentRequest.objects.update(lease_until=now - timedelta(days=1000))
    assert confirming.ask_due(now=now) == {}
