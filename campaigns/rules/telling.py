"""Codes of decisions, answers and deliveries, in words for staff."""

from __future__ import annotations

from collections.abc import Iterable

from campaigns.rules.codes import Arm, DeliveryState, OutcomeKind, Refusal, Verdict

REFUSAL = {
    Refusal.STOPPED: "all sending is stopped",
    Refusal.NOT_LIVE: "the campaign was switched off",
    Refusal.NOT_SURE: "we are not sure enough when it is needed",
    Refusal.TOO_FREQUENT: "bought so often that nobody needs reminding",
    Refusal.NOTHING_FITS: "nothing of the offer fits them, or they have it",
    Refusal.OFFER_OVER: "the offer is over",
    Refusal.OUT_OF_STOCK: "none is left of the offer",
    Refusal.OPEN_CASE: "a complaint or question of theirs is open",
    Refusal.ALLERGY: "somebody in the household must avoid what is in it",
    Refusal.GUARD: "a guard keeps it from them",
    Refusal.GUARD_UNSURE: "a guard asks for what is not known of them",
    Refusal.GUARD_ASKS: "a guard wants it asked first, in person",
    Refusal.NO_CONSENT: "no consent to such messages",
    Refusal.NO_ADDRESS: "no address to write to",
    Refusal.SCHEDULE_STOPPED: "the customer stopped reminders for it",
    Refusal.SCHEDULE_PAUSED: "the customer paused reminders for it",
    Refusal.NOT_YET: "the customer said: later",
    Refusal.DISMISSED: "the customer said: not relevant",
    Refusal.TOO_PERSONAL: "the customer said: too personal",
    Refusal.ALREADY_SAID: "it was said already, here or at another door",
    Refusal.EXCLUSIVE: "another offer of its group was said to them",
    Refusal.BOUGHT: "it has been bought since",
    Refusal.UNNOTICED: "nothing came of the last messages, so we wait until they do something of their own",
    Refusal.LESS_OFTEN: "the last messages were of little use to them, so we write less often",
    Refusal.BUDGET: "their attention for this week is spent",
    Refusal.CONTROL: "in the control group: silent on purpose, to see whether reminding helps",
    Refusal.OUTBID: "something else helps this customer more",
    Refusal.UNLIKELY: "not worth disturbing for",
    Refusal.TOO_LATE: "the moment had passed",
}
# The customer reads this of all that was held back, and no reason: a reason could tell what is delicate.
HELD_BACK_TOLD = "Something else came up that does not suit you by what we know. Your page shows all that we know."
# Why a moment was over before its message left, in the words of the app that saw it.
ENDED = {
    "came_since": "they have come since",
    "earned_since": "the points have changed since",
    "put_right": "it has been put right since",
    "not_so_any_more": "it is not so any more",
}
VERDICT = {Verdict.SPEAK: "spoke", Verdict.SILENT: "stayed silent"}
ARM = {Arm.TREATED: "reminded group", Arm.CONTROL: "control group"}
OUTCOME = {
    OutcomeKind.SAID: "said by staff",
    OutcomeKind.NOT_NOW: "not now",
    OutcomeKind.NOT_RELEVANT: "not relevant",
    OutcomeKind.LESS: "less of this",
    OutcomeKind.STOP: "stop",
    OutcomeKind.PLENTY: "still have plenty",
    OutcomeKind.BUY_AGAIN: "went to buy it again",
    OutcomeKind.HELPFUL: "helpful",
    OutcomeKind.PERSON: "asked for a person",
    OutcomeKind.TOO_PERSONAL: "too personal",
}
DELIVERY = {
    DeliveryState.PLANNED: "planned",
    DeliveryState.CLAIMED: "being sent",
    DeliveryState.SENT: "sent",
    DeliveryState.FAILED: "failed",
    DeliveryState.UNCERTAIN: "uncertain: it may or may not have arrived",
    DeliveryState.SKIPPED: "not sent: something came in between",
    DeliveryState.MISSED: "missed: too late to send",
}


def refusal_in_words(code: str) -> str:
    """Say why; a code that is no longer known is said as it is.

    >>> refusal_in_words("bought_since")
    'it has been bought since'
    """
    if code in set(Refusal):
        return REFUSAL[Refusal(code)]
    return ENDED.get(code) or code.replace("_", " ")


def reasons_in_words(codes: Iterable[str]) -> str:
    """Say all reasons in one line, the most important first.

    >>> reasons_in_words(["no_consent", "attention_spent"])
    'no consent to such messages; their attention for this week is spent'
    """
    return "; ".join(refusal_in_words(code) for code in codes)
