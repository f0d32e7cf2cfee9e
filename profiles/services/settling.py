"""Changing what holds for the whole house: the company and its stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from cxportal.lib.errors import DomainError, violated_constraint
from cxportal.lib.history import apply_changes, record_change
from profiles.models import Company, Place
from profiles.rules.names import PlaceKind


class PlaceCodeTaken(DomainError):
    """Two stores cannot share a code; order files name stores by it."""

    code = "place_code_taken"


def settle_company(*, values: Mapping[str, Any], by: User, now: datetime) -> Company:
    """Change the company's name, currency, zone, language or default phone country."""
    with transaction.atomic():
        Company.objects.get_or_create(id=1)
        company = Company.objects.select_for_update().get(id=1)
        apply_changes(target=company, values=values, by=by, now=now)
    return company


@dataclass(frozen=True)
class PlaceSettings:
    """A store as the settings page gives it; ``place_id`` is None for a new one."""

    place_id: int | None
    code: str
    name: str
    kind: PlaceKind
    time_zone: str


def settle_places(*, places: Sequence[PlaceSettings], by: User, now: datetime) -> None:
    """Change the stores given and add the new ones, all or none.

    The code of a store that is there stays as it is, for order files name the store by it.

    Raises:
        PlaceCodeTaken: a new store has the code of another.
    """
    with transaction.atomic():
        for place in places:
            if place.place_id is None:
                _open(place, by=by, now=now)
            else:
                row = Place.objects.select_for_update(no_key=True).get(id=place.place_id)
                values = {"name": place.name, "kind": place.kind, "time_zone": place.time_zone}
                apply_changes(target=row, values=values, by=by, now=now)


def _open(place: PlaceSettings, *, by: User, now: datetime) -> None:
    try:
        with transaction.atomic():
            row = Place.objects.create(
                code=place.code, name=place.name, kind=place.kind, time_zone=place.time_zone
            )
    except IntegrityError as error:
        if violated_constraint(error) != "profiles_place_code_key":
            raise
        raise PlaceCodeTaken(f"A store with the code “{place.code}” is there already.") from error
    record_change(target=row, words="opened", by=by, now=now)
