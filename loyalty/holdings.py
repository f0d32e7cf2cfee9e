"""What the loyalty app holds of a person."""

from __future__ import annotations

from cxportal.lib.registry import Erasing, Holding

HOLDINGS = (
    Holding(
        "loyalty.PointsEntry",
        "Points",
        shown=("occurred_at", "kind", "points"),
        erasing=Erasing.KEEP,
    ),
)
