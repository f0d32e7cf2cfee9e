"""Addresses and handles that are written to be taken for somebody else's."""

from __future__ import annotations

import re

from confusable_homoglyphs import categories, confusables

from profiles.rules.names import IdentifierKind

_KINDS = {IdentifierKind.EMAIL, IdentifierKind.SOCIAL}
_PARTS = re.compile(r"[@.\-_+]")
# Japanese and Korean write several scripts in one word (Unicode TS 39, section 5.1, augmented script sets).
_TOGETHER = (
    frozenset({"HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"HAN", "HANGUL"}),
    frozenset({"HAN", "BOPOMOFO"}),
)
_LATIN = "LATIN"


def is_confusable(kind: str, value: str) -> bool:
    """Tell whether letters of several scripts that look alike stand in one part of an address or handle.

    Also a part all of whose letters look Latin and none of which is, in an address that has Latin
    parts. Source: Unicode TS 39, sections 4 and 5.

    >>> is_confusable("email", "p\\u0430ypal@example.com"), is_confusable("email", "jos\\u00e9@example.com")
    (True, False)
    >>> is_confusable("email", "mira@\\u0430\\u0440\\u0440\\u0435.com"), is_confusable("phone", "+1")
    (True, False)
    """
    if kind not in _KINDS or (value.isascii() and "xn--" not in value):
        return False
    parts = [_shown(part) for part in _parts(value) if part]
    scripts = [_scripts(part) for part in parts]
    has_latin = any(_LATIN in found for found in scripts)
    return any(
        _is_mixed(found) or (has_latin and _looks_latin(part, found))
        for part, found in zip(parts, scripts, strict=True)
    )


def _parts(value: str) -> list[str]:
    """Words of the address; labels in Punycode stay whole.

    >>> _parts("dolores.r@xn--bcher-kva.example")
    ['dolores', 'r', 'xn--bcher-kva', 'example']
    """
    local, _, domain = value.rpartition("@")
    labels = [
        word
        for label in domain.split(".")
        for word in ([label] if label.startswith("xn--") else _PARTS.split(label))
    ]
    return _PARTS.split(local) + labels if local else labels


def _shown(part: str) -> str:
    """A label as it is shown: Punycode is read."""
    if not part.startswith("xn--"):
        return part
    try:
        return part.removeprefix("xn--").encode("ascii").decode("punycode")
    except UnicodeError:
        return part


def _scripts(part: str) -> frozenset[str]:
    found = {categories.alias(letter) for letter in part if letter.isalpha()}
    return frozenset(found - {"COMMON", "INHERITED"})


def _is_mixed(scripts: frozenset[str]) -> bool:
    return len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER)


def _looks_latin(part: str, scripts: frozenset[str]) -> bool:
    if not scripts or _LATIN in scripts:
        return False
    return all(map(_is_like_ascii, filter(str.isalpha, part)))


def _is_like_ascii(letter: str) -> bool:
    found = confusables.is_confusable(letter, preferred_aliases=["latin"], greedy=True)
    return any(like["c"].isascii() for one in found or () for like in one["homoglyphs"])
