"""Codes and small pure rules of profiles: what kinds there are, how names and numbers are folded."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

import phonenumbers


class SourceKind(StrEnum):
    FILE = "file"
    COUNTER = "counter"
    PAGE = "page"
    API = "api"


class IdentifierKind(StrEnum):
    EMAIL = "email"
    PHONE = "phone"
    CARD = "card"


class PlaceKind(StrEnum):
    STORE = "store"
    WEB = "web"


class ProductKind(StrEnum):
    GOODS = "goods"
    CHARGE = "charge"


class Purpose(StrEnum):
    """What a customer can agree to; asked and withdrawn one by one."""

    REMINDERS = "reminders"
    OFFERS = "offers"


class Channel(StrEnum):
    EMAIL = "email"


class ConsentState(StrEnum):
    GRANTED = "granted"
    WITHDRAWN = "withdrawn"


class JobState(StrEnum):
    """Where an import stands; the row is the queue."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


# Letters that Unicode does not decompose: folded by hand, as a searcher would type them.
_BY_HAND = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe"})
_NOT_WORD = re.compile(r"[^\w]+")


def folded(text: str) -> str:
    """Fold a name for searching: case, accents and punctuation gone.

    >>> folded("Dolores  O'Réyes-Łuk")
    'dolores o reyes luk'
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return _NOT_WORD.sub(" ", plain.translate(_BY_HAND)).strip()


def normal_email(text: str) -> str:
    """Normalise an e-mail address, or return "" when it is none.

    The local part is folded to lower case too: no large provider tells cases apart.

    >>> normal_email(" Dolores@Example.COM ")
    'dolores@example.com'
    """
    address = unicodedata.normalize("NFKC", text).strip().lower()
    local, at, domain = address.rpartition("@")
    plausible = at and local and "." in domain and len(address) <= 254
    broken = any(letter.isspace() or ord(letter) < 32 or letter in '<>",;' for letter in address)
    return address if plausible and not broken else ""


def normal_phone(text: str, region: str) -> str:
    """Normalise a phone number to E.164 with ``region`` as the default country, or return "".

    >>> normal_phone("(212) 415-1234", "US")
    '+12124151234'
    """
    try:
        number = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normal_card(text: str) -> str:
    """Normalise a loyalty card's number: letters and digits only, upper case."""
    return _NOT_WORD.sub("", text).upper()


NORMALISERS = {IdentifierKind.EMAIL: normal_email, IdentifierKind.CARD: normal_card}


def normal_identifier(kind: IdentifierKind, text: str, region: str) -> str:
    """Normalise an identifier of any kind; "" means that it cannot be one."""
    if kind == IdentifierKind.PHONE:
        return normal_phone(text, region)
    return NORMALISERS[kind](text)


def recognised(kind: str, value: str) -> str:
    """Show an identifier with what it is, masked.

    >>> recognised("phone", "+12124151234"), recognised("email", "dolores@example.com")
    ('phone …1234', 'd…@example.com')
    """
    return masked(value) if kind == IdentifierKind.EMAIL else f"{kind} {masked(value)}"


def masked(value: str) -> str:
    """Show just enough of an address to recognise one's own.

    >>> masked("dolores@example.com"), masked("+12124151234")
    ('d…@example.com', '…1234')
    """
    local, at, domain = value.rpartition("@")
    return f"{local[:1]}…@{domain}" if at else f"…{value[-4:]}"
