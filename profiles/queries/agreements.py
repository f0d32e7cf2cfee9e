"""Which agreements to keep something delicate still stand: facts and warnings rest on them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from profiles.rules.names import ConsentState, Purpose


def stands_sql(entry: str) -> str:
    """SQL that is true while the yes in the ledger row ``entry`` stands at ``%(now)s``.

    Any no since then ends it, for what was told under it was told before that no; a new yes brings nothing
    back. While profiles are merged, a no that is one of them's last word ends it too, whenever it was said;
    unless it was lifted by a yes of the same customer (``querysets.consents``).
    """
    return f"""({entry}.purpose = '{Purpose.SPECIAL}' AND {entry}.state = '{ConsentState.GRANTED}'
        AND NOT EXISTS (
            SELECT FROM profiles_consententry no
            LEFT JOIN profiles_consententry lifting ON lifting.id = no.lifted_by_id
            WHERE no.customer_id = {entry}.customer_id AND no.purpose = '{Purpose.SPECIAL}'
              AND no.state = '{ConsentState.WITHDRAWN}' AND no.occurred_at <= %(now)s
              AND lifting.customer_id IS DISTINCT FROM no.customer_id
              AND ((no.occurred_at, no.id) > ({entry}.occurred_at, {entry}.id)
                   OR NOT EXISTS (
                       SELECT FROM profiles_consententry since
                       WHERE since.customer_id = no.customer_id
                         AND since.origin_profile_id = no.origin_profile_id
                         AND since.purpose = '{Purpose.SPECIAL}'
                         AND since.state <> '{ConsentState.ASKED}' AND since.occurred_at <= %(now)s
                         AND (since.occurred_at, since.id) > (no.occurred_at, no.id)))))"""


_STANDING = f"""
    SELECT c.id FROM profiles_consententry c WHERE c.id = ANY(%(ids)s) AND {stands_sql("c")}
"""


def standing(entry_ids: Iterable[int], now: datetime) -> set[int]:
    """Of these entries of the ledger, return those that stand."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, {"ids": list(entry_ids), "now": now})
        return {row[0] for row in cursor.fetchall()}
