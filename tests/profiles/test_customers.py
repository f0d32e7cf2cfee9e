"""Who is merged or erased is nowhere listed, counted, searched or decided about."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from campaigns.models import SendingPolicy
from campaigns.queries.eligibility import standings
from campaigns.services.answering import COUNTER
from campaigns.services.deciding import decide
from profiles.models import Customer, ProfileEdge
from profiles.queries import search
from profiles.queries.finding import matching
from profiles.services import merging
from tests.factories.campaigns import due_habit, ready_house
from tests.factories.profiles import IdentifierFactory, ProfileFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def two():
    """Return a customer, and one of another name who was merged into them."""
    older = ProfileFactory(customer__name="Dolores Reyes", customer__search_name="dolores reyes")
    younger = ProfileFactory(
        customer__name="Quentin Smithers", customer__search_name="quentin smithers"
    )
    IdentifierFactory(origin_profile=younger, value="quentin@example.com")
    merging.join(one=older, other=younger, rule="person", actor="staff:1", now=NOW)
    return older.customer, younger.customer


@pytest.fixture
def erased():
    gone = ProfileFactory(
        customer__name="Quentin Smithers", customer__search_name="quentin smithers"
    )
    Customer.objects.filter(pk=gone.customer_id).update(erased_at=NOW)
    return gone.customer


def listed(admin_client, term=""):
    page = admin_client.get(reverse("admin:profiles_customer_changelist"), {"q": term})
    return {customer.pk for customer in page.context["cl"].result_list}


def test_the_present_are_neither_merged_nor_erased(two, erased):
    assert set(Customer.objects.present()) == {two[0]}


def test_whom_a_customer_is_now(two):
    older, younger = (Customer.objects.get(pk=one.pk) for one in two)
    assert (older.present, younger.present) == (older, older)


def test_the_counter_finds_the_present_one_by_what_the_merged_one_had(two):
    older, _ = two
    assert search.find("Quentin", region="US").found == []
    (found,) = search.find("quentin@example.com", region="US").found
    assert found.customer_id == older.pk


def test_the_erased_are_not_searched(erased, admin_client):
    assert search.find("Quentin", region="US").found == []
    assert not Customer.objects.filter(matching("Quentin")).exists()
    assert not Customer.objects.filter(matching(str(erased.pk))).exists()
    assert listed(admin_client) == set()


def test_the_data_pages_list_the_present_one_only(two, admin_client):
    older, younger = two
    assert listed(admin_client) == {older.pk}
    assert listed(admin_client, "Quentin") == set()
    # The number of the merged one leads to whom they were merged into.
    assert listed(admin_client, str(younger.pk)) == {older.pk}


def test_the_data_page_of_a_merged_customer_says_into_whom(two, admin_client):
    older, younger = two
    page = admin_client.get(reverse("admin:profiles_customer_change", args=[younger.pk]))
    assert f'href="/data/profiles/customer/{older.pk}/change/"' in page.content.decode()
    assert "merged into" in page.content.decode()


@pytest.mark.parametrize("kind", ["merged", "erased"])
def test_nothing_is_decided_about_them(kind, two):
    ready_house()
    older, younger = two
    due_habit(younger)
    assert [c.customer_id for c in decide(customers=[older.pk], context=COUNTER, now=NOW)] == []
    if kind == "erased":
        Customer.objects.filter(pk=younger.pk).update(merged_into=None, erased_at=NOW)
    assert decide(customers=[younger.pk], context=COUNTER, now=NOW) == []
    stands = standings([older.pk, younger.pk], SendingPolicy.objects.get(), NOW)
    assert (stands[older.pk].is_present, stands[younger.pk].is_present) == (True, False)
    assert not stands[younger.pk].has_address


def test_the_same_is_decided_once_they_are_parted(two):
    ready_house()
    due_habit(two[1], remind_on=NOW.date())
    merging.part(edge=ProfileEdge.objects.get(), by="staff:1", now=NOW)
    due_habit(two[1], remind_on=NOW.date())
    assert [c.customer_id for c in decide(customers=[two[1].pk], context=COUNTER, now=NOW)] == [
        two[1].pk
    ]
