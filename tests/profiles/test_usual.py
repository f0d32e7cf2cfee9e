"""The usual: what is named, what is not, and how its reason counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from profiles.queries.usual import usual_now, usuals
from profiles.rules.usual import Doubt, NoUsual, Now, Usual, Visits, ranked, the_usual
from tests.factories.profiles import (
    PlaceFactory,
    ProductFactory,
    ProfileFactory,
    PurchaseFactory,
    PurchaseLineFactory,
)

VIENNA = ZoneInfo("Europe/Vienna")
TUESDAY = 20522  # 10 March 2026
COFFEE, TEA, BAGEL = 1, 2, 3


def visits(*taken: tuple[int, float, int]) -> Visits:
    """Visits of one product each, from (days before Tuesday, hour, product), oldest first."""
    ordered = sorted(taken, key=lambda one: -one[0])
    return Visits(
        day=np.array([TUESDAY - back for back, _, _ in ordered]),
        hour=np.array([hour for _, hour, _ in ordered]),
        place=np.zeros(len(ordered), dtype=np.int64),
        line_visit=np.arange(len(ordered)),
        line_product=np.array([product for _, _, product in ordered]),
    )


def working_mornings(missed: set[int]) -> list[tuple[int, float, int]]:
    """Coffee at seven on the last 48 working days but those ``missed`` (counted back from 0)."""
    working = [back for back in range(1, 100) if (TUESDAY - back + 3) % 7 < 5][:48]
    return [(back, 7.0, COFFEE) for n, back in enumerate(working) if n not in missed]


def test_counts_the_working_mornings_on_which_it_was_taken():
    said = the_usual(visits(*working_mornings({3, 9, 15, 22, 30, 37, 44})), Now(TUESDAY, 7.1))
    assert isinstance(said, Usual)
    assert (said.product, said.bought_days, said.days, said.came) == (COFFEE, 41, 48, 41)
    assert said.chance > 0.9


def test_says_none_at_an_hour_at_which_the_customer_never_came():
    said = the_usual(visits(*working_mornings(set())), Now(TUESDAY, 18.0))
    assert said == NoUsual(Doubt.NEVER_HERE_NOW, said.day_part)


def test_names_another_one_in_the_evening():
    evenings = [(back, 18.0, BAGEL) for back in range(1, 60, 3)]
    both = visits(*working_mornings(set()), *evenings)
    morning, evening = the_usual(both, Now(TUESDAY, 7.1)), the_usual(both, Now(TUESDAY, 18.0))
    assert isinstance(morning, Usual)
    assert isinstance(evening, Usual)
    assert (morning.product, evening.product) == (COFFEE, BAGEL)


def test_two_visits_are_too_few():
    said = the_usual(visits((1, 7.0, COFFEE), (2, 7.0, COFFEE)), Now(TUESDAY, 7.0))
    assert isinstance(said, NoUsual)
    assert said.doubt == Doubt.TOO_FEW


def test_something_else_each_time_is_no_usual():
    said = the_usual(visits(*((back, 7.0, back % 4) for back in range(1, 40))), Now(TUESDAY, 7.0))
    assert isinstance(said, NoUsual)
    assert said.doubt == Doubt.NO_FAVOURITE


def test_a_new_favourite_overtakes_an_old_one():
    old = [(back, 7.0, COFFEE) for back in range(20, 60)]
    new = [(back, 7.0, TEA) for back in range(1, 20)]
    said = the_usual(visits(*old, *new), Now(TUESDAY, 7.0))
    assert isinstance(said, Usual)
    assert said.product == TEA


def test_what_is_bought_once_a_month_is_not_the_usual():
    said = the_usual(
        visits(*((back, 17.0, COFFEE) for back in range(5, 400, 30))), Now(TUESDAY, 17.0)
    )
    assert isinstance(said, NoUsual)
    assert said.doubt == Doubt.TOO_FEW


@pytest.mark.parametrize("hour", [0.5, 7.0, 12.5, 23.5])
def test_where_the_hour_says_nothing_the_own_habit_holds(hour):
    """Both drinks at every hour: conditioning must not turn the habit around."""
    past = visits(
        *((back, (back * 5.0) % 24, COFFEE if back % 3 else TEA) for back in range(1, 80))
    )
    assert ranked(past, Now(TUESDAY, hour)).product[0] == COFFEE


def test_chances_are_chances():
    chances = ranked(visits(*working_mornings({1, 2})), Now(TUESDAY, 7.0)).chance
    assert ((chances >= 0) & (chances <= 1)).all()


# --- from the rows --------------------------------------------------------------------------------


@pytest.fixture
def dolores(db):
    """Coffee at 07:00 in Vienna on the thirty days before 10 March 2026, across a clock change."""
    profile = ProfileFactory()
    coffee = ProductFactory(name="Large coffee")
    for back in range(1, 31):
        at = datetime(2026, 3, 10, 7, 0, tzinfo=VIENNA) - timedelta(days=back)
        bought = PurchaseFactory(origin_profile=profile, occurred_at=at)
        PurchaseLineFactory(purchase=bought, product=coffee)
    return profile.customer


def asked(customer, at: datetime, place: int = 0):
    return usual_now(
        customer_id=customer.pk, place_id=place, zone=VIENNA, company_zone=VIENNA, now=at
    )


def test_one_query_names_it_in_another_store_too(dolores, django_assert_num_queries):
    elsewhere = PlaceFactory(code="station", name="Station")
    with django_assert_num_queries(1):
        said = asked(dolores, datetime(2026, 3, 10, 6, 5, tzinfo=UTC), elsewhere.pk)
    assert (said.name, said.why) == ("Large coffee", "21 of the last 21 working-day mornings")
    assert not said.taken_today


def test_says_that_it_was_taken_today(dolores):
    bought = PurchaseFactory(
        origin_profile=dolores.profiles.get(), occurred_at=datetime(2026, 3, 10, 6, 1, tzinfo=UTC)
    )
    PurchaseLineFactory(purchase=bought, product__name="Large coffee 2")
    assert not asked(dolores, datetime(2026, 3, 10, 6, 5, tzinfo=UTC)).taken_today
    PurchaseLineFactory(
        purchase=bought, product=dolores.purchases.order_by("occurred_at")[0].lines.get().product
    )
    assert asked(dolores, datetime(2026, 3, 10, 6, 5, tzinfo=UTC)).taken_today


def test_returns_and_charges_are_nobodys_usual(dolores):
    dolores.purchases.first().lines.model.objects.update(quantity=-1)
    assert asked(dolores, datetime(2026, 3, 10, 6, 5, tzinfo=UTC)).name == ""


def test_nothing_known_is_said_as_such(db):
    said = asked(ProfileFactory().customer, datetime(2026, 3, 10, 6, 5, tzinfo=UTC))
    assert (said.name, said.why) == ("", "None: no purchases of the last year are known.")


def test_the_own_page_names_the_usual_of_the_favourite_hour(dolores):
    found = usuals(
        customer_id=dolores.pk, company_zone=VIENNA, now=datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
    )
    assert [one.name for one in found] == ["Large coffee"]


def test_the_own_page_names_the_usual_of_one_who_comes_twice_a_day(dolores):
    for purchase in list(dolores.purchases.all()):
        evening = PurchaseFactory(
            origin_profile=purchase.origin_profile,
            occurred_at=purchase.occurred_at + timedelta(hours=11),
        )
        PurchaseLineFactory(purchase=evening, product=purchase.lines.get().product)
    found = usuals(
        customer_id=dolores.pk, company_zone=VIENNA, now=datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
    )
    assert [one.name for one in found] == ["Large coffee"]
