from __future__ import annotations

import pytest

from loyalty.models import PointsEntry
from loyalty.tasks import award_purchases

pytestmark = pytest.mark.django_db


def test_the_tick_awards_what_came_in_and_counts_it(buy):
    buy(("1", 999))
    assert award_purchases.name == "loyalty.award_purchases"
    assert award_purchases() == {"purchases": 1, "entries": 1, "points": 9, "caught_up": True}
    assert PointsEntry.objects.get().points == 9
