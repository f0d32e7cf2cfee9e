"""What is known of a customer as a whole: how complete it is, how fresh, and what in it cannot be right.

Pure: ``profiles.queries.cleanness`` loads ``Condition`` for one customer or for some thousands, and everything
below follows from it. What cannot be right is pointed out, never mended by itself: GDPR, article 5(1)(d), asks
for accuracy, and only the person knows what is so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum

from profiles.rules.facts import Value, day_in_words
from profiles.rules.identity import NOBODY
from profiles.rules.names import AttributeType, IdentifierKind, folded, recognised

# The attribute that is read as a day of birth, where a house has one of that code.
BIRTHDAY = "birthday"
# Ways in which a letter or a call reaches somebody.
REACHING = (IdentifierKind.EMAIL, IdentifierKind.PHONE)
# What can be typed in for everyone: a machine's id is shared by its nature (a tablet, a family's browser).
SHAREABLE = (*REACHING, IdentifierKind.CARD, IdentifierKind.SOCIAL)


class FindingKind(StrEnum):
    """What is wrong, or may be: stable codes."""

    BOUNCED = "bounced"
    SHARED = "shared"
    OLD = "old"
    IMPOSSIBLE = "impossible"
    DOUBTFUL = "doubtful"
    NO_NAME = "no_name"


KIND = {
    FindingKind.BOUNCED: "Address bounces",
    FindingKind.SHARED: "Belongs to many",
    FindingKind.OLD: "Grew old",
    FindingKind.IMPOSSIBLE: "Impossible birthday",
    FindingKind.DOUBTFUL: "Doubtful birthday",
    FindingKind.NO_NAME: "No name",
}


@dataclass(frozen=True)
class Held:
    """An address or number of a customer; ``others``: how many other customers were seen with it."""

    id: int
    kind: str
    value: str
    last_seen_at: datetime
    bounced_at: datetime | None = None
    others: int = 0
    most_people: int = 1

    @property
    def is_reaching(self) -> bool:
        """A message or call by it arrives, as far as we know."""
        return self.kind in REACHING and self.bounced_at is None

    @property
    def is_shared(self) -> bool:
        return self.kind in SHAREABLE and self.others + 1 > self.most_people


@dataclass(frozen=True)
class Topic:
    """An attribute as far as cleanness goes."""

    id: int
    code: str
    name: str
    type: AttributeType
    is_asked: bool
    is_special: bool
    is_for_staff: bool
    holds_days: int | None


@dataclass(frozen=True)
class Fact:
    """What was believed last of one attribute; ``holds``: it is believed still.

    ``in_person``: the customer said it. Of a special category it stands here only with the consent
    it was told with.
    """

    version_id: int
    value: Value
    told_at: datetime
    holds: bool
    in_person: bool = False


@dataclass(frozen=True)
class Condition:
    """Everything by which one customer is judged.

    ``declined``: attributes whose value the customer deleted and has told no more. ``consent_at``: when they
    last said yes or no to messages.
    """

    customer_id: int
    name: str
    held: Sequence[Held] = ()
    facts: dict[int, Fact] = field(default_factory=dict)
    declined: frozenset[int] = frozenset()
    consent_at: datetime | None = None

    @property
    def is_reachable(self) -> bool:
        return any(one.is_reaching for one in self.held)


# --- what cannot be right -------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """One thing that is wrong; ``of_value`` changes with the value, so that "it is fine" ends with it."""

    kind: FindingKind
    subject: str
    of_value: str


NAME = "name"


def identifier_subject(identifier_id: int) -> str:
    return f"identifier:{identifier_id}"


def attribute_subject(attribute_id: int) -> str:
    return f"attribute:{attribute_id}"


def number_in(subject: str, of: str) -> int:
    """The key in a subject of this sort, 0 where it is of another.

    >>> number_in("identifier:12", "identifier"), number_in("name", "identifier")
    (12, 0)
    """
    sort, _, number = subject.partition(":")
    plain = number.isascii() and number.isdecimal() and len(number) <= 18
    return int(number) if sort == of and plain else 0


def found_in(one: Condition, topics: Sequence[Topic], today: date) -> list[Found]:
    """Point out what is wrong with one customer's data, in a fixed order."""
    found = []
    for held in one.held:
        if held.bounced_at:
            subject = identifier_subject(held.id)
            found.append(Found(FindingKind.BOUNCED, subject, held.bounced_at.isoformat()))
        if held.is_shared:
            # Fine for a family of five is not yet fine for fifty: the mark ends when it doubles.
            found.append(
                Found(FindingKind.SHARED, identifier_subject(held.id), _power(held.others))
            )
    for topic in topics:
        fact = one.facts.get(topic.id)
        if fact is None:
            continue
        kind = doubt_of_fact(fact, topic, today)
        if kind:
            found.append(Found(kind, attribute_subject(topic.id), str(fact.version_id)))
    if is_no_name(one.name):
        found.append(Found(FindingKind.NO_NAME, NAME, folded(one.name)[:100]))
    return found


def _power(number: int) -> str:
    return f"2^{number.bit_length() - 1}"


def doubt_of_fact(fact: Fact, topic: Topic, today: date) -> FindingKind | None:
    """Say what is wrong with a fact: its age before all, for then nobody believes it anyway.

    A doubtful birthday that the customer told in person is one: some are born on that day.
    """
    if not fact.holds:
        return FindingKind.OLD
    if topic.code != BIRTHDAY or topic.type != AttributeType.DATE:
        return None
    doubt = doubt_of_birthday(date.fromisoformat(str(fact.value)), today)
    return None if fact.in_person and doubt == FindingKind.DOUBTFUL else doubt


# What programs write where they know no day: the first of the year 1900 (spreadsheets, many tills) and of
# 1970 (the zero of Unix time: POSIX.1-2017, 4.16).
PLACEHOLDERS = frozenset({date(1900, 1, 1), date(1970, 1, 1)})
# The oldest age that was ever proven is 122 years, and nobody has reached 120 since 1997 (Gerontology Research
# Group, list of validated supercentenarians).
OLDEST_YEARS = 120


def doubt_of_birthday(day: date, today: date) -> FindingKind | None:
    """Say whether a day of birth cannot be one, or is one that programs make up.

    >>> today = date(2026, 3, 10)
    >>> doubt_of_birthday(date(1990, 3, 31), today), doubt_of_birthday(date(2026, 3, 10), today)
    (None, None)
    >>> doubt_of_birthday(date(2026, 3, 11), today).value, doubt_of_birthday(date(1904, 5, 1), today).value
    ('impossible', 'impossible')
    >>> doubt_of_birthday(date(1900, 1, 1), today).value, doubt_of_birthday(date(1970, 1, 1), today).value
    ('doubtful', 'doubtful')
    """
    if day in PLACEHOLDERS:
        return FindingKind.DOUBTFUL
    had_it = (day.month, day.day) <= (today.month, today.day)
    years = today.year - day.year - (0 if had_it else 1)
    if day > today or day.year < 1900 or years > OLDEST_YEARS:
        return FindingKind.IMPOSSIBLE
    return None


# What people type into a field that they must fill in; beside these, what identifies nobody anywhere.
_NO_NAMES = frozenset({*NOBODY, "asdf", "customer", "dummy", "firstname", "lastname", "name", "noname", "user",
                       "walkin", "qwertz", "qwerty", "surname"})  # fmt: skip


def is_no_name(name: str) -> bool:
    """Tell whether what stands as a name names nobody; an empty one is missing, not wrong.

    Letters of any script make a name, one of them is enough ("O", a surname in Korea): only digits, signs, and
    words that stand for no one do not.

    >>> [is_no_name(name) for name in ("Test Test", "0660 1234", "-", "N/A", "Dolores Test", "O", "李", "")]
    [True, True, True, True, False, False, False, False]
    """
    if not name.strip():
        return False
    words = folded(name).split()
    if not any(letter.isalpha() for word in words for letter in word):
        return True
    return all(word in _NO_NAMES for word in words) or "".join(words) in _NO_NAMES


# --- how complete, and how fresh ------------------------------------------------------------------

# Out of how much each part counts: what is needed to reach somebody counts for more than what is nice to know.
# They are ours; no source sets them. A manager says of each attribute whether it counts at all.
ADDRESS_WEIGHT, NAME_WEIGHT, CONSENT_WEIGHT, FACT_WEIGHT = 3, 2, 2, 1
WEIGHTS = (
    ("an address that works", ADDRESS_WEIGHT),
    ("a name", NAME_WEIGHT),
    ("an answer on consent", CONSENT_WEIGHT),
    ("each attribute that is asked for", FACT_WEIGHT),
)
# An address that nobody used or confirmed for so long may be given up: our own figure.
ADDRESS_HOLDS_DAYS = 730


@dataclass(frozen=True)
class Part:
    """One thing that this house wants to know; ``confirmed_at``: when it was last seen to be so, if it says."""

    label: str
    weight: int
    is_known: bool
    confirmed_at: datetime | None = None
    is_fresh: bool = True


@dataclass(frozen=True)
class Cleanness:
    """How complete and how fresh one customer's data is."""

    parts: Sequence[Part]

    @property
    def known(self) -> Sequence[Part]:
        return [part for part in self.parts if part.is_known]

    @property
    def missing(self) -> Sequence[str]:
        return [part.label for part in self.parts if not part.is_known]

    @property
    def percent(self) -> int:
        """Weight of what is known, of 100."""
        whole = sum(part.weight for part in self.parts)
        return 100 * sum(part.weight for part in self.known) // whole if whole else 100

    @property
    def complete_words(self) -> str:
        """How complete, and what is missing."""
        count = f"{len(self.known)} of {len(self.parts)} known"
        return f"{count}: no {', no '.join(self.missing)}" if self.missing else count

    @property
    def dated(self) -> Sequence[Part]:
        """What is known since a day, the one that was confirmed longest ago first."""
        parts = [part for part in self.known if part.confirmed_at]
        return sorted(parts, key=lambda part: (part.confirmed_at, part.label))

    @property
    def fresh_count(self) -> int:
        return sum(1 for part in self.dated if part.is_fresh)


def cleanness(one: Condition, topics: Sequence[Topic], now: datetime) -> Cleanness:
    """Judge one customer; what they deleted themselves is not missing, and counts for nothing."""
    parts = [_address(one, now), _name(one), _consent(one)]
    for topic in topics:
        if not topic.is_asked or (topic.id in one.declined and topic.id not in one.facts):
            continue
        fact = one.facts.get(topic.id)
        parts.append(
            Part(
                label=topic.name[:1].lower() + topic.name[1:],
                weight=FACT_WEIGHT,
                is_known=fact is not None,
                confirmed_at=fact.told_at if fact else None,
                is_fresh=fact is None or fact.holds,
            )
        )
    return Cleanness(parts)


def _address(one: Condition, now: datetime) -> Part:
    seen = max((held.last_seen_at for held in one.held if held.is_reaching), default=None)
    oldest = now - timedelta(days=ADDRESS_HOLDS_DAYS)
    return Part(
        label="address that works",
        weight=ADDRESS_WEIGHT,
        is_known=seen is not None,
        confirmed_at=seen,
        is_fresh=seen is None or seen > oldest,
    )


def _name(one: Condition) -> Part:
    is_known = bool(one.name.strip()) and not is_no_name(one.name)
    return Part(label="name", weight=NAME_WEIGHT, is_known=is_known)


def _consent(one: Condition) -> Part:
    return Part(
        label="answer on consent",
        weight=CONSENT_WEIGHT,
        is_known=one.consent_at is not None,
        confirmed_at=one.consent_at,
    )


# --- in words -------------------------------------------------------------------------------------


def in_words(found: Found, one: Condition, topics: Sequence[Topic], zone: tzinfo) -> str:
    """Say to staff what is wrong, with its addresses masked; "" where it is so no more."""
    held = {identifier_subject(each.id): each for each in one.held}.get(found.subject)
    topic = {attribute_subject(each.id): each for each in topics}.get(found.subject)
    fact = one.facts.get(topic.id) if topic else None
    if found.kind == FindingKind.NO_NAME and one.name:
        return f"“{one.name}” stands for the name"
    if held and found.kind == FindingKind.BOUNCED and held.bounced_at:
        day = day_in_words(held.bounced_at.astimezone(zone).date())
        return f"{recognised(held.kind, held.value)}, refused by its mail server on {day}"
    if held and found.kind == FindingKind.SHARED:
        other = f"{held.others} other {'customer' if held.others == 1 else 'customers'}"
        return f"{recognised(held.kind, held.value)}, seen with {other}, too"
    if topic and fact and found.kind == FindingKind.OLD:
        day = day_in_words(fact.told_at.astimezone(zone).date())
        return f"{topic.name}, from {day}; it holds for {topic.holds_days} days"
    if topic and fact and found.kind in {FindingKind.IMPOSSIBLE, FindingKind.DOUBTFUL}:
        return f"{topic.name}: {day_in_words(date.fromisoformat(str(fact.value)))}"
    return ""


def fresh_in_words(one: Cleanness, zone: tzinfo) -> str:
    """How fresh, and what is the oldest of it."""
    if not one.dated:
        return "nothing has a day yet"
    oldest = one.dated[0]
    assert oldest.confirmed_at
    day = day_in_words(oldest.confirmed_at.astimezone(zone).date())
    count = f"{one.fresh_count} of {len(one.dated)} in time"
    stale = [part.label for part in one.dated if not part.is_fresh]
    said = f", too old: {', '.join(stale)}" if stale else ""
    return f"{count}{said}; the oldest, {oldest.label}, from {day}"
