"""Characteristics of products: what a value may be, and how it is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from profiles.rules.facts import Malformed, Schema, Value, normal_value, value_in_words
from profiles.rules.names import AttributeType

TYPES = {
    AttributeType.NUMBER.value: "a number",
    AttributeType.CHOICE.value: "one of several",
    AttributeType.CHOICES.value: "some of several",
    AttributeType.YES_NO.value: "yes or no",
}


@dataclass(frozen=True)
class Trait:
    """A characteristic by its code."""

    code: str
    name: str
    schema: Schema

    @property
    def type(self) -> AttributeType:
        return self.schema.type


def trait(code: str, name: str, type_: str, unit: str, choices: Sequence[str]) -> Trait:
    """Put a characteristic together.

    >>> trait("weight", "Weight", "number", "g", []).schema.unit
    'g'
    """
    return Trait(code, name, Schema(AttributeType(type_), unit, tuple(choices)))


def columns_of(raw: Any, of: Trait) -> dict[str, Any]:
    """Return the columns in which a value is kept.

    Raises:
        Malformed: it is none of this characteristic.

    >>> columns_of("900 g", trait("weight", "Weight", "number", "g", []))
    {'number': 900.0, 'chosen': None, 'is_so': None}
    >>> columns_of("yes", trait("folds", "Folds", "yes_no", "", []))
    {'number': None, 'chosen': None, 'is_so': True}
    """
    value = normal_value(raw, of.schema)
    columns: dict[str, Any] = {"number": None, "chosen": None, "is_so": None}
    match of.type:
        case AttributeType.NUMBER:
            columns["number"] = float(value)  # type: ignore[arg-type]
        case AttributeType.YES_NO:
            columns["is_so"] = value
        case AttributeType.CHOICES if isinstance(value, list):
            if not value:
                raise Malformed("empty", "Choose at least one.")
            columns["chosen"] = value
        case _:
            columns["chosen"] = [value]
    return columns


def value_of(
    type_: str, number: float | None, chosen: Sequence[str] | None, is_so: bool | None
) -> Value:
    """Read a value from its columns; a whole number has no decimals.

    >>> value_of("number", 900.0, None, None), value_of("choice", None, ["small"], None)
    (900, 'small')
    >>> value_of("choices", None, ["hiking", "camping"], None), value_of("yes_no", None, None, False)
    (['hiking', 'camping'], False)
    """
    if number is not None:
        return int(number) if number == int(number) else number
    if chosen is None:
        return bool(is_so)
    return chosen[0] if type_ == AttributeType.CHOICE else list(chosen)


def said(of: Trait, value: Value) -> str:
    """Say a value with its name.

    >>> said(trait("weight", "Weight", "number", "g", []), 900)
    'weight 900 g'
    >>> said(trait("use", "Use", "choices", "", ["hiking"]), ["hiking"])
    'use hiking'
    >>> said(trait("folds", "Folds", "yes_no", "", []), True)
    'folds'
    """
    name = of.name[:1].lower() + of.name[1:]
    if isinstance(value, bool):
        return name if value else f"{name}: no"
    if isinstance(value, list):
        return f"{name} {', '.join(value)}"
    return f"{name} {value_in_words(value, of.schema)}"
