"""Moments of one's own that every installation begins with: switched off, to be fitted to the house's events."""

from __future__ import annotations

from datetime import datetime, timedelta

from profiles.models import Attribute, MomentDefinition
from profiles.rules.names import AttributeType
from profiles.rules.own_moments import Again, Chance
from profiles.services import defining
from profiles.services.defining import Wanted

TRIAL_ENDS = "trial_ends_on"

FIRST = (
    Wanted(
        name="Allowance nearly used up",
        trigger={"event": "Allowance Low", "where": [{"property": "remaining_mb", "at_most": 10}]},
        because="you have {remaining_mb} MB left",
        lasts=timedelta(days=2),
        again=Again.MONTH,
        chance=Chance.MOSTLY,
        is_urgent=True,
    ),
    Wanted(
        name="Trial running out",
        trigger={"date": TRIAL_ENDS, "days": -14, "yearly": False},
        because="your trial ends on {day}",
        lasts=timedelta(days=15),
        chance=Chance.MOSTLY,
        sells=False,
    ),
)


def ensure_moments(*, now: datetime) -> None:
    """Write them where there is no moment of one's own yet; nothing comes of them before they are switched on."""
    if MomentDefinition.objects.exists():
        return
    Attribute.objects.get_or_create(
        code=TRIAL_ENDS,
        defaults={
            "name": "Trial ends on",
            "type": AttributeType.DATE,
            "purpose": "to tell you before your trial ends",
        },
    )
    for wanted in FIRST:
        defining.create(wanted=wanted, by=None, now=now)
