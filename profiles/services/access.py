"""Writes down who of the staff looked at whom: append-only, and never what was typed.

Pages do not call this: a middleware does for every page that shows people (``cxportal.pages.looks``). Doors
without one (the API, commands) call ``record`` themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from profiles.models import AccessRecord
from profiles.rules.names import AccessAct


def record(
    *,
    actor: str,
    act: AccessAct,
    door: str,
    now: datetime,
    customer_ids: Sequence[int] = (),
    user_id: int | None = None,
    detail: str = "",
    reason: str = "",
    ip_address: str = "",
) -> None:
    """Write one look or change, a row for each customer; one row where it was a list of many.

    ``actor`` is "staff:<id>" or "api:<key>", ``door`` the name of the page or operation, ``detail`` codes and
    numbers without personal data.
    """
    whose: Sequence[int | None] = customer_ids or [None]
    AccessRecord.objects.bulk_create(
        AccessRecord(
            user_id=user_id,
            actor=actor,
            customer_id=customer_id,
            act=act,
            door=door[:60],
            detail=detail[:200],
            reason=reason[:200],
            ip_address=ip_address or None,
            occurred_at=now,
        )
        for customer_id in whose
    )
