"""S09: bought about monthly, reminded a few days before it runs out, and never when it is not needed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine

from campaigns.models import Decision, Delivery
from campaigns.tasks import plan_morning
from cxportal.lib.links import LinkPurpose, token_for
from profiles.models import Product, ReorderSchedule
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
)  # fmt: skip

LAST = date(2026, 2, 10)
MONTHLY = every(30, until=LAST, times=8)


@pytest.fixture
def dana(tmp_path):
    bring_orders(tmp_path, [Bought("dana", day, "Detergent") for day in MONTHLY], now=at(LAST, 20))
    consent(customer("dana"))
    return customer("dana")


def days_with_mail(first: date, days: int) -> list[date]:
    """Run the mornings from ``first`` on; return those on which something arrived."""
    found = []
    for number in range(days):
        before = len(mailbox("dana"))
        morning_to_noon(first + timedelta(days=number))
        found += [first + timedelta(days=number)] * (len(mailbox("dana")) - before)
    return found


def test_one_reminder_reaches_her_a_few_days_before_she_runs_out(dana):
    runs_out = LAST + timedelta(days=30)
    arrived = days_with_mail(LAST + timedelta(days=1), 45)
    assert len(arrived) == 1
    assert runs_out - timedelta(days=8) <= arrived[0] <= runs_out
    message = mailbox("dana")[0]
    assert "Detergent" in message.subject
    to_shop = public_client().get(link_in(message, "buy"))
    assert (to_shop.status_code, to_shop.url) == (302, "https://shop.example.com/detergent")


def test_no_reminder_when_she_bought_in_between_by_any_channel(dana, tmp_path):
    bring_orders(
        tmp_path,
        [Bought("dana", LAST + timedelta(days=18), "Detergent", store="Web shop")],
        now=at(LAST + timedelta(days=18), 20),
    )
    assert days_with_mail(LAST + timedelta(days=19), 14) == []


def test_a_purchase_between_plan_and_sending_wins(dana, tmp_path):
    day = LAST + timedelta(days=1)
    while not Delivery.objects.exists() and day < LAST + timedelta(days=40):
        with time_machine.travel(at(day, 5), tick=False):
            plan_morning()
        day += timedelta(days=1)
    planned_on = day - timedelta(days=1)
    bring_orders(tmp_path, [Bought("dana", planned_on, "Detergent")], now=at(planned_on, 11))
    assert days_with_mail(planned_on, 7) == []
    assert Delivery.objects.get().reason == "bought_since"


def test_i_still_have_plenty_moves_it(dana):
    arrived = days_with_mail(LAST + timedelta(days=1), 30)
    page = link_in(mailbox("dana")[0], "why")
    with time_machine.travel(at(arrived[0], 13), tick=False):
        answer = public_client().post(page, {"answer": "still_have_plenty"})
    assert answer.status_code in (200, 302)
    assert days_with_mail(arrived[0] + timedelta(days=1), 13) == []
    assert ReorderSchedule.objects.get(customer=dana).not_before_on == arrived[0] + timedelta(
        days=14
    )


def test_every_six_weeks_on_her_page_beats_what_we_learned(dana):
    with time_machine.travel(at(LAST + timedelta(days=2), 9), tick=False):
        token = token_for(LinkPurpose.MY_PAGE, str(dana.public_id))
        product = Product.objects.get(code="detergent")
        answer = public_client().post(f"/my/{token}/reorder/{product.pk}/every/", {"weeks": "6"})
        assert answer.status_code == 302
    arrived = days_with_mail(LAST + timedelta(days=3), 45)
    assert arrived == [LAST + timedelta(days=42 - 3)]


def test_someone_without_consent_hears_nothing_and_the_silence_has_its_reason(tmp_path):
    bring_orders(tmp_path, [Bought("dana", day, "Detergent") for day in MONTHLY], now=at(LAST, 20))
    assert days_with_mail(LAST + timedelta(days=1), 45) == []
    assert Decision.objects.get().reasons == ["no_consent"]
