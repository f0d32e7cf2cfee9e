"""Customers, products and purchases for tests: sequences, no chance."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from profiles.rules.names import IdentifierKind, PlaceKind, SourceKind, folded


class SourceFactory(DjangoModelFactory):
    class Meta:
        model = "profiles.Source"
        django_get_or_create = ("code",)

    code = "till"
    name = "Till"
    kind = SourceKind.FILE


class PlaceFactory(DjangoModelFactory):
    class Meta:
        model = "profiles.Place"
        django_get_or_create = ("code",)

    code = "main-street"
    name = "Main Street"
    kind = PlaceKind.STORE


class CustomerFactory(DjangoModelFactory):
    class Meta:
        model = "profiles.Customer"

    name = factory.Sequence(lambda n: f"Customer Number{n}")
    search_name = factory.LazyAttribute(lambda customer: folded(customer.name))


class ProfileFactory(DjangoModelFactory):
    class Meta:
        model = "profiles.Profile"

    customer = factory.SubFactory("tests.factories.profiles.CustomerFactory")
    source = factory.SubFactory("tests.factories.profiles.SourceFactory")
    external_id = factory.Sequence(lambda n: f"C{n:05}")


class IdentifierFactory(DjangoModelFactory):
    class Meta:
        model = "profiles.Identifier"

    kind = IdentifierKind.EMAIL
    value = factory.Sequence(lambda n: f"customer{n}@example.com")
    origin_profile = factory.SubFactory("tests.factories.profiles.ProfileFactory")
    customer = factory.SelfAttribute("origin_profile.customer")


class CategoryFactory(DjangoModelFactory):
    class Meta:
        model = "profiles.Category"
        django_get_or_create = ("name",)

    name = "Coffee"


class ProductFactory(DjangoModelFactory):
    class Meta:
        model = "profiles.Product"

    code = factory.Sequence(lambda n: f"P{n:05}")
    name = factory.Sequence(lambda n: f"Product {n}")
    category = factory.SubFactory("tests.factories.profiles.CategoryFactory")
    url = factory.LazyAttribute(lambda product: f"https://shop.example.com/{product.code}")


class PurchaseFactory(DjangoModelFactory):
    class Meta:
        model = "profiles.Purchase"

    source = factory.SubFactory("tests.factories.profiles.SourceFactory")
    external_id = factory.Sequence(lambda n: f"O{n:06}")
    origin_profile = factory.SubFactory("tests.factories.profiles.ProfileFactory")
    customer = factory.SelfAttribute("origin_profile.customer")
    place = factory.SubFactory("tests.factories.profiles.PlaceFactory")
    occurred_at = datetime(2026, 3, 1, 7, 0, tzinfo=UTC)


class PurchaseLineFactory(DjangoModelFactory):
    class Meta:
        model = "profiles.PurchaseLine"

    purchase = factory.SubFactory("tests.factories.profiles.PurchaseFactory")
    customer = factory.SelfAttribute("purchase.customer")
    product = factory.SubFactory("tests.factories.profiles.ProductFactory")
    occurred_at = factory.SelfAttribute("purchase.occurred_at")
    quantity = Decimal(1)
    unit_price_minor = 450
