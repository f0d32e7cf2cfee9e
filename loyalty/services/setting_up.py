"""The programme a new installation starts with."""

from __future__ import annotations

from django.db import transaction

from loyalty.models import AwardCursor, Programme, Tier
from loyalty.rules import TIERS_AT_START


def ensure_programme() -> Programme:
    """Return the programme, made with its three tiers when there is none yet.

    Tiers that a manager removed later do not come back.
    """
    with transaction.atomic():
        programme, created = Programme.objects.get_or_create(pk=1)
        if created:
            AwardCursor.objects.get_or_create(pk=1)
            tiers = [
                Tier(code=t.code, name=t.name, from_points=t.from_points) for t in TIERS_AT_START
            ]
            Tier.objects.bulk_create(tiers, ignore_conflicts=True)
            programme.refresh_from_db()
    return programme
