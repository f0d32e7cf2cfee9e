"""The share of loyalty in a customer's timeline: points."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from cxportal.lib.timeline import NEWEST, WINDOW, Item, Slice, rows
from loyalty.rules import EntryKind

_POINTS = f"""
    SELECT x.occurred_at, x.id, x.kind, x.points FROM loyalty_pointsentry x WHERE {WINDOW} {NEWEST}
"""
_KIND = {
    EntryKind.PURCHASE: "for a purchase",
    EntryKind.RETURN: "taken for a return",
    EntryKind.BONUS: "as a bonus",
    EntryKind.ADJUSTMENT: "corrected",
}


def points(part: Slice) -> Sequence[Item]:
    """Load what was booked."""
    return [
        Item(
            at,
            number,
            "Programme",
            f"{points:+,} points {_KIND.get(EntryKind(kind), '')}".rstrip(),
            href=reverse("admin:loyalty_pointsentry_change", args=[number]),
        )
        for at, number, kind, points in rows(_POINTS, part)
    ]
