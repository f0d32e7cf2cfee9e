"""The page of double opt-in: looking changes nothing, one button does, and an old link says so."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from campaigns.models import SandboxMessage
from campaigns.tasks import ask_confirmations
from cxportal.lib.links import LinkPurpose, token_for
from profiles.models import ConsentEntry, ConsentRule
from profiles.rules.names import Channel, Purpose
from profiles.services import consenting
from tests.factories.campaigns import ready_house, wording
from tests.factories.profiles import IdentifierFactory


@pytest.fixture
def page(db, now) -> str:
    """The address in the mail that asks for a confirmation."""
    ready_house()
    ConsentRule.objects.update(needs_confirmation=True)
    with time_machine.travel(now, tick=False):
        consenting.grant(
            customer=IdentifierFactory().customer,
            purpose=Purpose.OFFERS,
            channel=Channel.EMAIL,
            wording=wording(Purpose.OFFERS),
            door="sign-up",
            actor="customer",
            occurred_at=now,
        )
        ask_confirmations()
    lines = SandboxMessage.objects.get().text.splitlines()
    return next(line for line in lines if line.startswith("http")).partition("8000")[2]


def states() -> list[str]:
    return list(ConsentEntry.objects.order_by("pk").values_list("state", flat=True))


def test_a_scanner_that_opens_the_link_confirms_nothing(page, now):
    with time_machine.travel(now, tick=False):
        for _ in range(2):
            answer = Client().get(page)
            assert Client().head(page).status_code == 200
    assert "You may write about offers." in answer.content.decode()
    assert states() == ["asked"]


def test_the_button_confirms_once_from_where_it_was_pressed(page, now):
    browser = Client(REMOTE_ADDR="198.51.100.7", HTTP_USER_AGENT="Firefox/140")
    with time_machine.travel(now + timedelta(days=1), tick=False):
        for _ in range(2):
            assert "counts from now on" in browser.post(page).content.decode()
        assert "counts from now on" in browser.get(page).content.decode()
    assert states() == ["asked", "granted"]
    yes = ConsentEntry.objects.get(state="granted")
    assert (yes.occurred_at, yes.evidence.ip_address) == (now + timedelta(days=1), "198.51.100.7")


def test_behind_our_proxy_the_address_is_the_one_that_it_saw(page, now, settings):
    settings.BEHIND_TLS_PROXY = True
    with time_machine.travel(now, tick=False):
        Client(HTTP_X_FORWARDED_FOR="8.8.8.8, 198.51.100.9").post(page)
    assert ConsentEntry.objects.get(state="granted").evidence.ip_address == "198.51.100.9"


def test_an_expired_link_confirms_nothing(page, now):
    with time_machine.travel(now + timedelta(days=31), tick=False):
        for answer in (Client().get(page), Client().post(page)):
            assert answer.status_code == 410
    assert states() == ["asked"]


def test_after_a_no_the_link_says_so(page, now):
    customer = ConsentEntry.objects.get().customer
    consenting.withdraw(
        customer=customer,
        purpose=Purpose.OFFERS,
        channel=Channel.EMAIL,
        door="page",
        actor="customer",
        occurred_at=now + timedelta(hours=1),
    )
    with time_machine.travel(now + timedelta(hours=2), tick=False):
        answer = Client().post(page)
    assert (answer.status_code, states()) == (410, ["asked", "withdrawn"])
    assert "You have said no since" in answer.content.decode()


@pytest.mark.parametrize("purpose", [LinkPurpose.STOP, LinkPurpose.MY_PAGE])
def test_another_link_is_no_key(page, purpose):
    request = ConsentEntry.objects.get().request
    for token in (token_for(purpose, str(request.public_id)), "nonsense"):
        assert Client().post(f"/confirm/{token}/").status_code == 404
    nobody = token_for(LinkPurpose.CONFIRM, "nobody")
    assert Client().post(f"/confirm/{nobody}/").status_code == 404
    assert states() == ["asked"]
