"""S01: the usual of a customer whom this store never met, with how sure and why; none where there is none."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.core.management import call_command

from profiles.models import Place

TUESDAY = date(2026, 3, 10)
MISSED = {2, 8, 13, 21, 29, 36, 45}
HEADER = [
    "customer_id",
    "order_id",
    "ordered_at",
    "product_id",
    "product_name",
    "store",
    "phone",
    "customer_name",
]


def working_days(count: int) -> list[date]:
    days = (TUESDAY - timedelta(days=back) for back in range(1, 2 * count))
    return [day for day in days if day.weekday() < 5][:count]


def row(day: date, at: time, product: str, store: str = "Store A") -> list[str]:
    when = datetime.combine(day, at, UTC).isoformat()
    return [
        "dolores",
        f"o-{when}",
        when,
        product[:8],
        product,
        store,
        "+12124154471",
        "Dolores Reyes",
    ]


@pytest.fixture
def staff(tmp_path, client_of):
    """Counter staff of store B; the customer's past came by a till's file from store A."""
    rows = [
        row(day, time(6, 56 + n % 4), "Large coffee, cream, two sugars")
        for n, day in enumerate(working_days(48))
        if n not in MISSED
    ]
    rows += [row(day, time(17, 50), "Cheese bagel") for day in working_days(48)[1::4]]
    path = tmp_path / "till.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEADER, *rows])
    with time_machine.travel(datetime(2026, 3, 9, 22, 0, tzinfo=UTC), tick=False):
        call_command("import_orders", str(path), "--source", "till", verbosity=0)
    store_b = Place.objects.create(code="b", name="Store B", kind="store")
    browser = client_of("counter")
    browser.post("/counter/store/", {"store": store_b.pk})
    return browser


def card_at(staff, hour: int, minute: int) -> str:
    """What staff see after typing the last four digits."""
    with time_machine.travel(datetime(2026, 3, 10, hour, minute, tzinfo=UTC), tick=False):
        return staff.post("/counter/", {"q": "4471"}, follow=True).content.decode()


def test_the_first_thing_on_the_screen_is_her_name_and_the_usual(staff):
    page = card_at(staff, 7, 5)
    assert "<strong>Store B</strong>" in page
    assert page.index("Dolores Reyes</h1>") < page.index("The usual now") < page.index("Best next")
    assert "Large coffee, cream, two sugars" in page
    assert "41 of the last 48 working-day mornings" in page
    assert "more than 9 in 10 likely" in page


def test_at_six_in_the_evening_it_is_another_one(staff):
    page = card_at(staff, 18, 0)
    usual = page[page.index("The usual now") : page.index("Best next")]
    assert "Cheese bagel" in usual
    assert "Large coffee" not in usual


def test_at_an_hour_of_no_visits_it_is_honestly_none(staff):
    page = card_at(staff, 12, 30)
    usual = page[page.index("The usual now") : page.index("Best next")]
    assert "No usual" in usual
    assert "no visits at about this hour" in usual
