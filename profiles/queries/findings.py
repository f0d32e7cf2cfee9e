"""What is wrong in customers' data, over the whole base: counted by kind, listed a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet

from profiles.models import Finding, LearnedModel
from profiles.queries.cleanness import conditions, topics
from profiles.queries.company import company_day, company_zone
from profiles.queries.sameness import names_of
from profiles.rules.cleanness import KIND, FindingKind, found_in, in_words

ROWS = 50


@dataclass(frozen=True)
class Line:
    """One finding as the list shows it; ``who`` found it fine, "" where nobody did."""

    finding_id: int
    customer_id: int
    name: str
    kind: FindingKind
    what: str
    found_at: datetime
    settled_at: datetime | None
    who: str

    @property
    def kind_words(self) -> str:
        return KIND[self.kind]

    @property
    def is_shared(self) -> bool:
        return self.kind == FindingKind.SHARED

    @property
    def is_bounced(self) -> bool:
        return self.kind == FindingKind.BOUNCED


@dataclass(frozen=True)
class Page:
    """Some findings, the newest first; ``before`` is where older ones begin, 0 at the end."""

    lines: Sequence[Line]
    before: int


def counts() -> Mapping[str, int]:
    """Count what nobody found fine yet, by kind, in one query."""
    rows = _present().filter(settled_at=None).order_by().values_list("kind")
    return dict(rows.annotate(Count("pk")))


def settled_count() -> int:
    """How many were found fine as they are."""
    return _present().filter(settled_at__isnull=False).count()


def looked_at() -> datetime | None:
    """When everybody was looked at last, None where that is still to come."""
    last = LearnedModel.objects.filter(kind="cleanness").values_list("fitted_at", flat=True)
    return last.first()


def page(*, kind: str, is_settled: bool, before: int, now: datetime) -> Page:
    """List findings, the newest first, at most ``ROWS``; what was mended since last night is left out."""
    rows = _present().filter(settled_at__isnull=not is_settled).select_related("customer")
    if kind:
        rows = rows.filter(kind=kind)
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: ROWS + 1])
    return Page(_lines(found[:ROWS], now), found[ROWS - 1].pk if len(found) > ROWS else 0)


def _present() -> QuerySet[Finding]:
    return Finding.objects.filter(customer__merged_into=None, customer__erased_at=None)


def _lines(rows: Sequence[Finding], now: datetime) -> Sequence[Line]:
    about, zone, today = topics(), company_zone(), company_day(now)
    theirs = conditions([row.customer_id for row in rows], about, now)
    stands = {
        (key, found.kind, found.subject)
        for key, condition in theirs.items()
        for found in found_in(condition, about, today)
    }
    who = names_of([row.settled_by for row in rows if row.settled_by])
    return [
        Line(
            finding_id=row.pk,
            customer_id=row.customer_id,
            name=row.customer.name,
            kind=FindingKind(row.kind),
            what=in_words(row.found, theirs[row.customer_id], about, zone),
            found_at=row.found_at,
            settled_at=row.settled_at,
            who=who.get(row.settled_by, ""),
        )
        for row in rows
        if (row.customer_id, row.kind, row.subject) in stands
    ]
