"""What real clients sent, as it must have arrived."""

from __future__ import annotations

from datetime import UTC, datetime

from profiles.models import Customer, Identifier, Touchpoint
from profiles.services import processing


def check_arrived(person: str) -> None:
    """Work off what arrived: one identify and one track."""
    now = datetime.now(UTC)
    worked = processing.process_waiting(now=now)
    assert (worked.done, worked.parked) == (2, 0)
    assert Customer.objects.get().name == "Zoë 😀"
    held = Identifier.objects.filter(kind="email").values_list("value", flat=True)
    assert list(held) == [f"{person}@example.com"]
    identified, tracked = Touchpoint.objects.order_by("kind")
    assert (identified.kind, tracked.kind, tracked.name) == ("identify", "track", "Opened")
    assert tracked.data["plan"] == "gold"
    assert abs((tracked.occurred_at - now).total_seconds()) < 60
