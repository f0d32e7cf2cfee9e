"""Pure rules of privacy: digests of who was erased, and how a person's strings are looked for in free text."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# What stands for the number that a source gives its customers; its scope is the source's key.
EXTERNAL = "external"
WEAK = frozenset({"device", "anonymous"})
# A number in free text is looked for by its end: it may stand there without its country code.
_PHONE_DIGITS = 9
_SHORTEST_PHONE = 7
# Names of one word are many people's, and mean other things too.
_NAME_WORDS = 2
# Under these keys, events and answers carry the number of a customer.
_NUMBER_KEYS = "userid|user_id|previousid|previous_id|anonymousid|customer|customer_id|external_id"


def digest(key: bytes, kind: str, scope: str, value: str) -> str:
    """Return HMAC-SHA-256 of an identifier, in hex. Source: RFC 2104.

    >>> len(digest(b"key", "email", "", "a@example.com"))
    64
    >>> digest(b"key", "email", "a", "b") == digest(b"key", "email", "", "a:b")
    False
    """
    message = "\x1f".join((kind, scope, value))
    return hmac.new(key, message.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Traces:
    """The strings by which a person can be found: addresses and numbers, numbers at sources, names."""

    identifiers: Sequence[tuple[str, str, str]] = ()
    numbers: Sequence[tuple[int, str]] = ()
    names: Sequence[str] = ()
    others: Sequence[str] = ()

    def patterns(self) -> list[str]:
        """Regular expressions of PostgreSQL, for text in lower case, that hold in whatever table."""
        found = [_pattern(kind, value) for kind, _, value in self.identifiers]
        found += [_name(name) for name in self.names]
        found += [_whole(other) for other in self.others]
        return _each_once(found)

    def patterns_of_source(self, source: int) -> list[str]:
        """Patterns of the numbers that this source gave them: as a cell of a file, or under a key of JSON."""
        found = []
        for its_source, number in self.numbers:
            if its_source == source and number.strip():
                word = _escaped(number)
                found.append(rf'(^|[,;|"\t])\s*{word}\s*($|[,;|"\t\r\n])')
                found.append(rf'"({_NUMBER_KEYS})": ?"?{word}($|[",}} ])')
        return _each_once(found)


def _each_once(patterns: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(pattern for pattern in patterns if pattern))


def _pattern(kind: str, value: str) -> str:
    if kind != "phone":
        return _whole(value)
    digits = re.sub(r"\D", "", value)[-_PHONE_DIGITS:]
    if len(digits) < _SHORTEST_PHONE:
        return _whole(value)
    return "[ ()/.-]*".join(digits) + "(?!\\d)"


def _name(name: str) -> str:
    """A full name, in whatever spacing.

    >>> _name("Dolores  Reyes"), _name("Dolores")
    ('(^|[^[:alnum:]])dolores\\\\s+reyes($|[^[:alnum:]])', '')
    """
    words = name.lower().split()
    if len(words) < _NAME_WORDS:
        return ""
    spaced = r"\s+".join(map(_escaped, words))
    return f"(^|[^[:alnum:]]){spaced}($|[^[:alnum:]])"


def _whole(value: str) -> str:
    """A value that is not a part of a longer word."""
    return f"(^|[^[:alnum:]]){_escaped(value)}($|[^[:alnum:]])" if value.strip() else ""


def _escaped(value: str) -> str:
    """Escape for PostgreSQL: every character but letters and digits stands for itself.

    >>> _escaped("A.b+c@x")
    'a\\\\.b\\\\+c\\\\@x'
    """
    return re.sub(r"([^\w])", r"\\\1", value.lower().strip())
