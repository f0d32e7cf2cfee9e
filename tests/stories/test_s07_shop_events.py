"""S07, the web shop's part: what is done there stands in the timeline once, however often it is reported."""

from __future__ import annotations

import time_machine

from profiles.models import Customer, Purchase, Touchpoint
from profiles.tasks import process_events
from tests.profiles.events import post, track, write_key
from tests.stories.doors import Bought, at, bring_orders

COFFEE = {"product_id": "hazelnut-coffee", "name": "Hazelnut coffee", "price": 9.9, "quantity": 1}
EVENTS = [
    track(1, userId=None, anonymousId="v1", event="Product Viewed", properties=COFFEE,
          timestamp="2026-03-10T05:50:00Z"),
    {"type": "identify", "messageId": "m2", "userId": "w-7", "anonymousId": "v1",
     "traits": {"name": "Dolores Reyes", "email": "dolores@example.com"},
     "timestamp": "2026-03-10T05:55:00Z"},
    track(3, userId="w-7", event="Order Completed", timestamp="2026-03-10T06:00:00Z",
          properties={"order_id": "w-1", "currency": "EUR", "products": [COFFEE]}),
]  # fmt: skip


def test_till_and_shop_stand_in_one_timeline_once(tmp_path, now):
    bought = Bought("dolores", at(now.date(), 4).date(), "Tea")
    bring_orders(tmp_path, [bought], now=now)
    with time_machine.travel(now, tick=False):
        write_key(now)
        for _ in range(3):  # a client that got no answer sends again, also what was worked off
            assert post("/v1/batch", {"batch": EVENTS}, zipped=True).status_code == 200
            process_events()
    dolores = Customer.objects.get(merged_into=None, name="Dolores")
    assert Customer.objects.filter(merged_into=None).count() == 1
    seen = Touchpoint.objects.filter(customer=dolores).order_by("occurred_at")
    assert [(each.name or each.kind, each.source.code) for each in seen] == [
        ("Product Viewed", "shop"),
        ("identify", "shop"),
    ]
    purchases = Purchase.objects.filter(customer=dolores).order_by("occurred_at")
    assert [each.source.code for each in purchases] == ["shop", "till"]
