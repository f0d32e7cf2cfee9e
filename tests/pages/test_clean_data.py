"""The page "Clean data", and the profile's line on the customer's page and card."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from cxportal.lib.links import LinkPurpose, token_for
from cxportal.pages.access import Role
from loyalty.services.setting_up import ensure_programme
from profiles.models import AccessRecord, Finding, Identifier
from profiles.queries import findings
from profiles.services import bouncing, cleaning
from tests.factories.campaigns import ready_house
from tests.factories.facts import note, tell
from tests.factories.profiles import IdentifierFactory, ProfileFactory

PAGE = "/clean/"


@pytest.fixture(autouse=True)
def house(db, now):
    ready_house()
    ensure_programme()
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def dolores(now):
    """An address that bounces and a birthday to come."""
    profile = ProfileFactory(customer__name="Dolores Reyes")
    IdentifierFactory(origin_profile=profile, value="dolores@example.com")
    note(profile.customer, "birthday", "2031-03-11", now)
    bouncing.bounced(address="dolores@example.com", now=now)
    return profile.customer


def say(client, said: str, kind: str = "bounced", **form: str) -> str:
    row = Finding.objects.get(kind=kind)
    answer = client.post(f"{PAGE}{row.pk}/{said}/", form, follow=True)
    return answer.content.decode()


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.MANAGER, 200),
        (Role.SUPERVISOR, 200),
        (Role.ANALYST, 403),
        (Role.COUNTER, 403),
        (Role.ADMINISTRATOR, 403),
    ],
)
def test_who_may_see_and_say(role, status, dolores, browser_of):
    client = browser_of(role)
    assert client.get(PAGE).status_code == status
    row = Finding.objects.get(kind="bounced")
    if status == 403:
        assert client.post(f"{PAGE}{row.pk}/fine/").status_code == 403
        row.refresh_from_db()
        assert row.settled_at is None


def test_it_shows_no_whole_address_and_counts_each_kind(dolores, manager):
    page = manager.get(PAGE)
    text = page.content.decode()
    assert "d…@example.com, refused by its mail server on 10 March 2026" in text
    assert "dolores@example.com" not in text
    counted = {tab.label: tab.count for tab in page.context["tabs"]}
    assert counted == {
        "All": 2,
        "Address bounces": 1,
        "Belongs to many": 0,
        "Grew old": 0,
        "Impossible birthday": 1,
        "Doubtful birthday": 0,
        "No name": 0,
        "Fine as they are": 0,
    }


def test_fine_and_back_with_who_said_so(dolores, manager):
    assert "Kept: fine as it is." in say(manager, "fine")
    assert "refused by its mail server" not in manager.get(PAGE).content.decode()
    fine = manager.get(f"{PAGE}?kind=fine").content.decode()
    assert "one-manager" in fine
    assert "10 Mar 2026, 06:05" in fine
    say(manager, "again", kind="bounced")
    assert "refused by its mail server" in manager.get(PAGE).content.decode()


def test_an_address_is_tried_again(dolores, manager):
    assert "we write there again" in say(manager, "works")
    assert Identifier.objects.get().bounced_at is None
    assert not Finding.objects.filter(kind="bounced").exists()
    row = Finding.objects.get(kind="impossible")
    assert manager.post(f"{PAGE}{row.pk}/works/").status_code == 404


def test_what_can_be_said_is_limited_and_on_record(dolores, manager):
    row = Finding.objects.get(kind="bounced")
    assert manager.post(f"{PAGE}{row.pk}/delete/").status_code == 404
    assert manager.get(f"{PAGE}{row.pk}/fine/").status_code == 405
    assert manager.get(f"{PAGE}?kind=odd").status_code == 404
    assert "Nothing of this kind" in manager.get(f"{PAGE}?before=x&kind=no_name").content.decode()
    say(manager, "works")
    record = AccessRecord.objects.filter(door="clean-data-say")
    assert set(record.values_list("act", "customer_id")) == {("changed", dolores.pk)}
    assert "has no address" not in say(manager, "block", kind="impossible")
    assert Finding.objects.filter(kind="impossible").exists()


def test_a_long_list_goes_on_and_costs_the_same(manager, now, django_assert_max_num_queries):
    people = [ProfileFactory(customer__name="Test").customer for _ in range(findings.ROWS + 1)]
    cleaning.find(customer_ids=[one.pk for one in people], now=now)
    manager.get(PAGE)
    with django_assert_max_num_queries(25):
        page = manager.get(PAGE)
    older = manager.get(page.context["older_url"])
    assert len(page.context["lines"]) == findings.ROWS
    assert len(older.context["lines"]) == 1
    assert older.context["newest_url"] == PAGE
    assert older.context["older_url"] == ""


# --- the profile's line ---------------------------------------------------------------------------


def test_the_customers_page_says_how_complete_fresh_and_wrong(dolores, manager, now):
    address = reverse("admin:profiles_customer_change", args=[dolores.pk])
    text = manager.get(address).content.decode()
    assert "2 of 4 known: no address that works, no answer on consent (37 of 100 by weight)" in text
    assert "1 of 1 in time; the oldest, birthday, from 10 March 2026" in text
    assert "Address bounces; Impossible birthday" in text


def test_the_card_at_the_counter_says_it_in_one_line_and_asks_one_thing(dolores, browser_of, now):
    text = browser_of(Role.COUNTER).get(f"/counter/{dolores.pk}/").content.decode()
    assert "2 of 4 known: no address that works, no answer on consent" in text
    assert text.count('id="question"') == 1
    assert "Ask: where can we reach you?" in text
    # Nobody told staff to know the birthday: it is not read out to them.
    assert "2031" not in text


def test_an_address_of_somebody_else_is_told_to_staff_and_to_nobody_else(
    dolores, browser_of, client, now
):
    IdentifierFactory(value="taken@example.com")
    form = {"subject": "address", "contact": "taken@example.com"}
    staff = browser_of(Role.COUNTER)
    said = staff.post(f"/counter/{dolores.pk}/question/answer/", form, follow=True)
    assert "Not kept: it seems to be somebody else’s." in said.content.decode()
    with time_machine.travel(now + timedelta(days=31), tick=False):
        page = f"/my/{token_for(LinkPurpose.MY_PAGE, str(dolores.public_id))}/"
        taken = client.post(f"{page}question/answer/", form, follow=True).content.decode()
    assert "Thank you. Where somebody else uses it too, a person looks at it first." in taken
    assert Identifier.objects.filter(customer=dolores).count() == 1


def test_an_attribute_is_told_at_the_counter_and_delicate_ones_are_not_asked(
    browser_of, dolores, now
):
    Identifier.objects.update(bounced_at=None)
    attribute = note(dolores, "birthday", "2031-03-12", now).attribute
    staff = browser_of(Role.COUNTER)
    subject = f"attribute:{attribute.pk}"
    url = f"/counter/{dolores.pk}/question/answer/"
    wrong = staff.post(url, {"subject": subject, "value": "soon"}, follow=True).content.decode()
    assert "Write a day as 1990-03-31." in wrong
    staff.post(url, {"subject": subject, "value": "1990-03-11"})
    assert not Finding.objects.exists()
    tell(dolores, "losing_weight", True, now - timedelta(days=400))
    with time_machine.travel(now + timedelta(days=60), tick=False):
        assert 'id="question"' not in staff.get(f"/counter/{dolores.pk}/").content.decode()
