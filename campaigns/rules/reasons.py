"""Why nothing is said, in words for whoever reads it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from campaigns.rules.codes import Refusal
from campaigns.rules.telling import refusal_in_words

# In which language the sentences stand.
LANGUAGE = "en"


class Reader(StrEnum):
    """For whom a reason is told."""

    CUSTOMER = "customer"
    STAFF = "staff"
    MANAGER = "manager"


_TO_CUSTOMER: dict[str, str] = {
    Refusal.NOT_SURE: "we are not sure enough when you need it",
    Refusal.TOO_FREQUENT: "you buy it so often that you need no reminder",
    Refusal.OFFER_OVER: "the offer is over",
    Refusal.OUT_OF_STOCK: "none is left",
    Refusal.OPEN_CASE: "a question or complaint of yours is open, and comes first",
    Refusal.NO_CONSENT: "you did not agree to such messages",
    Refusal.NO_ADDRESS: "we have no address to write to",
    Refusal.SCHEDULE_STOPPED: "you stopped reminders for it",
    Refusal.SCHEDULE_PAUSED: "you paused reminders for it",
    Refusal.NOT_YET: "you said: later",
    Refusal.DISMISSED: "you said: not relevant",
    Refusal.TOO_PERSONAL: "you said: too personal",
    Refusal.ALREADY_SAID: "we said it already",
    Refusal.EXCLUSIVE: "we made you another offer of this kind",
    Refusal.BOUGHT: "you have bought it since",
    Refusal.UNNOTICED: "you did not react to our last messages, so we wait until we hear from you",
    Refusal.LESS_OFTEN: "our last messages were of little use to you, so we write less often",
    Refusal.BUDGET: "you had as many messages this week as we send at most",
    Refusal.OUTBID: "something else may help you more",
    Refusal.UNLIKELY: "it is not worth disturbing you for",
    Refusal.TOO_LATE: "its time has passed",
}
# What rests on something delicate, or on our own experiments, is no business of a page or screen.
_UNTOLD = "it does not suit you by what we know"


def reason_in_words(code: str, reader: Reader) -> str:
    """Say one reason to its reader; a customer is told nothing that could give away what is delicate.

    >>> reason_in_words("customer_said_later", Reader.CUSTOMER)
    'you said: later'
    >>> reason_in_words("control_group", Reader.CUSTOMER)
    'it does not suit you by what we know'
    """
    if reader == Reader.CUSTOMER:
        return _TO_CUSTOMER.get(code, _UNTOLD)
    return refusal_in_words(code)


def tellable(codes: Sequence[str], reader: Reader) -> list[str]:
    """Leave out the codes that a customer is not told.

    >>> tellable(["control_group", "open_case"], Reader.CUSTOMER)
    ['open_case']
    """
    return [code for code in codes if reader != Reader.CUSTOMER or code in _TO_CUSTOMER]
