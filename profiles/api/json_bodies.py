"""Bodies of the REST API: JSON in UTF-8, of bounded size, with nothing in it that cannot be stored."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from cxportal.lib.api import Refusal

LARGEST = 1024 * 1024
# What is read can be written again: a document that is deeper could be neither compared nor answered.
DEEPEST = 50
_UNREADABLE = re.compile("[\0\ud800-\udfff]")


class JsonBody(BaseParser):
    """Reads one JSON document, and refuses what PostgreSQL would."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(LARGEST + 1)
        if len(body) > LARGEST:
            raise Refusal(413, "too_large", "Send at most 1 MB.")
        try:
            said = json.loads(body.decode("utf-8-sig"), parse_constant=_no_number)
            _check(said)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"The body is no JSON that can be kept: {_why(error)}") from error
        return said


def _why(error: Exception) -> str:
    """Say what is wrong and where, without what stands there."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg}, line {error.lineno} column {error.colno}."
    if isinstance(error, UnicodeDecodeError):
        return "it is not in UTF-8."
    return str(error) if isinstance(error, _Unstorable) else "it is nested too deeply."


class _Unstorable(ValueError):
    """JSON allows it, the database does not."""


def _no_number(name: str) -> None:
    raise _Unstorable("NaN and Infinity are no numbers.")


def _check(value: Any, depth: int = 0) -> None:
    if depth > DEEPEST:
        raise _Unstorable(f"it is nested more than {DEEPEST} deep.")
    if isinstance(value, str):
        if _UNREADABLE.search(value):
            raise _Unstorable("a text has a NUL or half a character in it.")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise _Unstorable("a number is too large.")
    elif isinstance(value, dict):
        for key, each in value.items():
            _check(key)
            _check(each, depth + 1)
    elif isinstance(value, list):
        for each in value:
            _check(each, depth + 1)
