"""Who is meant: rules by which what was seen of somebody leads to a profile, and joins profiles.

Source of the model: the public rules of identity resolution of Segment (priority, limits and blocked values by
type of identifier); the rule on weak identifiers is ours: one tablet serves many people.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import translate
from functools import lru_cache

EXTERNAL = "external"
# A profile that a source did not number is named after what it was first known by.
UNNUMBERED = "~"
# A family shares a phone; a number of more than so many is somebody's who typed it in for others: our own figure.
DEFAULT_MOST_PEOPLE = 4
# A rule is asked at each sighting: so many values may be blocked in one.
MOST_BLOCKED = 200


@dataclass(frozen=True, order=True)
class Key:
    """A normalised identifier: what kind, unique within which scope ("": the world)."""

    kind: str
    scope: str
    value: str


@dataclass(frozen=True)
class Rule:
    """How identifiers of a kind join profiles; see ``profiles.models.IdentifierRule``."""

    kind: str
    priority: int
    limit: int | None = None
    window: timedelta | None = None
    is_weak: bool = False
    blocked: Sequence[str] = ()

    def blocks(self, value: str) -> bool:
        """Tell whether a value identifies nobody; noughts alone never do.

        >>> rule = Rule("email", 1, blocked=("noreply@*", "null"))
        >>> rule.blocks("NoReply@example.com"), rule.blocks("0000"), rule.blocks("00017")
        (True, True, False)
        """
        folded = value.casefold()
        if not folded.strip("0 +-"):
            return True
        return bool(_any_of(tuple(self.blocked)).match(folded))


@lru_cache(maxsize=64)
def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One expression for all patterns: each event asks for each of its identifiers."""
    # No pattern at all matches nothing, not everything.
    return re.compile("|".join(translate(one.casefold()) for one in patterns) or r"(?!)")


Rules = Mapping[str, Rule]

NOBODY = (
    "-1 null none nil undefined n/a na nan unknown anonymous anon guest test default deleted xxx xxxx xxxxx"
).split()
# What holds for a kind that no row says anything of.
DEFAULTS: dict[str, Rule] = {
    kind: Rule(kind, priority, limit, None, is_weak, NOBODY)
    for kind, priority, limit, is_weak in (
        (EXTERNAL, 10, 1, False),
        ("card", 20, 5, False),
        ("email", 30, 5, False),
        ("phone", 40, 5, False),
        ("social", 50, 5, False),
        ("device", 60, 20, True),
        ("anonymous", 70, 200, True),
    )
}


@dataclass(frozen=True)
class Sighting:
    """What a source saw of somebody: its own number for them ("" when it has none), and identifiers."""

    source: int
    external_id: str
    keys: Sequence[Key]
    at: datetime


@dataclass(frozen=True)
class Join:
    """Two profiles that are the same person, by an identifier of one that the other was seen with."""

    profile: int
    other: int
    key: Key


@dataclass(frozen=True)
class Left:
    """An identifier that was not followed, and why: "blocked", "limit", "shared", "apart".

    ``profile`` is who was seen with it, where it leads to another customer.
    """

    key: Key
    why: str
    profile: int | None = field(default=None, compare=False)


@dataclass
class Person:
    """A customer as far as the rules ask: what they hold, when each was last seen."""

    held: dict[str, dict[Key, datetime]] = field(default_factory=lambda: defaultdict(dict))
    numbers: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))

    def is_identified(self, rules: Rules) -> bool:
        """Tell whether anything but weak identifiers is known of them."""
        strong = any(keys and not rules[kind].is_weak for kind, keys in self.held.items())
        return strong or any(self.numbers.values())


@dataclass
class Known:
    """What is stored, as far as the sightings of a batch touch it; changed as they are placed.

    Keys of profiles and customers below zero are new. ``apart``: pairs of profiles that are not the same.
    """

    rules: Rules
    profiles: dict[tuple[int, str], int] = field(default_factory=dict)
    keys: dict[Key, int] = field(default_factory=dict)
    customers: dict[int, int] = field(default_factory=dict)
    people: dict[int, Person] = field(default_factory=dict)
    apart: set[frozenset[int]] = field(default_factory=set)

    # what has to be written
    new_profiles: dict[int, tuple[Sighting, str]] = field(default_factory=dict)
    new_keys: dict[Key, tuple[int, datetime]] = field(default_factory=dict)
    seen: dict[Key, datetime] = field(default_factory=dict)
    joins: list[Join] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)

    @property
    def is_changed(self) -> bool:
        return bool(self.new_profiles or self.new_keys or self.joins)

    def recognise(self, sighting: Sighting) -> int | None:
        """Say whose a sighting is where all of it leads to one customer already; else ``None``.

        Needs none of ``people``: most of what happens is of people and devices that were seen before.
        """
        number = sighting.external_id
        if number and self.rules[EXTERNAL].blocks(number):
            return None
        owners = [self.keys.get(key) for key in self._by_priority(sighting.keys)]
        whose = [self.profiles.get((sighting.source, number)), *owners] if number else owners
        if not whose or len({self.customers.get(profile or 0) for profile in whose}) != 1:
            return None
        if None in whose or any(self.rules[key.kind].blocks(key.value) for key in sighting.keys):
            return None
        for key in sighting.keys:
            self.seen[key] = max(sighting.at, self.seen.get(key, sighting.at))
        return whose[0]

    def place(self, sighting: Sighting) -> int | None:
        """Say whose a sighting is; ``None`` when nothing of it identifies anybody."""
        keys = self._usable(sighting)
        profile = self._profile(sighting, keys)
        if profile is not None:
            for key in keys:
                self._follow(profile, key, sighting)
        return profile

    def _usable(self, sighting: Sighting) -> list[Key]:
        usable = []
        for key in dict.fromkeys(sighting.keys):
            if self.rules[key.kind].blocks(key.value):
                self.left.append(Left(key, "blocked"))
            else:
                usable.append(key)
        return self._by_priority(usable)

    def _by_priority(self, keys: Iterable[Key]) -> list[Key]:
        return sorted(keys, key=lambda key: self.rules[key.kind].priority)

    def _profile(self, sighting: Sighting, keys: Sequence[Key]) -> int | None:
        number = sighting.external_id
        if number and not self.rules[EXTERNAL].blocks(number):
            known = self.profiles.get((sighting.source, number))
            return self._create(sighting, number) if known is None else known
        if number:
            self.left.append(Left(Key(EXTERNAL, "", number), "blocked"))
        for key in keys:
            if key in self.keys:
                return self.keys[key]
        if not keys:
            return None
        name = f"{UNNUMBERED}{keys[0].kind}:{keys[0].value}"[:200]
        known = self.profiles.get((sighting.source, name))
        return self._create(sighting, name) if known is None else known

    def _create(self, sighting: Sighting, number: str) -> int:
        profile = -len(self.new_profiles) - 1
        self.new_profiles[profile] = (sighting, number)
        self.profiles[sighting.source, number] = profile
        self.customers[profile] = profile
        person = self.people[profile] = Person()
        if not number.startswith(UNNUMBERED):
            person.numbers[sighting.source].add(number)
        return profile

    def _follow(self, profile: int, key: Key, sighting: Sighting) -> None:
        """Let an identifier lead to this profile, or join this profile with whom it leads to."""
        owner = self.keys.get(key)
        person = self.people[self.customers[profile]]
        if owner is None:
            if self._has_room([person], key, sighting.at):
                self.keys[key] = profile
                self.new_keys[key] = (profile, sighting.at)
                person.held[key.kind][key] = sighting.at
            else:
                self.left.append(Left(key, "limit"))
            return
        self.seen[key] = max(sighting.at, self.seen.get(key, sighting.at))
        if self.customers[owner] == self.customers[profile]:
            return
        if why := self._against(profile, owner, key, sighting.at):
            self.left.append(Left(key, why, profile))
            return
        self.joins.append(Join(profile, owner, key))
        self._unite(self.customers[profile], self.customers[owner])

    def _has_room(self, people: Sequence[Person], key: Key, at: datetime) -> bool:
        rule = self.rules[key.kind]
        if rule.limit is None:
            return True
        held = {k for person in people for k, seen in person.held[key.kind].items()
                if rule.window is None or seen >= at - rule.window}  # fmt: skip
        return len(held | {key}) <= rule.limit

    def _against(self, profile: int, owner: int, key: Key, at: datetime) -> str:
        """Why two customers must not be joined by this identifier; "" when they may."""
        one, other = self.customers[profile], self.customers[owner]
        people = [self.people[one], self.people[other]]
        if self.rules[key.kind].is_weak and all(p.is_identified(self.rules) for p in people):
            return "shared"
        if any(
            {self.customers.get(a), self.customers.get(b)} == {one, other}
            for a, b in map(tuple, self.apart)
        ):
            return "apart"
        most = self.rules[EXTERNAL].limit
        numbers = [
            people[0].numbers[source] | people[1].numbers[source]
            for source in {*people[0].numbers, *people[1].numbers}
        ]
        if most is not None and any(len(each) > most for each in numbers):
            return "limit"
        kinds = {*people[0].held, *people[1].held}
        samples = [
            next(iter({**people[0].held[kind], **people[1].held[kind]}), None) for kind in kinds
        ]
        if not all(self._has_room(people, sample, at) for sample in samples if sample):
            return "limit"
        return ""

    def _unite(self, one: int, other: int) -> None:
        gone = self.people.pop(other)
        person = self.people[one]
        for kind, keys in gone.held.items():
            person.held[kind] |= keys
        for source, numbers in gone.numbers.items():
            person.numbers[source] |= numbers
        for profile, customer in self.customers.items():
            if customer == other:
                self.customers[profile] = one


def rules_of(rules: Iterable[Rule]) -> Rules:
    return {rule.kind: rule for rule in rules}
