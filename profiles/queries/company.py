"""What holds for the whole company, and where a customer's own zone or language is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from zoneinfo import ZoneInfo

from profiles.models import Company

# SQL: the zone of customer c, the home store's, then the company's.
ZONE_SQL = """COALESCE(
    NULLIF(c.time_zone, ''),
    (SELECT NULLIF(pl.time_zone, '') FROM profiles_place pl WHERE pl.id = c.home_place_id),
    (SELECT co.time_zone FROM profiles_company co))"""


_kept: ContextVar[Company | None] = ContextVar("company", default=None)


@contextmanager
def company_kept() -> Iterator[None]:
    """Read the company once for everything that is asked inside: for a page that asks all apps."""
    token = _kept.set(company())
    try:
        yield
    finally:
        _kept.reset(token)


def company() -> Company:
    """Return the one company; it is created with the first start."""
    if kept := _kept.get():
        return kept
    found = Company.objects.first()
    if found is None:
        found, _ = Company.objects.get_or_create(id=1)
        found.refresh_from_db()
    return found


def company_zone() -> ZoneInfo:
    """Return the zone in which the house counts its days."""
    return ZoneInfo(company().time_zone)


def company_day(now: datetime) -> date:
    """Return the calendar day of the house at ``now``."""
    return now.astimezone(company_zone()).date()
