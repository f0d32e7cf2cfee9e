"""Choices and decisions in words: what each is about, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from campaigns.queries.naming import because, subject_names, whole_reason
from campaigns.queries.offer_words import OfferSaid, offers_said
from campaigns.rules.codes import Door
from campaigns.rules.reasons import Reader
from campaigns.services.deciding import Choice
from cxportal.lib.registry import registry
from profiles.queries.guard_words import Said, said
from profiles.queries.purchases import bought_on


@dataclass(frozen=True)
class Told:
    """What a choice is about, and the sentence for it; ``why`` is empty where there is none.

    ``product`` is the code of what is offered, "" where it is no offer.

    ``held`` is what keeps it from them, and on what that rests; ``ask_first`` what a guard wants to know before it
    is said. Of what rests on something delicate (``is_delicate``) neither says anything.
    """

    about: str
    why: str
    held: str
    ask_first: str
    is_delicate: bool
    product: str = ""


def told(
    choices: Sequence[Choice], reader: Reader, now: datetime, door: Door = Door.COUNTER
) -> Sequence[Told]:
    """Put choices into words, asking each kind of moment once."""
    offers = offers_said([choice.facts for choice in choices], door, reader)
    names = subject_names((choice.moment, choice.subject_id) for choice in choices)
    held = _held(choices, now)
    days = bought_on([(c.customer_id, c.subject_id) for c in choices if c.subject_id], now)
    return [
        Told(
            _about(choice, offer, names),
            _why(choice, days.get((choice.customer_id, choice.subject_id), []), reader, offer),
            "; ".join(one.text for one in words),
            "; ".join(one.question for one in words if one.question),
            any(one.is_delicate for one in words),
            offer.code if offer else "",
        )
        for choice, words, offer in zip(choices, held, offers, strict=True)
    ]


def _about(choice: Choice, offer: OfferSaid | None, names: Mapping[tuple[str, int], str]) -> str:
    if offer:
        return offer.title
    return names.get((choice.moment, choice.subject_id)) or choice.campaign.name


def _held(choices: Sequence[Choice], now: datetime) -> Sequence[Sequence[Said]]:
    """Put what guards and allergies say of each choice into words, all together."""
    reasons = [choice.facts.get("held", []) for choice in choices]
    words = iter(said([one for each in reasons for one in each], now))
    return [[next(words) for _ in each] for each in reasons]


def _why(choice: Choice, days: Sequence[str], reader: Reader, offer: OfferSaid | None) -> str:
    facts = choice.facts | {"bought_on": list(days)}
    action = registry.actions.get(choice.campaign.action)
    promise = action.promise(choice.campaign.parameters) if action else ""
    why = whole_reason(because(choice.moment, facts, str(reader)), offer)
    return ". ".join(part[:1].upper() + part[1:] for part in (why, promise) if part)
