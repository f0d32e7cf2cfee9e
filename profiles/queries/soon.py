"""What some customers will likely buy within the week, as of this morning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import numpy as np
from django.db import connection

from profiles.models import LearnedModel
from profiles.queries.company import company_day
from profiles.queries.lines import day_number, lines_of
from profiles.rules import soon
from profiles.rules.diary import Floats, Ints, open_diary
from profiles.rules.rhythms import Rhythms

KIND, RHYTHMS = "soon:product", "cadence:product"


@dataclass(frozen=True)
class Chances:
    """The chance of each pair of customer and product, in that order."""

    customer: Ints
    product: Ints
    chance: Floats

    def of(self, customer: Ints, product: Ints) -> Floats:
        """The chances of these pairs; nan where nothing is known."""
        pairs = zip(self.customer.tolist(), self.product.tolist(), strict=True)
        known = dict(zip(pairs, self.chance.tolist(), strict=True))
        asked = zip(customer.tolist(), product.tolist(), strict=True)
        return np.array([known.get(pair, np.nan) for pair in asked], dtype=np.float64)


NONE = Chances(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))


def chances(customer_ids: Sequence[int], now: datetime) -> Chances:
    """Say of each product bought often enough how likely it is bought within the week from today on.

    Two queries; nothing where no model was fitted yet.
    """
    model = _model()
    if model is None:
        return NONE
    fitted, rhythms = model
    today = day_number(company_day(now))
    diary = open_diary(lines_of(customer_ids, now).of("product"), today - 1)
    rows = soon.asked_rows(diary, today)
    chance = soon.chances(diary, rhythms, fitted, rows, today)
    return Chances(diary.customers[diary.customer[rows]], diary.items[diary.item[rows]], chance)


# Which version of a row one sees, without reading it: the model is large, and changes once a week.
_VERSIONS = """
    SELECT string_agg(concat_ws(' ', id, xmin, ctid), ',' ORDER BY kind), count(*)
    FROM profiles_learnedmodel WHERE kind IN (%s, %s)
"""


def _model() -> tuple[soon.Soon, Rhythms] | None:
    with connection.cursor() as cursor:
        cursor.execute(_VERSIONS, [KIND, RHYTHMS])
        version, count = cursor.fetchone()
    return _read(version) if count == 2 else None


@lru_cache(maxsize=1)
def _read(version: str) -> tuple[soon.Soon, Rhythms]:
    """Read the model of this version, once in a process."""
    rows = LearnedModel.objects.filter(kind__in=[KIND, RHYTHMS])
    found = dict(rows.values_list("kind", "parameters"))
    return soon.Soon.from_dict(found[KIND]), Rhythms.from_dict(found[RHYTHMS]["rhythms"])
