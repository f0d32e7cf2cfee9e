"""What moments are about, and why, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from campaigns.models import Decision
from campaigns.queries.moments import moment_of
from campaigns.queries.offer_words import OfferSaid, offer_said
from campaigns.rules.codes import Door
from campaigns.rules.reasons import Reader

Subject = tuple[str, int]


def subject_names(subjects: Iterable[Subject]) -> Mapping[Subject, str]:
    """Name what moments are about, asking each kind once; what has no name is left out."""
    by_kind: dict[str, list[int]] = {}
    for kind, subject in subjects:
        by_kind.setdefault(kind, []).append(subject)
    return {
        (kind, subject): name
        for kind, ids in by_kind.items()
        if (moment := moment_of(kind))
        for subject, name in moment.subject_name(ids).items()
    }


def kind_in_words(kind: str) -> str:
    """Name a kind of moment as its app labels it."""
    known = moment_of(kind)
    return known.label if known else kind.replace("_", " ")


def because(kind: str, facts: Mapping[str, Any], reader: str) -> str:
    """Say why a moment of this kind is open, in plain words, to "customer", "staff" or "manager"."""
    moment = moment_of(kind)
    return moment.explain(facts, reader) if moment else ""


def reason_for(decision: Decision, reader: str) -> str:
    """Say why a decision was made, from the facts that were stored with it; of an offer, why this product."""
    offer = offer_said(decision.facts, Door(decision.door), Reader(reader))
    return whole_reason(because(decision.moment.kind, decision.facts, reader), offer)


def whole_reason(moment: str, offer: OfferSaid | None) -> str:
    """Put why now and why this together."""
    return "; ".join(part for part in (moment, offer.because if offer else "") if part)
