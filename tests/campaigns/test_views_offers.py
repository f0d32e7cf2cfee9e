"""The pages of rules and offers: who may, lines added and dropped, refusals, history, trials on record."""

from __future__ import annotations

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from campaigns.models import Campaign, Offer, OfferVersion, Rule, RuleVersion
from cxportal.lib.errors import violated_constraint
from cxportal.pages.access import Role, create_staff, ensure_roles
from profiles.models import AccessRecord
from tests.factories.campaigns import reachable_customer, ready_house
from tests.factories.characteristics import characteristics, product_like
from tests.factories.facts import tell
from tests.factories.offers import CAR, offer, rule

pytestmark = pytest.mark.django_db
LIGHT = {"has": "weight", "at_most": 1000}
DRIVES = {"line-0-what": "fact:owns_car", "line-0-value": "yes"}
IS_LIGHT = {"term-0-what": "has:weight", "term-0-how": "at_most", "term-0-value": "1000"}
RULE = {"name": "Drivers", "weight": "fits", "join": "all", "term_join": "all"}
OFFER = {
    "name": "Chairs", "kind": "offer", "join": "all", "term_join": "all", "moments": ["birthday"],
    "doors": ["counter"], "value_customer": "1", "value_house": "1", "cost": "0",
    "starts_at": "2026-03-01T00:00",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _house(now):
    ensure_roles()
    ready_house()
    characteristics()
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def chair():
    return product_like("Light chair", weight=900)


def browser(role: Role) -> Client:
    client = Client()
    client.force_login(create_staff(f"one-{role}", role, "a long enough word"))
    return client


@pytest.fixture
def manager():
    return browser(Role.MANAGER)


def text(answer) -> str:
    return " ".join(strip_tags(answer.content.decode()).split())


def test_rules_and_offers_are_written_by_managers_alone(chair):
    pages = [f"/rules/{rule(CAR, LIGHT).pk}/", f"/offers/{offer(LIGHT).pk}/"]
    pages += [f"{page}change/" for page in pages] + [
        "/rules/",
        "/rules/new/",
        "/offers/",
        "/offers/new/",
    ]
    for role in Role:
        staff = browser(role)
        status = 200 if role == Role.MANAGER else 403
        assert {staff.get(page).status_code for page in pages} == {status}
        if role != Role.MANAGER:
            for page in pages[:2]:
                assert staff.post(f"{page}switch/", {"to": "off"}).status_code == 403
    assert (RuleVersion.objects.count(), OfferVersion.objects.count()) == (1, 1)


def test_lines_of_both_kinds_are_added_and_dropped_and_what_was_typed_stays(manager, chair):
    page = manager.post("/rules/new/", {"name": "Drivers", "add": "yes", "what": "fact:owns_car"})
    assert [line.what for line in page.context["lines"]] == ["fact:owns_car"]
    page = manager.post(
        "/rules/new/", {"name": "Drivers", **DRIVES, "add-term": "yes", "what-term": "has:weight"}
    )
    assert [line.what for line in page.context["terms"]] == ["has:weight"]
    assert page.context["form"].initial["name"] == "Drivers"
    page = manager.post("/rules/new/", {"name": "Drivers", **DRIVES, **IS_LIGHT, "drop-term": "0"})
    assert (len(page.context["lines"]), len(page.context["terms"])) == (1, 0)
    assert Rule.objects.count() == 0


def test_a_rule_is_kept_switched_off_and_its_changes_are_its_history(manager, chair):
    made = manager.post("/rules/new/", {**RULE, **DRIVES, **IS_LIGHT, "save": "yes"})
    rule_ = Rule.objects.get()
    assert made.url == f"/rules/{rule_.pk}/"
    version = rule_.versions.get()
    assert (version.condition, version.terms, version.is_on) == (CAR, LIGHT, False)
    changed = {**RULE, **DRIVES, **IS_LIGHT, "weight": "fits_well", "save": "yes"}
    manager.post(f"{made.url}change/", changed)
    manager.post(f"{made.url}change/", changed)
    manager.post(f"{made.url}switch/", {"to": "on"})
    assert [(v.number, v.weight, v.is_on) for v in rule_.versions.order_by("number")] == [
        (1, "fits", False), (2, "fits_well", False), (3, "fits_well", True),
    ]  # fmt: skip
    page = text(manager.get(made.url))
    assert "“Has a car” is yes ← “Weight” is at most 1000 g" in page
    assert "Version 3, one-manager, 10 Mar 2026" in page


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({**RULE, **IS_LIGHT}, "Add at least one line about customers"),
        ({**RULE, **DRIVES}, "Add at least one line about products"),
        ({**RULE, **DRIVES, **IS_LIGHT, "name": ""}, "This field is required"),
        ({**RULE, **DRIVES, **IS_LIGHT, "term-0-value": "light"}, "Enter a number"),
        ({**RULE, "line-0-what": "fact:losing_weight", "line-0-value": "yes", **IS_LIGHT},
         "special category"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_is_refused_with_its_reason(manager, chair, said, words):
    answer = manager.post("/rules/new/", {**said, "save": "yes"})
    assert (answer.status_code, words in text(answer)) == (422, True)
    assert Rule.objects.count() == 0


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"moments": []}, "This field is required"),
        ({"moments": ["third_contact"]}, "Select a valid choice"),
        ({"value_customer": "0"}, "It has to bring the customer something"),
        ({"cost": "2"}, "It costs as much as it brings"),
        ({"ends_at": "2026-02-01T00:00"}, "It ends before it begins"),
        ({"doors": ["email"]}, "Write the subject and the text of the e-mail"),
        ({"doors": ["email"], "mail_subject": "{{ x", "mail_text": "T"}, "The e-mail:"),
        ({"stock": "-1"}, "greater than or equal to 0"),
    ],
)
def test_an_offer_that_cannot_be_is_refused_with_its_reason(manager, chair, said, words):
    answer = manager.post("/offers/new/", {**OFFER, **IS_LIGHT, **said, "save": "yes"})
    assert (answer.status_code, Offer.objects.count()) == (422, 0)
    assert words in text(answer)


def test_an_offer_leads_a_campaign_for_each_of_its_moments(manager, chair):
    manager.post("/offers/new/", {**OFFER, **IS_LIGHT, "stock": "3", "save": "yes"})
    made = Offer.objects.get()
    assert (made.stock, Campaign.objects.filter(offer=made).count()) == (3, 0)
    page = f"/offers/{made.pk}/"
    manager.post(f"{page}switch/", {"to": "on"})
    manager.post(f"{page}change/", {**OFFER, **IS_LIGHT, "moments": ["basket"], "save": "yes"})
    live = {c.moment: c.is_live for c in Campaign.objects.filter(offer=made)}
    assert live == {"birthday": False, "basket": True}
    assert made.versions.order_by("-number")[0].starts_at.isoformat() == "2026-03-01T00:00:00+00:00"
    manager.post(f"{page}switch/", {"to": "off"})
    assert not Campaign.objects.filter(offer=made, is_live=True).exists()


def test_a_try_counts_all_names_some_and_is_on_record(manager, chair, now):
    dolores = reachable_customer()
    tell(dolores, "owns_car", True, now)
    reachable_customer("Ines")
    made = rule(CAR, LIGHT, is_on=False)
    page = text(manager.post(f"/rules/{made.pk}/"))
    assert "All 2 customers were tried" in page
    assert "It holds for 1 not known of 1: these count as no" in page
    assert "“Has a car”: yes, told on 10 March 2026" in page
    assert "Every product is like this" not in page
    rule(CAR, LIGHT)
    tried = text(manager.post(f"/offers/{offer(LIGHT, is_on=False).pk}/"))
    assert "Something of it fits 1" in tried
    assert "Light chair; they told us on 10 March 2026: has a car" in tried
    looked = AccessRecord.objects.order_by("-pk").filter(door="campaigns:offer-detail").first()
    assert looked is not None


def test_an_offer_for_whom_nothing_speaks_says_so(manager, chair):
    reachable_customer()
    page = text(manager.post(f"/offers/{offer(LIGHT, is_on=False).pk}/"))
    assert "It leaves to the rule base for whom it is, and no rule is on." in page
    page = text(manager.post(f"/offers/{offer({'has': 'weight', 'at_most': 1}, is_on=False).pk}/"))
    assert "No product is like this" in page


def test_the_lists_cost_the_same_for_one_and_for_many(manager, chair):
    def queries(page: str) -> int:
        with CaptureQueriesContext(connection) as statements:
            manager.get(page)
        return len(statements)

    rule(CAR, LIGHT)
    offer(LIGHT, condition=CAR)
    for page in ("/rules/", "/offers/"):
        queries(page)
    few = [queries(page) for page in ("/rules/", "/offers/")]
    for n in range(4):
        rule(CAR, LIGHT, name=f"Rule {n}")
        offer(LIGHT, condition=CAR, name=f"Offer {n}")
    assert [queries(page) for page in ("/rules/", "/offers/")] == few


@pytest.mark.parametrize(
    ("model", "change", "constraint"),
    [
        (OfferVersion, {"kind": "x"}, "campaigns_offerversion_kind"),
        (OfferVersion, {"doors": []}, "campaigns_offerversion_doors"),
        (OfferVersion, {"moments": []}, "campaigns_offerversion_moments"),
        (OfferVersion, {"value_customer": 0}, "campaigns_offerversion_values"),
        (OfferVersion, {"cost": 2}, "campaigns_offerversion_worth"),
        (OfferVersion, {"mail_text": ""}, "campaigns_offerversion_mail"),
        (OfferVersion, {"number": 1}, "campaigns_offerversion_number"),
        (RuleVersion, {"weight": "x"}, "campaigns_ruleversion_weight"),
        (RuleVersion, {"number": 1}, "campaigns_ruleversion_number"),
    ],
)
def test_the_database_refuses_what_must_never_be(chair, model, change, constraint):
    rule(CAR, LIGHT)
    offer(LIGHT)
    row = model.objects.get()
    row.pk, row.number = None, 2
    for name, value in change.items():
        setattr(row, name, value)
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        model.objects.bulk_create([row])
    assert violated_constraint(refusal.value) == constraint


def test_the_database_keeps_versions_as_written_and_no_stock_below_none(chair):
    rule(CAR, LIGHT)
    made = offer(LIGHT, stock=0)
    for rows in (RuleVersion.objects, OfferVersion.objects):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(name="Another")
    with pytest.raises(IntegrityError), transaction.atomic():
        Offer.objects.filter(pk=made.pk).update(stock=-1)
