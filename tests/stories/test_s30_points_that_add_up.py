"""S30: points are earned on purchases, reversed by a return, and the balance always equals the sum."""

from __future__ import annotations

from datetime import date

import time_machine

from cxportal.lib.links import LinkPurpose, token_for
from loyalty.models import PointsEntry
from loyalty.queries import standing
from tests.stories.doors import Bought, at, bring_orders, customer, public_client, work_off

DAY = date(2026, 2, 10)
BOUGHT = [
    Bought("paul", date(2026, 2, 2), "Kettle", price="39.90"),
    Bought("paul", date(2026, 2, 3), "Tea", quantity=3, price="4.50"),
]
RETURNED = Bought("paul", date(2026, 2, 9), "Kettle", quantity=-1, price="39.90")


def balance() -> int:
    return standing([customer("paul").pk], at(DAY, 20))[customer("paul").pk].balance


def test_a_purchase_earns_and_a_return_takes_back(tmp_path):
    bring_orders(tmp_path, BOUGHT, now=at(DAY, 10))
    work_off(at(DAY, 11))
    assert balance() == 39 + 13

    bring_orders(tmp_path, [*BOUGHT, RETURNED], now=at(DAY, 12))
    work_off(at(DAY, 13))
    work_off(at(DAY, 14))
    assert balance() == 13
    assert sorted(entry.points for entry in PointsEntry.objects.all()) == [-39, 13, 39]


def test_the_customers_page_shows_the_balance(tmp_path):
    bring_orders(tmp_path, BOUGHT, now=at(DAY, 10))
    work_off(at(DAY, 11))
    with time_machine.travel(at(DAY, 12), tick=False):
        token = token_for(LinkPurpose.MY_PAGE, str(customer("paul").public_id))
        assert "52" in public_client().get(f"/my/{token}/").content.decode()
