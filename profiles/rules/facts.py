"""Facts of customers: what a value may be, and which of several versions is believed.

A fact has versions: what was told, seen or concluded, when, by whom. Nothing is overwritten; the
present value is ``present`` over them. ``profiles.queries.facts`` states the same rule in SQL for many
customers, and a property test holds the two together.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from profiles.rules.names import AttributeType, Manner, Sensitivity

LONGEST_TEXT = 500
LARGEST_NUMBER = 10**15
FIRST_YEAR, LAST_YEAR = 1900, 2100
LONGEST_HOLDS_DAYS = 36_500
CUSTOMER, STAFF = "customer", "staff:"
_NUMBER = re.compile(r"([+-]?\d{1,40}(?:\.\d{1,40})?)\s*(.{0,40})", re.DOTALL)
_YES_NO = {"yes": True, "true": True, "y": True, "1": True,
           "no": False, "false": False, "n": False, "0": False}  # fmt: skip

Value = str | int | float | bool | list[str]


class Malformed(ValueError):
    """A value cannot be one of its attribute: ``reason`` is a stable code, the words say what to do."""

    def __init__(self, reason: str, words: str) -> None:
        super().__init__(words)
        self.reason = reason


@dataclass(frozen=True)
class Schema:
    """What decides over the values of an attribute; ``outranks`` are codes of sources, the best first."""

    type: AttributeType = AttributeType.TEXT
    unit: str = ""
    choices: Sequence[str] = ()
    sensitivity: Sensitivity = Sensitivity.ORDINARY
    holds_days: int | None = None
    outranks: Sequence[str] = ()


@dataclass(frozen=True)
class Version:
    """One thing that was told, seen or concluded; ``value`` None: deleted.

    ``is_agreed``: the consent that it was told with stands. ``is_taken_back``: undone by who said it.
    """

    id: int
    value: Value | None
    manner: Manner
    actor: str
    occurred_at: datetime
    source: str = ""
    is_agreed: bool = False
    is_taken_back: bool = False

    @property
    def moment(self) -> tuple[datetime, int]:
        return self.occurred_at, self.id

    @property
    def is_in_person(self) -> bool:
        """Told by the customer, to us or to one of our staff."""
        told = self.manner == Manner.TOLD
        return told and (self.actor == CUSTOMER or self.actor.startswith(STAFF))


# --- which version is believed --------------------------------------------------------------------


def present(versions: Iterable[Version], schema: Schema, now: datetime) -> Version | None:
    """Return the version that is believed at ``now``, or None.

    What the customer said outranks all, then what staff were told, then told, seen, concluded; then the
    order of sources, then the newest. A value older than ``holds_days`` is not believed, nor one of a special
    category without its consent. After a deletion only what was told in person since then counts,
    so that no conclusion and no import brings a deleted value back.
    """
    known = [one for one in versions if one.occurred_at <= now and not one.is_taken_back]
    deleted = max((one.moment for one in known if one.value is None), default=None)
    believed = [
        one
        for one in known
        if one.value is not None
        and _holds(one, schema, now)
        and (deleted is None or (one.is_in_person and one.moment > deleted))
    ]
    return max(believed, key=lambda one: _rank(one, schema), default=None)


def _holds(one: Version, schema: Schema, now: datetime) -> bool:
    if schema.sensitivity == Sensitivity.SPECIAL and not (
        one.manner == Manner.TOLD and one.is_agreed
    ):
        return False
    if schema.holds_days is None:
        return True
    return one.occurred_at > now - timedelta(days=schema.holds_days)


def _rank(one: Version, schema: Schema) -> tuple[int, int, datetime, int]:
    """Order versions: the greatest is believed."""
    places = list(schema.outranks)
    place = places.index(one.source) if one.source in places else len(places)
    return -standing(one.manner, one.actor), -place, one.occurred_at, one.id


def standing(manner: str, actor: str) -> int:
    """Rank a version by who says it, the lowest first.

    >>> standing("told", "customer"), standing("told", "staff:4"), standing("told", "file:9")
    (0, 1, 2)
    >>> standing("seen", "customer"), standing("concluded", "rule:baskets")
    (3, 4)
    """
    if manner == Manner.TOLD:
        return 0 if actor == CUSTOMER else 1 if actor.startswith(STAFF) else 2
    return 3 if manner == Manner.SEEN else 4


# --- what a value may be --------------------------------------------------------------------------


def normal_value(raw: Any, schema: Schema) -> Value:
    """Bring a value into the one form in which it is stored.

    Raises:
        Malformed: it cannot be a value of this attribute.

    >>> normal_value("70 kg", Schema(type=AttributeType.NUMBER, unit="kg"))
    70
    >>> normal_value("Vegan", Schema(type=AttributeType.CHOICE, choices=["vegan"]))
    'vegan'
    """
    return _READ[schema.type](raw, schema)


def clean_text(raw: Any, longest: int) -> str:
    """Return text in one line: Unicode composed, spaces single; "" for none.

    Raises:
        Malformed: no text, too long, or with characters that cannot be stored or shown.
    """
    if not isinstance(raw, str):
        raise Malformed("not_text", "Write it as text.")
    # Before anything is worked out over it: the longest that could still shrink to what fits.
    if len(raw) > 4 * longest:
        raise Malformed("too_long", f"Write at most {longest} letters.")
    text = " ".join(unicodedata.normalize("NFC", raw).split())
    if any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in text):
        raise Malformed("unreadable", "It has characters that cannot be kept. Type it anew.")
    if len(text) > longest:
        raise Malformed("too_long", f"Write at most {longest} letters.")
    return text


def _text(raw: Any, schema: Schema) -> str:
    text = clean_text(raw, LONGEST_TEXT)
    if not text:
        raise Malformed("empty", "Write something, or delete the fact.")
    return text


def _number(raw: Any, schema: Schema) -> int | float:
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal | str):
        raise Malformed("not_a_number", "Write a number.")
    number = _measured(raw, schema.unit) if isinstance(raw, str) else _decimal(raw)
    if not number.is_finite() or abs(number) > LARGEST_NUMBER:
        raise Malformed("out_of_range", "Write a number of at most fifteen digits.")
    return int(number) if number == number.to_integral_value() else float(number)


def _decimal(raw: int | float | Decimal) -> Decimal:
    if isinstance(raw, float) and not math.isfinite(raw):
        raise Malformed("out_of_range", "Write a number of at most fifteen digits.")
    # A huge int has no shortest text: it is out of range before it is one.
    if isinstance(raw, int) and abs(raw) > LARGEST_NUMBER:
        raise Malformed("out_of_range", "Write a number of at most fifteen digits.")
    return raw if isinstance(raw, Decimal) else Decimal(str(raw))


def _measured(raw: str, unit: str) -> Decimal:
    """Read a number with its unit, or without."""
    found = _NUMBER.fullmatch(raw.strip()) if len(raw) <= 100 else None
    if found is None:
        raise Malformed("not_a_number", "Write a number, with a point before decimals.")
    if found[2].strip().casefold() not in {"", unit.casefold()}:
        words = f"Write it in {unit}." if unit else "Write the number alone."
        raise Malformed("other_unit", words)
    try:
        return Decimal(found[1])
    except InvalidOperation as error:  # digits of other scripts that \d knows and Decimal does not
        raise Malformed("not_a_number", "Write a number.") from error


def _yes_no(raw: Any, schema: Schema) -> bool:
    if isinstance(raw, bool):
        return raw
    known = _YES_NO.get(str(raw).strip().casefold()) if isinstance(raw, str | int) else None
    if known is None:
        raise Malformed("not_yes_or_no", "Answer yes or no.")
    return known


def _date(raw: Any, schema: Schema) -> str:
    try:
        day = raw if isinstance(raw, date) else date.fromisoformat(str(raw).strip())
    except ValueError as error:
        raise Malformed("not_a_date", "Write a day as 1990-03-31.") from error
    if isinstance(day, datetime):
        raise Malformed("not_a_date", "Write a day without a time.")
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Malformed("out_of_range", f"Write a day from {FIRST_YEAR} to {LAST_YEAR}.")
    return day.isoformat()


def _choice(raw: Any, schema: Schema) -> str:
    known = {choice.casefold(): choice for choice in schema.choices}
    chosen = known.get(raw.strip().casefold()) if isinstance(raw, str) else None
    if chosen is None:
        raise Malformed("not_a_choice", f"Choose one of: {', '.join(schema.choices)}.")
    return chosen


def _choices(raw: Any, schema: Schema) -> list[str]:
    """Several choices, in the order of the attribute; in text they stand between semicolons."""
    parts = raw.split(";") if isinstance(raw, str) else raw
    if not isinstance(parts, list | tuple | set | frozenset) or not parts:
        raise Malformed("not_a_choice", f"Choose some of: {', '.join(schema.choices)}.")
    chosen = {_choice(part, schema) for part in parts}
    return [choice for choice in schema.choices if choice in chosen]


_READ = {
    AttributeType.TEXT: _text,
    AttributeType.NUMBER: _number,
    AttributeType.YES_NO: _yes_no,
    AttributeType.DATE: _date,
    AttributeType.CHOICE: _choice,
    AttributeType.CHOICES: _choices,
}


def key_of(value: Value | None) -> str:
    """A text that two values share only when they are the same: 1 is not yes.

    >>> key_of(1) == key_of(True), key_of(["a"]) == key_of(["a"])
    (False, True)
    """
    return json.dumps(value)


# --- in words -------------------------------------------------------------------------------------


def value_in_words(value: Value, schema: Schema) -> str:
    """Say a value to people.

    >>> value_in_words(True, Schema(type=AttributeType.YES_NO))
    'yes'
    >>> value_in_words("1990-03-31", Schema(type=AttributeType.DATE))
    '31 March 1990'
    >>> value_in_words(70.5, Schema(type=AttributeType.NUMBER, unit="kg"))
    '70.5 kg'
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value)
    if schema.type == AttributeType.DATE:
        return day_in_words(date.fromisoformat(str(value)))
    return f"{value} {schema.unit}".strip()


def day_in_words(day: date) -> str:
    """Name a day with its year."""
    return f"{day.day} {day:%B} {day.year}"


def origin_in_words(one: Version, *, source: str, chance: str, day: date) -> str:
    """Tell the customer where a fact came from; ``chance`` is how sure a conclusion is, in words.

    >>> told = Version(1, "tea", Manner.TOLD, "customer", datetime(2026, 3, 3))
    >>> origin_in_words(told, source="", chance="", day=date(2026, 3, 3))
    'Told by you on 3 March 2026.'
    """
    on = f"on {day_in_words(day)}"
    if one.manner == Manner.CONCLUDED:
        return f"Concluded by us {on}, {chance} likely."
    if one.manner == Manner.SEEN:
        return f"Seen by us{f' at {source}' if source else ''} {on}."
    if one.actor == CUSTOMER:
        return f"Told by you {on}."
    if one.actor.startswith(STAFF):
        return f"Told to our staff {on}."
    return f"Told to us{f' through {source}' if source else ''} {on}."
