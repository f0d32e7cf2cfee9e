"""What the campaigns app holds of a person."""

from __future__ import annotations

from cxportal.lib.registry import Erasing, Holding

HOLDINGS = (
    Holding(
        "campaigns.Moment",
        "Moments in which we thought of you",
        follows="origin_customer_id",
        one_per=("kind", "subject_id", "cycle"),
        shown=("kind", "cycle", "seen_at"),
        erasing=Erasing.KEEP,
    ),
    Holding(
        "campaigns.Decision",
        "What we decided, and why",
        follows="moment",
        shown=("decided_at", "campaign__name", "door", "verdict", "reasons", "facts"),
        erasing=Erasing.KEEP,
    ),
    Holding(
        "campaigns.Outcome",
        "What you answered",
        follows="decision",
        shown=("occurred_at", "kind", "door"),
        erasing=Erasing.KEEP,
    ),
    Holding(
        "campaigns.Delivery",
        "Messages",
        follows="decision",
        shown=("due_at", "channel", "state", "reason", "finished_at"),
        erasing=Erasing.KEEP,
    ),
    Holding(
        "campaigns.Message",
        "Their words",
        customer="delivery__customer",
        follows="",
        shown=("recipient", "subject", "text"),
        personal=("recipient", "subject", "text", "html"),
    ),
)
