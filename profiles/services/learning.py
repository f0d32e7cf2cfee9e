"""Learning habits: what changed, for the customers it changed for.

The shared model (what all customers of the shop have in common) is fitted apart, from time to time; a customer's
own habits follow each purchase within seconds. The arithmetic stands in ``profiles.rules.cadence``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection, transaction

from cxportal.lib.columns import read_longs, write_rows
from profiles.models import Customer, Habit, LearnedModel
from profiles.queries.company import company, company_day
from profiles.rules import cadence
from profiles.rules.diary import Floats, Ints, Purchases, open_diary

EPOCH = date(1970, 1, 1)
# Some thousands of customers at once: NumPy is quick, and a worker stays far below 1 GB.
BATCH = 1_000
# A shared model needs the shop's rhythms, not every customer: beyond this a fixed share is read.
FIT_CUSTOMERS = 20_000
# Rhythms of a whole shop change slowly; a fit costs some seconds to a minute.
REFIT_DAYS = 7
SUBJECTS = ("product", "category")

_LINES = """
    SELECT l.customer_id, l.product_id::bigint, COALESCE(p.category_id, 0)::bigint,
           ((l.occurred_at AT TIME ZONE %(zone)s)::date - DATE '1970-01-01')::bigint,
           (l.quantity * 1000)::bigint
    FROM profiles_purchaseline l JOIN profiles_product p ON p.id = l.product_id
    WHERE l.quantity > 0 AND p.kind = 'goods' AND l.occurred_at < %(now)s AND {customers}
"""
_OF_THESE = "l.customer_id = ANY(%(ids)s)"
_OF_A_SHARE = "mod(hashint8(l.customer_id)::bigint + 2147483648, %(every)s) = 0"

_COLUMNS = tuple(
    """customer_id product_id category_id purchase_days first_on last_on rhythm_days mu sigma
    p_active expected_on earliest_on latest_on remind_on window_probability doubt learned_on curve
    learned_at""".split()
)


@dataclass(frozen=True)
class Learned:
    """How much was learned: customers looked at and habits written."""

    customers: int
    habits: int


def learn_due(*, now: datetime, limit: int = 20_000) -> Learned:
    """Learn anew the habits of customers who bought since, some thousands at a time.

    Each batch is one transaction that holds its customers; a killed worker leaves the rest due.
    """
    customers = habits = 0
    while customers < limit:
        batch = _learn_batch(now=now, size=min(BATCH, limit - customers))
        if not batch.customers:
            break
        customers += batch.customers
        habits += batch.habits
    return Learned(customers, habits)


def _learn_batch(*, now: datetime, size: int) -> Learned:
    with transaction.atomic():
        due = Customer.objects.filter(habits_due=True, erased_at=None).order_by("pk")
        ids = list(
            due.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)[:size]
        )
        if not ids:
            return Learned(0, 0)
        written = learn_customers(customer_ids=ids, now=now)
        Customer.objects.filter(pk__in=ids).update(habits_due=False)
        return Learned(len(ids), written)


def learn_customers(*, customer_ids: Sequence[int], now: datetime) -> int:
    """Replace the habits of these customers by what their purchases say at ``now``; return how many."""
    lines = _lines(_OF_THESE, {"ids": list(customer_ids)}, now)
    with transaction.atomic():
        Habit.objects.filter(customer_id__in=customer_ids).delete()
        rows = [
            row
            for subject in SUBJECTS
            for row in _habit_rows(subject, _of_subject(lines, subject), now)
        ]
        write_rows("profiles_habit", _COLUMNS, rows)
    return len(rows)


def refit(*, now: datetime) -> dict[str, int]:
    """Fit what all customers share from everything before today; return the cases used by subject."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM profiles_customer")
        every = max(1, cursor.fetchone()[0] // FIT_CUSTOMERS)
    lines = _lines(_OF_A_SHARE, {"every": every}, now)
    today = _day_number(company_day(now))
    used = {}
    for subject in SUBJECTS:
        shared = cadence.fit_shared(_of_subject(lines, subject), today)
        LearnedModel.objects.update_or_create(
            kind=f"cadence:{subject}",
            defaults={
                "parameters": shared.to_dict(),
                "fitted_as_of": company_day(now),
                "fitted_at": now,
            },
        )
        used[subject] = shared.cases
    return used


def refit_if_old(*, now: datetime) -> dict[str, int]:
    """Fit anew where the newest fit is older than ``REFIT_DAYS``, then let everybody be learned anew.

    A fit that is wanted while nobody has bought anything yet waits for the first purchases.
    """
    old = company_day(now) - timedelta(days=REFIT_DAYS)
    if LearnedModel.objects.filter(kind__startswith="cadence:", fitted_as_of__gt=old).exists():
        return {}
    if not Customer.objects.filter(purchases__isnull=False).exists():
        return {}
    with (
        transaction.atomic()
    ):  # or a worker killed in between would leave all to the next week's fit
        used = refit(now=now)
        _mark_buyers()
    return used


def _mark_buyers() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE profiles_customer c SET habits_due = true WHERE c.erased_at IS NULL"
            " AND EXISTS (SELECT 1 FROM profiles_purchase p WHERE p.customer_id = c.id)"
        )


def learn_everything(*, now: datetime) -> Learned:
    """Fit anew, then learn every customer: after a first import."""
    refit(now=now)
    _mark_buyers()
    return learn_due(now=now, limit=10**9)


# --- from rows to columns and back ----------------------------------------------------------------


@dataclass(frozen=True)
class _Lines:
    customer: Ints
    product: Ints
    category: Ints
    day: Ints
    quantity: Floats


def _lines(customers: str, params: dict[str, Any], now: datetime) -> _Lines:
    query = _LINES.format(customers=customers)
    zone = {"zone": company().time_zone, "now": now}
    customer, product, category, day, milli = read_longs(query, params | zone, 5)
    return _Lines(customer, product, category, day, milli / 1000)


def _of_subject(lines: _Lines, subject: str) -> Purchases:
    if subject == "product":
        return Purchases(lines.customer, lines.product, lines.day, lines.quantity, lines.category)
    known = lines.category > 0
    return Purchases(
        lines.customer[known], lines.category[known], lines.day[known], lines.quantity[known]
    )


def _habit_rows(subject: str, purchases: Purchases, now: datetime) -> Iterator[tuple[object, ...]]:
    """Tuples in the order of ``_COLUMNS``; one purchase makes no rhythm and gets no row."""
    if not len(purchases):
        return
    today = _day_number(company_day(now))
    diary = open_diary(purchases, max(today, int(purchases.day.max())))
    rows = diary.last_rows()
    rows = rows[diary.nth[rows] >= 1]
    # A habit is as of yesterday evening, or of today where the customer bought today: so a
    # reminder may still go out this morning.
    newest = np.zeros(len(diary.customers), dtype=np.int64)
    np.maximum.at(newest, diary.customer, diary.day)
    on = np.maximum(today - 1, newest[diary.customer[rows]])
    shared = shared_model(subject)
    # With two purchases we stay unsure whatever the model says: their plain rhythm is enough.
    few = diary.nth[rows] < 2
    for some, model in ((few, replace(shared, forest=None)), (~few, shared)):
        habits = cadence.learn_rows(diary, model, rows[some], on[some])
        yield from _as_tuples(subject, habits, diary.day[diary.start[rows[some]]], now)


def _as_tuples(
    subject: str, habits: cadence.Habits, first: Ints, now: datetime
) -> Iterator[tuple[object, ...]]:
    item = habits.item.tolist()
    none = [None] * len(item)
    days = [
        _dates(column)
        for column in (habits.expected_on, habits.earliest_on, habits.latest_on, habits.remind_on)
    ]
    numbers = [
        np.round(column, 4).tolist()
        for column in (
            habits.rhythm_days,
            habits.mean_log_gap,
            habits.log_gap_deviation,
            habits.p_active,
        )
    ]
    return zip(
        habits.customer.tolist(),
        item if subject == "product" else none,
        item if subject == "category" else none,
        habits.purchase_days.tolist(),
        _dates(first),
        _dates(habits.last_on),
        *numbers,
        *days,
        np.clip(np.round(habits.window_probability, 4), 0, 1).tolist(),
        habits.reason.tolist(),
        _dates(habits.learned_on),
        [row.tobytes() for row in habits.curve.astype("<i2")],
        [now] * len(item),
        strict=True,
    )


def shared_model(subject: str) -> cadence.Shared:
    """Read the shared model, or an empty one where none was fitted yet."""
    found = LearnedModel.objects.filter(kind=f"cadence:{subject}").first()
    return (
        cadence.Shared.from_dict(found.parameters)
        if found
        else cadence.Shared(groups=subject == "product")
    )


def _day_number(day: date) -> int:
    return (day - EPOCH).days


def _dates(days: Ints) -> list[date]:
    return [EPOCH + timedelta(days=day) for day in days.tolist()]
