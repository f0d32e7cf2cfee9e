"""Finding a customer from one box: any part of a phone or card number, order, e-mail or name.

What was typed decides where is looked (``profiles.rules.typed``). Names are found by whole words and their
beginnings first; where that leaves room, by words that are a typing error or two away. Nothing that was
typed becomes part of a pattern unescaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from profiles.querysets.customers import present_sql
from profiles.rules.names import IdentifierKind, recognised
from profiles.rules.typed import LONGEST, Typed, distance, most_errors, taken_apart

MOST = 10
# Of more hits some are ranked, and the answer says that there are more.
MOST_RANKED = 300
MOST_WORDS_MEANT = 200

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
class _Hit:
    """A customer who may be meant; the lower ``rank`` stands before the higher."""

    customer_id: int
    matched: str
    rank: tuple[Any, ...]


def find(text: str, *, region: str) -> Answer:
    """Find at most ten customers for what was typed; ``region`` is the default phone country."""
    if "\0" in text or len(text) > LONGEST:
        return Answer(hint=TOO_LONG)
    typed = taken_apart(text, region)
    if typed.email:
        if len(typed.email.partition("@")[0]) < 2:
            return Answer(hint=WHOLE_EMAIL)
        return _answer(_by_email(typed.email))
    if typed.has_code:
        return _answer(_by_code(typed))
    if not typed.has_words:
        return Answer(hint=TOO_LITTLE)
    return _answer(_by_name(typed.words))


# --- numbers and addresses ------------------------------------------------------------------------

_PRESENT = present_sql("c")

_BY_EMAIL = f"""
    SELECT i.customer_id FROM profiles_identifier i
      JOIN profiles_customer c ON c.id = i.customer_id AND {_PRESENT}
     WHERE i.kind = 'email' AND i.scope = '' AND i.value = %(email)s
"""
_BY_EMAIL_BEGUN = f"""
    SELECT i.customer_id, i.value FROM profiles_identifier i
      JOIN profiles_customer c ON c.id = i.customer_id AND {_PRESENT}
     WHERE i.kind = 'email' AND i.value LIKE %(begun)s LIMIT {MOST_RANKED}
"""


def _by_email(email: str) -> list[_Hit]:
    whole = [_Hit(customer, "e-mail", ()) for (customer,) in _run(_BY_EMAIL, {"email": email})]
    if whole:
        return whole
    begun = email.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    rows = _run(_BY_EMAIL_BEGUN, {"begun": f"{begun}%"})
    return [_Hit(customer, "e-mail", (value,)) for customer, value in rows]


# The ends are asked by themselves: of three digits there are more hits than are ranked, and what stands
# at the end is what people say. The index on the last four characters serves three as well: one look-up
# for each that may stand before them. An order number is looked up under each source, as its index has it.
_BY_CODE = """
    (SELECT i.customer_id, i.kind, i.value FROM profiles_identifier i {customers}
      WHERE i.kind IN ('phone', 'card') AND right(i.value, 4) = ANY(%(ends)s)
        AND (i.value LIKE %(ending)s OR i.value = %(phone)s) {named} LIMIT {most})
    UNION
    (SELECT i.customer_id, i.kind, i.value FROM profiles_identifier i {customers}
      WHERE i.kind IN ('phone', 'card') {within} {named} LIMIT {most})
    UNION ALL
    (SELECT b.customer_id, 'order', b.external_id FROM profiles_source s
       JOIN profiles_purchase b ON b.source_id = s.id AND b.external_id = %(order)s
       JOIN profiles_customer c ON c.id = b.customer_id AND {present}
      WHERE true {named} LIMIT {most})
"""


def _by_code(typed: Typed) -> list[_Hit]:
    code, params = typed.code, {"order": typed.order, "phone": typed.phone or typed.code}
    params |= {"ending": f"%{code}"}
    within = ""
    for n, part in enumerate(typed.parts):  # digits and letters mean nothing in a pattern
        within += f" AND i.value LIKE %(part{n})s"
        params[f"part{n}"] = f"%{part}%"
    named, words = _named([[word] for word in typed.words], beginnings=True)
    sql = _BY_CODE.format(
        named=named,
        within=within,
        most=MOST_RANKED,
        present=_PRESENT,
        customers=f"JOIN profiles_customer c ON c.id = i.customer_id AND {_PRESENT}",
    )
    rows = _run(sql, params | words | {"ends": _ends(code)})
    return [_Hit(customer, kind, _place(kind, value, typed)) for customer, kind, value in rows]


def _ends(code: str) -> list[str]:
    """The last four characters that ``code`` can be the end of."""
    if len(code) >= 4:
        return [code[-4:]]
    return [before + code for before in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"]


def _place(kind: str, value: str, typed: Typed) -> tuple[Any, ...]:
    """Whole numbers first, then ends, then what stands together, then parts in any order."""
    code = typed.code
    whole = kind == "order" or value in (code, typed.phone)
    return (not whole, not value.endswith(code), code not in value, kind, value)


# --- names ----------------------------------------------------------------------------------------

_WORDS = "string_to_array(c.search_name, ' ')"
_BY_NAME = f"""
    SELECT c.id, c.search_name FROM profiles_customer c
     WHERE {_PRESENT} {{named}} LIMIT {MOST_RANKED}
"""
# Beginnings, in the order of the alphabet; the words of a million names are some ten thousands.
_BEGINNING = f"""
    SELECT t.n, w.word FROM unnest(%(words)s::text[]) WITH ORDINALITY t (typed, n), LATERAL (
        SELECT word FROM profiles_nameword
         WHERE word COLLATE "C" >= t.typed AND word COLLATE "C" < t.typed || chr(1114111)
         ORDER BY word COLLATE "C" LIMIT {MOST_WORDS_MEANT}) w
"""
_NEAR = """
    SELECT t.n, w.word FROM unnest(%(words)s::text[]) WITH ORDINALITY t (typed, n),
           LATERAL (SELECT word FROM profiles_nameword WHERE near && profiles_near(t.typed)) w
"""


def _by_name(words: Sequence[str]) -> list[_Hit]:
    meant = _meant(_BEGINNING, words)
    hits = _named_so(words, meant, "name")
    if len(hits) > MOST:
        return hits
    for n, near in enumerate(_meant(_NEAR, words)):
        most = most_errors(words[n])
        meant[n] += [
            word for word in near if word not in meant[n] and distance(word, words[n]) <= most
        ]
    known = {hit.customer_id for hit in hits}
    return hits + [hit for hit in _named_so(words, meant, SIMILAR) if hit.customer_id not in known]


def _meant(sql: str, words: Sequence[str]) -> list[list[str]]:
    meant: list[list[str]] = [[] for _ in words]
    for n, word in _run(sql, {"words": list(words)}):
        meant[n - 1].append(word)
    return meant


def _named_so(words: Sequence[str], meant: Sequence[Sequence[str]], matched: str) -> list[_Hit]:
    """Find whose name has one of the meant words for each that was typed."""
    if not all(meant):
        return []
    named, params = _named(meant)
    rows = _run(_BY_NAME.format(named=named), params)
    return [_Hit(customer, matched, _closeness(words, name)) for customer, name in rows]


def _named(
    meant: Sequence[Iterable[str]], *, beginnings: bool = False
) -> tuple[str, dict[str, Any]]:
    """Condition that a name has, for each, one of these words, or a word that begins so."""
    sql = ""
    params: dict[str, Any] = {}
    for n, words in enumerate(meant):
        if beginnings:
            sql += f" AND c.search_name LIKE ANY(%(word{n})s)"
            params[f"word{n}"] = [like for word in words for like in (f"{word}%", f"% {word}%")]
        else:
            sql += f" AND {_WORDS} && %(word{n})s"
            params[f"word{n}"] = list(words)
    return sql, params


def _closeness(words: Sequence[str], name: str) -> tuple[Any, ...]:
    """Fewest errors first, then whole words before beginnings, then the order in which they were typed."""
    held = name.split()
    errors = beginnings = 0
    for word in words:
        if word in held:
            continue
        if any(one.startswith(word) for one in held):
            beginnings += 1
        else:
            errors += min((distance(word, one) for one in held), default=len(word))
    return (errors, beginnings, not name.startswith(words[0]), len(held), name)


# --- the answer -----------------------------------------------------------------------------------

_SHOWN = """
    SELECT c.id, c.name, ARRAY (
        SELECT ARRAY[i.kind, i.value] FROM profiles_identifier i
        WHERE i.customer_id = c.id AND i.kind IN ('email', 'phone', 'card', 'social')
        ORDER BY i.kind DESC, i.id LIMIT 6)
    FROM profiles_customer c WHERE c.id = ANY(%(ids)s)
"""
_MATCHED = {
    IdentifierKind.PHONE: "phone number",
    IdentifierKind.CARD: "card",
    "order": "order number",
}


def _run(sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _answer(hits: Sequence[_Hit]) -> Answer:
    best: dict[int, _Hit] = {}
    for hit in sorted(hits, key=lambda hit: (hit.rank, hit.customer_id)):
        best.setdefault(hit.customer_id, hit)
    if not best:
        return Answer(hint=NOBODY)
    shown = list(best.values())[:MOST]
    rows = {row[0]: row for row in _run(_SHOWN, {"ids": [hit.customer_id for hit in shown]})}
    found = [
        Found(
            hit.customer_id,
            rows[hit.customer_id][1],
            _MATCHED.get(hit.matched, hit.matched),
            [recognised(*contact) for contact in rows[hit.customer_id][2]],
        )
        for hit in shown
    ]
    return Answer(found, MORE if len(best) > MOST else "")
