"""How the demo's beans are described, for whom which of them is, and one offer of them at the counter."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User

from campaigns.rules.codes import Door
from campaigns.rules.offers import OfferKind, Weight
from campaigns.services import offering, ruling
from cxportal.demo.catalogue import BEANS
from profiles.models import Category, Characteristic, Product
from profiles.rules.names import AttributeType
from profiles.services import describing

ROAST = "roast"
LIGHT, MEDIUM, DARK = "light", "medium", "dark"
_ROASTS = {
    "BE-101": MEDIUM,
    "BE-102": MEDIUM,
    "BE-103": LIGHT,
    "BE-104": DARK,
    "BE-105": MEDIUM,
    "BE-106": MEDIUM,
}


def write_offers(*, by: User, now: datetime) -> None:
    """Describe the beans, write a rule of the rule base, and an offer that follows it."""
    beans = Category.objects.get(name=BEANS.name)
    Characteristic.objects.get_or_create(
        code=ROAST,
        defaults={
            "name": "Roast",
            "type": AttributeType.CHOICE.value,
            "choices": [LIGHT, MEDIUM, DARK],
        },
    )
    for product in Product.objects.filter(code__in=_ROASTS):
        describing.describe(product=product, values={ROAST: _ROASTS[product.code]})
    ruling.create(
        wanted=ruling.Wanted(
            "Who buys beans often would try a light roast",
            {"bought": {"category": beans.pk, "within_days": 90, "times": 2}},
            {"has": ROAST, "is": LIGHT},
            Weight.WELL,
        ),
        is_on=True,
        by=by,
        now=now,
    )
    offering.create(
        wanted=offering.Wanted(
            name="Try a light roast",
            kind=OfferKind.OFFER,
            condition=None,
            terms={"category": beans.pk},
            moments=["visit_now"],
            doors=[Door.COUNTER],
            value_customer=1.0,
            value_house=1.0,
            cost=0.5,
            starts_at=now,
            counter_words="Offer a cup to try, and 10 % off the bag today.",
        ),
        stock=200,
        is_on=True,
        by=by,
        now=now,
    )
