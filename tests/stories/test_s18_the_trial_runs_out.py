"""S18, as far as profiles carry it: a manager writes that a trial runs out, and customers are told in time.

Each moment ends as caught, silent or missed, and the page of moments shows it.
"""

from __future__ import annotations

from datetime import date, timedelta

from django.utils.html import strip_tags

from profiles.rules.names import AttributeType, Manner
from tests.factories.campaigns import consent
from tests.factories.facts import AttributeFactory, note
from tests.stories.doors import Bought, at, bring_orders, customer, mailbox, morning_to_noon
from tests.stories.moment_doors import answered_moment

TODAY = date(2026, 3, 10)
TRIAL = {
    "name": "Trial running out", "date": "trial_ends_on", "days": "14", "side": "before",
    "because": "your trial ends on {day}", "lasts": "15", "chance": "mostly", "cares": "on",
    "line-0-what": "fact:owns_car", "line-0-value": "yes",
}  # fmt: skip


def test_who_is_on_trial_is_told_two_weeks_ahead_and_once(tmp_path, client_of):
    AttributeFactory(code="trial_ends_on", name="Trial ends", type=AttributeType.DATE)
    names = ("dolores", "pepe", "mina")
    lines = [Bought(name, TODAY - timedelta(days=60), "Ticket") for name in names]
    bring_orders(tmp_path, lines, now=at(TODAY - timedelta(days=30), 9))
    for name, ends, drives in (
        ("dolores", "2026-03-24", True),
        ("pepe", "2026-06-30", True),
        ("mina", "2026-03-24", False),
    ):
        consent(customer(name))
        told = {"manner": Manner.TOLD, "confidence": 1.0, "actor": "api:1"}
        then = at(TODAY - timedelta(days=20), 9)
        note(customer(name), "trial_ends_on", ends, then, **told)
        note(customer(name), "owns_car", drives, then, **told)
    manager = client_of("manager")
    words = "{{ customer.first_name }}, three trips are missing until {{ facts.day }}."
    there = answered_moment(manager, TRIAL, "reminders", words, begins="date")
    for day in (TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=1)):
        morning_to_noon(day)
    (message,) = mailbox("dolores")
    assert message.subject == "Dolores, three trips are missing until 2026-03-24."
    assert "Why now: your trial ends on 24 March." in message.text
    assert not mailbox("pepe")
    assert not mailbox("mina")
    page = " ".join(strip_tags(manager.get("/moments/").content.decode()).split())
    assert "Trial running out On 14 days before “Trial ends” each morning Trial running out" in page
    assert "“Has a car” is yes" in strip_tags(manager.get(there).content.decode())
