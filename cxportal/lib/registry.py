"""How news travels upward: what an app offers to the apps above it, without being imported.

Each app registers in ``AppConfig.ready()`` and nowhere else. Campaigns reads moments, facts and
actions from here and so knows no loyalty or feedback by name; merging, export and erasure ask
every app for its share of a person.

Occurrences travel as columns (one array per field), not as objects: the same functions serve one
customer at a counter and some thousands in the nightly plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from cxportal.lib.timeline import Item, Slice

Ids = Sequence[int]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]


@dataclass(frozen=True)
class Occurrences:
    """Moments that are open for some customers: one row per customer, subject and cycle.

    ``subject_id`` is the product (or other thing) that it is about, 0 for none. ``cycle`` tells one
    occurrence from the next of the same kind (for a reorder: the day of the last purchase), so that
    a moment is acted upon once. ``until`` is the last day on which saying something still helps.
    ``likelihood`` is the calibrated chance (0…1) that it helps if said now; ``value`` what it is
    worth then, in the unit of a plain helpful message (1.0). ``facts`` are the columns from
    which reasons are told; ``doubt`` holds a code of the detecting app for why not to speak, or "".
    ``opens`` is the day for a message (none: at once): it is planned for that day and withdrawn when the
    moment ends before; a door at which the customer already stands may speak at once.
    """

    customer_id: Longs
    subject_id: Longs
    cycle: Days
    until: Days
    likelihood: Floats
    value: Floats
    doubt: NDArray[np.str_]
    facts: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    opens: Days | None = None

    def __len__(self) -> int:
        return len(self.customer_id)

    @classmethod
    def of(
        cls,
        rows: Sequence[Found],
        *,
        likelihood: float | Floats,
        value: float = 1.0,
    ) -> Occurrences:
        """Turn rows into columns; every row has the same facts."""
        names = list(rows[0].facts) if rows else []
        return cls(
            customer_id=np.array([row.customer_id for row in rows], dtype=np.int64),
            subject_id=np.array([row.subject_id for row in rows], dtype=np.int64),
            cycle=np.array([row.cycle for row in rows], dtype="datetime64[D]"),
            until=np.array([row.until for row in rows], dtype="datetime64[D]"),
            likelihood=np.broadcast_to(np.asarray(likelihood, dtype=np.float64), len(rows)),
            value=np.full(len(rows), value),
            doubt=np.full(len(rows), "", dtype=np.str_),
            facts={name: _objects([row.facts[name] for row in rows]) for name in names},
            opens=np.array([row.opens or row.cycle for row in rows], dtype="datetime64[D]"),
        )

    def only(self, rows: NDArray[np.bool_]) -> Occurrences:
        """Keep some of the rows."""
        return Occurrences(
            customer_id=self.customer_id[rows],
            subject_id=self.subject_id[rows],
            cycle=self.cycle[rows],
            until=self.until[rows],
            likelihood=self.likelihood[rows],
            value=self.value[rows],
            doubt=self.doubt[rows],
            facts={name: column[rows] for name, column in self.facts.items()},
            opens=None if self.opens is None else self.opens[rows],
        )


@dataclass(frozen=True, slots=True)
class Found:
    """One open moment, for detecting apps that read rows; ``opens`` none: on the day of its cycle."""

    customer_id: int
    subject_id: int
    cycle: date
    until: date
    facts: Mapping[str, Any]
    opens: date | None = None


def _objects(values: Sequence[Any]) -> NDArray[Any]:
    """Keep values as they are, lists among them."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _never_ended(
    customer_ids: Longs, subject_ids: Longs, cycles: Days, now: datetime
) -> NDArray[np.str_]:
    return np.full(len(customer_ids), "", dtype=np.str_)


@dataclass(frozen=True)
class Moment:
    """A situation that an app can see coming.

    ``detect(customer_ids, now)`` finds what is open for these customers. ``awaited(now)`` yields
    ids of customers for whom the nightly plan should look, in ascending order.
    ``subject_name(ids)`` names subjects for people. ``ended(customer_ids, subject_ids, cycles, now)`` says
    why an occurrence is over, with "" while it is open: asked again at the instant of sending.
    ``explain(facts, reader)`` says why, in plain words, to "customer", "staff" or "manager".

    ``is_about_products``: its subjects are products, so that guards and allergies hold for them.
    ``sells`` false: it looks after the customer, and so is said although something of theirs is open.
    ``keeps_its_day``: no door speaks before its first day ("happy birthday" is not said ahead).
    ``is_asked_for``: the customer ordered it, so that no control group goes without it.
    ``is_urgent``: the customer is in the middle of it. It is decided within seconds of the event, and
    quiet hours do not hold it back while they are awake, which is asked when it is planned and when it is
    sent. The same moment of somebody who sleeps waits for their morning, if it lasts so long.
    ``comes_by_event``: an event begins it, so that it is decided when the event comes, and said when quiet
    hours allow.
    ``sample``: facts such as an occurrence brings, for trying a message's words on.
    """

    key: str
    label: str
    detect: Callable[[Ids, datetime], Occurrences]
    awaited: Callable[[datetime], Iterable[int]]
    subject_name: Callable[[Ids], Mapping[int, str]] = lambda ids: {}
    ended: Callable[[Longs, Longs, Days, datetime], NDArray[np.str_]] = _never_ended
    explain: Callable[[Mapping[str, Any], str], str] = lambda facts, reader: ""
    is_about_products: bool = False
    sells: bool = True
    keeps_its_day: bool = False
    is_asked_for: bool = False
    is_urgent: bool = False
    comes_by_event: bool = False
    sample: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_decided_at_once(self) -> bool:
        """Whether a decision is made when an event comes in, and not in the morning alone."""
        return self.is_urgent or self.comes_by_event


@dataclass(frozen=True)
class MomentSource:
    """Moments that stand in rows, beside those that are registered: somebody wrote them while we ran.

    ``load()`` gives them as they are by now, in a fixed number of queries; each key begins with ``prefix``, so
    that none is ever taken for a registered one.
    """

    key: str
    prefix: str
    load: Callable[[], Sequence[Moment]]


@dataclass(frozen=True)
class Bell:
    """Somebody who wants to know at once that events came in; the row is the queue, so a lost ring costs
    seconds. ``ring()`` never raises and is bounded in time.
    """

    key: str
    ring: Callable[[], None]


def _not_asked() -> Mapping[str, str]:
    return {}


@dataclass(frozen=True)
class Fact:
    """Something an app knows of a customer, for reasons, segments and guards.

    ``forbids_selling``: while it is true of a customer, nothing is sold to them anywhere.
    ``asked()`` names the values that a condition may ask for, each said of a customer ({"yes": "has an open
    case"}); ``load`` gives such a value, or True for "yes". Who is not in its answer has none of them, and that is
    certain. Without it no condition can use the fact.
    """

    key: str
    label: str
    load: Callable[[Ids, datetime], Mapping[int, Any]]
    forbids_selling: bool = False
    asked: Callable[[], Mapping[str, str]] = _not_asked


def _nothing_to_take_back(customer_id: int, source_ref: str, now: datetime) -> None:
    """For what was only said."""


@dataclass(frozen=True)
class Action:
    """Something an app can do for a customer when a decision chose it.

    ``perform(customer_id, source_ref, parameters, now)`` must be repeatable by ``source_ref``; so must
    ``take_back(customer_id, source_ref, now)``, which does nothing where nothing was performed.
    ``check(parameters)`` says what is wrong with what somebody typed, "" where nothing is; whatever it
    lets through, ``describe(parameters)`` says in words of the message ("50 bonus points").
    """

    key: str
    label: str
    perform: Callable[[int, str, Mapping[str, Any], datetime], None]
    describe: Callable[[Mapping[str, Any]], str]
    check: Callable[[Any], str] = lambda parameters: ""
    take_back: Callable[[int, str, datetime], None] = _nothing_to_take_back

    def promise(self, parameters: Any) -> str:
        """Describe it, or nothing where it cannot be done like this."""
        return "" if self.check(parameters) else self.describe(parameters)


class Erasing(StrEnum):
    """What an erasure does with rows of a person.

    ``delete``: they go. ``blank``: their ``personal`` columns are emptied, the rest is a book that must stay
    right. ``keep``: nothing in them leads to the person once the others are done.
    """

    DELETE = "delete"
    BLANK = "blank"
    KEEP = "keep"


@dataclass(frozen=True)
class Holding:
    """A table that holds something of a person: how it follows a merge, what an export shows of it,
    what an erasure does with it.

    ``model`` is a label of Django ("profiles.Purchase") and the key; ``customer`` the path to whose it is.
    ``follows`` says where a row belongs when profiles are joined or parted: "origin_profile" or
    "origin_customer_id" (its own column), the name of a foreign key to a row that it follows, or "" for a
    table without a customer column. Where a merge would leave two rows with the same ``one_per`` columns (with
    ``one_only`` two rows at all; ``one_where`` narrows it, in SQL on ``t``), the second stays with the customer
    that was merged, and comes back with them. ``shown`` are the columns of
    an export, in order; ``personal`` those that say something of the person.
    ``also`` is a second path, for rows of two people; rows by the path ``near`` (of those who live with them) are
    shown in their export and outlive their erasure. ``renamed`` are columns that lead to the person outside this
    database, and have to stay unique: an erasure puts a random value there.
    ``ages_by`` is the path to the time that retention counts from ("": as long as the person is known),
    ``ages_where`` narrows what grows old at all, and ``ageing`` says what becomes of it then;
    ``kept_as`` names that to staff. ``fold(keys)`` takes such rows out by itself and keeps what may be kept of
    them, such as counts: ``folded_as`` says what that is.
    """

    model: str
    label: str
    customer: str = "customer"
    follows: str = "origin_profile"
    one_per: tuple[str, ...] = ()
    one_only: bool = False
    one_where: str = ""
    shown: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    erasing: Erasing = Erasing.DELETE
    also: str = ""
    near: str = ""
    renamed: tuple[str, ...] = ()
    ages_by: str = ""
    ages_where: Q = field(default_factory=Q)
    ageing: Erasing = Erasing.DELETE
    kept_as: str = ""
    fold: Callable[[Sequence[int]], None] | None = None
    folded_as: str = ""

    @property
    def key(self) -> str:
        return self.model


@dataclass(frozen=True)
class Mention:
    """A table that may mention a person in its free content, with no key that says whose it is.

    An erasure looks for the person's own strings in the columns ``searched``, and deletes the row or empties
    those columns. ``source`` is the path to the source whose numbers may stand there. The rest is as in
    ``Holding``.
    """

    model: str
    label: str
    searched: tuple[str, ...]
    source: str = ""
    shown: tuple[str, ...] = ()
    erasing: Erasing = Erasing.DELETE
    ages_by: str = ""
    ages_where: Q = field(default_factory=Q)
    ageing: Erasing = Erasing.DELETE
    kept_as: str = ""

    @property
    def key(self) -> str:
        return self.model

    @property
    def fold(self) -> None:
        """Nothing is kept of what may mention somebody."""
        return None

    @property
    def folded_as(self) -> str:
        return ""

    @property
    def personal(self) -> tuple[str, ...]:
        return self.searched


@dataclass(frozen=True)
class Erasure:
    """What an app has to do of its own when a person is erased, before their rows go.

    ``erase(customer_ids, now)`` runs inside the transaction of the erasure, which holds the customers; what
    it raises undoes the whole.
    """

    key: str
    erase: Callable[[Ids, datetime], None]


@dataclass(frozen=True)
class Timeline:
    """One kind of what happens with a customer; ``load(part)`` returns its newest items of that part.

    Never more than ``part.limit``, newest first by time and then id. ``has_sources``: its rows name a source
    of profiles, and ``part.source_id`` narrows them.
    """

    key: str
    label: str
    load: Callable[[Slice], Sequence[Item]]
    has_sources: bool = False


Entry = Moment | MomentSource | Bell | Fact | Action | Holding | Mention | Erasure | Timeline


@dataclass
class Registry:
    """Everything registered, by kind and key; registering a key twice is a programming error."""

    moments: dict[str, Moment] = field(default_factory=dict)
    moment_sources: dict[str, MomentSource] = field(default_factory=dict)
    bells: dict[str, Bell] = field(default_factory=dict)
    facts: dict[str, Fact] = field(default_factory=dict)
    actions: dict[str, Action] = field(default_factory=dict)
    holdings: dict[str, Holding] = field(default_factory=dict)
    mentions: dict[str, Mention] = field(default_factory=dict)
    erasures: dict[str, Erasure] = field(default_factory=dict)
    timelines: dict[str, Timeline] = field(default_factory=dict)

    def add(self, *entries: Entry) -> None:
        for entry in entries:
            shelf = self._shelf(entry)
            if entry.key in shelf:
                raise ValueError(f"{type(entry).__name__} {entry.key} is registered twice")
            shelf[entry.key] = entry

    def _shelf(self, entry: Entry) -> dict[str, Any]:
        shelves: dict[type, dict[str, Any]] = {
            Moment: self.moments,
            MomentSource: self.moment_sources,
            Bell: self.bells,
            Fact: self.facts,
            Action: self.actions,
            Holding: self.holdings,
            Mention: self.mentions,
            Erasure: self.erasures,
            Timeline: self.timelines,
        }
        return shelves[type(entry)]


registry = Registry()
