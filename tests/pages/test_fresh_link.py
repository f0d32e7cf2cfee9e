"""An expired link explains itself and offers a fresh one, which only the address on file gets."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from campaigns.models import Delivery, Outcome, SandboxMessage, SendingPolicy
from campaigns.services import planning
from cxportal.lib.links import LinkPurpose, token_for
from feedback.models import Invitation
from loyalty.services.setting_up import ensure_programme
from profiles.rules.names import Purpose
from tests.factories.campaigns import due_habit, reachable_customer, ready_house, wording
from tests.factories.feedback import InvitationFactory
from tests.factories.profiles import ProductFactory

PAGES = {LinkPurpose.MY_PAGE: "my", LinkPurpose.WHY: "why", LinkPurpose.SURVEY: "answer"}


@pytest.fixture(autouse=True)
def house(db, now):
    ready_house()
    ensure_programme()
    wording(Purpose.OFFERS)
    with time_machine.travel(now.replace(hour=12), tick=False):
        yield


@pytest.fixture
def dolores(house, now):
    """A customer with a message about her beans, and a question."""
    customer = reachable_customer("Dolores Reyes")
    due_habit(customer, product=ProductFactory(name="Hazelnut beans"))
    planning.plan_morning(now=now.replace(hour=12))
    InvitationFactory(purchase__origin_profile=customer.profiles.get())
    return customer


@pytest.fixture
def visitor() -> Client:
    return Client()


def tokens(customer) -> dict[LinkPurpose, str]:
    subjects = {
        LinkPurpose.MY_PAGE: customer.public_id,
        LinkPurpose.WHY: Delivery.objects.get(customer=customer).public_id,
        LinkPurpose.SURVEY: Invitation.objects.get().public_id,
    }
    return {purpose: token_for(purpose, str(subject)) for purpose, subject in subjects.items()}


def fresh(visitor: Client, purpose: str, token: str):
    return visitor.post(f"/fresh/{purpose}/{token}/")


@pytest.mark.parametrize(
    ("purpose", "days", "leads_to"),
    [
        (LinkPurpose.MY_PAGE, 31, "/my/"),
        (LinkPurpose.WHY, 401, "/why/"),
        (LinkPurpose.SURVEY, 61, "/my/"),
    ],
)
def test_an_expired_link_changes_nothing_and_offers_a_fresh_one(
    dolores, visitor, now, purpose, days, leads_to
):
    token = tokens(dolores)[purpose]
    old = f"/{PAGES[purpose]}/{token}/"
    with time_machine.travel(now + timedelta(days=days), tick=False):
        for answer in (visitor.get(old), visitor.post(old, {"answer": "stop", "score": "3"})):
            page = answer.content.decode()
            if answer.status_code != 405:
                assert answer.status_code == 410
                assert f'action="/fresh/{purpose}/{token}/"' in page
            assert "Dolores" not in page
        assert "a fresh link is on its way" in fresh(visitor, purpose, token).content.decode()
        mail = SandboxMessage.objects.get()
        assert mail.recipient == dolores.identifiers.get(kind="email").value
        address = next(line for line in mail.text.splitlines() if line.startswith("http"))
        path = address.partition("8000")[2]
        assert path.startswith(leads_to)
        assert visitor.get(path).status_code == 200
    assert not Outcome.objects.exists()


def test_who_asks_for_a_fresh_link_learns_nothing(dolores, visitor, now):
    nora = token_for(LinkPurpose.MY_PAGE, str(reachable_customer("Nora").public_id))
    nobody = token_for(LinkPurpose.WHY, "8f14e45f-ceea-467f-a9c5-1234567890ab")
    dolores.identifiers.filter(kind="email").delete()
    with time_machine.travel(now + timedelta(days=31), tick=False):
        answers = [
            fresh(visitor, "my-page", tokens(dolores)[LinkPurpose.MY_PAGE]),
            fresh(visitor, "my-page", nora),
            fresh(visitor, "my-page", nora),
            fresh(visitor, "why", nobody),
        ]
    assert {answer.status_code for answer in answers} == {200}
    bodies = {answer.content.decode().partition("<main")[2] for answer in answers}
    assert len(bodies) == 1
    assert SandboxMessage.objects.count() == 1


def test_another_link_is_sent_after_ten_minutes_only(dolores, visitor, now):
    token = tokens(dolores)[LinkPurpose.MY_PAGE]
    for minutes, sent in ((0, 1), (9, 1), (11, 2)):
        with time_machine.travel(now.replace(hour=12) + timedelta(minutes=minutes), tick=False):
            fresh(visitor, "my-page", token)
        assert SandboxMessage.objects.count() == sent


def test_a_stopped_house_sends_no_link_either(dolores, visitor, now):
    SendingPolicy.objects.update(stopped_at=now)
    answer = fresh(visitor, "my-page", tokens(dolores)[LinkPurpose.MY_PAGE])
    assert answer.status_code == 503
    assert "Try again later" in answer.content.decode()
    assert not SandboxMessage.objects.exists()


def test_a_link_made_for_one_purpose_is_no_key_to_another(dolores, visitor):
    why = tokens(dolores)[LinkPurpose.WHY]
    stop = token_for(LinkPurpose.STOP, str(Delivery.objects.get().public_id))
    assert fresh(visitor, "my-page", why).status_code == 404
    assert fresh(visitor, "why", stop).status_code == 404
    assert fresh(visitor, "stop", stop).status_code == 404
    assert fresh(visitor, "why", "nonsense").status_code == 404
    assert not SandboxMessage.objects.exists()


def test_asking_takes_a_post_with_a_token_of_the_form(dolores):
    address = f"/fresh/my-page/{tokens(dolores)[LinkPurpose.MY_PAGE]}/"
    assert Client().get(address).status_code == 405
    assert Client(enforce_csrf_checks=True).post(address).status_code == 403
    assert not SandboxMessage.objects.exists()
