"""S15: she told her birthday; on the day the cashier is told, and a mail congratulates her in her own morning."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine

from cxportal.lib.links import LinkPurpose, token_for
from profiles.models import Attribute
from profiles.rules.names import Purpose
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

DAY = date(2027, 2, 28)


@pytest.fixture
def ines(tmp_path):
    """Born on 29 February, as she says on her own page; she agreed to hear from us."""
    bring_orders(
        tmp_path, [Bought("ines", date(2026, 5, 4), "Shirt")], now=at(date(2026, 5, 4), 20)
    )
    ines = customer("ines")
    consent(ines, purpose=Purpose.OFFERS)
    page = f"/my/{token_for(LinkPurpose.MY_PAGE, str(ines.public_id))}/"
    attribute = Attribute.objects.get(code="birthday")
    with time_machine.travel(at(date(2026, 5, 5), 9), tick=False):
        public_client().post(f"{page}fact/{attribute.pk}/tell/", {"value": "1996-02-29"})
    return ines


def card(client_of, ines, day: date, hour: int = 10) -> str:
    with time_machine.travel(at(day, hour), tick=False):
        page = client_of("counter").get(f"/counter/{ines.pk}/").content.decode()
    return page[page.index("Best next") : page.index("Recent")]


def test_the_cashier_is_told_on_the_day_and_on_no_other(ines, client_of):
    assert "Birthday" not in card(client_of, ines, DAY - timedelta(days=1))
    said = card(client_of, ines, DAY)
    assert "Birthday" in said
    assert "29 February, kept on the 28th this year" in said
    assert "Birthday" not in card(client_of, ines, DAY + timedelta(days=1))


def test_one_mail_congratulates_her_on_the_day(ines):
    for back in range(3):
        morning_to_noon(DAY - timedelta(days=2 - back))
    (message,) = mailbox("ines")
    assert message.subject == "Happy birthday, Ines"
    assert "1996" not in message.text
    morning_to_noon(DAY + timedelta(days=1))
    assert len(mailbox("ines")) == 1


def test_in_auckland_her_day_begins_and_ends_earlier(ines, client_of):
    type(ines).objects.filter(pk=ines.pk).update(time_zone="Pacific/Auckland")
    # 10:00 in UTC is 23:00 of the same day there; 12 hours later it is the next.
    assert "Birthday" in card(client_of, ines, DAY)
    assert "Birthday" not in card(client_of, ines, DAY, 12)
