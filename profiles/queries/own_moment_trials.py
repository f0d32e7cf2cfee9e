"""What a moment would have been these 30 days: tried on the customers who are there, before it goes live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from django.db.models import F, Value
from django.db.models.functions import Mod

from cxportal.lib.registry import Found
from profiles.models import Customer
from profiles.queries.conditions import answers
from profiles.queries.own_moments import Definition, Sight, events_of, explain
from profiles.rules.condition_words import Use
from profiles.rules.conditions import Truth
from profiles.rules.own_moments import DateNears, EventCame

TRIED_DAYS = 30
# So many are tried at most: of more customers every so-manieth, which tells shares as well as all would.
MOST_TRIED, BATCH, SHOWN = 20_000, 5_000, 5
# From this share on it is nearly everybody.
NEARLY_ALL = 0.9


@dataclass(frozen=True)
class Example:
    """One customer with what would be said to staff."""

    customer_id: int
    name: str
    why: str


@dataclass(frozen=True)
class Trial:
    """What came of trying a moment on ``tried`` of ``customers`` over the last 30 days.

    ``began``: for how many something began it, ``fitting``: of how many the condition is so, ``occurred``: how
    many it would have been for, ``times``: how often in all, ``daily``: how many would be in it more than daily.
    """

    tried: int
    customers: int
    came: int
    began: int
    fitting: int
    occurred: int
    times: int
    daily: int
    examples: Sequence[Example]
    warnings: Sequence[str]

    @property
    def is_sample(self) -> bool:
        return self.tried < self.customers


def trial(definition: Definition, now: datetime) -> Trial:
    """Try a moment; reads only, some thousands of customers at a time."""
    customers = Customer.objects.present().count()
    step = -(-customers // MOST_TRIED) or 1
    drawn = Customer.objects.present().alias(place=Mod(F("pk"), Value(step))).filter(place=0)
    ids = list(drawn.order_by("pk").values_list("pk", flat=True))
    counts: Counter[str] = Counter()
    shown: list[Found] = []
    over = replace(definition, lasts=timedelta(days=TRIED_DAYS), is_on=True)
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        found = _tried(over, batch, now, counts)
        shown += found[: SHOWN - len(shown)]
    names = dict(
        Customer.objects.filter(pk__in=[one.customer_id for one in shown]).values_list("pk", "name")
    )
    examples = [
        Example(one.customer_id, names[one.customer_id] or f"customer {one.customer_id}",
                explain(definition, one.facts, "staff"))
        for one in shown
    ]  # fmt: skip
    figures = {
        name: counts[name] for name in ("came", "began", "fitting", "occurred", "times", "daily")
    }
    warnings = _warnings(definition, len(ids), figures)
    return Trial(len(ids), customers, examples=examples, warnings=warnings, **figures)


def _tried(
    over: Definition, batch: Sequence[int], now: datetime, counts: Counter[str]
) -> Sequence[Found]:
    """Count one batch; return where it would have occurred."""
    began = Sight([over]).seen(over, batch, now)
    fitting = set(batch)
    if over.audience is not None:
        asked = answers([over.audience], batch, now, use=Use.CHOOSE)
        fitting = set(np.array(batch)[asked.of(over.audience) == Truth.YES].tolist())
    occurred = [one for one in began if one.customer_id in fitting]
    times: Counter[int] = Counter(one.customer_id for one in occurred)
    if isinstance(over.trigger, EventCame):
        came = events_of(over.trigger, batch, over.lasts, now)
        counts["came"] += sum(all_of for all_of, _ in came.values())
        times = Counter({one: came[one][1] for one in times})
    counts.update(
        began=len(began),
        fitting=len(fitting),
        occurred=len(occurred),
        times=times.total(),
        daily=sum(count > TRIED_DAYS for count in times.values()),
    )
    return occurred


def _warnings(definition: Definition, tried: int, found: Mapping[str, int]) -> Sequence[str]:
    """Say what looks wrong, so that it is seen before it goes live."""
    if not tried:
        return ["There are no customers yet to try it on."]
    said = [_never(definition, found)]
    if definition.audience is not None and not found["fitting"]:
        said.append("The condition is so of nobody.")
    if definition.audience is not None and found["fitting"] >= NEARLY_ALL * tried:
        said.append("The condition is so of nearly everybody: it chooses nobody.")
    if found["occurred"] >= NEARLY_ALL * tried:
        said.append("It would have been for nearly everybody.")
    if found["daily"]:
        words = "1 customer" if found["daily"] == 1 else f"{found['daily']:,} customers"
        said.append(f"It begins more often than daily for {words}.")
    return [one for one in said if one]


def _never(definition: Definition, found: Mapping[str, int]) -> str:
    trigger = definition.trigger
    if found["began"]:
        return ""
    if isinstance(trigger, DateNears):
        return f"No such date came near in the last {TRIED_DAYS} days; look whether they lie in the past."
    if not isinstance(trigger, EventCame):
        return f"It became so of nobody in the last {TRIED_DAYS} days."
    if not found["came"]:
        return f"No event “{trigger.name}” came in the last {TRIED_DAYS} days. Is this how your systems name it?"
    often = "once" if found["came"] == 1 else f"{found['came']:,} times"
    return f"“{trigger.name}” came {often} in {TRIED_DAYS} days, and never with these properties."
