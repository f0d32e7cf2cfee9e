"""What the campaigns app holds of a person."""

from __future__ import annotations

from django.db.models import Q

from campaigns.rules.codes import Refusal, Verdict
from campaigns.services.erasing import withdraw_messages
from campaigns.services.folding import fold_silences
from cxportal.lib.registry import Erasing, Erasure, Holding, Mention

HOLDINGS: tuple[Holding | Mention | Erasure, ...] = (
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
        erasing=Erasing.BLANK,
        renamed=("public_id",),
        # Of what was said, answered, or kept from the control group, results are made: their moments stay whole.
        ages_by="moment__until",
        ages_where=Q(verdict=Verdict.SILENT.value)
        & ~Q(moment__decisions__verdict=Verdict.SPEAK.value)
        & ~Q(moment__decisions__reasons__contains=[Refusal.CONTROL.value])
        & ~Q(moment__decisions__outcomes__isnull=False),
        kept_as="Moments in which nothing was said",
        fold=fold_silences,
        folded_as="Counted by day and reason after that, and deleted.",
    ),
    Holding(
        "campaigns.Outcome",
        "What you answered",
        follows="decision",
        shown=("occurred_at", "kind", "door", "taken_back_at"),
        erasing=Erasing.KEEP,
    ),
    Holding(
        "campaigns.Delivery",
        "Messages",
        follows="decision",
        shown=("due_at", "channel", "state", "reason", "finished_at"),
        erasing=Erasing.BLANK,
        renamed=("public_id",),
    ),
    Holding(
        "campaigns.Message",
        "Their words",
        customer="delivery__customer",
        follows="",
        shown=("recipient", "subject", "text"),
        personal=("recipient", "subject", "text", "html"),
        ages_by="rendered_at",
        kept_as="Words of messages that left",
    ),
    Holding(
        "campaigns.PathFollowing",
        "Guidance you follow",
        follows="origin_customer_id",
        one_per=("path_id",),
        one_where="t.stopped_at IS NULL",
        shown=("path__name", "days_between", "started_at", "paused_at", "stopped_at"),
    ),
    Mention(
        "campaigns.SandboxMessage",
        "Messages in the mailbox of the sandbox",
        searched=("recipient", "subject", "text", "html", "headers", "message_id"),
        shown=("received_at", "recipient", "subject", "text"),
        ages_by="received_at",
    ),
    Mention(
        "campaigns.Rehearsal",
        "Files that we rehearsed with",
        searched=("file_name", "error"),
        shown=("created_at", "file_name"),
        erasing=Erasing.BLANK,
    ),
    Erasure("campaigns.messages", withdraw_messages),
)
