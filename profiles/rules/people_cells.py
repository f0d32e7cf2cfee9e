"""What one cell of a file about people says: a day, a length, a yes or no, a purpose."""

from __future__ import annotations

import re
from datetime import date

from profiles.rules.cells import NOTHING, parsed_number
from profiles.rules.names import Channel, ConsentState, Purpose, folded
from profiles.rules.orders import DateOrder

LONGEST_TEXT = 5_000
LONGEST_WORD = 200
_DAY = re.compile(r"([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{4})")
_ISO_DAY = re.compile(r"([0-9]{4})[-/]([0-9]{2})[-/]([0-9]{2})(?:[ T][0-9:.]+)?(?:Z|[+-][0-9:]+)?")
_LENGTH = re.compile(r"(?:([0-9]{1,3}):)?([0-9]{1,3}):([0-9]{2})")
_LONGEST_CALL = 86_400
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z]{2})?")


def said(text: str) -> str:
    """Return what a cell says, "" for nothing.

    >>> said(" n/a "), said(" Vienna ")
    ('', 'Vienna')
    """
    bare = text.strip()
    return "" if bare in NOTHING else bare


def parsed_day(text: str, order: DateOrder) -> str:
    """Read a day, such as a birthday, into ISO form, or return "".

    >>> parsed_day("31.12.1958", DateOrder.UNKNOWN), parsed_day("12/31/1958", DateOrder.MONTH_FIRST)
    ('1958-12-31', '1958-12-31')
    >>> parsed_day("1958-02-30", DateOrder.UNKNOWN)
    ''
    """
    if iso := _ISO_DAY.fullmatch(text):
        year, month, day = map(int, iso.groups())
    elif found := _DAY.fullmatch(text):
        first, mark, second, years = found.groups()
        if mark != "." and order == DateOrder.UNKNOWN:
            return ""
        is_turned = mark != "." and order == DateOrder.MONTH_FIRST
        year, month, day = int(years), int(first if is_turned else second), 0
        day = int(second if is_turned else first)
    else:
        return ""
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""


def parsed_seconds(text: str) -> int | None:
    """Read how long something took, in seconds, or return None.

    >>> parsed_seconds("245"), parsed_seconds("4:05"), parsed_seconds("0:04:05"), parsed_seconds("long")
    (245, 245, 245, None)
    """
    if text.isascii() and text.isdigit() and len(text) <= 6:
        seconds = int(text)
    elif found := _LENGTH.fullmatch(text):
        seconds = int(found[1] or 0) * 3600 + int(found[2]) * 60 + int(found[3])
    else:
        return None
    return seconds if seconds <= _LONGEST_CALL else None


def parsed_rating(text: str) -> float | None:
    """Read a rating of 0 to 10, alone or out of something, or return None.

    >>> parsed_rating("4,5"), parsed_rating("4/5"), parsed_rating("★★")
    (4.5, 4.0, None)
    """
    number = parsed_number(text.partition("/")[0], decimal_comma="," in text)
    return float(number) if number is not None and 0 <= number <= 10 else None


def parsed_address(text: str) -> str:
    """Keep an address that may be opened: http or https, nothing else.

    >>> parsed_address("https://example.com/1"), parsed_address("javascript:alert(1)")
    ('https://example.com/1', '')
    """
    plain = len(text) <= 500 and not any(map(str.isspace, text))
    return text if plain and text.lower().startswith(("https://", "http://")) else ""


def parsed_language(text: str) -> str:
    """Read a language, or return "".

    >>> parsed_language("de_AT"), parsed_language("German")
    ('de-at', '')
    """
    return text.lower().replace("_", "-") if _LANGUAGE.fullmatch(text) else ""


_IN = frozenset("in inbound incoming received eingehend eingang ein customer ankommend".split())
_OUT = frozenset("out outbound outgoing placed made ausgehend ausgang aus abgehend".split())


def parsed_direction(text: str) -> str:
    """Say which way a call went: "in", "out", or "" where that cannot be told.

    >>> parsed_direction("Outbound"), parsed_direction("eingehend"), parsed_direction("sideways")
    ('out', 'in', '')
    """
    word = folded(text)
    return "in" if word in _IN else "out" if word in _OUT else ""


_PURPOSES = {
    Purpose.REMINDERS: "reminders reminder erinnerung erinnerungen",
    Purpose.OFFERS: "offers offer newsletter marketing news promotions promotion advertising werbung"
    " angebote angebot",
    Purpose.LOCATION: "location whereabouts standort",
}
_PURPOSE = {word: purpose for purpose, words in _PURPOSES.items() for word in words.split()}
_EMAIL_WORDS = frozenset({"email", "e mail", "mail", "newsletter"})
_YES = frozenset(
    "yes|y|true|1|granted|given|agreed|optin|opt in|opted in|subscribed|active|x|ja|zugestimmt|erteilt"
    "|aktiv".split("|")
)
_NO = frozenset(
    "no|n|false|0|withdrawn|revoked|refused|denied|optout|opt out|opted out|unsubscribed|inactive|nein"
    "|widerrufen|abgelehnt|abgemeldet|inaktiv".split("|")
)
_CONFIRMED = frozenset(
    {"confirmed", "double opt in", "doubleoptin", "doi", "bestatigt", "bestaetigt", "verified"}
)


def parsed_purpose(text: str) -> Purpose | None:
    """Say what a consent is for.

    >>> parsed_purpose("Newsletter"), parsed_purpose("horoscopes")
    (<Purpose.OFFERS: 'offers'>, None)
    """
    return _PURPOSE.get(folded(text))


def parsed_channel(text: str, purpose: Purpose) -> Channel | None:
    """Say which way a consent is about; a location is about no message at all.

    >>> parsed_channel("", Purpose.OFFERS), parsed_channel("Fax", Purpose.OFFERS)
    (<Channel.EMAIL: 'email'>, None)
    """
    if purpose == Purpose.LOCATION:
        return Channel.NONE if folded(text) in {"", "none"} else None
    return Channel.EMAIL if not text or folded(text) in _EMAIL_WORDS else None


def parsed_state(text: str) -> tuple[ConsentState, bool] | None:
    """Say what was answered, and whether the word itself says that it was confirmed.

    >>> parsed_state("Double opt-in"), parsed_state("Nein"), parsed_state("pending")
    ((<ConsentState.GRANTED: 'granted'>, True), (<ConsentState.WITHDRAWN: 'withdrawn'>, False), None)
    """
    word = folded(text)
    if word in _YES or word in _CONFIRMED:
        return ConsentState.GRANTED, word in _CONFIRMED
    return (ConsentState.WITHDRAWN, False) if word in _NO else None


def says_yes(text: str) -> bool | None:
    """Read yes or no; a time, as systems write when something was confirmed, is a yes.

    >>> says_yes("ja"), says_yes("2025-03-01 12:00"), says_yes("0"), says_yes("perhaps")
    (True, True, False, None)
    """
    word = folded(text)
    if word in _NO:
        return False
    is_time = text[:1].isdigit() and len(text) >= 8 and any(mark in text for mark in "-./")
    return True if is_time or word in _YES or word in _CONFIRMED else None
