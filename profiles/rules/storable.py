"""What of JSON can be kept: PostgreSQL refuses some texts and numbers that JSON allows."""

from __future__ import annotations

import json
import math
import re
from typing import Any

UNREADABLE = "\ufffd"
_UNREADABLE = re.compile("[\0\ud800-\udfff]")
# What might not be storable is rare; only then is every value looked at.
_SUSPICIOUS = re.compile(r"\\u(?:0000|[dD][89a-fA-F])|\d{18}|[eE]\+?\d{3}")
_LONGEST_INTEGER = 18


class Malformed(ValueError):
    """The text is no JSON, or nested too deeply."""


def read_json(text: str) -> Any:
    """Read JSON into values that can be stored.

    NUL and halves of surrogate pairs become U+FFFD, as in any decoder; what is no number (NaN, Infinity, 1e400)
    becomes null; an integer of more than 18 digits stays as text.

    Raises:
        Malformed: it is none.

    >>> read_json('{"a": "x\\\\u0000", "b": NaN, "c": 1e400, "d": 12345678901234567890}')
    {'a': 'x\ufffd', 'b': None, 'c': None, 'd': '12345678901234567890'}
    """
    is_suspicious = _SUSPICIOUS.search(text) is not None
    try:
        if not is_suspicious:
            return json.loads(text, parse_constant=_no_number)
        return _cleaned(json.loads(text, parse_constant=_no_number, parse_int=_integer))
    except (ValueError, RecursionError) as error:
        raise Malformed("This is no JSON.") from error


def _no_number(name: str) -> None:
    return None


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits.lstrip("-")) <= _LONGEST_INTEGER else digits


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _UNREADABLE.sub(UNREADABLE, value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_cleaned(each) for each in value]
    return value
