"""S16: a gold customer whose last phone is three years old is offered the new model when it comes out."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from loyalty.models import Tier
from profiles.models import Category, Product
from profiles.rules.names import Purpose
from tests.factories.campaigns import consent
from tests.factories.loyalty import PointsEntryFactory
from tests.stories.doors import Bought, at, bring_orders, customer, mailbox, morning_to_noon
from tests.stories.offer_doors import offer

DAY = date(2026, 3, 10)
LONG_AGO, LATELY = date(2023, 2, 1), DAY - timedelta(days=30)
BOUGHT = {"gold-old": LONG_AGO, "silver-old": LONG_AGO, "gold-new": LATELY}


@pytest.fixture
def shop(client_of, tmp_path):
    """Three customers with a phone: two gold, two with one that is three years old; the new model is out today."""
    old = [Bought(who, day, "Phone 3", category="Phones") for who, day in BOUGHT.items()]
    bring_orders(tmp_path, [*old, Bought("gil", LONG_AGO, "Phone 4", category="Phones")],
                 now=at(DAY - timedelta(days=9), 20))  # fmt: skip
    gold = Tier.objects.get(code="gold")
    for who in BOUGHT:
        consent(customer(who), purpose=Purpose.OFFERS)
        if who.startswith("gold"):
            PointsEntryFactory(customer=customer(who), points=gold.from_points,
                               occurred_at=at(DAY - timedelta(days=20), 9))  # fmt: skip
    manager = client_of("manager")
    phones = str(Category.objects.get(name="Phones").pk)
    model = Product.objects.get(name="Phone 4")
    page = f"/data/profiles/product/{model.pk}/change/"
    said = {
        "code": model.code,
        "name": "Phone 4",
        "category": phones,
        "kind": "goods",
        "url": model.url,
    }
    assert manager.post(page, said | {"released_on": str(DAY)}).status_code == 302
    whom = [
        {"what": "registered:tier", "value": "gold"},
        {"what": "owns:category", "thing": phones},
        {
            "what": "bought:category",
            "thing": phones,
            "times": "1",
            "within_days": "1095",
            "turned": "on",
        },
    ]
    offer(manager, [{"what": "product", "thing": "phone-4"}], whom, moments=["something_new"],
          value_customer="2", name="New model, gold",
          mail_subject="{{ product.name }}: 15 % off for you, with the case")  # fmt: skip
    return manager


def test_the_gold_customer_with_an_old_phone_is_offered_the_new_model(shop):
    morning_to_noon(DAY)
    (message,) = mailbox("gold-old")
    assert message.subject == "Phone 4: 15 % off for you, with the case"
    assert "you bought Phone 3 on 1 February 2023" in message.text


def test_who_is_silver_or_bought_last_month_is_not(shop):
    morning_to_noon(DAY)
    assert (mailbox("silver-old"), mailbox("gold-new")) == ([], [])
