"""The overview: real figures, a fixed number of queries, and every figure opens to its rows."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from cxportal.pages.access import Role
from cxportal.pages.overview import _points
from feedback.models import Case
from profiles.models import Attribute, ImportJob
from tests.factories.guards import guard_on
from tests.factories.offers import offer, rule
from tests.factories.profiles import CustomerFactory, ProductFactory, SourceFactory
from tests.pages import rows

pytestmark = pytest.mark.django_db
# Session, account, role and rights; company and switch; five figures; silences that grew old; cases,
# files, rehearsals, guards, rules, offers.
QUERIES = 24


def test_it_shows_what_became_of_the_moments(manager):
    now = timezone.now()
    rows.delivery(now)
    rows.delivery(now, state="uncertain")
    rows.decision(now, reasons=["attention_spent"])
    page = manager.get(reverse("overview")).content.decode()
    assert "of 3 moments" in page
    assert "Their attention for this week is spent" in page
    assert "1 messages may or may not have arrived" in page


def test_each_kind_of_moment_is_told_with_its_figures(manager):
    now = timezone.now()
    rows.delivery(now)
    rows.decision(now, reasons=["attention_spent"])
    rows.delivery(now, state="missed", reason="too_late")
    page = manager.get(reverse("overview")).content.decode()
    row = page[page.index(">Due to be bought again<") :].split("</tr>")[0]
    assert re.findall(r"<td[^>]*>([^<]*)</td>", row) == [
        "3", "1", "0", "1", "their attention for this week is spent", "1", "the moment had passed",
    ]  # fmt: skip


def test_how_each_campaign_was_felt_is_told_with_how_sure_it_is(manager):
    now = timezone.now()
    rows.answer(rows.delivery(now).decision, "helpful", now)
    rows.answer(rows.delivery(now).decision, "too_personal", now)
    rows.delivery(now)
    rows.delivery(now)
    page = manager.get(reverse("overview")).content.decode()
    table = page[page.index("How each campaign was felt") :]
    row = table[table.index(">Reorder<") :].split("</tr>")[0]
    assert re.findall(r"<td[^>]*>([^<]*)</td>", row) == [
        "4", "25\u202f%", "4.6\u202f% and 70\u202f%", "25\u202f%", "4.6\u202f% and 70\u202f%",
    ]  # fmt: skip


def test_the_span_is_chosen_and_any_other_is_the_usual_one(manager):
    for back in (0, 10, 40):
        rows.delivery(timezone.now() - timedelta(days=back))
    for asked, total in (("7", 1), ("30", 2), ("90", 3), ("-1", 2), ("x", 2)):
        page = manager.get(reverse("overview"), {"days": asked}).content.decode()
        assert f"of {total} moments" in page


def test_without_enough_to_go_by_it_says_that_it_cannot_tell(manager):
    rows.delivery(timezone.now() - timedelta(days=20))
    assert "Cannot tell yet" in manager.get(reverse("overview")).content.decode()


def test_every_figure_opens_to_its_rows(manager):
    now = timezone.now()
    rows.answer(rows.delivery(now).decision, "stop", now)
    rows.decision(now, reasons=["attention_spent"])
    page = manager.get(reverse("overview")).content.decode()
    targets = {
        url.replace("&amp;", "&")
        for url in re.findall(r'href="(/(?:data|decisions)/[^"]*\?[^"]+)"', page)
    }
    assert len(targets) > 5
    assert {url for url in targets if manager.get(url).status_code != 200} == set()


def test_a_guard_that_is_on_and_cannot_ask_any_more_needs_a_person(manager):
    guard = guard_on(ProductFactory(name="Hazelnut beans"))
    guard_on(ProductFactory(name="Switched off"), is_on=False)
    assert "cannot ask any more" not in manager.get(reverse("overview")).content.decode()
    Attribute.objects.filter(code="drinks_coffee").update(is_active=False)
    page = manager.get(reverse("overview")).content.decode()
    assert "The guard on Hazelnut beans cannot ask any more" in page
    assert reverse("profiles:guard-detail", args=[guard.pk]) in page
    assert "Switched off" not in page


def test_rules_and_offers_that_ask_for_what_is_gone_need_a_person(manager):
    drinks = {"fact": "drinks_coffee", "is": True}
    goods = {"product": ProductFactory().pk}
    rule(drinks, goods, name="Who drinks coffee")
    offer(goods, condition=drinks, name="Filters for free")
    offer(goods, condition=drinks, name="Over", ends_at=timezone.now() - timedelta(days=1))
    offer(goods, condition=drinks, name="Off", is_on=False)
    assert "any more" not in manager.get(reverse("overview")).content.decode()
    Attribute.objects.filter(code="drinks_coffee").update(is_active=False)
    page = manager.get(reverse("overview")).content.decode()
    assert "The rule “Who drinks coffee” cannot ask any more" in page
    assert "The offer “Filters for free” cannot be made any more" in page
    assert "“Over”" not in page
    assert "“Off”" not in page


def test_the_number_of_queries_does_not_grow(manager, django_assert_num_queries):
    now = timezone.now()
    for _ in range(3):
        rows.delivery(now)
        rows.decision(now, reasons=["bought_since"])
    manager.get(reverse("overview"))
    with django_assert_num_queries(QUERIES):
        manager.get(reverse("overview"))


def test_what_failed_is_named_with_its_reason_and_opens(manager):
    failed = rows.rehearsal(state="failed", error="The file is empty.")
    page = manager.get(reverse("overview")).content.decode()
    assert "The rehearsal on orders.csv failed" in page
    assert "The file is empty." in page
    assert reverse("campaigns:rehearsal-detail", args=[failed.pk]) in page


def test_what_was_given_again_since_needs_nobody(manager):
    now = timezone.now()
    rows.rehearsal(state="failed", error="No day.", created_at=now)
    rows.rehearsal(state="done", sha256="1" * 64, created_at=now)
    failed = {"source": SourceFactory(), "state": "failed", "created_at": now}
    ImportJob.objects.create(file_name="till.csv", error="It was damaged.", **failed)
    ImportJob.objects.create(file_name="till.csv", error="It is empty.", **failed)
    ImportJob.objects.create(file_name="shop.csv", error="Nothing came of it.", **failed)
    page = manager.get(reverse("overview")).content.decode()
    assert "No day." not in page
    assert "It was damaged." not in page
    assert "It is empty." in page
    assert "Nothing came of it." in page


def test_a_try_of_yesterday_needs_nobody_today(manager):
    now = timezone.now()
    rows.rehearsal(state="failed", error="No day.", created_at=now - timedelta(hours=25))
    ImportJob.objects.create(
        source=SourceFactory(),
        state="failed",
        error="It was damaged.",
        created_at=now - timedelta(hours=25),
    )
    page = manager.get(reverse("overview")).content.decode()
    assert "No day." not in page
    assert "It was damaged." in page


def test_open_cases_are_named_the_nearest_deadline_first(manager, now):
    for name, days in (("Late", 2), ("Soon", 1)):
        customer = CustomerFactory(name=f"{name} Customer")
        Case.objects.create(
            customer=customer,
            kind="person",
            source_ref=name,
            priority="normal",
            opened_at=now,
            opened_by="customer",
            due_at=now + timedelta(days=days),
        )
    page = manager.get(reverse("overview")).content.decode()
    assert page.index("Soon Customer asks for a person") < page.index("Late Customer asks")


def test_an_analyst_sees_the_figures_but_no_names(browser_of):
    client = browser_of(Role.ANALYST)
    assert client.get(reverse("overview")).status_code == 200
    assert client.get("/data/profiles/customer/").status_code == 403


@pytest.mark.parametrize(("rate", "words"), [(0.123, "+12"), (-0.04, "−4"), (0.0, "0")])
def test_differences_carry_their_sign(rate, words):
    assert _points(rate) == words
