"""Learning habits: what changed, for the customers it changed for.

The shared model (what all customers of the shop have in common) is fitted apart, from time to time; a customer's
own habits follow each purchase within seconds. The arithmetic stands in ``profiles.rules.cadence``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from django.db import connection, transaction

from profiles.models import Customer, LearnedModel
from profiles.queries.company import company_day
from profiles.queries.lines import Lines, day_number, lines_of, lines_of_a_share
from profiles.queries.soon import KIND as SOON
from profiles.rules import cadence, soon
from profiles.rules.diary import Ints, open_diary
from profiles.services import companion_rows, visit_rows
from profiles.services.habit_rows import Stored, replace_rows, stored

# Some thousands of customers at once: NumPy is quick, and a worker stays far below 1 GB.
BATCH = 1_000
# A shared model needs the shop's rhythms, not every customer: beyond this a fixed share is read.
FIT_CUSTOMERS = 20_000
# Rhythms of a whole shop change slowly; a fit costs some seconds to a minute.
REFIT_DAYS = 7
SUBJECTS = ("product", "category")


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
    """Bring the habits of these customers to what their purchases say at ``now``; return how many are new.

    A habit that would come out much as it stands is left alone (``habit_rows.stored``).
    """
    lines = lines_of(customer_ids, now)
    with transaction.atomic():
        visit_rows.replace_rows(customer_ids, lines, now)
        known = stored(customer_ids)
        found = [(subject, *_learn(subject, lines, known, now)) for subject in SUBJECTS]
        gone = np.setdiff1d(known.id, np.concatenate([kept for _, _, kept in found]))
        return replace_rows(gone, ((subject, parts, now) for subject, parts, _ in found))


def _learn(
    subject: str, lines: Lines, known: Stored, now: datetime
) -> tuple[list[tuple[cadence.Habits, Ints]], Ints]:
    """Learn the habits of one subject that do not stand, each part with the days it began on.

    Returns also the ids of those that stand. One purchase makes no rhythm.
    """
    purchases = lines.of(subject)
    if not len(purchases):
        return [], np.empty(0, np.int64)
    today = day_number(company_day(now))
    diary = open_diary(purchases, max(today, int(purchases.day.max())))
    rows = diary.last_rows()
    rows = rows[diary.nth[rows] >= 1]
    kept = known.standing(subject, diary, rows)
    rows = rows[kept < 0]
    # A habit is as of yesterday evening, or of today where the customer bought today: so a
    # reminder may still go out this morning.
    newest = np.zeros(len(diary.customers), dtype=np.int64)
    np.maximum.at(newest, diary.customer, diary.day)
    on = np.maximum(today - 1, newest[diary.customer[rows]])
    shared = shared_model(subject)
    # With two purchases we stay unsure whatever the model says: their plain rhythm is enough.
    few = diary.nth[rows] < 2
    parts = [
        (
            cadence.learn_rows(diary, model, rows[some], on[some]),
            diary.day[diary.start[rows[some]]],
        )
        for some, model in ((few, replace(shared, forest=None)), (~few, shared))
    ]
    return parts, kept[kept >= 0]


def refit(*, now: datetime) -> dict[str, int]:
    """Fit what all customers share from everything before today; return the cases used by subject."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM profiles_customer")
        every = max(1, cursor.fetchone()[0] // FIT_CUSTOMERS)
    lines = lines_of_a_share(every, now)
    today = day_number(company_day(now))
    used = {}
    for subject in SUBJECTS:
        shared = cadence.fit_shared(lines.of(subject), today)
        LearnedModel.objects.update_or_create(
            kind=f"cadence:{subject}",
            defaults={
                "parameters": shared.to_dict(),
                "fitted_as_of": company_day(now),
                "fitted_at": now,
            },
        )
        used[subject] = shared.cases
    visit_rows.fit_house(lines, now)
    _fit_soon(lines, now)
    companion_rows.fit(lines)
    return used


def _fit_soon(lines: Lines, now: datetime) -> None:
    """Learn what tells whether a product is bought within the week; without enough of it, keep nothing."""
    found = soon.fit_soon(lines.of("product"), day_number(company_day(now)))
    if found is None:
        LearnedModel.objects.filter(kind=SOON).delete()
        return
    LearnedModel.objects.update_or_create(
        kind=SOON,
        defaults={
            "parameters": found.to_dict(),
            "fitted_as_of": company_day(now),
            "fitted_at": now,
        },
    )


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


def shared_model(subject: str) -> cadence.Shared:
    """Read the shared model, or an empty one where none was fitted yet."""
    found = LearnedModel.objects.filter(kind=f"cadence:{subject}").first()
    return (
        cadence.Shared.from_dict(found.parameters)
        if found
        else cadence.Shared(groups=subject == "product")
    )
