"""``decide``: what to say to these customers now, or why to stay silent.

One piece of code for one customer at a counter and for some thousands in the nightly plan. It reads and
writes nothing; planning and answering store what it decided. The steps are those of docs/architecture.md:
candidates, eligibility, worth, arbitration, choice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
from django.db.models import Exists, OuterRef

from campaigns.models import Campaign, MessageTemplate, SendingPolicy
from campaigns.queries import eligibility
from campaigns.queries.eligibility import Standing
from campaigns.queries.holding_back import HeldBack, held_back
from campaigns.queries.moments import known_moments, moment_of, moments_kept
from campaigns.queries.offered import crossed
from campaigns.queries.policy import sending_policy
from campaigns.rules import arbitration, competing
from campaigns.rules.arms import in_control
from campaigns.rules.codes import REFUSAL_BIT, Arm, Door, Refusal, Verdict, refusals_in
from cxportal.lib.registry import Floats, Longs, Occurrences
from cxportal.lib.registry import Moment as MomentKind
from profiles.models import Customer
from profiles.queries.company import company_kept

# Doubts of the detecting apps that are refusals of their own; any other doubt is "not sure enough".
_OWN_CODES = {str(refusal) for refusal in Refusal}


@dataclass(frozen=True)
class Context:
    """Where the customer is met. ``limit``: how many things may be said there (a counter: three).

    ``by_event``: an event came in, so only the moments that events begin are asked about.
    """

    door: Door
    limit: int = 1
    by_event: bool = False


@dataclass(frozen=True)
class Choice:
    """The answer for one moment: speak, or silent with its reasons, most important first.

    ``product_id``: what an offer came to, None for what is no offer.
    """

    customer_id: int
    moment: str
    subject_id: int
    cycle: date
    opens: date | None
    until: date
    campaign: Campaign
    verdict: Verdict
    reasons: list[Refusal]
    arm: Arm
    worth: float
    likelihood: float
    facts: dict[str, Any]
    considered: list[list[Any]] = field(default_factory=list)
    product_id: int | None = None


@dataclass(frozen=True)
class _Asked:
    """Columns over (occurrence, campaign) before they are weighed; ``product`` is what an offer came to, or 0.

    ``held`` is a mask of what keeps the product from its customer, with the reasons by row.
    """

    campaign: Campaign
    occurrences: Occurrences
    product: Longs
    held: HeldBack
    group: str = ""

    def __len__(self) -> int:
        return len(self.occurrences)


@dataclass(frozen=True)
class _Candidates:
    """Columns over (occurrence, campaign): campaigns that answer the same kind of moment compete in each."""

    asked: _Asked
    worth: Floats
    refused: Longs
    control: Any

    @property
    def campaign(self) -> Campaign:
        return self.asked.campaign

    @property
    def occurrences(self) -> Occurrences:
        return self.asked.occurrences

    def __len__(self) -> int:
        return len(self.asked)


@dataclass(frozen=True)
class Decided:
    """Choices, and how many rows were silent for want of evidence or need: no moments, only counted."""

    choices: list[Choice]
    left_out: Counter[Refusal]


# What is silent for one of these reasons is no moment: it is told where somebody asks, and only
# counted in a plan for everybody.
NO_MOMENT = (Refusal.NOT_SURE, Refusal.TOO_FREQUENT, Refusal.NOTHING_FITS)


def decide(*, customers: Sequence[int], context: Context, now: datetime) -> list[Choice]:
    """Decide for each open moment of these customers, in the order of customers and worth."""
    with company_kept(), moments_kept():  # each moment asks for the house's day
        return _decided(customers, context, now, told=True).choices


def decide_in_bulk(*, customers: Sequence[int], context: Context, now: datetime) -> Decided:
    """Decide as ``decide`` does, and only count what is no moment."""
    with company_kept(), moments_kept():
        return _decided(customers, context, now, told=False)


def _decided(customers: Sequence[int], context: Context, now: datetime, *, told: bool) -> Decided:
    policy = sending_policy()
    seen = _seen(customers, context, now)
    concerned = dict.fromkeys(c for _, _, found in seen for c in found.customer_id.tolist())
    stands = eligibility.standings(list(concerned), policy, now) if concerned else {}
    asked = _asked(seen, stands, context, now)
    if not asked:
        return Decided([], Counter())
    parts = [
        _weighed(one, answered, stands, policy, context)
        for one, answered in zip(asked, _answered(asked, now), strict=True)
    ]
    return _choices(parts, stands, context, told)


def _seen(
    customers: Sequence[int], context: Context, now: datetime
) -> Sequence[tuple[Campaign, MomentKind, Occurrences]]:
    """Ask every registered moment that live campaigns answer, each once; a message needs words besides.

    Who is merged or erased is not asked about.
    """
    present = set(
        Customer.objects.present().filter(pk__in=list(customers)).values_list("pk", flat=True)
    )
    customers = [customer for customer in customers if customer in present]
    live = Campaign.objects.filter(is_live=True).order_by("pk")
    if context.door == Door.EMAIL:
        live = live.filter(Exists(MessageTemplate.objects.filter(campaign=OuterRef("pk"))))
    found: dict[str, Occurrences] = {}
    moments = known_moments()
    answering = []
    for campaign in live:
        moment = moments.get(campaign.moment)
        if moment is None or (context.by_event and not moment.is_decided_at_once):
            continue
        if moment.key not in found:
            found[moment.key] = moment.detect(customers, now)
        answering.append((campaign, moment, found[moment.key]))
    return answering


def _asked(
    seen: Sequence[tuple[Campaign, MomentKind, Occurrences]],
    stands: Mapping[int, Standing],
    context: Context,
    now: datetime,
) -> Sequence[_Asked]:
    """Put what is open beside what is against it; campaigns of offers are crossed with their products."""
    begun: dict[str, Occurrences] = {}
    for _, moment, found in seen:
        if moment.key not in begun:
            keeps = moment.keeps_its_day and context.door != Door.EMAIL
            begun[moment.key] = _begun(found, stands, now) if keeps else found
    whole = [(campaign, begun[campaign.moment]) for campaign, _, _ in seen]
    plain = [(one, found) for one, found in whole if one.offer_id is None and len(found)]
    offers = [(one, found) for one, found in whole if one.offer_id is not None]
    return [
        *_held_back(plain, context, now),
        *(
            _Asked(
                one.campaign, one.occurrences, one.product, HeldBack(one.mask, one.held), one.group
            )
            for one in crossed(offers, context.door, now)
        ),
    ]


def _begun(found: Occurrences, stands: Mapping[int, Standing], now: datetime) -> Occurrences:
    """Keep what has begun by the customer's own clock; a message waits for its day by itself."""
    if found.opens is None:
        return found
    days = [now.astimezone(stands[customer].zone).date() for customer in found.customer_id.tolist()]
    return found.only(found.opens <= np.array(days, dtype="datetime64[D]"))


def _held_back(
    found: Sequence[tuple[Campaign, Occurrences]], context: Context, now: datetime
) -> Iterator[_Asked]:
    """Ask once what guards and allergies keep back, of all campaigns together."""
    if not found:
        return
    kinds = [campaign.moment for campaign, part in found for _ in range(len(part))]
    customers = np.concatenate([part.customer_id for _, part in found])
    subjects = np.concatenate([part.subject_id for _, part in found])
    held = held_back(kinds, customers, subjects, context.door, now)
    start = 0
    for campaign, part in found:
        rows = range(start, start + len(part))
        reasons = {row - start: held.reasons[row] for row in rows if row in held.reasons}
        none = np.zeros(len(part), dtype=np.int64)
        yield _Asked(campaign, part, none, HeldBack(held.mask[start : rows.stop], reasons))
        start = rows.stop


def _answered(asked: Sequence[_Asked], now: datetime) -> Iterator[Longs]:
    """Ask once what was said and answered before, of all campaigns together.

    Of an offer its product was answered, which the crossing has left out already, and not the moment.
    """
    answered = eligibility.answered(
        np.concatenate([one.occurrences.customer_id for one in asked]),
        [one.campaign.moment for one in asked for _ in range(len(one))],
        np.concatenate([one.occurrences.subject_id for one in asked]),
        np.concatenate([one.occurrences.cycle for one in asked]),
        now,
    )
    start = 0
    for one in asked:
        part = answered[start : start + len(one)]
        yield np.where(one.product > 0, part & ~np.int64(_OF_THE_SUBJECT), part)
        start += len(one)


_OF_THE_SUBJECT = REFUSAL_BIT[Refusal.DISMISSED] | REFUSAL_BIT[Refusal.NOT_YET]


def _weighed(
    asked: _Asked,
    answered: Longs,
    stands: Mapping[int, Standing],
    policy: SendingPolicy,
    context: Context,
) -> _Candidates:
    campaign, found = asked.campaign, asked.occurrences
    said = np.array(
        [stands[customer].last_week for customer in found.customer_id.tolist()], dtype=np.int64
    )
    return _Candidates(
        asked=asked,
        worth=arbitration.worth(found.likelihood, found.value * campaign.value, said, context.door),
        refused=_refused(campaign, found, stands, policy, context) | answered | asked.held.mask,
        control=in_control(
            campaign.experiment, found.customer_id, _control_share(campaign, policy)
        ),
    )


def _control_share(campaign: Campaign, policy: SendingPolicy) -> float:
    """What customers asked for is kept from nobody."""
    moment = moment_of(campaign.moment)
    return 0.0 if moment is not None and moment.is_asked_for else policy.control_share


def _refused(
    campaign: Campaign,
    found: Occurrences,
    stands: Mapping[int, Standing],
    policy: SendingPolicy,
    context: Context,
) -> Longs:
    mask = np.array([_doubt_bit(doubt) for doubt in found.doubt.tolist()], dtype=np.int64)
    mask |= _too_frequent(found, policy)
    by_customer = {
        customer: stands[customer].refusals(purpose=campaign.purpose, campaign_id=campaign.pk)
        for customer in set(found.customer_id.tolist())
    }
    standing = np.array(
        [by_customer[customer] for customer in found.customer_id.tolist()], dtype=np.int64
    )
    # Face to face needs neither consent to messages nor an address, and no mail is waited for.
    ignored = 0 if context.door == Door.EMAIL else _MESSAGES_ONLY
    ignored |= ignored_by(campaign.moment)
    return mask | (standing & ~np.int64(ignored))


def ignored_by(kind: str) -> int:
    """Mask of what does not stand against a moment: what is open silences selling, not care."""
    moment = moment_of(kind)
    return 0 if moment is None or moment.sells else REFUSAL_BIT[Refusal.OPEN_CASE]


_MESSAGES_ONLY = (
    REFUSAL_BIT[Refusal.NO_CONSENT]
    | REFUSAL_BIT[Refusal.NO_ADDRESS]
    | REFUSAL_BIT[Refusal.UNNOTICED]
)


def _doubt_bit(doubt: str) -> int:
    if not doubt:
        return 0
    return REFUSAL_BIT[Refusal(doubt) if doubt in _OWN_CODES else Refusal.NOT_SURE]


def _too_frequent(found: Occurrences, policy: SendingPolicy) -> Longs:
    """What is bought every few days is bought anyway: a reminder would only disturb."""
    rhythm = found.facts.get("rhythm_days")
    if rhythm is None:
        return np.zeros(len(found), dtype=np.int64)
    stated = np.array([days is not None for days in found.facts["every_days"]], dtype=bool)
    often = (rhythm.astype(np.float64) < policy.shortest_rhythm_days) & ~stated
    return np.where(often, REFUSAL_BIT[Refusal.TOO_FREQUENT], 0)


# --- arbitration over all campaigns together ------------------------------------------------------


def _choices(
    parts: list[_Candidates], stands: Mapping[int, Standing], context: Context, told: bool
) -> Decided:
    customer = np.concatenate([part.occurrences.customer_id for part in parts])
    moment = _moment_numbers(parts)
    worth = np.concatenate([part.worth for part in parts])
    refused = np.concatenate([part.refused for part in parts])
    control = np.concatenate([part.control for part in parts])
    room = np.array([_room(stands[c], context) for c in customer.tolist()], dtype=np.int64)
    foremost = competing.foremost(moment, worth, (refused == 0) & (worth > 0))
    for once in (_product_numbers(parts), _group_numbers(parts)):
        # What two moments lead to is said once, and of offers that exclude each other one.
        foremost &= (once == 0) | competing.foremost(
            competing.numbered(customer, once), worth, foremost
        )
    picked = arbitration.chosen(customer, worth, foremost, room)
    reasons = _with_lost_causes(
        refused,
        worth,
        _spent(customer, stands, room),
        picked,
        control & (context.door == Door.EMAIL),
    )
    rows = [(part, row) for part in parts for row in range(len(part))]
    order = np.lexsort((-worth, refused != 0, ~picked, customer))
    left_out: Counter[Refusal] = Counter()
    if not told:
        order, left_out = _moments_only(order, reasons)
    weighed = [
        (int(moment[at]), _choice(rows[at][0], rows[at][1], int(reasons[at]), bool(control[at])))
        for at in order.tolist()
    ]
    return Decided(list(_one_for_each_moment(weighed)), left_out)


def _moment_numbers(parts: Sequence[_Candidates]) -> Longs:
    """Number the moments: campaigns that answer the same one share its number."""
    kinds = {kind: n for n, kind in enumerate({part.campaign.moment for part in parts})}
    columns = (
        np.concatenate([part.occurrences.customer_id for part in parts]),
        np.concatenate([np.full(len(part), kinds[part.campaign.moment]) for part in parts]),
        np.concatenate([part.occurrences.subject_id for part in parts]),
        np.concatenate([part.occurrences.cycle.astype(np.int64) for part in parts]),
    )
    return competing.numbered(*columns)


def _product_numbers(parts: Sequence[_Candidates]) -> Longs:
    return np.concatenate([part.asked.product for part in parts])


def _group_numbers(parts: Sequence[_Candidates]) -> Longs:
    groups = {group: n for n, group in enumerate(sorted({"", *(p.asked.group for p in parts)}))}
    return np.concatenate([np.full(len(p), groups[p.asked.group], dtype=np.int64) for p in parts])


def _moments_only(order: Longs, reasons: Longs) -> tuple[Longs, Counter[Refusal]]:
    """Part what is no moment from the rest; the first reason of each row is the one that is told."""
    first = reasons & -reasons  # the lowest bit is the first in the order of telling
    counts = {refusal: int((first == REFUSAL_BIT[refusal]).sum()) for refusal in NO_MOMENT}
    bits = [REFUSAL_BIT[refusal] for refusal in NO_MOMENT]
    return order[~np.isin(first[order], bits)], Counter(counts)


def _room(standing: Standing, context: Context) -> int:
    """How many things may be said: one message a morning, and never beyond the week's allowance."""
    return min(context.limit, standing.room) if context.door == Door.EMAIL else context.limit


def _spent(customer: Longs, stands: Mapping[int, Standing], room: Longs) -> Longs:
    """Say for each row why there is no room, as a bit; 0 where there is."""
    bits = [REFUSAL_BIT[stands[one].spent()] for one in customer.tolist()]
    return np.where(room <= 0, np.array(bits, dtype=np.int64), 0)


def _with_lost_causes(
    refused: Longs, worth: Floats, spent: Longs, picked: Any, control: Any
) -> Longs:
    """Give each row that was not picked its reason, and turn the control group's picks to silence."""
    lost = ~picked & (refused == 0)
    reasons = refused.copy()
    reasons[lost & (worth <= 0)] = REFUSAL_BIT[Refusal.UNLIKELY]
    reasons[lost & (worth > 0)] = REFUSAL_BIT[Refusal.OUTBID]
    without_room = lost & (worth > 0) & (spent != 0)
    reasons[without_room] = spent[without_room]
    reasons[picked & control] = REFUSAL_BIT[Refusal.CONTROL]
    return reasons


def _choice(part: _Candidates, row: int, reasons: int, control: bool) -> Choice:
    found, held = part.occurrences, part.asked.held.reasons
    return Choice(
        customer_id=int(found.customer_id[row]),
        moment=part.campaign.moment,
        subject_id=int(found.subject_id[row]),
        cycle=found.cycle[row].astype(object),
        opens=None if found.opens is None else found.opens[row].astype(object),
        until=found.until[row].astype(object),
        campaign=part.campaign,
        verdict=Verdict.SILENT if reasons else Verdict.SPEAK,
        reasons=refusals_in(reasons),
        arm=Arm.CONTROL if control else Arm.TREATED,
        worth=round(float(part.worth[row]), 4),
        likelihood=round(float(found.likelihood[row]), 4),
        facts={name: _plain(column[row]) for name, column in found.facts.items()}
        | {"doubt": str(found.doubt[row])}
        | ({"held": list(held[row])} if row in held else {}),
        product_id=int(part.asked.product[row]) or None,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float | np.floating):
        return round(float(value), 3)
    return value.item() if isinstance(value, np.generic) else value


# How many of the others a decision remembers: enough to answer "why not that?", small in a big night.
_REMEMBERED = 3


def _one_for_each_moment(weighed: Sequence[tuple[int, Choice]]) -> Iterator[Choice]:
    """Answer each moment once, by what comes first, and let it remember what it was weighed against.

    What else could have been said in the same moment is always remembered; what the customer's other moments
    asked for, where something is said.
    """
    answers: dict[int, Choice] = {}
    rivals: dict[int, list[Choice]] = {}
    others: dict[int, list[Choice]] = {}
    for moment, choice in weighed:
        others.setdefault(choice.customer_id, []).append(choice)
        if moment in answers:
            rivals.setdefault(moment, []).append(choice)
        else:
            answers[moment] = choice
    for moment, choice in answers.items():
        beside = rivals.get(moment, [])
        if choice.verdict == Verdict.SPEAK:
            near = {id(one) for one in (choice, *beside)}
            beside = beside + [c for c in others[choice.customer_id] if id(c) not in near]
        choice.considered.extend(_as_considered(other) for other in beside[:_REMEMBERED])
        yield choice


def _as_considered(other: Choice) -> list[Any]:
    reasons = [str(reason) for reason in other.reasons]
    offered = [] if other.product_id is None else [other.product_id]
    return [other.campaign.pk, other.subject_id, other.worth, reasons, *offered]
