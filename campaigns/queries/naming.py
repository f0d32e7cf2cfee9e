"""What moments are about, and why, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from campaigns.models import Decision
from cxportal.lib.registry import registry

Subject = tuple[str, int]


def subject_names(subjects: Iterable[Subject]) -> Mapping[Subject, str]:
    """Name what moments are about, asking each kind once; what has no name is left out."""
    by_kind: dict[str, list[int]] = {}
    for kind, subject in subjects:
        by_kind.setdefault(kind, []).append(subject)
    return {
        (kind, subject): name
        for kind, ids in by_kind.items()
        if kind in registry.moments
        for subject, name in registry.moments[kind].subject_name(ids).items()
    }


def kind_in_words(kind: str) -> str:
    """Name a kind of moment as its app labels it."""
    known = registry.moments.get(kind)
    return known.label if known else kind.replace("_", " ")


def reason_for(decision: Decision, reader: str) -> str:
    """Say why, in plain words, to "customer", "staff" or "manager"."""
    moment = registry.moments.get(decision.moment.kind)
    return moment.explain(decision.facts, reader) if moment else ""
