"""Guidance in words and numbers: how a path is written, how fast it is followed, and why a part comes now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PART_MOMENT = "path_part"
# Days between two parts; what is offered to customers and managers alike.
PACES = (2, 4, 7, 14, 30)
PACE = {
    2: "every other day",
    4: "every four days",
    7: "weekly",
    14: "every two weeks",
    30: "monthly",
}
FEWEST_PARTS, MOST_PARTS = 2, 12
LONGEST_NAME, LONGEST_SUMMARY, LONGEST_TITLE, LONGEST_TEXT = 80, 300, 120, 4000
# Customers asked for it and chose the pace: a part helps nearly always. A prior of ours; whoever has had enough
# says so with one tap.
PART_LIKELIHOOD = 0.9
# A part that finds no good day within its pace is not lost: it stays the next one.
MATTERS_DAYS = 7


@dataclass(frozen=True)
class Part:
    """One message of a path."""

    title: str
    text: str


class Unfit(ValueError):
    """What somebody wrote is no path: the message says what to do."""


def checked_path(
    name: str, summary: str, pace: int, parts: Sequence[Part]
) -> tuple[str, str, list[Part]]:
    """Return name, summary and parts as they are kept.

    Raises:
        Unfit: something is missing, too long or too many.

    >>> checked_path(" Bake  bread", "Two parts", 7, [Part("Flour", "a"), Part("Oven", "b")])[0]
    'Bake bread'
    >>> checked_path("Bake bread", "One part", 7, [Part("Flour", "a")])
    Traceback (most recent call last):
    campaigns.rules.guidance.Unfit: Write 2 to 12 parts, each with a title and a text.
    """
    kept = [Part(_line(one.title, LONGEST_TITLE, "title"), _text(one.text)) for one in parts]
    if not FEWEST_PARTS <= len(kept) <= MOST_PARTS or any(not (p.title and p.text) for p in kept):
        raise Unfit(f"Write {FEWEST_PARTS} to {MOST_PARTS} parts, each with a title and a text.")
    if pace not in PACES:
        raise Unfit("Choose one of the paces.")
    known, said = _line(name, LONGEST_NAME, "name"), _line(summary, LONGEST_SUMMARY, "summary")
    if not known or not said:
        raise Unfit("Write a name and a summary: customers choose by them.")
    return known, said, kept


def _line(text: str, longest: int, what: str) -> str:
    line = " ".join(text.replace("\0", "").split())
    if len(line) > longest:
        raise Unfit(f"The {what} is too long: at most {longest} letters.")
    return line


def _text(text: str) -> str:
    kept = text.replace("\0", "").replace("\r\n", "\n").strip()
    if len(kept) > LONGEST_TEXT:
        raise Unfit(f"A part is too long: at most {LONGEST_TEXT:,} letters.")
    return kept


def part_because(facts: Mapping[str, Any], reader: str) -> str:
    """Say why a part comes now.

    >>> part_because({"path": "Bake bread", "part": 2, "parts": 5, "pace": 7}, "customer")
    'you follow “Bake bread”: part 2 of 5, weekly'
    """
    who = "you follow" if reader == "customer" else "the customer follows"
    pace = PACE.get(facts["pace"], f"every {facts['pace']} days")
    return f"{who} “{facts['path']}”: part {facts['part']} of {facts['parts']}, {pace}"
