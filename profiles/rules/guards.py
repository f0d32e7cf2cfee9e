"""Guards: what must be known of a customer before a product may come up, or must not be so."""

from __future__ import annotations

from enum import IntFlag, StrEnum

import numpy as np

from profiles.rules.condition_words import Use
from profiles.rules.conditions import Longs, Truth, Truths


class GuardKind(StrEnum):
    NEEDS = "needs"
    FORBIDS = "forbids"


class WhenUnknown(StrEnum):
    """Not knowing is not the same as no: what happens then, each guard says."""

    ALLOW = "allow"
    REFUSE = "refuse"
    ASK = "ask"


class Held(IntFlag):
    """What keeps a product from a customer; ``ASK``: nothing yet, but staff should ask first."""

    ALLERGY = 1
    REFUSED = 2
    UNSURE = 4
    ASK = 8


KIND = {GuardKind.NEEDS: "needs", GuardKind.FORBIDS: "is not for"}
UNKNOWN = {
    WhenUnknown.ALLOW: "it may come up",
    WhenUnknown.REFUSE: "it does not come up",
    WhenUnknown.ASK: "staff ask first, and nothing is written about it",
}
_WHEN_UNKNOWN = {
    WhenUnknown.ALLOW: Held(0),
    WhenUnknown.REFUSE: Held.UNSURE,
    WhenUnknown.ASK: Held.ASK,
}


def use_of(kind: str) -> Use:
    """What a guard's condition is for: what forbids only ever holds back."""
    return Use.HOLD_BACK if kind == GuardKind.FORBIDS else Use.CHOOSE


def held(kind: GuardKind, when_unknown: WhenUnknown, truths: Truths) -> Longs:
    """Say of each answer to a guard's condition what follows: bits of ``Held``.

    >>> held(GuardKind.NEEDS, WhenUnknown.ASK, np.array([0, 1, 2], dtype=np.int8)).tolist()
    [2, 8, 0]
    >>> held(GuardKind.FORBIDS, WhenUnknown.ALLOW, np.array([0, 1, 2], dtype=np.int8)).tolist()
    [0, 0, 2]
    """
    refusing = Truth.NO if kind == GuardKind.NEEDS else Truth.YES
    bits = np.where(truths == refusing, int(Held.REFUSED), 0)
    unknown = int(_WHEN_UNKNOWN[when_unknown])
    return np.where(truths == Truth.UNKNOWN, unknown, bits).astype(np.int64)


def summary(kind: str, condition: str) -> str:
    """Say a guard of something, after its name.

    >>> summary("forbids", "“Has a car” is no")
    'is not for: “Has a car” is no'
    """
    return f"{KIND[GuardKind(kind)]}: {condition}"
