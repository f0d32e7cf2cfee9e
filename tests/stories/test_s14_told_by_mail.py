"""S14: an action film comes out; he who watches action is told once, by one mail; he who watches none is not."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from profiles.models import Category, Product
from profiles.rules.names import Purpose
from tests.factories.campaigns import consent
from tests.stories.doors import Bought, at, bring_orders, customer, mailbox, morning_to_noon
from tests.stories.offer_doors import offer, rule

DAY = date(2026, 3, 10)


@pytest.fixture
def cinema(client_of, tmp_path):
    """Adam has watched two action films, Rose two romances; both agreed to hear of news."""
    days = [DAY - timedelta(days=60), DAY - timedelta(days=30)]
    seen = [("adam", "Chase", "Action"), ("adam", "Escape", "Action"),
            ("rose", "Paris", "Romance"), ("rose", "Rain", "Romance"), ("kim", "Storm", "Action")]  # fmt: skip
    bring_orders(
        tmp_path,
        [Bought(who, days[n % 2], film, category=kind) for n, (who, film, kind) in enumerate(seen)],
        now=at(DAY - timedelta(days=9), 20),
    )
    for who in ("adam", "rose"):
        consent(customer(who), purpose=Purpose.OFFERS)
    manager = client_of("manager")
    action = str(Category.objects.get(name="Action").pk)
    rule(manager, [{"what": "bought:category", "thing": action, "times": "2"}],
         [{"what": "category", "thing": action}], name="Action again", weight="fits_well")  # fmt: skip
    film = Product.objects.get(name="Storm")
    page = f"/data/profiles/product/{film.pk}/change/"
    said = {
        "code": film.code,
        "name": "Storm",
        "category": action,
        "kind": "goods",
        "url": film.url,
    }
    assert (
        manager.post(page, said | {"released_on": str(DAY - timedelta(days=1))}).status_code == 302
    )
    every_film = [{"what": "category", "thing": action}]
    offer(manager, every_film, moments=["something_new"], value_house="2", name="New films",
          mail_subject="Now showing: {{ product.name }}")  # fmt: skip
    return manager


def test_who_watches_action_is_told_once_and_why(cinema):
    for days in range(4):
        morning_to_noon(DAY + timedelta(days=days))
    (message,) = mailbox("adam")
    assert message.subject == "Now showing: Storm"
    assert "it is new, since 9 March; you bought" in message.text


def test_who_watches_none_is_not_told(cinema):
    morning_to_noon(DAY)
    assert mailbox("rose") == []


def test_who_has_seen_it_meanwhile_is_not_told(cinema, tmp_path):
    bring_orders(tmp_path, [Bought("adam", DAY - timedelta(days=1), "Storm", category="Action")],
                 now=at(DAY, 4))  # fmt: skip
    morning_to_noon(DAY)
    assert mailbox("adam") == []
