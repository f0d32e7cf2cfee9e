"""What goes with what, into the database."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from django.db import connection, transaction

from cxportal.lib import columns
from profiles.queries.lines import Lines
from profiles.rules import companions

_COLUMNS = ("product_id", "companion_id", "together", "baskets", "score")


def fit(lines: Lines) -> int:
    """Learn companions from these purchases, in the place of those that stood; return how many."""
    basket = np.unique(np.stack([lines.customer, lines.day]), axis=1, return_inverse=True)[1]
    found = companions.learn(basket.ravel().astype(np.int64), lines.product)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM profiles_productcompanion")
        if not len(found):
            return 0
        return columns.write_fields(
            "profiles_productcompanion", _COLUMNS, [(len(found), _fields(found))]
        )


def _fields(found: companions.Companions) -> Sequence[columns.Field]:
    return (
        columns.longs(found.product),
        columns.longs(found.companion),
        columns.integers(found.together),
        columns.integers(found.baskets),
        columns.doubles(np.round(found.score, 6)),
    )
