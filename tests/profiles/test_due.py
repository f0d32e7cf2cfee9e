"""The reorder that is due: what the customer stated outranks what was learned, while it stands."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from profiles.models import Habit, ReorderSchedule
from profiles.queries import due
from profiles.rules.timing import EDGES
from tests.factories.campaigns import HabitFactory

pytestmark = pytest.mark.django_db


def say_sooner(habit: Habit, on: date, now) -> None:
    ReorderSchedule.objects.create(
        customer=habit.customer, product=habit.product, sooner_on=on, updated_at=now
    )


def test_sooner_is_heard_although_we_are_not_sure(now):
    habit = HabitFactory(doubt="irregular")
    assert due.detect([habit.customer_id], now).doubt.tolist() == ["irregular"]
    say_sooner(habit, date(2026, 3, 10), now)
    found = due.detect([habit.customer_id], now)
    assert (found.doubt.tolist(), found.likelihood.tolist()) == ([""], [0.9])


def test_sooner_says_nothing_more_after_the_next_purchase(now):
    curve = np.linspace(10_000, 0, len(EDGES)).astype("<i2").tobytes()
    habit = HabitFactory(curve=curve, learned_on=date(2026, 2, 10))
    before = due.detect([habit.customer_id], now).likelihood.tolist()
    assert before != [habit.window_probability]
    say_sooner(habit, date(2026, 2, 9), now)
    assert due.detect([habit.customer_id], now).likelihood.tolist() == before
