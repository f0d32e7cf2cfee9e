"""What every installation begins with is switched off, and stays as it was changed."""

from __future__ import annotations

import pytest

from profiles.models import MomentVersion
from profiles.queries.own_moments import awaited_events
from profiles.services import first_moments


@pytest.mark.django_db
def test_the_first_moments_are_written_once_and_switched_off(now):
    first_moments.ensure_moments(now=now)
    first_moments.ensure_moments(now=now)
    names = MomentVersion.objects.order_by("pk").values_list("name", "is_on")
    assert list(names) == [("Allowance nearly used up", False), ("Trial running out", False)]
    assert awaited_events() == {}
