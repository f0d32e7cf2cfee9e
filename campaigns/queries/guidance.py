"""Which part of a path is next for whom, and what doors show of paths.

What a customer has had is not noted anywhere but in the ledger: a part is done once it was sent or said, or the
customer called it not relevant. So progress can neither run ahead of what was received nor fall behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Count, Q
from numpy.typing import NDArray

from campaigns.models import LearningPath, PathFollowing, PathPart
from campaigns.rules.guidance import MATTERS_DAYS, PACE, PART_LIKELIHOOD, PART_MOMENT
from cxportal.lib.registry import Days, Found, Longs, Occurrences
from profiles.queries.company import company_day, company_zone

_DONE = """
    SELECT s.number, coalesce(d.finished_at, o.occurred_at) AS at
      FROM campaigns_pathpart s
      JOIN campaigns_moment m ON m.customer_id = f.customer_id AND m.kind = %(kind)s
           AND m.subject_id = s.id AND m.cycle = f.started_on
      JOIN campaigns_decision x ON x.moment_id = m.id
      LEFT JOIN campaigns_delivery d ON d.decision_id = x.id AND d.state IN ('sent', 'uncertain')
      LEFT JOIN campaigns_outcome o ON o.decision_id = x.id AND o.taken_back_at IS NULL
           AND o.kind IN ('said', 'not_relevant')
     WHERE s.path_id = f.path_id AND (d.id IS NOT NULL OR o.id IS NOT NULL)
"""
_PROGRESS = f"""
    SELECT f.id, f.customer_id, f.path_id, f.days_between, f.started_on, f.started_at,
           f.paused_at IS NOT NULL AS is_resting, p.name, p.summary, p.is_on,
           (SELECT count(*) FROM campaigns_pathpart s WHERE s.path_id = f.path_id) AS parts,
           coalesce(done.number, 0) AS done, done.at AS done_at,
           next.id AS next_id, next.number AS next_number, next.title
      FROM campaigns_pathfollowing f
      JOIN campaigns_learningpath p ON p.id = f.path_id
      LEFT JOIN LATERAL (
          SELECT max(number) AS number, max(at) AS at FROM ({_DONE}) had WHERE at <= %(now)s) done ON true
      LEFT JOIN LATERAL (
          SELECT s.id, s.number, s.title FROM campaigns_pathpart s
           WHERE s.path_id = f.path_id AND s.number > coalesce(done.number, 0)
           ORDER BY s.number LIMIT 1) next ON true
     WHERE f.customer_id = ANY(%(customers)s) AND f.stopped_at IS NULL AND f.started_at <= %(now)s
     ORDER BY f.customer_id, f.id
"""


@dataclass(frozen=True)
class Progress:
    """Where a customer stands on a path; ``next_id`` none: they have had it all."""

    id: int
    customer_id: int
    path_id: int
    days_between: int
    started_on: date
    started_at: datetime
    is_resting: bool
    name: str
    summary: str
    is_on: bool
    parts: int
    done: int
    done_at: datetime | None
    next_id: int | None
    next_number: int | None
    next_title: str | None

    def next_on(self) -> date:
        """The day from which the next part may come: at once, then at the customer's pace."""
        if self.done_at is None:
            return self.started_on
        had = self.done_at.astimezone(company_zone()).date()
        return had + timedelta(days=self.days_between)

    @property
    def is_over(self) -> bool:
        return self.next_id is None

    @property
    def pace_words(self) -> str:
        return PACE[self.days_between]


def progress(customer_ids: Sequence[int], now: datetime) -> list[Progress]:
    """Tell where these customers stand on the paths they follow, in one query."""
    scope: dict[str, Any] = {"customers": list(customer_ids), "kind": PART_MOMENT, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(_PROGRESS, scope)
        return [Progress(*row) for row in cursor.fetchall()]


# --- the moment -----------------------------------------------------------------------------------


def due_parts(customer_ids: Sequence[int], now: datetime) -> Occurrences:
    """Find the next part of each path whose day has come."""
    today = company_day(now)
    found = [
        Found(
            customer_id=one.customer_id,
            subject_id=one.next_id,
            cycle=one.started_on,
            until=max(one.next_on(), today) + timedelta(days=MATTERS_DAYS),
            opens=one.next_on(),
            facts={
                "path": one.name,
                "part": one.next_number,
                "parts": one.parts,
                "pace": one.days_between,
                "title": one.next_title,
            },
        )
        for one in progress(customer_ids, now)
        if one.next_id and one.is_on and not one.is_resting and one.next_on() <= today
    ]
    return Occurrences.of(found, likelihood=PART_LIKELIHOOD)


def awaiting_parts(now: datetime) -> Iterable[int]:
    """Yield who follows a path, ascending."""
    following = PathFollowing.objects.filter(stopped_at=None, paused_at=None, path__is_on=True)
    customers = following.order_by("customer_id").values_list("customer_id", flat=True)
    yield from customers.distinct()


def part_names(ids: Sequence[int]) -> Mapping[int, str]:
    """Name parts for people."""
    rows = PathPart.objects.filter(pk__in=ids).values_list("pk", "path__name", "title")
    return {pk: f"{path}: {title}" for pk, path, title in rows}


def not_followed(
    customers: Longs, subjects: Longs, cycles: Days, now: datetime
) -> NDArray[np.str_]:
    """Say which parts nobody waits for any more: rested, stopped, or of a path that was switched off."""
    followed = PathFollowing.objects.filter(
        customer_id__in=customers.tolist(), stopped_at=None, paused_at=None, path__is_on=True
    )
    waiting = set(
        followed.filter(path__parts__in=subjects.tolist()).values_list(
            "customer_id", "path__parts", "started_on"
        )
    )
    asked = zip(
        customers.tolist(), subjects.tolist(), cycles.astype("datetime64[D]").tolist(), strict=True
    )
    return np.array(["" if one in waiting else "not_so_any_more" for one in asked], dtype=np.str_)


# --- for pages ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PathRow:
    """A path with how many follow it now, and how many ever stopped it."""

    path: LearningPath
    parts: int
    following: int
    stopped: int

    @property
    def pace_words(self) -> str:
        return PACE[self.path.days_between]


def path_rows() -> Sequence[PathRow]:
    """List the paths by name."""
    counted = LearningPath.objects.annotate(
        part_count=Count("parts", distinct=True),
        now_following=Count("followings", filter=Q(followings__stopped_at=None), distinct=True),
        ever_stopped=Count(
            "followings", filter=Q(followings__stopped_at__isnull=False), distinct=True
        ),
    )
    return [
        PathRow(path, path.part_count, path.now_following, path.ever_stopped)
        for path in counted.order_by("name", "pk")
    ]


def paths_offered(customer_id: int) -> Sequence[LearningPath]:
    """The paths that a customer could begin."""
    followed = PathFollowing.objects.filter(customer_id=customer_id, stopped_at=None)
    offered = LearningPath.objects.filter(is_on=True).exclude(followings__in=followed)
    return list(offered.order_by("name", "pk"))
