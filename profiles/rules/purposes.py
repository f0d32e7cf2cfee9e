"""What customers can agree to, in the words of the people who read it."""

from __future__ import annotations

from profiles.rules.names import Channel, ConsentState, Purpose

PURPOSE = {
    Purpose.REMINDERS: "reminders to buy again",
    Purpose.OFFERS: "offers and news",
}
CHANNEL = {Channel.EMAIL: "e-mail"}


def purpose_in_words(code: str) -> str:
    """Name a purpose; an unknown code is said as it is.

    >>> purpose_in_words("reminders")
    'reminders to buy again'
    """
    return PURPOSE[Purpose(code)] if code in set(Purpose) else code


def state_in_words(state: str) -> str:
    """Say where a consent stands; "" means that nobody ever asked.

    >>> state_in_words(""), state_in_words("granted")
    ('not asked', 'yes')
    """
    return {ConsentState.GRANTED: "yes", ConsentState.WITHDRAWN: "no"}.get(state, "not asked")  # type: ignore[call-overload, no-any-return]
