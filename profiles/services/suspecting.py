"""Finds probable duplicates among customers, and takes what people say of them. Never joins by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from itertools import islice

from django.db import transaction

from cxportal.lib.errors import DomainError
from profiles.models import Customer, LearnedModel, ProfileEdge, Suspicion
from profiles.queries import duplicates
from profiles.queries.company import company_day, company_zone
from profiles.queries.duplicates import Reached, speaking_profile
from profiles.rules.likeness import GAVE_THEIRS_SCORE
from profiles.rules.names import SuspicionState
from profiles.rules.sameness import DUPLICATE, PERSON
from profiles.services import linking, merging

MODEL = "duplicates"
_AT_ONCE = 1_000
NIGHT_BEGINS = 2


class DecidedAlready(DomainError):
    """Somebody said what is so in the meantime."""

    code = "decided_already"


class CustomerGone(DomainError):
    """One of the two was merged into another or erased."""

    code = "customer_gone"


@dataclass(frozen=True)
class Suspected:
    """How many customers were looked at, and how many pairs are new."""

    looked_at: int
    pairs: int


def suspect_if_due(*, now: datetime) -> Suspected:
    """Look once a night, from two o'clock on by the company's time; a night that was missed is made up for."""
    local = now.astimezone(company_zone())
    with transaction.atomic():
        LearnedModel.objects.get_or_create(
            kind=MODEL,
            defaults={
                "parameters": asdict(Reached()),
                "fitted_as_of": date(1970, 1, 1),
                "fitted_at": now,
            },
        )
        last = LearnedModel.objects.select_for_update().get(kind=MODEL)
        if last.fitted_as_of >= local.date() or local.hour < NIGHT_BEGINS:
            return Suspected(0, 0)
        # Said first: a tick that comes while this one works finds the night taken.
        last.fitted_as_of = local.date()
        last.save(update_fields=["fitted_as_of"])
    return suspect(now=now)


def suspect(*, now: datetime) -> Suspected:
    """Compare whoever changed since the last run with everybody, and keep the likely pairs.

    Repeatable: a pair is kept once, and one that was decided never comes back. Everybody is read, some
    thousands at a time; only pairs with a changed customer are compared.
    """
    last = LearnedModel.objects.filter(kind=MODEL).first()
    since = Reached(**last.parameters) if last else Reached()
    seen = duplicates.reached()
    turn = duplicates.next_of_round(since.round)
    fresh = duplicates.changed(since, edges_since=last.fitted_at if last else None) | set(turn)
    pairs = 0
    if fresh:
        found = linking.linked(duplicates.records(now), fresh={str(key) for key in fresh})
        pairs = _keep(found, now)
    LearnedModel.objects.update_or_create(
        kind=MODEL,
        defaults={
            "parameters": asdict(replace(seen, round=turn[-1] if turn else 0)),
            "fitted_as_of": company_day(now),
            "fitted_at": now,
        },
    )
    return Suspected(len(fresh), pairs)


def _keep(found: Iterable[linking.Pair], now: datetime) -> int:
    """Store pairs that nobody decided about; an open one gets its new score. Return how many are new."""
    new = 0
    pairs = iter(found)
    while some := list(islice(pairs, _AT_ONCE)):
        by_ids = {(min(ids), max(ids)): pair for pair in some if (ids := _ids(pair))}
        apart = duplicates.kept_apart(by_ids)
        rows = [
            Suspicion(
                low_id=low, high_id=high, score=p.score, reasons=list(p.reasons), found_at=now
            )
            for (low, high), p in by_ids.items()
            if (low, high) not in apart
        ]
        new += _stored(rows)
    return new


def _ids(pair: linking.Pair) -> tuple[int, int]:
    return int(pair.one), int(pair.other)


def _stored(rows: Sequence[Suspicion]) -> int:
    with transaction.atomic():
        known = {
            (one.low_id, one.high_id): one
            for one in Suspicion.objects.select_for_update().filter(
                low_id__in=[row.low_id for row in rows], high_id__in=[row.high_id for row in rows]
            )
        }
        changed = []
        for row in rows:
            held = known.get((row.low_id, row.high_id))
            if held and held.state == SuspicionState.OPEN:
                held.score, held.reasons = row.score, row.reasons
                changed.append(held)
        Suspicion.objects.bulk_update(changed, ["score", "reasons"])
        fresh = [row for row in rows if (row.low_id, row.high_id) not in known]
        Suspicion.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)


def suspect_pair(*, one: Customer, other: Customer, reason: str, now: datetime) -> None:
    """Let people look at two who may be one, for one ``reason`` of ``rules.likeness`` that was told. Repeatable.

    Nothing is written of two who were said to be two, or who wait or were looked at already.
    """
    low, high = sorted((one.pk, other.pk))
    if low == high or duplicates.kept_apart([(low, high)]):
        return
    Suspicion.objects.get_or_create(
        low_id=low,
        high_id=high,
        defaults={"score": GAVE_THEIRS_SCORE, "reasons": [reason], "found_at": now},
    )


def decide(*, suspicion: Suspicion, is_same: bool, by: str, now: datetime) -> ProfileEdge:
    """Take what a person says of a pair: they are joined, or kept apart for good.

    Raises:
        DecidedAlready, CustomerGone: nothing was changed. KeptApart, StillJoined: as for merges.
    """
    with transaction.atomic():
        held = Suspicion.objects.select_for_update().get(pk=suspicion.pk)
        if held.state != SuspicionState.OPEN:
            raise DecidedAlready("Somebody has said what is so in the meantime.")
        evidence = {"suspicion": held.pk, "score": round(held.score, 3)}
        edge = decide_pair(
            one=held.low, other=held.high, is_same=is_same, by=by, now=now, evidence=evidence
        )
        held.state = SuspicionState.SAME if is_same else SuspicionState.APART
        held.decided_at, held.decided_by = now, by
        held.save(update_fields=["state", "decided_at", "decided_by"])
    return edge


def decide_pair(
    *,
    one: Customer,
    other: Customer,
    is_same: bool,
    by: str,
    now: datetime,
    evidence: Mapping[str, object] | None = None,
) -> ProfileEdge:
    """Join two customers by hand, or keep them apart; an open suspicion of the two is closed with it.

    Raises:
        CustomerGone: one is merged or erased. KeptApart, StillJoined, SameAlready: nothing was changed.
    """
    with transaction.atomic():
        low, high = sorted((one.pk, other.pk))
        present = Customer.objects.present().filter(pk__in=[low, high])
        if low == high or present.count() != 2:
            raise CustomerGone("One of the two is no longer there. Look the customer up again.")
        profiles = speaking_profile(one), speaking_profile(other)
        if is_same:
            edge = merging.join(
                one=profiles[0],
                other=profiles[1],
                rule=DUPLICATE if evidence else PERSON,
                actor=by,
                now=now,
                evidence=evidence or {},
            )
        else:
            edge = merging.keep_apart(one=profiles[0], other=profiles[1], by=by, now=now)
        Suspicion.objects.filter(low_id=low, high_id=high, state=SuspicionState.OPEN).update(
            state=SuspicionState.SAME if is_same else SuspicionState.APART,
            decided_at=now,
            decided_by=by,
        )
    return edge
