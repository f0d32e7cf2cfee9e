"""What somebody types to find a customer: taken apart, and how far it is from what was meant."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from profiles.rules.names import folded, normal_card, normal_email, normal_phone

LONGEST = 100
# Fewer letters or digits find a good part of everybody.
LEAST = 3
MOST_WORDS = 6
MOST_PARTS = 6

_DIGITS = re.compile(r"\d+")
_NUMBER = re.compile(r"[\d()+./-]+")
# Of shorter words, another letter makes another name.
_ONE_ERROR, _TWO_ERRORS = 3, 6


@dataclass(frozen=True)
class Typed:
    """What was typed: parts of a number, words of a name, and the whole as an order's number or address."""

    parts: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    order: str = ""
    phone: str = ""
    email: str = ""

    @property
    def code(self) -> str:
        return "".join(self.parts)

    @property
    def has_code(self) -> bool:
        return any(len(part) >= LEAST for part in self.parts)

    @property
    def has_words(self) -> bool:
        letters = sum(map(len, self.words))
        # Names in other scripts may have two letters.
        return letters >= (LEAST if all(word.isascii() for word in self.words) else 2)


def taken_apart(text: str, region: str) -> Typed:
    """Tell digits and codes from words; ``region`` is the default country of a phone number.

    >>> taken_apart("(415) 123", "US").parts, taken_apart("4471 Reyes", "US").words
    (('415', '123'), ('reyes',))
    >>> taken_apart("c4711-a99", "US").parts, taken_apart("٤٤٧١", "US").parts
    (('C4711A99',), ('4471',))
    """
    text = _plain_digits(text).strip()
    if "@" in text:
        return Typed(email=normal_email(text) or unicodedata.normalize("NFKC", text).lower())
    tokens = text.split()
    codes = [token for token in tokens if any(letter.isdigit() for letter in token)]
    words = folded(" ".join(token for token in tokens if token not in codes)).replace("_", " ")
    parts = [part for code in codes for part in _parts(code)]
    return Typed(
        parts=tuple(parts[:MOST_PARTS]),
        words=tuple(words.split()[:MOST_WORDS]),
        order=" ".join(codes),
        phone=normal_phone(text, region) if not words else "",
    )


def _plain_digits(text: str) -> str:
    return "".join(
        str(unicodedata.digit(letter)) if letter.isdecimal() else letter for letter in text
    )


def _parts(code: str) -> list[str]:
    if _NUMBER.fullmatch(code):
        return _DIGITS.findall(code)
    return [card] if (card := normal_card(code).replace("_", "")) else []


def most_errors(word: str) -> int:
    """How many typing errors a word may have and still be taken for another.

    >>> [most_errors(word) for word in ("li", "anna", "dolores")]
    [0, 1, 2]
    """
    return (len(word) >= _ONE_ERROR) + (len(word) >= _TWO_ERRORS)


def distance(one: str, other: str) -> int:
    """Count typing errors: letters left out, too many, wrong, or two beside each other swapped.

    Source: F. Damerau, "A technique for computer detection and correction of spelling errors", CACM 7 (1964);
    here with each letter touched once (optimal string alignment).

    >>> distance("reyes", "reyse"), distance("gruber", "grubber"), distance("meier", "mayer")
    (1, 1, 2)
    """
    before: Sequence[int] = ()
    last = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            best = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                best = min(best, before[j - 2] + 1)
            row.append(best)
        before, last = last, row
    return last[-1]
