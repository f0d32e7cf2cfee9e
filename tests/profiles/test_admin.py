"""The data pages of profiles: that a page with many rows asks no more than one with few."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from profiles.models import Company, IdentifierRule, Product, ReorderSchedule
from profiles.rules.names import Channel, Purpose
from profiles.services import consenting
from tests.factories.profiles import (
    ProductFactory,
    ProfileFactory,
    PurchaseFactory,
    PurchaseLineFactory,
    SourceFactory,
)

pytestmark = pytest.mark.django_db


def questions(client, row) -> int:
    """Count the queries of the page of a row."""
    page = reverse(f"admin:profiles_{row._meta.model_name}_change", args=[row.pk])
    assert client.get(page).status_code == 200
    with CaptureQueriesContext(connection) as asked:
        client.get(page)
    return len(asked)


def test_a_purchase_of_many_lines_asks_no_more_than_one_of_one(admin_client):
    Company.objects.create(currency="JPY")
    purchase = PurchaseFactory()
    PurchaseLineFactory(purchase=purchase, unit_price_minor=1200)
    few = questions(admin_client, purchase)
    for _ in range(4):
        PurchaseLineFactory(purchase=purchase)
    assert questions(admin_client, purchase) == few
    page = reverse("admin:profiles_purchase_change", args=[purchase.pk])
    assert "1,200 JPY" in admin_client.get(page).content.decode()


def further(customer, now, number: int) -> None:
    """Let a customer be known to one more source, say one more thing, have one more schedule."""
    ProfileFactory(customer=customer, source=SourceFactory(code=f"source-{number}"))
    wording = consenting.publish_wording(
        purpose=Purpose.OFFERS, language="en", text=f"Wording {number}"
    )
    consenting.grant(
        customer=customer,
        purpose=Purpose.OFFERS,
        channel=Channel.EMAIL,
        wording=wording,
        door="page",
        actor="customer",
        occurred_at=now,
    )
    ReorderSchedule.objects.create(
        customer=customer, product=ProductFactory(), every_days=7, updated_at=now
    )


def test_a_customer_of_many_sources_asks_no_more_than_one_of_one(admin_client, now):
    customer = ProfileFactory().customer
    further(customer, now, 1)
    few = questions(admin_client, customer)
    for number in (2, 3, 4):
        further(customer, now, number)
    assert questions(admin_client, customer) == few


PRODUCT = {"code": "P1", "name": "Beans", "kind": "goods", "url": ""}


def test_a_product_is_kept_as_a_message_may_carry_it(admin_client):
    form = PRODUCT | {"name": "Beans \u202e500 g\u2069", "url": "shop.example.com/p1"}
    assert admin_client.post(reverse("admin:profiles_product_add"), form).status_code == 302
    stored = Product.objects.values("name", "url").get()
    assert stored == {"name": "Beans 500 g", "url": "https://shop.example.com/p1"}


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://shop.example.com/p1", "data:x,y"])
def test_a_product_leads_only_to_the_web(admin_client, url):
    answer = admin_client.post(reverse("admin:profiles_product_add"), PRODUCT | {"url": url})
    assert answer.status_code == 200
    assert "Give an http or https address." in answer.content.decode()
    assert not Product.objects.exists()


def test_rules_of_identity_are_checked_before_they_hold(admin_client):
    rule = IdentifierRule.objects.get(kind="email")
    url = reverse("admin:profiles_identifierrule_change", args=[rule.pk])
    values = {
        "priority": 30,
        "limit": 3,
        "window_days": 30,
        "most_people": 4,
        "blocked": "noreply@*\nnull\n\nnull",
    }
    assert admin_client.post(url, values).status_code == 302
    rule.refresh_from_db()
    assert (rule.limit, rule.window_days, rule.blocked) == (3, 30, ["noreply@*", "null"])
    wrong = [
        {"limit": ""},
        {"limit": 0},
        {"window_days": 0},
        {"priority": 20},
        {"blocked": "*"},
        {"blocked": "a*"},
        {"blocked": "x" * 101},
        {"blocked": "\n".join(f"value{n}" for n in range(201))},
    ]
    for change in wrong:
        assert admin_client.post(url, values | change).status_code == 200, change
    rule.refresh_from_db()
    assert (rule.limit, rule.window_days, rule.blocked) == (3, 30, ["noreply@*", "null"])
