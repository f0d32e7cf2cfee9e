"""The share of campaigns in a customer's timeline: what we wrote, and what was answered."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from campaigns.rules.codes import DeliveryState, OutcomeKind
from cxportal.lib.timeline import NEWEST, WINDOW, Item, Slice, rows
from profiles.rules.happenings import door_in_words
from profiles.rules.names import Channel
from profiles.rules.purposes import CHANNEL

_MESSAGES = f"""
    SELECT x.occurred_at, x.id, x.channel, x.state, coalesce(m.subject, c.name)
    FROM (SELECT d.*, d.finished_at AS occurred_at FROM campaigns_delivery d
          WHERE d.state IN ('{DeliveryState.SENT}', '{DeliveryState.UNCERTAIN}')) x
    JOIN campaigns_campaign c ON c.id = x.campaign_id
    LEFT JOIN campaigns_message m ON m.delivery_id = x.id
    WHERE {WINDOW} {NEWEST}
"""

_ANSWERS = f"""
    SELECT x.occurred_at, x.id, x.door, x.kind, c.name, x.taken_back_at IS NOT NULL
    FROM campaigns_outcome x
    JOIN campaigns_decision d ON d.id = x.decision_id
    JOIN campaigns_campaign c ON c.id = d.campaign_id
    WHERE {WINDOW} {NEWEST}
"""

_ANSWERED = {
    OutcomeKind.SAID: "Told it",
    OutcomeKind.NOT_NOW: "Said: not now",
    OutcomeKind.NOT_RELEVANT: "Said: not relevant",
    OutcomeKind.LESS: "Wants less of this",
    OutcomeKind.STOP: "Wants no more of this",
    OutcomeKind.PLENTY: "Still has plenty",
    OutcomeKind.BUY_AGAIN: "Went to buy it again",
    OutcomeKind.HELPFUL: "Found it helpful",
    OutcomeKind.PERSON: "Asked for a person",
    OutcomeKind.TOO_PERSONAL: "Found it too personal",
}


def messages(part: Slice) -> Sequence[Item]:
    """Load what was sent, or may have been."""
    return [
        Item(
            at,
            number,
            CHANNEL[Channel(channel)].capitalize(),
            f"We wrote: {subject}",
            "It is not certain that it arrived." if state == DeliveryState.UNCERTAIN else "",
            reverse("admin:campaigns_delivery_change", args=[number]),
        )
        for at, number, channel, state, subject in rows(_MESSAGES, part)
    ]


def answers(part: Slice) -> Sequence[Item]:
    """Load what was answered to suggestions and messages."""
    return [
        Item(
            at,
            number,
            door_in_words(door),
            _ANSWERED[OutcomeKind(kind)],
            f"{campaign}; taken back since" if is_taken_back else campaign,
            reverse("admin:campaigns_outcome_change", args=[number]),
        )
        for at, number, door, kind, campaign, is_taken_back in rows(_ANSWERS, part)
    ]
