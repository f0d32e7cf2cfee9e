"""Customers are found by what a person types, and by nothing else."""

from __future__ import annotations

import pytest
from django.db import connection

from profiles.models import Customer
from profiles.queries.finding import matching
from profiles.rules.names import IdentifierKind
from tests.factories.profiles import CustomerFactory, IdentifierFactory, ProfileFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dolores():
    CustomerFactory(name="Jonas Weiß")
    profile = ProfileFactory(customer=CustomerFactory(name="Dolores O'Réyes"))
    IdentifierFactory(origin_profile=profile, value="dolores@example.com")
    IdentifierFactory(origin_profile=profile, kind=IdentifierKind.PHONE, value="+12124151234")
    return profile.customer


@pytest.mark.parametrize(
    "term", ["reyes", "DOLORES O", " dolores@Example.com ", "(212) 415-1234", "1234"]
)
def test_one_is_found(term, dolores):
    assert list(Customer.objects.filter(matching(term))) == [dolores]


def test_the_number_of_a_customer_finds_it(dolores):
    assert list(Customer.objects.filter(matching(str(dolores.pk)))) == [dolores]


@pytest.mark.parametrize("term", ["", "   ", "…", "999", "9" * 40, "dolores@example.org", "%"])
def test_nobody_is_found(term, dolores):
    assert list(Customer.objects.filter(matching(term))) == []


def test_digits_and_names_are_looked_up_without_reading_a_whole_table(dolores):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    for term in ("1234", "dolores"):
        assert "Seq Scan" not in Customer.objects.filter(matching(term)).explain()
