"""The invented chain: the same each time, as large as promised, and with pasts drawn exactly."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median
from zoneinfo import ZoneInfo

import pytest

from cxportal.demo import story_people
from cxportal.demo.catalogue import ARTICLES, BY_CODE, GROUPS
from cxportal.demo.chain import Chain, OrderLine, generate, write_orders
from profiles.rules.names import Purpose, normal_card, normal_email, normal_phone

TODAY = date(2026, 11, 24)  # a Tuesday


@pytest.fixture(scope="module")
def chain() -> Chain:
    return generate(today=TODAY)


@pytest.fixture(scope="module")
def days_of(chain: Chain) -> dict[tuple[str, str], list[date]]:
    """Purchase days by customer and product, in order."""
    found: dict[tuple[str, str], list[date]] = defaultdict(list)
    for line in chain.lines:
        if int(line.quantity) > 0:
            found[line.customer_id, line.product_id].append(line.on)
    return found


def gaps(days: list[date]) -> list[int]:
    return [(after - before).days for before, after in pairwise(days)]


def test_the_same_day_gives_the_same_chain():
    assert generate(today=TODAY, customers=60) == generate(today=TODAY, customers=60)


def test_another_day_moves_the_whole_past_along():
    earlier = generate(today=TODAY - timedelta(days=1), customers=60)
    assert earlier.lines[-1].on < TODAY - timedelta(days=1)
    assert {person.code for person in earlier.people} == {f"C{n:05}" for n in range(1, 61)}


def test_sizes_are_as_promised(chain):
    assert len(chain.people) == 2_000
    assert 80_000 <= len(chain.lines) <= 130_000
    assert len(ARTICLES) == 116
    assert len(GROUPS) == 20
    assert {line.store for line in chain.lines} == {"main-street", "station", "old-market", "web"}


def test_orders_reach_from_eighteen_months_ago_to_yesterday_in_the_order_of_time(chain):
    assert chain.lines[0].on == TODAY - timedelta(days=548)
    assert chain.lines[-1].on == TODAY - timedelta(days=1)
    moments = [datetime.fromisoformat(line.ordered_at) for line in chain.lines]
    assert moments == sorted(moments)


def test_times_carry_the_offset_of_the_shops_zone(chain):
    vienna = ZoneInfo("Europe/Vienna")
    for line in chain.lines[::97]:
        told = datetime.fromisoformat(line.ordered_at)
        assert told.utcoffset() == told.astimezone(vienna).utcoffset()


def test_an_order_has_one_customer_one_store_and_one_time(chain):
    seen: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
    for line in chain.lines:
        seen[line.order_id].add((line.customer_id, line.store, line.ordered_at))
    assert {len(heads) for heads in seen.values()} == {1}


def test_nobody_can_be_reached_by_accident(chain):
    for person in chain.people:
        if person.email:
            assert person.email.endswith(("@example.com", "@example.org", "@example.net"))
        if person.phone:
            # Austria assigns mobile numbers of seven digits or more after the code; these have six.
            assert normal_phone(person.phone, "AT").startswith("+43660")
            assert len(normal_phone(person.phone, "AT")) == len("+43660") + 6
    assert {line.product_url.split("/")[2] for line in chain.lines} == {"shop.example.com"}


def test_addresses_numbers_and_cards_are_good_and_belong_to_one_person_each(chain):
    for values in (
        [normal_email(person.email) for person in chain.people if person.email],
        [normal_phone(person.phone, "AT") for person in chain.people if person.phone],
        [normal_card(person.card) for person in chain.people if person.card],
    ):
        assert "" not in values
        assert len(values) == len(set(values))


def test_cards_and_consents_are_spread_as_drawn(chain):
    def share(count: int) -> float:
        return count / len(chain.people)

    agreed = Counter(a.purpose for person in chain.people for a in person.agreements)
    withdrawn = [a for p in chain.people for a in p.agreements if a.withdrawn_on]
    assert share(agreed[Purpose.REMINDERS]) == pytest.approx(0.70, abs=0.04)
    assert share(agreed[Purpose.OFFERS]) == pytest.approx(0.50, abs=0.04)
    assert share(sum(1 for person in chain.people if person.card)) == pytest.approx(0.60, abs=0.04)
    assert 20 <= len(withdrawn) <= 200
    assert all(a.withdrawn_on > a.given_on for a in withdrawn)
    assert all((a.withdrawn_on or a.given_on) < TODAY for p in chain.people for a in p.agreements)


@pytest.mark.parametrize(
    ("group", "days"),
    [("Bread", 7), ("Pet food", 14), ("Laundry", 30), ("Whole-bean coffee", 35), ("Shaving", 60)],
)
def test_households_run_out_in_the_rhythm_of_the_product(days_of, group, days):
    own = [
        median(gaps(bought))
        for (_, code), bought in days_of.items()
        if BY_CODE[code].group.name == group and len(bought) >= 6
    ]
    assert len(own) >= 40
    assert median(own) == pytest.approx(days, rel=0.2)


def test_some_came_once_some_left_and_some_brought_things_back(chain):
    last: dict[str, date] = {line.customer_id: line.on for line in chain.lines}
    orders: dict[str, set[str]] = defaultdict(set)
    for line in chain.lines:
        orders[line.customer_id].add(line.order_id)
    once = sum(1 for found in orders.values() if len(found) == 1)
    gone = sum(1 for day in last.values() if (TODAY - day).days > 90)
    back = sum(1 for line in chain.lines if int(line.quantity) < 0)
    assert 150 <= once <= 400
    assert 300 <= gone <= 900
    assert 100 <= back <= 1_000


def test_stores_stay_shut_at_christmas_and_only_the_station_opens_on_sundays(chain):
    for line in chain.lines:
        if line.on == date(2025, 12, 25):
            assert line.store == "web"
        if line.on.weekday() == 6:
            assert line.store in {"station", "web"}


def test_the_order_file_can_be_read_back(chain):
    file = io.StringIO()
    write_orders(chain.lines[:50], file)
    rows = list(csv.reader(io.StringIO(file.getvalue())))
    assert rows[0] == list(OrderLine._fields)
    assert [OrderLine(*row) for row in rows[1:]] == list(chain.lines[:50])


# --- the people of the stories --------------------------------------------------------------------


@pytest.mark.parametrize("today", [TODAY + timedelta(days=ahead) for ahead in range(7)])
def test_dolores_has_her_coffee_on_41_of_the_last_48_working_mornings(today):
    lines = _lines_of(today, story_people.DOLORES, "CO-108")
    mornings = story_people.working_days_before(today, 48)
    had = {line.on for line in lines} & set(mornings)
    assert len(had) == 41
    assert {line.store for line in lines} == {"main-street"}
    assert {line.product_name for line in lines} == {"Large coffee, cream, 2 sugars"}
    clocks = [line.ordered_at[11:16] for line in lines]
    assert (min(clocks), max(clocks)) == ("06:56", "07:05")


def test_dolores_beans_were_bought_every_five_weeks_and_last_five_weeks_ago(days_of):
    beans = days_of[story_people.DOLORES, "BE-101"]
    assert beans[-1] == TODAY - timedelta(days=35)
    assert set(gaps(beans)) == {34, 35, 36}
    assert len(beans) == 15


def test_detergent_is_due_in_a_few_days(days_of):
    bought = days_of[story_people.DETERGENT, "LA-101"]
    assert bought[-1] == TODAY - timedelta(days=26)
    assert set(gaps(bought)) == {29, 30, 31}


def test_two_purchases_are_all_there_is_where_there_is_no_rhythm(days_of):
    assert [
        (code, bought) for (who, code), bought in days_of.items() if who == story_people.NO_RHYTHM
    ] == [("OI-101", [TODAY - timedelta(days=118), TODAY - timedelta(days=31)])]


def test_the_complaint_is_with_somebody_whose_tablets_are_running_out(days_of):
    bought = days_of[story_people.COMPLAINT, "CL-101"]
    assert bought[-1] == TODAY - timedelta(days=29)
    assert set(gaps(bought)) == {27, 28, 29}


def test_what_was_bought_elsewhere_came_by_the_web_three_days_ago(chain):
    lines = [x for x in chain.lines if x.customer_id == story_people.BOUGHT_ELSEWHERE]
    assert (lines[-1].store, lines[-1].on) == ("web", TODAY - timedelta(days=3))
    assert lines[-2].store in {"old-market", "station"}


def test_the_return_takes_back_what_was_bought(chain):
    lines = [x for x in chain.lines if x.customer_id == story_people.RETURNED]
    assert [(line.product_id, line.quantity) for line in lines] == [
        ("SH-102", "1"),
        ("SH-102", "-1"),
        ("SH-101", "1"),
    ]
    assert len({line.order_id for line in lines}) == 3


def _lines_of(today: date, code: str, product: str) -> list[OrderLine]:
    lines = generate(today=today, customers=10).lines
    return [x for x in lines if (x.customer_id, x.product_id) == (code, product)]
