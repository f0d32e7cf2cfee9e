"""Writes single touchpoints down: a call, a visit, a note. Where somebody is, only with their consent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from cxportal.lib.errors import DomainError
from profiles.models import ConsentEntry, FreshTouch, Place, Profile, Source, Touchpoint
from profiles.queries.own_moments import awaited_events
from profiles.rules.at_hand import is_fresh
from profiles.rules.names import Channel, Purpose, TouchpointKind
from profiles.rules.whereabouts import is_about_a_place, says_where, without_whereabouts


class LocationNeedsConsent(DomainError):
    """It is about nothing but where the customer was, and they did not agree to that."""

    code = "location_needs_consent"


@dataclass(frozen=True)
class Touch:
    """What happened; ``origin_url`` leads to where it can be read whole."""

    kind: TouchpointKind
    name: str
    data: Mapping[str, Any]
    occurred_at: datetime
    origin_url: str = ""
    place: Place | None = None


def record_touchpoint(
    *, source: Source, profile: Profile, touch: Touch, now: datetime
) -> Touchpoint:
    """Store one touchpoint; without consent to location, what says where the customer was is left out.

    Locks the profile, so that no merge moves it meanwhile. Not repeatable by itself: its door sees to that.

    Raises:
        LocationNeedsConsent: nothing was stored.
    """
    with transaction.atomic():
        owner = Profile.objects.select_for_update(no_key=True).get(pk=profile.pk)
        data, place = _allowed(owner.customer_id, touch, now)
        kept = Touchpoint.objects.create(
            customer_id=owner.customer_id,
            origin_profile=owner,
            source=source,
            place=place,
            kind=touch.kind,
            name=touch.name,
            data=data,
            origin_url=touch.origin_url,
            occurred_at=touch.occurred_at,
            recorded_at=now,
        )
        age, awaited = now - touch.occurred_at, awaited_events()
        if is_fresh(touch.kind, touch.name, age, awaited, has_place=place is not None):
            FreshTouch.objects.create(touchpoint_id=kept.pk)
    return kept


def _allowed(
    customer_id: int, touch: Touch, now: datetime
) -> tuple[Mapping[str, Any], Place | None]:
    said = {"properties": dict(touch.data)}
    is_about = is_about_a_place(touch.name)
    if not (is_about or touch.place or says_where(said)):
        return touch.data, None
    if ConsentEntry.objects.granting([customer_id], Purpose.LOCATION, Channel.NONE, now):
        return touch.data, touch.place
    if is_about:
        raise LocationNeedsConsent("Where customers are is kept only with their consent.")
    return without_whereabouts(said)["properties"], None
