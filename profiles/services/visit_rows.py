"""Rhythms of visits, out of purchases and into the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from django.db import connection

from cxportal.lib import columns
from profiles.models import LearnedModel
from profiles.queries.company import company_day
from profiles.queries.lines import Lines, day_number
from profiles.rules import visiting
from profiles.rules.visiting import House

KIND = "visits"
_COLUMNS = (
    "customer_id", "visits", "first_on", "last_on", "rhythm_days", "opens_on", "closes_on", "likelihood",
    "learned_at",
)  # fmt: skip


def house() -> House:
    """Read what all customers share, or what holds while nothing was fitted."""
    found = LearnedModel.objects.filter(kind=KIND).first()
    return House(**found.parameters) if found else House()


def fit_house(lines: Lines, now: datetime) -> House:
    """Learn what all customers share from these purchases."""
    found = visiting.fit(visiting.visits_of(lines.customer, lines.day), _today(now))
    LearnedModel.objects.update_or_create(
        kind=KIND,
        defaults={
            "parameters": found.to_dict(),
            "fitted_as_of": company_day(now),
            "fitted_at": now,
        },
    )
    return found


def replace_rows(customer_ids: Sequence[int], lines: Lines, now: datetime) -> int:
    """Write anew when a word may bring these customers back; return for how many."""
    visits = visiting.visits_of(lines.customer, lines.day)
    found = visiting.rhythms(visits, house())
    # What is over is no moment any more; the next visit brings another.
    rows = np.flatnonzero((found.opens >= 0) & (found.closes >= _today(now)))
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM profiles_visitrhythm WHERE customer_id = ANY(%s)", [list(customer_ids)]
        )
    if not len(rows):
        return 0
    fields: Sequence[columns.Field] = (
        columns.longs(found.customer[rows]),
        columns.integers(found.visits[rows]),
        columns.dates(found.first[rows]),
        columns.dates(found.last[rows]),
        columns.doubles(np.round(found.days[rows], 4)),
        columns.dates(found.opens[rows]),
        columns.dates(found.closes[rows]),
        columns.doubles(np.round(found.likelihood[rows], 4)),
        columns.instant(now, len(rows)),
    )
    return columns.write_fields("profiles_visitrhythm", _COLUMNS, [(len(rows), fields)])


def _today(now: datetime) -> int:
    return day_number(company_day(now))
