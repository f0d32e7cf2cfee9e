"""Brings rows about people into the tables, some thousands at a time: whose they are, then what they say.

Each batch is one transaction and can be killed at any point and done again. A dry run does the same and takes
each batch back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import TypeVar

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Max
from psycopg import errors as postgres

from profiles.models import Identifier, Profile, Source
from profiles.queries.company import company, company_kept
from profiles.rules.identity import Key, Sighting
from profiles.rules.names import IdentifierKind, ImportKind, masked
from profiles.rules.orders import RejectReason
from profiles.services import (
    people_consents,
    people_customers,
    people_touchpoints,
    resolving,
    suppressing,
)
from profiles.services.order_erased import without_erased
from profiles.services.order_records import Reject
from profiles.services.order_staging import Made, Watch
from profiles.services.people_batches import Batch
from profiles.services.people_files import Row

_BATCH_ROWS = 2_000
_ATTEMPTS = 3
_SAMPLE_ROWS = 20
Result = TypeVar("Result")

_STORE: Mapping[ImportKind, Callable[[Batch], None]] = {
    ImportKind.CUSTOMERS: people_customers.store,
    ImportKind.CALLS: people_touchpoints.store,
    ImportKind.MENTIONS: people_touchpoints.store,
    ImportKind.CONSENTS: people_consents.store,
}
# Which rows cannot go in, asked before anybody is made known because of them.
_REFUSED: Mapping[ImportKind, Callable[[Source, Sequence[Row]], list[Reject]]] = {
    ImportKind.CALLS: people_touchpoints.refused,
    ImportKind.MENTIONS: people_touchpoints.refused,
    ImportKind.CONSENTS: people_consents.refused,
}


@dataclass(frozen=True)
class PeopleCounts:
    """What became of a file, or of a dry run of it; ``rejected`` is by reason.

    ``sample``: of a dry run, a few rows with what they would change, masked.
    """

    rows_read: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    customers_new: int = 0
    customers_joined: int = 0
    identifiers_new: int = 0
    names_new: int = 0
    facts_new: int = 0
    touchpoints_new: int = 0
    consents_new: int = 0
    rows_known: int = 0
    sample: list[dict[str, object]] = field(default_factory=list)

    @property
    def rows_rejected(self) -> int:
        return sum(self.rejected.values())


@dataclass(frozen=True)
class Coming:
    """A file on its way in.

    ``as_of`` is when it was first sent: what it says without a time is of then, so that it says nothing new when
    it comes again. ``made`` is told which rows were made, inside the transaction that makes them.
    """

    kind: ImportKind
    source: Source
    as_of: datetime
    is_dry_run: bool = False
    made: Made = lambda rows: None


def store(
    rows: Iterable[Row | Reject], *, coming: Coming, now: datetime, watch: Watch | None = None
) -> PeopleCounts:
    """Store rows about people; what is stored already stays as it is. Repeatable.

    Customers are found by the number that the source gives them, else by their addresses, and joined as far as
    the rules of identity do. Rows of people who were erased are kept aside without their text.
    """
    watch = watch or Watch()
    with suppressing.reading_a_file(), company_kept():
        kept = without_erased(
            rows,
            erased=suppressing.everybody(),
            source=coming.source,
            region=company().phone_region,
        )
        return _Storing(coming, now, watch).run(kept)


class _Storing:
    def __init__(self, coming: Coming, now: datetime, watch: Watch) -> None:
        self._coming = coming
        self._now = now
        self._watch = watch
        self._done: Counter[str] = Counter()
        self._rejected: Counter[str] = Counter()
        self._sample: list[dict[str, object]] = []
        # Of a dry run, which takes its batches back: who would have been made by an earlier one.
        self._seen_new: set[int] = set()

    def run(self, rows: Iterable[Row | Reject]) -> PeopleCounts:
        read = 0
        for part in _parts(rows):
            read += len(part)
            rejects = [row for row in part if isinstance(row, Reject)]
            taken = [row for row in part if not isinstance(row, Reject)]
            if taken:
                rejects += self._batch(taken)
            rejects.sort(key=lambda reject: reject.line_number)
            self._rejected.update(str(reject.reason) for reject in rejects)
            self._watch.rejects(rejects)
            self._watch.read()
        return PeopleCounts(
            rows_read=read,
            rejected=dict(sorted(self._rejected.items())),
            sample=self._sample,
            **self._done,
        )

    def _batch(self, rows: Sequence[Row]) -> list[Reject]:
        batch = _again_if_crossed(lambda: self._stored(rows))
        self._done.update(batch.done)
        return batch.rejects

    def _stored(self, rows: Sequence[Row]) -> Batch:
        coming = self._coming
        with transaction.atomic():
            if not coming.is_dry_run:
                self._watch.batch(0)
            with connection.cursor() as cursor:
                cursor.execute(_ONE_AT_A_TIME, [coming.source.pk])
            refusing = _REFUSED.get(coming.kind)
            rejects = refusing(coming.source, rows) if refusing else []
            lines = {reject.line_number for reject in rejects}
            batch = self._placed([row for row in rows if row.line_number not in lines])
            batch.rejects += rejects
            _STORE[coming.kind](batch)
            if coming.is_dry_run:
                self._keep_sample(batch)
                transaction.set_rollback(True)
            else:
                coming.made(batch.made)
        return batch

    def _placed(self, rows: Sequence[Row]) -> Batch:
        """Say of each row whose it is; those of nobody and of erased people are kept aside."""
        coming = self._coming
        newest_profile, newest_key = _newest(Profile), _newest(Identifier)
        resolved = resolving.resolve(
            sightings=[_sighting(row, coming) for row in rows],
            actor=f"source:{coming.source.pk}",
            now=self._now,
        )
        batch = Batch(coming.kind, coming.source, coming.as_of, self._now)
        for place, (row, profile) in enumerate(zip(rows, resolved.profiles, strict=True)):
            if place in resolved.erased:
                batch.rejects.append(Reject(row.line_number, RejectReason.ERASED, ""))
            elif profile is None:
                batch.rejects.append(Reject(row.line_number, RejectReason.NOBODY, row.raw))
            else:
                batch.rows.append((row, profile))
        batch.done["customers_joined"] = len(resolved.edges)
        batch.made["profiles.ProfileEdge"] = resolved.edges
        self._note_new(batch, newest_profile, newest_key)
        return batch

    def _note_new(self, batch: Batch, newest_profile: int, newest_key: int) -> None:
        """Note which customers and addresses this batch made."""
        profiles = {profile for _, profile in batch.rows}
        stored = Profile.objects.filter(pk__in=profiles).values_list(
            "pk", "customer_id", "home_customer_id", "created_at"
        )
        new: dict[int, int] = {}
        for pk, customer, home, created_at in stored:
            batch.customers[pk] = customer
            if pk > newest_profile and created_at == self._now:
                new[pk] = home
        keys = Identifier.objects.filter(pk__gt=newest_key, origin_profile__in=profiles)
        fresh_keys = list(keys.values_list("pk", flat=True))
        batch.made["profiles.Identifier"] = fresh_keys
        batch.made["profiles.Profile"] = sorted(new)
        batch.made["profiles.Customer"] = sorted(new.values())
        batch.done["identifiers_new"] = len(fresh_keys)
        noted: set[int] = set()
        for place, (row, profile) in enumerate(batch.rows):
            if profile in new and profile not in noted and self._is_first(row):
                noted.add(profile)
                batch.note(place, "new customer")
        batch.done["customers_new"] = len(noted)

    def _is_first(self, row: Row) -> bool:
        """Tell whether a newcomer is new: a dry run meets those of earlier batches again."""
        if not self._coming.is_dry_run:
            return True
        who = hash(row[1:7] if not row.customer else row.customer)
        is_new = who not in self._seen_new
        self._seen_new.add(who)
        return is_new

    def _keep_sample(self, batch: Batch) -> None:
        for place, words in sorted(batch.notes.items())[: _SAMPLE_ROWS - len(self._sample)]:
            row, _ = batch.rows[place]
            who = row.email or row.phone or row.card or row.handle or row.customer
            self._sample.append({"line": row.line_number, "who": masked(who), "does": words})


# Two files of a source at once would make each other's rows twice.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('profiles.people_rows'), %s)"


def _newest(model: type[Profile] | type[Identifier]) -> int:
    newest: int | None = model.objects.aggregate(newest=Max("pk"))["newest"]
    return newest or 0


def _sighting(row: Row, coming: Coming) -> Sighting:
    keys = [
        Key(str(kind), "", value)
        for kind, value in (
            (IdentifierKind.CARD, row.card),
            (IdentifierKind.EMAIL, row.email),
            (IdentifierKind.PHONE, row.phone),
        )
        if value
    ]
    if row.handle:
        keys.append(Key(str(IdentifierKind.SOCIAL), row.network, row.handle))
    return Sighting(coming.source.pk, row.customer, keys, row.at or coming.as_of)


def _parts(rows: Iterable[Row | Reject]) -> Iterator[list[Row | Reject]]:
    them = iter(rows)
    while part := list(islice(them, _BATCH_ROWS)):
        yield part


def _again_if_crossed(step: Callable[[], Result]) -> Result:
    """Do a step again where another door brought the same person at the same moment."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return step()
        except (IntegrityError, OperationalError) as error:
            if not isinstance(
                error.__cause__, (postgres.UniqueViolation, postgres.DeadlockDetected)
            ):
                raise
    return step()
