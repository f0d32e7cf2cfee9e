"""S03: due after five weeks, the counter says so; bought yesterday on the web, it does not."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine

from tests.stories.doors import Bought, at, bring_orders, customer, every

LAST = date(2026, 2, 3)
TODAY = LAST + timedelta(days=35)


@pytest.fixture
def past(tmp_path):
    """A year of beans, every five weeks, and bread on most days in between."""
    lines = [Bought("lena", day, "Whole-bean hazelnut") for day in every(35, until=LAST, times=11)]
    lines += [Bought("lena", LAST - timedelta(days=back), "Rye bread") for back in range(1, 300, 9)]
    bring_orders(tmp_path, lines, now=at(LAST, 20))
    return lines


def best_next(client_of) -> str:
    with time_machine.travel(at(TODAY, 10), tick=False):
        page = client_of("counter").get(f"/counter/{customer('lena').pk}/").content.decode()
    return page[page.index("Best next") : page.index("Recent")]


def test_the_counter_names_it_as_the_best_next_with_its_reason(past, client_of):
    said = best_next(client_of)
    assert "Whole-bean hazelnut" in said
    assert "on 25 November, 30 December and 3 February, about every 5 weeks" in said
    assert "Said it" in said


def test_bought_yesterday_on_the_web_it_is_not_named(past, client_of, tmp_path):
    yesterday = Bought("lena", TODAY - timedelta(days=1), "Whole-bean hazelnut", store="web shop")
    bring_orders(tmp_path, [*past, yesterday], now=at(TODAY - timedelta(days=1), 20))
    assert "Whole-bean hazelnut" not in best_next(client_of)


def test_said_once_it_is_not_suggested_again_at_another_counter(past, client_of):
    lena = customer("lena")
    with time_machine.travel(at(TODAY, 10), tick=False):
        staff = client_of("counter")
        page = staff.get(f"/counter/{lena.pk}/").content.decode()
        assert "Said it" in page
        subject = lena.habits.get(product__name="Whole-bean hazelnut").product_id
        form = {"moment": "due_reorder", "answer": "said", "subject": subject}
        staff.post(f"/counter/{lena.pk}/answer/", form)
        other = client_of("supervisor").get(f"/counter/{lena.pk}/").content.decode()
    assert "Said it" not in other
    assert "it was said already" in other
