"""What the profiles app holds of a person: how it moves, what an export shows, what an erasure does."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from cxportal.lib.registry import Erasing, Erasure, Holding, Mention
from profiles.models import ConsentEntry
from profiles.services.living_together import forget_those_left_alone

# What was given to a statement that stands is the proof of it; only what a later one replaced grows old.
_SUPERSEDED = Q(
    Exists(
        ConsentEntry.objects.filter(
            customer=OuterRef("entry__customer"),
            purpose=OuterRef("entry__purpose"),
            channel=OuterRef("entry__channel"),
            occurred_at__gt=OuterRef("entry__occurred_at"),
        )
    )
)

HOLDINGS: tuple[Holding | Mention | Erasure, ...] = (
    Holding(
        "profiles.Customer",
        "You",
        customer="",
        follows="",
        shown=("public_id", "name", "language", "time_zone", "home_place__name", "created_at"),
        personal=("name", "search_name", "language", "time_zone", "home_place", "borrowed"),
        erasing=Erasing.BLANK,
        renamed=("public_id",),
    ),
    Holding(
        "profiles.Profile",
        "By which number a source knows you",
        follows="",
        shown=("source__name", "external_id", "created_at"),
        renamed=("external_id",),
        erasing=Erasing.BLANK,
    ),
    Holding(
        "profiles.Identifier",
        "Addresses and numbers",
        shown=("kind", "scope", "value", "first_seen_at", "last_seen_at", "verified_at"),
        personal=("value",),
    ),
    Holding(
        "profiles.ContactPreference",
        "How often and when we may write",
        follows="origin_customer_id",
        one_only=True,
        shown=("quiet_from", "quiet_until", "max_per_week", "updated_at"),
        personal=("quiet_from", "quiet_until", "max_per_week"),
    ),
    Holding(
        "profiles.ConsentEntry",
        "Consent",
        shown=("purpose", "channel", "state", "occurred_at", "door", "wording__text"),
        erasing=Erasing.KEEP,
    ),
    Holding(
        "profiles.ConsentEvidence",
        "Where consent was given",
        customer="entry__customer",
        follows="",
        shown=("entry__occurred_at", "ip_address", "user_agent"),
        personal=("ip_address", "user_agent"),
        ages_by="entry__occurred_at",
        ages_where=_SUPERSEDED,
    ),
    Holding(
        "profiles.ConsentRequest",
        "Consent that waits for its confirmation",
        customer="entry__customer",
        follows="",
        shown=("entry__occurred_at", "entry__purpose", "mailed_at", "confirmed_at"),
    ),
    Holding(
        "profiles.Purchase",
        "Purchases",
        shown=("occurred_at", "source__name", "external_id", "place__name"),
        erasing=Erasing.BLANK,
        renamed=("external_id",),
    ),
    Holding(
        "profiles.PurchaseLine",
        "What was bought",
        follows="purchase",
        shown=("occurred_at", "product__name", "quantity", "unit_price_minor"),
        erasing=Erasing.KEEP,
    ),
    Holding(
        "profiles.Habit",
        "Rhythms that we concluded",
        follows="",
        shown=("product__name", "category__name", "purchase_days", "remind_on", "learned_on"),
    ),
    Holding(
        "profiles.ReorderSchedule",
        "Reminders as you want them",
        follows="origin_customer_id",
        one_per=("product_id",),
        shown=("product__name", "every_days", "not_before_on", "paused_at", "stopped_at"),
    ),
    Holding(
        "profiles.ReorderStatement",
        "What you said of reminders",
        follows="origin_customer_id",
        shown=("product__name", "kind", "days", "door", "occurred_at"),
        erasing=Erasing.KEEP,
    ),
    Holding(
        "profiles.FactValue",
        "Facts",
        shown=("attribute__name", "value", "manner", "confidence", "source__name", "occurred_at"),
        personal=("value",),
    ),
    Holding(
        "profiles.HouseholdMember",
        "Household",
        shown=("role", "name", "born_on", "created_at"),
        personal=("name", "born_on"),
        near="household__members__customer",
    ),
    Holding(
        "profiles.HouseholdWarning",
        "What must be minded",
        customer="member__customer",
        follows="",
        shown=("allergen", "text", "told_at", "removed_at"),
        personal=("allergen", "text"),
        near="member__household__members__customer",
        ages_by="removed_at",
    ),
    Holding(
        "profiles.Touchpoint",
        "What you did with us",
        shown=("occurred_at", "kind", "name", "source__name", "place__name", "data"),
        personal=("name", "data", "origin_url"),
        ages_by="occurred_at",
    ),
    Holding(
        "profiles.Pickup",
        "Orders ahead, stays and bookings",
        shown=("kind", "state", "starts_at", "ends_at", "place__name", "resource", "wish"),
        personal=("resource", "wish"),
        erasing=Erasing.BLANK,
        renamed=("external_id",),
        ages_by="starts_at",
        ageing=Erasing.BLANK,
    ),
    Holding(
        "profiles.PickupLine",
        "What was ordered ahead",
        customer="pickup__customer",
        follows="",
        shown=("pickup__starts_at", "product__name", "quantity", "unit_price_minor"),
        erasing=Erasing.KEEP,
    ),
    Holding(
        "profiles.PickupEvent",
        "What became of orders ahead",
        customer="pickup__customer",
        follows="",
        shown=("pickup__starts_at", "state", "occurred_at"),
        erasing=Erasing.KEEP,
    ),
    Holding(
        "profiles.Suspicion",
        "Whom we took you for",
        customer="low",
        follows="",
        shown=("state", "found_at", "decided_at"),
        personal=("reasons",),
        also="high",
    ),
    Holding(
        "profiles.AccessRecord",
        "Who looked at your data",
        follows="",
        shown=("occurred_at", "act", "door", "reason"),
        erasing=Erasing.BLANK,
        personal=("reason",),
        ages_by="occurred_at",
    ),
    Holding(
        "profiles.PrivacyRequest",
        "What you asked for",
        follows="",
        shown=("kind", "asked_at", "done_at"),
        erasing=Erasing.KEEP,
    ),
    Mention(
        "profiles.ImportReject",
        "Rows of files that we could not take in",
        searched=("raw",),
        source="job__source",
        shown=("job__created_at", "reason", "raw"),
        erasing=Erasing.BLANK,
        ages_by="job__created_at",
    ),
    Mention(
        "profiles.ImportJob",
        "Files that we took in",
        searched=("file_name", "error"),
        shown=("created_at", "file_name"),
        erasing=Erasing.BLANK,
    ),
    Mention(
        "profiles.InboundEvent",
        "Events that we could not place",
        searched=("payload", "message_id", "detail"),
        source="source",
        shown=("received_at", "reason", "payload"),
        ages_by="received_at",
        ages_where=~Q(reason=""),
    ),
    Mention(
        "profiles.IdempotencyRecord",
        "Answers to other systems, kept for a day",
        searched=("body", "key"),
        shown=("created_at", "body"),
        ages_by="created_at",
    ),
    Mention(
        "admin.LogEntry",
        "Changes of settings",
        searched=("object_repr", "change_message"),
        shown=("action_time", "change_message"),
        erasing=Erasing.BLANK,
        ages_by="action_time",
    ),
    Erasure("profiles.households", forget_those_left_alone),
)
