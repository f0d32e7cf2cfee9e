"""What a guard would do to the customers who are there: tried before it holds for anybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db.models import F, Value
from django.db.models.functions import Mod

from profiles.models import Customer
from profiles.queries.conditions import Answers, answers
from profiles.queries.guard_words import evidence_in_words, question_of
from profiles.rules.condition_words import is_delicate
from profiles.rules.conditions import Condition, Truth
from profiles.rules.guards import UNKNOWN, GuardKind, Held, WhenUnknown, held, use_of

# So many are tried at most: of more customers every so-manieth, which tells shares as well as all would.
MOST_TRIED = 20_000
BATCH = 5_000
SHOWN = 4

REFUSED, ADMITTED, NOT_KNOWN = "refused", "admitted", "unknown"
_LABELS = (REFUSED, ADMITTED, NOT_KNOWN)
_TITLE = {REFUSED: "Kept from them", ADMITTED: "May come up", NOT_KNOWN: "Not known"}


@dataclass(frozen=True)
class Example:
    """One customer with what came of it, and why."""

    customer_id: int
    name: str
    why: str


@dataclass(frozen=True)
class Outcome:
    """One thing that comes of a guard, of how many of those tried, with some of them."""

    label: str
    customers: int
    tried: int
    when_unknown: WhenUnknown
    examples: Sequence[Example]

    @property
    def title(self) -> str:
        return _TITLE[self.label]

    @property
    def shown(self) -> str:
        return f"{self.customers:,}"

    @property
    def note(self) -> str:
        """The share, and what comes of not knowing."""
        share = f"{self.customers / self.tried:.1%} of those tried" if self.tried else "nobody"
        then = f"; {UNKNOWN[self.when_unknown]}" if self.label == NOT_KNOWN else ""
        return share + then


@dataclass(frozen=True)
class Trial:
    """What came of trying a guard. ``tried`` of ``customers``; ``is_delicate``: nobody is named."""

    tried: int
    customers: int
    outcomes: Sequence[Outcome]
    is_delicate: bool

    @property
    def is_sample(self) -> bool:
        return self.tried < self.customers


def trial(
    *, kind: GuardKind, condition: Condition, when_unknown: WhenUnknown, now: datetime
) -> Trial:
    """Try a guard on the customers who are there; reads only, some thousands at a time."""
    customers = Customer.objects.present().count()
    step = -(-customers // MOST_TRIED) or 1
    drawn = Customer.objects.present().alias(place=Mod(F("pk"), Value(step))).filter(place=0)
    ids = np.array(drawn.order_by("pk").values_list("pk", flat=True), dtype=np.int64)
    counts = dict.fromkeys(_LABELS, 0)
    examples: dict[str, list[Example]] = {label: [] for label in _LABELS}
    delicate = False
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH].tolist()
        found = answers([condition], batch, now, use=use_of(kind))
        truths = found.of(condition)
        delicate = is_delicate(condition, found.vocabulary)
        refused = held(kind, when_unknown, truths) & int(Held.REFUSED)
        rows = _rows(truths == Truth.UNKNOWN, refused > 0)
        for label, at in rows.items():
            counts[label] += len(at)
            if not delicate and (wanted := SHOWN - len(examples[label])) > 0:
                named = [batch[n] for n in at[:wanted].tolist()]
                examples[label] += examples_of(named, condition, found, now)
    outcomes = [
        Outcome(label, counts[label], len(ids), when_unknown, examples[label]) for label in _LABELS
    ]
    return Trial(len(ids), customers, outcomes, delicate)


def _rows(unknown: np.ndarray, refused: np.ndarray) -> dict[str, np.ndarray]:
    return {
        REFUSED: np.flatnonzero(refused),
        ADMITTED: np.flatnonzero(~refused & ~unknown),
        NOT_KNOWN: np.flatnonzero(unknown),
    }


def examples_of(
    customer_ids: Sequence[int], condition: Condition, found: Answers, now: datetime
) -> Sequence[Example]:
    """Name customers with what a condition rests on for each of them."""
    names = dict(Customer.objects.filter(pk__in=customer_ids).values_list("pk", "name"))
    grounds = {one: found.grounds(condition, one) for one in customer_ids}
    keys = [(str(e.row), e.id) for _, why in grounds.values() for _, e in why if e]
    words = evidence_in_words(keys, now)
    shown = []
    for one in customer_ids:
        truth, why = grounds[one]
        known = [words[str(e.row), e.id] for _, e in why if e and (str(e.row), e.id) in words]
        asked = question_of([question for question, e in why if not e], found.vocabulary)
        missing = (
            "not known" if truth == Truth.UNKNOWN else "so" if truth == Truth.YES else "not so"
        )
        rest = f"{asked}: {missing}" if asked else ""
        why_words = "; ".join(part for part in (*dict.fromkeys(known), rest) if part)
        shown.append(Example(one, names[one] or f"customer {one}", why_words))
    return shown
