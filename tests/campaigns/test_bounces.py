"""What a mail server's refusal says of an address, and what becomes of it."""

from __future__ import annotations

import smtplib
from datetime import UTC, datetime

import pytest

from campaigns.models import Delivery
from campaigns.rules.bounces import is_no_mailbox
from campaigns.sandbox import SandboxBackend
from campaigns.services import delivering, letters, planning
from profiles.models import Identifier
from tests.factories.campaigns import address_of, due_habit, reachable_customer, ready_house

MORNING = datetime(2026, 3, 10, 5, tzinfo=UTC)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "said", "is_none"),
    [
        (550, b"no such user here", True),
        (550, b"5.1.1 unknown", True),
        (551, b"user not local", True),
        (553, b"mailbox name not allowed", True),
        (554, b"5.2.1 mailbox disabled", True),
        (550, b"5.7.1 refused as spam", False),
        (552, b"5.2.2 mailbox full", False),
        (554, b"transaction failed", False),
        (450, b"4.1.1 try again", False),
        (421, b"closing", False),
    ],
)
def test_only_a_mailbox_that_is_none_is_a_bounce(code, said, is_none):
    assert is_no_mailbox(code, said) == is_none


class NoSuchUser(SandboxBackend):
    def send_messages(self, email_messages):
        to = email_messages[0].to[0]
        raise smtplib.SMTPRecipientsRefused({to: (550, b"5.1.1 no such user")})


class TakenForSpam(SandboxBackend):
    def send_messages(self, email_messages):
        to = email_messages[0].to[0]
        raise smtplib.SMTPRecipientsRefused({to: (550, b"5.7.1 looks like spam")})


@pytest.mark.django_db
@pytest.mark.parametrize(("server", "bounced_at"), [("NoSuchUser", NOON), ("TakenForSpam", None)])
def test_a_message_and_a_letter_that_bounce_are_noted_at_the_address(settings, server, bounced_at):
    ready_house()
    customer = reachable_customer()
    address = address_of(customer)
    due_habit(customer)
    planning.plan_morning(now=MORNING)
    settings.EMAIL_BACKEND = f"{__name__}.{server}"
    assert delivering.deliver_due(now=NOON) == {"failed": 1}
    assert Delivery.objects.get().reason == "refused_550"
    assert Identifier.objects.get().bounced_at == bounced_at
    Identifier.objects.update(bounced_at=None)
    with pytest.raises(letters.LetterNotSent):
        letters.send_letter(recipient=address, subject="A", words="B", now=NOON)
    assert Identifier.objects.get().bounced_at == bounced_at


@pytest.mark.django_db
def test_nothing_is_planned_for_who_has_no_address_that_works():
    ready_house()
    customer = reachable_customer()
    due_habit(customer)
    Identifier.objects.update(bounced_at=NOON)
    planning.plan_morning(now=MORNING)
    assert not Delivery.objects.exists()
    assert letters.address_of(customer) is None
