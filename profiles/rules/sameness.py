"""Why profiles are one customer, in words for staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

PERSON = "person"
DUPLICATE = "duplicate"

_RULES = {
    "email": "The same e-mail address",
    "phone": "The same phone number",
    "card": "The same loyalty card",
    "social": "The same handle in a social network",
    "device": "The same device",
    "anonymous": "The same anonymous id",
    "alias": "The sending system said that both numbers are one person",
    PERSON: "Joined by hand",
    DUPLICATE: "A probable duplicate, looked at by a person",
    "undo": "An undone merge",
}


def rule_in_words(rule: str) -> str:
    """Say what joined two profiles, or keeps them apart.

    >>> rule_in_words("email"), rule_in_words("crm-match")
    ('The same e-mail address', 'Rule “crm-match”')
    """
    return _RULES.get(rule) or f"Rule “{rule}”"


def evidence_in_words(evidence: Mapping[str, Any], shared: Sequence[str]) -> str:
    """Say what stood for it; ``shared`` are masked identifiers that led to both.

    >>> evidence_in_words({"kind": "email"}, ["d…@example.com"])
    'Both were seen with d…@example.com.'
    >>> evidence_in_words({"score": 0.973}, [])
    'Alike by 97 of 100.'
    """
    if shared:
        return f"Both were seen with {', '.join(shared)}."
    score = evidence.get("score")
    if isinstance(score, int | float):
        return f"Alike by {min(99, round(100 * score))} of 100."
    return ""
