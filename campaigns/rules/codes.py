"""The short stable codes that decisions, deliveries and outcomes are written in."""

from __future__ import annotations

from enum import StrEnum


class Door(StrEnum):
    """Where something is said."""

    EMAIL = "email"
    COUNTER = "counter"
    PAGE = "page"


class Verdict(StrEnum):
    """What was decided in a moment."""

    SPEAK = "speak"
    SILENT = "silent"


class Arm(StrEnum):
    """Which group of the campaign's experiment a customer is in, for good."""

    TREATED = "treated"
    CONTROL = "control"


class Refusal(StrEnum):
    """Why an action is not taken. The order is the order in which reasons are told."""

    STOPPED = "sending_stopped"
    NOT_LIVE = "campaign_not_live"
    NOT_SURE = "not_sure_enough"
    TOO_FREQUENT = "needs_no_reminder"
    NOTHING_FITS = "nothing_fits"
    OFFER_OVER = "offer_over"
    OUT_OF_STOCK = "out_of_stock"
    OPEN_CASE = "open_case"
    ALLERGY = "allergy"
    GUARD = "guard_forbids"
    GUARD_UNSURE = "guard_not_known"
    GUARD_ASKS = "guard_asks_first"
    NO_CONSENT = "no_consent"
    NO_ADDRESS = "no_address"
    SCHEDULE_STOPPED = "stopped_by_customer"
    SCHEDULE_PAUSED = "paused_by_customer"
    NOT_YET = "customer_said_later"
    DISMISSED = "dismissed"
    TOO_PERSONAL = "too_personal"
    ALREADY_SAID = "already_said"
    EXCLUSIVE = "another_of_its_group_said"
    BOUGHT = "bought_since"
    UNNOTICED = "messages_unnoticed"
    LESS_OFTEN = "written_less_often"
    BUDGET = "attention_spent"
    CONTROL = "control_group"
    OUTBID = "something_else_helps_more"
    UNLIKELY = "not_worth_disturbing"
    TOO_LATE = "too_late"


# What keeps a product from somebody for what is known of them: named to no customer.
HELD_BACK = frozenset({Refusal.ALLERGY, Refusal.GUARD, Refusal.GUARD_UNSURE, Refusal.GUARD_ASKS})

# Bit positions of the refusal mask in which eligibility answers; stable within one process only.
REFUSAL_BIT = {refusal: 1 << position for position, refusal in enumerate(Refusal)}


class DeliveryState(StrEnum):
    """The life of one message in the ledger of sending."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    SKIPPED = "skipped"
    MISSED = "missed"


class OutcomeKind(StrEnum):
    """What a customer or staff answered to a decision."""

    SAID = "said"
    NOT_NOW = "not_now"
    NOT_RELEVANT = "not_relevant"
    LESS = "less_of_this"
    STOP = "stop"
    PLENTY = "still_have_plenty"
    BUY_AGAIN = "buy_again"
    HELPFUL = "helpful"
    PERSON = "asked_for_a_person"
    TOO_PERSONAL = "too_personal"


class RunState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


def refusals_in(mask: int) -> list[Refusal]:
    """Name the refusals of a mask, in the order of telling.

    >>> refusals_in(REFUSAL_BIT[Refusal.BUDGET] | REFUSAL_BIT[Refusal.NO_CONSENT])
    [<Refusal.NO_CONSENT: 'no_consent'>, <Refusal.BUDGET: 'attention_spent'>]
    """
    return [refusal for refusal, bit in REFUSAL_BIT.items() if mask & bit]
