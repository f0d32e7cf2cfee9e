"""Lets go of what grew old: each kind of data is kept as long as its rule says, and no longer.

Which tables grow old, and by which time, is declared with the table; how long is a row that managers change.
Source: GDPR, article 5 (1) e.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from cxportal.lib.errors import DomainError
from cxportal.lib.history import apply_changes
from cxportal.lib.registry import Erasing, Holding, Mention, registry
from profiles.models import RetentionRule
from profiles.services.erasing import blanks

BATCH = 5_000
# A whole night's work; what is left waits for the next tick.
MOST = 500_000
LEAST_DAYS = 1
LONGEST_DAYS = 36_500


class KeptTooBriefly(DomainError):
    """Data that is gone after less than a day serves nobody; a hundred years is for good."""

    code = "retention_out_of_range"


@dataclass(frozen=True)
class Due:
    """A kind of data, how long it is kept, and how many rows of it are too old."""

    kind: str
    label: str
    keep_days: int
    rows: int
    is_deleted: bool
    folded_as: str


def kinds() -> Mapping[str, Holding | Mention]:
    """Everything that grows old, by kind."""
    everything: list[Holding | Mention] = [*registry.holdings.values(), *registry.mentions.values()]
    return {one.model: one for one in everything if one.ages_by}


def due(*, now: datetime) -> list[Due]:
    """Count what is too old by each rule: the dry run. Nothing is changed."""
    growing = kinds()
    return [
        Due(
            rule.kind,
            growing[rule.kind].kept_as or growing[rule.kind].label,
            rule.keep_days,
            _old(growing[rule.kind], rule.keep_days, now).count(),
            growing[rule.kind].ageing == Erasing.DELETE,
            growing[rule.kind].folded_as,
        )
        for rule in RetentionRule.objects.order_by("kind")
        if rule.kind in growing
    ]


def retain(*, now: datetime, most: int = MOST) -> dict[str, int]:
    """Delete or empty what is too old, some thousands of rows at a time; return how many, by kind.

    Each batch is a transaction of its own. Repeatable; what is left waits for the next time.
    """
    growing = kinds()
    done: dict[str, int] = {}
    for rule in RetentionRule.objects.order_by("kind"):
        if rule.kind in growing:
            count = _retain(growing[rule.kind], rule.keep_days, now, most)
            done |= {rule.kind: count} if count else {}
    return done


def _retain(of: Holding | Mention, keep_days: int, now: datetime, most: int) -> int:
    done = 0
    while done < most:
        with transaction.atomic():
            keys = list(
                _old(of, keep_days, now).order_by("pk").values_list("pk", flat=True)[:BATCH]
            )
            if not keys:
                break
            _let_go(of, keys)
        done += len(keys)
    return done


def _old(of: Holding | Mention, keep_days: int, now: datetime) -> QuerySet[Any]:
    """Rows that are too old and still say something."""
    before = Q(**{f"{of.ages_by}__lt": now - timedelta(days=keep_days)})
    rows: QuerySet[Any] = apps.get_model(of.model)._base_manager.filter(before, of.ages_where)
    return rows if of.ageing == Erasing.DELETE else rows.exclude(**blanks(of))


def _let_go(of: Holding | Mention, keys: list[int]) -> None:
    rows = apps.get_model(of.model)._base_manager.filter(pk__in=keys)
    if of.ageing == Erasing.BLANK:
        rows.update(**blanks(of))
        return
    with connection.cursor() as cursor:
        # Records that nobody changes refuse to be deleted by anybody but their own rule.
        cursor.execute("SET LOCAL cxportal.retaining = 'on'")
    if of.fold:
        of.fold(keys)
    else:
        rows.delete()


def change(*, kind: str, keep_days: int, by: User, now: datetime) -> RetentionRule:
    """Keep a kind of data for another time, with a line of history.

    Raises:
        KeptTooBriefly: nothing was changed.
    """
    if not LEAST_DAYS <= keep_days <= LONGEST_DAYS:
        raise KeptTooBriefly("Choose between one day and a hundred years.")
    with transaction.atomic():
        rule = RetentionRule.objects.select_for_update().get(kind=kind)
        if rule.keep_days != keep_days:
            RetentionRule.objects.filter(pk=rule.pk).update(changed_at=now)
        apply_changes(target=rule, values={"keep_days": keep_days}, by=by, now=now)
    return rule
