"""S21: a cap over everything; after messages of which nothing came we write less, and then stop."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine

from campaigns.models import SendingPolicy
from cxportal.lib.links import LinkPurpose, token_for
from profiles.models import Product
from tests.factories.campaigns import consent
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
)

DAY = date(2026, 3, 2)
# One day more than a week: the allowance of a week is never what stands in the way here.
STEP = 8
THINGS = 10


@pytest.fixture
def nora(tmp_path):
    """She wants ten things every twelve weeks, another each eighth day; at most one message a week."""
    lines = [
        Bought("nora", day, f"Thing {number:02}")
        for number in range(THINGS)
        for day in every(40, until=DAY + timedelta(days=STEP * number + 3 - 12 * 7), times=2)
    ]
    bring_orders(tmp_path, lines, now=at(DAY - timedelta(days=1), 20))
    consent(customer("nora"))
    with time_machine.travel(at(DAY - timedelta(days=1), 21), tick=False):
        for product in Product.objects.all():
            public_client().post(f"{her_page()}reorder/{product.pk}/every/", {"weeks": "12"})
    SendingPolicy.objects.update(max_per_week=1, silent_after=5)
    return customer("nora")


def her_page() -> str:
    return f"/my/{token_for(LinkPurpose.MY_PAGE, str(customer('nora').public_id))}/"


def arrived(*numbers: int) -> list[int]:
    """Let the mornings pass on which these things are due, and count what arrived on each."""
    found = []
    for number in numbers:
        before = len(mailbox("nora"))
        morning_to_noon(DAY + timedelta(days=STEP * number))
        found.append(len(mailbox("nora")) - before)
    return found


def test_after_three_ignored_we_write_less_then_nothing_until_she_follows_a_link(nora, client_of):
    assert arrived(0, 1, 2) == [1, 1, 1]
    assert arrived(3, 4, 5, 6, 7) == [0, 1, 0, 0, 1]
    assert arrived(8) == [0]
    with time_machine.travel(at(DAY + timedelta(days=STEP * 8), 15), tick=False):
        staff = client_of("counter").get(f"/counter/{nora.pk}/").content.decode()
        assert (
            "We do not write to them at the moment: nothing came of the last 5 messages." in staff
        )
        page = public_client().get(her_page()).content.decode()
        assert "We do not write at the moment: nothing came of our last 5 messages." in page
        assert public_client().get(link_in(mailbox("nora")[-1], "buy")).status_code == 302
        assert "We do not write" not in public_client().get(her_page()).content.decode()
    assert arrived(9) == [1]


def test_what_she_buys_of_it_keeps_us_writing(nora, tmp_path):
    assert arrived(0, 1, 2) == [1, 1, 1]
    bought = Bought("nora", DAY + timedelta(days=2 * STEP + 3), "Thing 02")
    bring_orders(tmp_path, [bought], now=at(DAY + timedelta(days=2 * STEP + 3), 20))
    assert arrived(3, 4, 5) == [1, 1, 1]


def test_one_tap_on_her_page_brings_us_back(nora):
    assert arrived(0, 1, 2, 3) == [1, 1, 1, 0]
    with time_machine.travel(at(DAY + timedelta(days=3 * STEP), 15), tick=False):
        assert public_client().post(f"{her_page()}write-again/").status_code == 302
    assert arrived(4, 5) == [1, 1]
