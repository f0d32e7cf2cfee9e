"""Every page of staff says whom it shows, and is written down where it shows somebody."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.urls import reverse

from cxportal.lib.registry import registry
from cxportal.pages.access import Role, create_staff, ensure_roles
from cxportal.pages.looks import LOOKS, NOBODY, look_at
from profiles.models import AccessRecord
from tests.architecture.test_doors import PATTERNS, is_open
from tests.factories.somebody import QUILL, somebody


def view_names():
    """Addresses of staff by the names of their views; the data pages follow from their tables."""
    names = {}
    for address, entry in PATTERNS:
        if not is_open(entry) and not address.startswith("data/"):
            names[address] = entry.name
    return names


def declared_names():
    return {name.rpartition(":")[2] for name in {*LOOKS, *NOBODY}}


@pytest.mark.parametrize("address", sorted(view_names()))
def test_a_page_of_staff_says_whom_it_shows(address):
    assert view_names()[address] in declared_names(), "add it to LOOKS or NOBODY (pages/looks.py)"


def test_no_page_is_in_both_lists():
    assert LOOKS.keys() & NOBODY.keys() == set()
    assert declared_names() - set(view_names().values()) == set()


@pytest.fixture
def person(db, now):
    return somebody(QUILL, now)


@pytest.fixture
def client_of(db, client):
    ensure_roles()

    def of(role):
        client.force_login(create_staff(f"one-{role}", role, "a long enough word"))
        return client

    return of


def tables_with_people():
    labels = {*registry.holdings, *registry.mentions}
    models = (model for model in admin.site._registry if model._meta.label in labels)
    return sorted(models, key=lambda model: model._meta.label)


@pytest.mark.parametrize("model", tables_with_people(), ids=lambda model: model._meta.label)
def test_a_data_page_with_people_is_on_record(model, admin_client, person):
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    row = model._base_manager.order_by("pk").first()
    for view, args in ((f"{name}_changelist", []), (f"{name}_change", [row.pk])):
        before = set(AccessRecord.objects.values_list("pk", flat=True))
        assert admin_client.get(reverse(view, args=args)).status_code == 200
        written = AccessRecord.objects.exclude(pk__in=before)
        assert {(r.act, r.door) for r in written} == {("looked", view)}
        if args and model._meta.label in registry.holdings:
            assert person.pk in {r.customer_id for r in written}


def test_a_table_without_people_is_not_on_record():
    assert look_at("admin:profiles_product_changelist") is None
    assert look_at("admin:profiles_customer_changelist") is not None


def test_a_page_that_nobody_declared_is_on_record_all_the_same(person):
    look = look_at("some:new-page")
    assert look.act == "looked"
    assert look.whom({"customer_id": person.pk}) == [person.pk]


def test_the_record_is_for_supervisors(client_of):
    for role in Role:
        expected = 200 if role == Role.SUPERVISOR else 403
        assert client_of(role).get(reverse("looks")).status_code == expected
