"""S10: two purchases at no rhythm bring no reminder, and the page says that we are not sure."""

from __future__ import annotations

from datetime import date, timedelta

import time_machine

from cxportal.lib.links import LinkPurpose, token_for
from profiles.models import Habit
from tests.factories.campaigns import consent
from tests.stories.doors import (
    Bought,
    at,
    bring_orders,
    customer,
    mailbox,
    morning_to_noon,
    public_client,
)

FIRST, SECOND = date(2025, 11, 3), date(2026, 2, 10)


def test_two_purchases_at_no_rhythm_bring_no_reminder(tmp_path):
    bring_orders(
        tmp_path,
        [Bought("noor", FIRST, "Candles"), Bought("noor", SECOND, "Candles")],
        now=at(SECOND, 20),
    )
    noor = customer("noor")
    consent(noor)
    for number in range(1, 140, 3):
        morning_to_noon(SECOND + timedelta(days=number))

    assert mailbox("noor") == []
    assert Habit.objects.get(customer=noor, product__isnull=False).doubt == "too_few"
    with time_machine.travel(at(SECOND, 21), tick=False):
        page = public_client().get(f"/my/{token_for(LinkPurpose.MY_PAGE, str(noor.public_id))}/")
    assert "Candles" in page.content.decode()
    assert "not sure" in page.content.decode().lower()
