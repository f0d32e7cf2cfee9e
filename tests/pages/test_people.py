"""Old addresses and links of a merged customer lead to the present one; of an erased one, nowhere."""

from __future__ import annotations

import pytest
import time_machine
from django.urls import reverse

from campaigns.models import Delivery, Outcome
from campaigns.services import delivering, planning
from cxportal.lib.links import LinkPurpose, token_for
from cxportal.pages.access import Role
from cxportal.pages.fresh_link import FRESH
from feedback.models import Case
from loyalty.services.setting_up import ensure_programme
from profiles.models import ConsentEntry
from profiles.services import merging
from tests.factories.campaigns import due_habit, reachable_customer, ready_house
from tests.factories.profiles import CustomerFactory, ProductFactory


@pytest.fixture(autouse=True)
def house(db, now):
    ready_house()
    ensure_programme()
    with time_machine.travel(now.replace(hour=12), tick=False):
        yield now.replace(hour=12)


@pytest.fixture
def two(house):
    """Two customers who were both written to about the same thing; the second is merged into the first."""
    older, younger = reachable_customer("Dolores Reyes"), reachable_customer("D. Reyes")
    beans = ProductFactory(name="Hazelnut beans")
    for customer in (older, younger):
        due_habit(customer, product=beans)
    planning.plan_morning(now=house)
    assert delivering.deliver_due(now=house) == {"sent": 2}
    merging.join(
        one=older.profiles.get(),
        other=younger.profiles.get(),
        rule="person",
        actor="staff:1",
        now=house,
    )
    return older, younger


@pytest.mark.parametrize("page", ["counter-customer", "counter-household"])
def test_an_old_address_at_the_counter_leads_to_the_present_customer(page, two, browser_of):
    older, younger = two
    answer = browser_of(Role.COUNTER).get(reverse(page, args=[younger.pk]))
    assert (answer.status_code, answer.url) == (302, reverse(page, args=[older.pk]))


@pytest.mark.parametrize("page", ["counter-customer", "counter-household"])
def test_an_erased_customer_has_no_card(page, browser_of, now):
    gone = CustomerFactory(erased_at=now)
    into_gone = CustomerFactory(merged_into=gone)
    for customer in (gone, into_gone):
        answer = browser_of(Role.COUNTER).get(reverse(page, args=[customer.pk]))
        assert answer.status_code == 404


def test_an_old_link_opens_the_page_of_the_present_customer(two, client):
    older, younger = two
    token = token_for(LinkPurpose.MY_PAGE, str(younger.public_id))
    page = client.get(reverse("my-page", args=[token]))
    assert page.status_code == 200
    assert page.context["page"].customer == older


def test_an_expired_link_is_renewed_for_the_present_customer(two):
    older, younger = two
    (stayed,) = Delivery.objects.filter(customer=younger)
    assert FRESH[LinkPurpose.MY_PAGE](str(younger.public_id)).customer == older
    assert FRESH[LinkPurpose.WHY](str(stayed.public_id)).customer == older


def test_stop_in_an_old_message_stops_for_who_they_are_now(two, client, house):
    older, younger = two
    (stayed,) = Delivery.objects.filter(customer=younger)
    url = reverse("campaigns:stop", args=[token_for(LinkPurpose.STOP, str(stayed.public_id))])
    assert client.get(url).status_code == 200
    assert client.post(url).status_code == 200
    assert not ConsentEntry.objects.granting([older.pk], "reminders", "email", house)
    assert set(ConsentEntry.objects.values_list("customer", flat=True)) == {older.pk}


def test_answers_to_an_old_message_count_for_who_they_are_now(two, client):
    older, younger = two
    (stayed,) = Delivery.objects.filter(customer=younger)
    url = reverse("campaigns:why", args=[token_for(LinkPurpose.WHY, str(stayed.public_id))])
    page = client.get(url)
    assert page.status_code == 200
    assert page.context["my_page_url"].endswith(
        reverse("my-page", args=[token_for(LinkPurpose.MY_PAGE, str(older.public_id))])
    )
    assert client.post(url, {"answer": "asked_for_a_person"}).status_code == 302
    assert Outcome.objects.get().kind == "asked_for_a_person"
    assert Case.objects.get().customer == older
