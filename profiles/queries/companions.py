"""What goes with what lies in some baskets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from django.db import connection

from profiles.rules.companions import Row

# A companion is offered: so it is for sale, and has a name.
_ROWS = """
    SELECT c.product_id, c.companion_id, c.together, c.baskets, c.score
    FROM profiles_productcompanion c
    JOIN profiles_product p ON p.id = c.companion_id AND p.kind = 'goods'
    WHERE c.product_id = ANY(%s) ORDER BY c.product_id, c.score DESC, c.companion_id
"""


def companions_of(products: Collection[int]) -> Mapping[int, Sequence[Row]]:
    """Return what was learned to go with each of these products, the closest first; one query."""
    found: dict[int, list[Row]] = defaultdict(list)
    if products:
        with connection.cursor() as cursor:
            cursor.execute(_ROWS, [sorted(products)])
            for row in cursor.fetchall():
                found[row[0]].append(row)
    return found
