"""What customers can agree to, in the words of the people who read it."""

from __future__ import annotations

from datetime import timedelta

from profiles.rules.names import Channel, ConsentState, Purpose

PURPOSE = {
    Purpose.REMINDERS: "reminders to buy again",
    Purpose.OFFERS: "offers and news",
    Purpose.SPECIAL: "keeping what is delicate",
    Purpose.LOCATION: "knowing where you are",
}
CHANNEL = {Channel.EMAIL: "e-mail", Channel.NONE: "no message"}
# How long a yes waits for its confirmation.
CONFIRM_WITHIN = timedelta(days=30)
# On what the processing rests (GDPR), and which kinds of data it takes; both stand in the consent receipt.
_CONSENT = "consent, GDPR article 6(1)(a)"
_EXPLICIT = "explicit consent, GDPR articles 6(1)(a) and 9(2)(a)"
LAWFUL_BASIS = {
    Purpose.REMINDERS: _CONSENT,
    Purpose.OFFERS: _CONSENT,
    Purpose.SPECIAL: _EXPLICIT,
    Purpose.LOCATION: _CONSENT,
}
PII = {
    Purpose.REMINDERS: ("contact data", "purchases and their rhythm", "answers to messages"),
    Purpose.OFFERS: (
        "contact data",
        "purchases",
        "what was told of oneself",
        "answers to messages",
    ),
    Purpose.SPECIAL: ("what was told of the special category that the wording names",),
    Purpose.LOCATION: ("places and times that devices or beacons report",),
}
WITHDRAWAL = (
    "On one's own page, by the link to stop in every message, or by telling staff; as easily as it was"
    " given, at once and without a reason."
)
# What a customer can let us write, by which way.
MESSAGES = ((Purpose.REMINDERS, Channel.EMAIL), (Purpose.OFFERS, Channel.EMAIL))
# What is agreed to by a box beside its wording: messages, and the keeping of where somebody is.
BOXES = (*MESSAGES, (Purpose.LOCATION, Channel.NONE))

WARNINGS_WORDING = (
    "You may keep the allergies and warnings that I tell you of myself and of the people in my "
    "household, and show them to the staff who serve us, so that nothing harmful is handed or "
    "offered to us. I can remove them at any time."
)


def special_wording(name: str, purpose: str) -> str:
    """The sentence that a customer agrees to before a special-category fact is kept: one for each use.

    >>> print(special_wording("Diet", "to suggest what you eat").split(".")[0])
    You may keep what I tell you of “Diet” to suggest what you eat, and use it for nothing else
    """
    return (
        f"You may keep what I tell you of “{name}” {purpose.rstrip('.')}, and use it for nothing "
        "else. I can delete it at any time."
    )


def purpose_in_words(code: str) -> str:
    """Name a purpose; an unknown code is said as it is.

    >>> purpose_in_words("reminders")
    'reminders to buy again'
    """
    return PURPOSE[Purpose(code)] if code in set(Purpose) else code


def state_in_words(state: str) -> str:
    """Say where a consent stands; "" means that nobody ever asked.

    >>> state_in_words(""), state_in_words("granted"), state_in_words("asked")
    ('not asked', 'yes', 'yes, not confirmed yet')
    """
    return _STATE[ConsentState(state)] if state in set(ConsentState) else "not asked"


_STATE = {
    ConsentState.GRANTED: "yes",
    ConsentState.WITHDRAWN: "no",
    ConsentState.ASKED: "yes, not confirmed yet",
}
