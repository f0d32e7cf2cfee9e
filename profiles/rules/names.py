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
    """By what somebody is recognised; the number that a source gives them is the profile itself."""

    EMAIL = "email"
    PHONE = "phone"
    CARD = "card"
    SOCIAL = "social"
    DEVICE = "device"
    ANONYMOUS = "anonymous"


class PlaceKind(StrEnum):
    STORE = "store"
    WEB = "web"


class ProductKind(StrEnum):
    GOODS = "goods"
    CHARGE = "charge"


class Purpose(StrEnum):
    """What a customer can agree to; asked and withdrawn one by one.

    ``special``: keeping what the customer tells of a special category (GDPR, article 9) for the one use that
    the wording names. ``location``: keeping where they are, as their devices or our beacons report it.
    """

    REMINDERS = "reminders"
    OFFERS = "offers"
    SPECIAL = "special"
    LOCATION = "location"


class Channel(StrEnum):
    """``none``: what was agreed to is about no message."""

    EMAIL = "email"
    NONE = "none"


class ConsentState(StrEnum):
    """``asked``: a yes that waits for its confirmation (double opt-in), and is none until then."""

    ASKED = "asked"
    GRANTED = "granted"
    WITHDRAWN = "withdrawn"


class EdgeKind(StrEnum):
    """What joins two profiles, or keeps them apart whatever a rule says."""

    SAME = "same"
    APART = "apart"


class SuspicionState(StrEnum):
    OPEN = "open"
    SAME = "same"
    APART = "apart"


class MemberRole(StrEnum):
    ADULT = "adult"
    CHILD = "child"
    PET = "pet"


class Allergen(StrEnum):
    """The fourteen that must be declared in the EU (Regulation 1169/2011, Annex II)."""

    GLUTEN = "gluten"
    CRUSTACEANS = "crustaceans"
    EGGS = "eggs"
    FISH = "fish"
    PEANUTS = "peanuts"
    SOYA = "soya"
    MILK = "milk"
    NUTS = "nuts"
    CELERY = "celery"
    MUSTARD = "mustard"
    SESAME = "sesame"
    SULPHITES = "sulphites"
    LUPIN = "lupin"
    MOLLUSCS = "molluscs"


class AttributeType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    YES_NO = "yes_no"
    DATE = "date"
    CHOICE = "choice"
    CHOICES = "choices"


class Sensitivity(StrEnum):
    """Special categories are those of GDPR, article 9: only told, and only with consent for that use."""

    ORDINARY = "ordinary"
    PERSONAL = "personal"
    SPECIAL = "special"


class Manner(StrEnum):
    """How a fact came to be known."""

    TOLD = "told"
    SEEN = "seen"
    CONCLUDED = "concluded"


class TouchpointKind(StrEnum):
    IDENTIFY = "identify"
    TRACK = "track"
    PAGE = "page"
    SCREEN = "screen"
    GROUP = "group"
    CALL = "call"
    MENTION = "mention"
    VISIT = "visit"
    NOTE = "note"


class PickupKind(StrEnum):
    ORDER = "order"
    STAY = "stay"
    BOOKING = "booking"


class PickupState(StrEnum):
    REQUESTED = "requested"
    READY = "ready"
    HANDED_OVER = "handed_over"
    CANCELLED = "cancelled"


class ImportKind(StrEnum):
    ORDERS = "orders"
    CUSTOMERS = "customers"
    CALLS = "calls"
    MENTIONS = "mentions"
    CONSENTS = "consents"


class AccessAct(StrEnum):
    """What staff did with a person's data."""

    SEARCHED = "searched"
    LOOKED = "looked"
    CHANGED = "changed"
    EXPORTED = "exported"
    ERASED = "erased"


class PrivacyRequestKind(StrEnum):
    EXPORT = "export"
    ERASURE = "erasure"


class JobState(StrEnum):
    """Where an import stands; the row is the queue. ``parked``: a person has to confirm its columns."""

    PARKED = "parked"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


# Letters that Unicode does not decompose: folded by hand, as a searcher would type them.
_BY_HAND = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe"})
_NOT_WORD = re.compile(r"[^\w]+")


# Marks that turn the direction of what follows, and would write the rest of a line backwards.
_TURNING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def one_line(text: str) -> str:
    """Put text on one line: single spaces, and no marks that turn the direction of what follows.

    Letters that run from right to left stay as they are.

    >>> one_line("  Beans\\n500 g ")
    'Beans 500 g'
    >>> one_line("Beans \\u202egpj.exe\\u2069")
    'Beans gpj.exe'
    """
    return " ".join(text.translate(_TURNING).split())


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

    Letters that nobody sees, as they come along with what is copied from a page, are left out.

    >>> normal_email(" Dolores@Example.COM "), normal_email("dolores@example.com\\u200b")
    ('dolores@example.com', 'dolores@example.com')
    """
    seen = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")
    address = unicodedata.normalize("NFKC", seen).strip().lower()
    local, at, domain = address.rpartition("@")
    plausible = at and local and "." in domain and len(address) <= 254
    broken = any(letter.isspace() or ord(letter) < 32 or letter in '<>",;' for letter in address)
    return address if plausible and not broken else ""


def normal_phone(text: str, region: str) -> str:
    """Normalise a phone number to E.164 with ``region`` as the default country, or return "".

    Noughts alone are nobody's number.

    >>> normal_phone("(212) 415-1234", "US"), normal_phone("0000000", "AT")
    ('+12124151234', '')
    """
    try:
        number = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException:
        return ""
    if not number.national_number or not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normal_card(text: str) -> str:
    """Normalise a loyalty card's number: letters and digits only, upper case."""
    return _NOT_WORD.sub("", text).upper()


def normal_handle(text: str) -> str:
    """Normalise a handle in a social network: without its @; no large network tells cases apart.

    >>> normal_handle(" @Dolores.R ")
    'dolores.r'
    """
    handle = unicodedata.normalize("NFKC", text).strip().removeprefix("@").casefold()
    return handle if len(handle) <= 254 and not any(map(str.isspace, handle)) else ""


def normal_opaque(text: str) -> str:
    """Keep an id that a machine made as it is; "" when it is too long to be one."""
    value = text.strip()
    return value if len(value) <= 254 else ""


NORMALISERS = {
    IdentifierKind.EMAIL: normal_email,
    IdentifierKind.CARD: normal_card,
    IdentifierKind.SOCIAL: normal_handle,
    IdentifierKind.DEVICE: normal_opaque,
    IdentifierKind.ANONYMOUS: normal_opaque,
}
# What people know of each other and type: not what machines made.
SPOKEN = (
    IdentifierKind.EMAIL,
    IdentifierKind.PHONE,
    IdentifierKind.CARD,
    IdentifierKind.SOCIAL,
)


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
