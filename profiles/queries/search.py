"""Finding a customer from one box: last digits, card, order, e-mail or name.

What was typed decides where is looked; one query, and a second one for typing errors where the
first found nobody. Nothing that was typed becomes part of a pattern unescaped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from profiles.rules.names import (
    IdentifierKind,
    folded,
    normal_card,
    normal_email,
    normal_phone,
    recognised,
)

MOST = 10
MOST_RANKED = 2_000
LONGEST = 100
LEAST = 3
MOST_WORDS = 6
# How alike a name must be to pass for a typing error (pg_trgm, 0 … 1).
ALIKE = 0.3

TOO_LITTLE = "Type at least three letters or digits."
TOO_LONG = (
    "That is too long to search for. Type a name, or the last digits of a phone or card number."
)
WHOLE_EMAIL = "Type the whole e-mail address, or search by name."
SIMILAR = "similar name"
NOBODY = "Nobody found. Check the spelling, or try the last digits of a phone or card number."
MORE = "There are more. Add a name, or more digits."


@dataclass(frozen=True)
class Found:
    """A customer as a list of results shows one; contact data is masked."""

    customer_id: int
    name: str
    matched: str
    contacts: Sequence[str]


@dataclass(frozen=True)
class Answer:
    """At most ten customers, best first; ``hint`` says what to do where that helps."""

    found: Sequence[Found] = field(default_factory=list)
    hint: str = ""


@dataclass(frozen=True)
class _Asked:
    """What was typed, taken apart."""

    code: str
    words: tuple[str, ...]
    order: str
    phone: str = ""


def find(text: str, *, region: str) -> Answer:
    """Find at most ten customers for what was typed; ``region`` is the default phone country."""
    if "\0" in text or len(text) > LONGEST:
        return Answer(hint=TOO_LONG)
    if "@" in text:
        email = normal_email(text)
        return _answer(_run(_BY_EMAIL, {"email": email})) if email else Answer(hint=WHOLE_EMAIL)
    asked = _taken_apart(text, region)
    if len(asked.code) >= LEAST:
        return _answer(_by_code(asked))
    if sum(len(word) for word in asked.words) < _least(asked.words):
        return Answer(hint=TOO_LITTLE)
    return _answer(_by_name(asked.words) or _by_likeness(asked.words))


def _least(words: Sequence[str]) -> int:
    """Names in other scripts may have two letters."""
    return LEAST if all(word.isascii() for word in words) else 2


_DIGITS = re.compile(r"[\d\s()+./-]+")


def _taken_apart(text: str, region: str) -> _Asked:
    """Tell digits and codes from words.

    >>> _taken_apart("4471 Reyes", "US")
    _Asked(code='4471', words=('reyes',), order='4471', phone='')
    >>> _taken_apart("Reyes_%", "US").words
    ('reyes',)
    """
    if _DIGITS.fullmatch(text):
        return _Asked(re.sub(r"\D", "", text), (), text.strip(), normal_phone(text, region))
    parts = text.split()
    codes = [part for part in parts if any(letter.isdigit() for letter in part)]
    words = folded(" ".join(part for part in parts if part not in codes)).replace("_", " ")
    code = normal_card("".join(codes)).replace("_", "")
    return _Asked(code, tuple(words.split()[:MOST_WORDS]), " ".join(codes))


# --- the questions --------------------------------------------------------------------------------

# Customers ``hit`` (id, matched, score) with their name and what they can be told apart by.
_SHOWN = """
    SELECT c.id, c.name, hit.matched, ARRAY (
        SELECT ARRAY[i.kind, i.value] FROM profiles_identifier i
        WHERE i.customer_id = c.id ORDER BY i.kind DESC, i.id)
    FROM (SELECT id, min(matched) AS matched, max(score) AS score FROM ({hits}) h
          GROUP BY id ORDER BY score DESC, id LIMIT {limit}) hit
    JOIN profiles_customer c ON c.id = hit.id
    ORDER BY hit.score DESC, c.search_name, c.id
"""

_BY_EMAIL = """
    SELECT customer_id AS id, 'e-mail' AS matched, 1.0 AS score FROM profiles_identifier
    WHERE kind = 'email' AND value = %(email)s
"""

# The index on the last four characters serves three as well: 36 look-ups, one for each that may
# stand before them. An order number is looked up under each source, as its index has it.
_BY_CODE = """
    SELECT i.customer_id AS id, i.kind AS matched,
           CASE WHEN i.value IN (%(code)s, %(phone)s) THEN 2.0 ELSE 1.0 END AS score
    FROM profiles_identifier i
    JOIN profiles_customer c ON c.id = i.customer_id
    WHERE i.kind IN ('phone', 'card') AND right(i.value, 4) = ANY(%(ends)s)
      AND (i.value LIKE %(ending)s OR i.value = %(phone)s) {named}
    UNION ALL
    SELECT b.customer_id, 'order', 3.0 FROM profiles_source s
    JOIN profiles_purchase b ON b.source_id = s.id AND b.external_id = %(order)s
    JOIN profiles_customer c ON c.id = b.customer_id
    WHERE true {named}
"""

# A common beginning has many thousands of names: some are ranked, and the answer says that there are more.
_BY_NAME = """
    SELECT id, %(matched)s AS matched, score FROM (
        SELECT c.id, greatest(similarity(c.search_name, %(typed)s),
                              word_similarity(%(typed)s, c.search_name))
                     + (c.search_name LIKE %(starts)s)::int AS score
        FROM (SELECT c.id, c.search_name FROM profiles_customer c
              WHERE true {named} LIMIT {most}) c
    ) ranked WHERE score >= {alike}
"""


def _by_code(asked: _Asked) -> list[tuple[Any, ...]]:
    named, params = _named([[word] for word in asked.words])
    # Neither digits nor letters have a meaning in a pattern.
    params = params | {
        "code": asked.code,
        "order": asked.order,
        "phone": asked.phone or asked.code,
        "ending": f"%{asked.code}",
        "ends": _ends(asked.code),
    }
    return _run(_BY_CODE.format(named=named), params)


def _ends(code: str) -> list[str]:
    """The last four characters that ``code`` can be the end of."""
    if len(code) >= 4:
        return [code[-4:]]
    return [before + code for before in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"]


def _by_name(words: Sequence[str]) -> list[tuple[Any, ...]]:
    named, params = _named([[word] for word in words])
    return _ranked(named, params, words, matched="name", alike=0.0)


def _by_likeness(words: Sequence[str]) -> list[tuple[Any, ...]]:
    """Find names that look alike, with a typing error in any of the words."""
    named, params = _named([_meant(word) for word in words])
    return _ranked(named, params, words, matched=SIMILAR, alike=ALIKE)


def _ranked(
    named: str, params: dict[str, Any], words: Sequence[str], *, matched: str, alike: float
) -> list[tuple[Any, ...]]:
    typed = " ".join(words)
    query = _BY_NAME.format(named=named, alike=alike, most=MOST_RANKED)
    return _run(query, params | {"typed": typed, "starts": f"{typed}%", "matched": matched})


def _meant(word: str) -> list[str]:
    """Beginnings that may have been meant: the first letters are right, or one is doubled or swapped.

    >>> _meant("maira")
    ['mai', 'amira', 'miara', 'maria', 'aira', 'mira', 'mara']
    """
    start = range(min(3, len(word) - 1))
    swapped = [word[:n] + word[n + 1] + word[n] + word[n + 2 :] for n in start]
    dropped = [word[:n] + word[n + 1 :] for n in start]
    return list(dict.fromkeys([word[:3], *swapped, *dropped]))


def _named(words: Sequence[Sequence[str]]) -> tuple[str, dict[str, Any]]:
    """Condition that a word of the name begins with one of each of ``words``.

    A regular expression for each: the trigram index reads the word's start and all alternatives out
    of it at once. Of one or two letters it reads nothing; those are two patterns. Folded words hold
    letters and digits only, so nothing has to be escaped.
    """
    sql = ""
    params: dict[str, Any] = {}
    for n, meant in enumerate(words):
        if min(map(len, meant)) > 2:
            sql += f" AND c.search_name ~ %(word{n})s"
            params[f"word{n}"] = rf"\m({'|'.join(meant)})"
        else:
            sql += f" AND c.search_name LIKE ANY(%(word{n})s)"
            params[f"word{n}"] = [like for one in meant for like in (f"{one}%", f"% {one}%")]
    return sql, params


def _run(hits: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_SHOWN.format(hits=hits, limit=MOST + 1), params)
        return list(cursor.fetchall())


_MATCHED = {
    IdentifierKind.PHONE: "phone number",
    IdentifierKind.CARD: "card",
    "order": "order number",
}


def _answer(rows: Sequence[tuple[Any, ...]]) -> Answer:
    found = [
        Found(
            customer_id,
            name,
            _MATCHED.get(matched, matched),
            [recognised(*contact) for contact in contacts],
        )
        for customer_id, name, matched, contacts in rows[:MOST]
    ]
    return Answer(found, MORE if len(rows) > MOST else "" if found else NOBODY)
