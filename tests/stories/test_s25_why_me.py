"""S25: every message leads to a page that says why, and takes one tap without a log-in, at once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine

from campaigns.models import Outcome
from tests.factories.campaigns import consent
from tests.pages.tables import fingerprint
from tests.stories.doors import (
    Bought,
    at,
    bring_orders,
    customer,
    every,
    link_in,
    mailbox,
    morning_to_noon,
    public_client,
)  # fmt: skip

LAST = date(2026, 2, 10)


@pytest.fixture
def reminded(tmp_path) -> tuple[str, date]:
    """The address of the reason of the first reminder, and the day it came."""
    lines = [Bought("rosa", day, "Green tea") for day in every(28, until=LAST, times=9)]
    bring_orders(tmp_path, lines, now=at(LAST, 20))
    consent(customer("rosa"))
    day = LAST + timedelta(days=14)
    while not mailbox("rosa") and day < LAST + timedelta(days=40):
        day += timedelta(days=1)
        morning_to_noon(day)
    return link_in(mailbox("rosa")[0], "why"), day


def opened(address: str, day: date) -> str:
    with time_machine.travel(at(day, 13), tick=False):
        return public_client().get(address).content.decode()


def tapped(address: str, day: date, answer: str) -> str:
    with time_machine.travel(at(day, 13), tick=False):
        return public_client().post(address, {"answer": answer}, follow=True).content.decode()


def run_through(first: date, days: int) -> None:
    for number in range(1, days + 1):
        morning_to_noon(first + timedelta(days=number))


def test_the_page_says_why_this_why_now_and_from_which_facts(reminded):
    page = opened(*reminded)
    assert "Why we wrote to you about Green tea" in page
    assert "you bought it on 16 December, 13 January and 10 February, about every 4 weeks" in page
    assert "So we think that you need it again about" in page
    assert "you agreed to this" in page
    for answer in ("not_relevant", "not_now", "less_of_this", "stop"):
        assert f'value="{answer}"' in page


def test_a_mail_scanner_changes_nothing(reminded):
    address, day = reminded
    before = fingerprint()
    with time_machine.travel(at(day, 13), tick=False):
        for ask in (public_client().get, public_client().head, public_client().options):
            ask(address)
    assert fingerprint() == before


def test_not_relevant_holds_for_good(reminded, tmp_path):
    address, day = reminded
    assert "we do not write about Green tea again" in tapped(address, day, "not_relevant")
    tapped(address, day, "not_relevant")
    assert Outcome.objects.count() == 1
    bought_again(tmp_path, day)
    run_through(day + timedelta(days=15), 20)
    assert len(mailbox("rosa")) == 1


def test_without_an_answer_the_next_round_is_reminded_of(reminded, tmp_path):
    """The control: the silence above comes from the tap."""
    _, day = reminded
    bought_again(tmp_path, day)
    run_through(day + timedelta(days=15), 20)
    assert len(mailbox("rosa")) == 2


def bought_again(tmp_path, day: date) -> None:
    lines = [Bought("rosa", one, "Green tea") for one in every(28, until=LAST, times=9)]
    lines.append(Bought("rosa", day + timedelta(days=2), "Green tea"))
    bring_orders(tmp_path, lines, now=at(day + timedelta(days=2), 20))
