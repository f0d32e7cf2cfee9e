"""The stores that a customer can come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from profiles.models import Place
from profiles.queries.company import company
from profiles.rules.names import PlaceKind


@dataclass(frozen=True)
class Store:
    """A store; id 0 while none was chosen. Its zone is what times are shown in."""

    id: int
    name: str
    time_zone: str

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


def stores() -> Sequence[Store]:
    """List the stores by name; one without a zone of its own has the company's."""
    zone = company().time_zone
    places = Place.objects.filter(kind=PlaceKind.STORE).order_by("name", "pk")
    return [Store(place.pk, place.name, place.time_zone or zone) for place in places]
