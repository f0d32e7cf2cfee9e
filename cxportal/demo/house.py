"""The house that the demo plays in: company, stores, rules of sending, consent wordings."""

from __future__ import annotations

from datetime import datetime, time

from django.contrib.auth.models import User

from campaigns.services import policing
from cxportal.demo.catalogue import COMPANY, CURRENCY, PHONE_REGION, SHOPS, TIME_ZONE, WEB
from cxportal.demo.people import WORDINGS
from profiles.models import ConsentWording, Place, Source
from profiles.rules.names import PlaceKind, Purpose
from profiles.services import checkouts, consenting, settling

CHECKOUT = "web-shop"
_COMPANY = {
    "name": COMPANY,
    "currency": CURRENCY,
    "time_zone": TIME_ZONE,
    "language": "en",
    "phone_region": PHONE_REGION,
}
_POLICY = {
    "sender_name": COMPANY,
    "sender_email": "hello@example.com",
    "postal_address": "1 Main Street, Vienna",
    "quiet_from": time(20),
    "quiet_until": time(9),
    # Nobody needs to be told to buy milk.
    "shortest_rhythm_days": 10,
}


def settle_house(*, by: User, now: datetime) -> None:
    """Give the installation the demo's company, stores and rules of sending."""
    settling.settle_company(values=_COMPANY, by=by, now=now)
    known = set(Place.objects.values_list("code", flat=True))
    shops = [
        settling.PlaceSettings(
            place_id=None,
            code=shop.code,
            name=shop.name,
            kind=PlaceKind.WEB if shop == WEB else PlaceKind.STORE,
            time_zone="",
        )
        for shop in SHOPS
        if shop.code not in known
    ]
    settling.settle_places(places=shops, by=by, now=now)
    if not Source.objects.filter(code=CHECKOUT).exists():
        checkouts.settle_checkout(
            source=None,
            code=CHECKOUT,
            name="Checkout of the web shop",
            origins=["https://shop.example.com"],
            by=by,
            now=now,
        )
    policing.change_policy(values=_POLICY, by=by, now=now)


def publish_wordings() -> dict[Purpose, ConsentWording]:
    """Publish the sentence beside each consent box; offers are asked twice."""
    consenting.require_confirmation(purpose=Purpose.OFFERS, is_needed=True)
    return {
        purpose: consenting.publish_wording(purpose=purpose, language="en", text=text)
        for purpose, text in WORDINGS.items()
    }
