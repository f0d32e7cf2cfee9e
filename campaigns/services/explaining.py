"""Choices and decisions in words: what each is about, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from campaigns.queries.naming import because, subject_names
from campaigns.rules.reasons import Reader
from campaigns.services.deciding import Choice
from cxportal.lib.registry import registry
from profiles.queries.guard_words import Said, said
from profiles.queries.purchases import bought_on


@dataclass(frozen=True)
class Told:
    """What a choice is about, and the sentence for it; ``why`` is empty where there is none.

    ``held`` is what keeps it from them, and on what that rests; ``ask_first`` what a guard wants to know before it
    is said. Of what rests on something delicate (``is_delicate``) neither says anything.
    """

    about: str
    why: str
    held: str
    ask_first: str
    is_delicate: bool


def told(choices: Sequence[Choice], reader: Reader, now: datetime) -> Sequence[Told]:
    """Put choices into words, asking each kind of moment once."""
    names = subject_names((choice.moment, choice.subject_id) for choice in choices)
    held = _held(choices, now)
    days = bought_on([(c.customer_id, c.subject_id) for c in choices if c.subject_id], now)
    return [
        Told(
            names.get((choice.moment, choice.subject_id)) or choice.campaign.name,
            _why(choice, days.get((choice.customer_id, choice.subject_id), []), reader),
            "; ".join(one.text for one in words),
            "; ".join(one.question for one in words if one.question),
            any(one.is_delicate for one in words),
        )
        for choice, words in zip(choices, held, strict=True)
    ]


def _held(choices: Sequence[Choice], now: datetime) -> Sequence[Sequence[Said]]:
    """Put what guards and allergies say of each choice into words, all together."""
    reasons = [choice.facts.get("held", []) for choice in choices]
    words = iter(said([one for each in reasons for one in each], now))
    return [[next(words) for _ in each] for each in reasons]


def _why(choice: Choice, days: Sequence[str], reader: Reader) -> str:
    facts = choice.facts | {"bought_on": list(days)}
    action = registry.actions.get(choice.campaign.action)
    promise = action.promise(choice.campaign.parameters) if action else ""
    why = because(choice.moment, facts, str(reader))
    return ". ".join(part[:1].upper() + part[1:] for part in (why, promise) if part)
