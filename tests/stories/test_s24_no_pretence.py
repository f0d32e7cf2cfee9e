"""S24: an automatic message says what it is, and a person is one click away."""

from __future__ import annotations

from datetime import date, timedelta

import time_machine

from feedback.models import Case
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


def test_every_message_says_what_it_is_and_leads_to_a_person(tmp_path):
    lines = [Bought("pia", day, "Tea") for day in every(28, until=LAST, times=8)]
    bring_orders(tmp_path, lines, now=at(LAST, 20))
    consent(customer("pia"))
    day = LAST
    while not mailbox("pia") and day < LAST + timedelta(days=40):
        day += timedelta(days=1)
        morning_to_noon(day)

    message = mailbox("pia")[0]
    assert "written automatically" in message.text
    assert "written automatically" in message.html
    page = link_in(message, "why")
    with time_machine.travel(at(day, 13), tick=False):
        assert "person" in public_client().get(page).content.decode()
        assert not Case.objects.exists()
        public_client().post(page, {"answer": "asked_for_a_person"})
        public_client().post(page, {"answer": "asked_for_a_person"})
    case = Case.objects.get()
    assert (case.customer, case.kind) == (customer("pia"), "person")
