"""The lines of a condition on a page: as posted, with one more or one less, and as they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.datastructures import MultiValueDict

from profiles.forms_guards import MOST_LINES, LineForm, line_form, posted_lines
from profiles.rules.condition_words import Vocabulary


def lines_posted(posted: MultiValueDict[str, str], vocabulary: Vocabulary) -> Sequence[LineForm]:
    """The lines as posted, with one more or one less where that was asked for."""
    kept = posted_lines(posted)
    dropped = posted.get("drop", "")
    judged = "save" in posted
    lines: list[LineForm] = []
    for n, what in kept:
        given: dict[str, Any] = {"data": posted} if judged else {"initial": _values(posted, n)}
        if str(n) != dropped and (line := line_form(what, vocabulary, prefix=f"line-{n}", **given)):
            lines.append(line)
    if "add" in posted and len(lines) < MOST_LINES:
        line = line_form(posted.get("what", ""), vocabulary)
        lines += [line] if line else []
    return lines if judged else _numbered(lines)


def _values(posted: MultiValueDict[str, str], n: int) -> dict[str, str]:
    start = f"line-{n}-"
    return {
        name.removeprefix(start): str(value)
        for name, value in posted.items()
        if name.startswith(start)
    }


def lines_stored(
    said: Sequence[tuple[str, dict[str, Any]]], vocabulary: Vocabulary
) -> Sequence[LineForm]:
    """The lines of a condition as it stands; what cannot be asked any more is left out."""
    lines = [line_form(what, vocabulary, initial=values) for what, values in said]
    return _numbered([line for line in lines if line])


def _numbered(lines: Sequence[LineForm]) -> Sequence[LineForm]:
    for n, line in enumerate(lines):
        line.prefix = f"line-{n}"
    return lines
