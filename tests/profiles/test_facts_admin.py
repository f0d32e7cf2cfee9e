"""The data pages of attributes: managers extend the schema, and change nothing under values that stand."""

from __future__ import annotations

import pytest
from django.urls import reverse

from profiles.models import Attribute
from tests.factories.facts import attribute, note, tell
from tests.factories.profiles import ProfileFactory

pytestmark = pytest.mark.django_db
ADD = "admin:profiles_attribute_add"
NEW = {
    "code": "shoe-size",
    "name": "Shoe size",
    "type": "number",
    "unit": "EU",
    "purpose": "to have the right size ready",
    "sensitivity": "ordinary",
    "is_active": "on",
}


def change(client, code, **changes):
    one = attribute(code)
    form = {
        "name": one.name,
        "type": one.type,
        "unit": one.unit,
        "choices": ",".join(one.choices),
        "purpose": one.purpose,
        "sensitivity": one.sensitivity,
        "holds_days": one.holds_days or "",
        "outranks": "",
        "is_active": "on",
    }
    address = reverse("admin:profiles_attribute_change", args=[one.pk])
    return client.post(address, form | changes)


def test_a_manager_adds_an_attribute(admin_client):
    assert admin_client.post(reverse(ADD), NEW).status_code == 302
    one = attribute("shoe-size")
    assert (one.type, one.unit, one.purpose) == ("number", "EU", "to have the right size ready")
    customer = ProfileFactory().customer
    assert tell(customer, "shoe-size", "42 EU", one.created_at).value == 42


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"purpose": "marketing"}, "Begin with “to”"),
        ({"type": "choice"}, "Write what can be chosen."),
        ({"holds_days": "0"}, "A value holds for a day to a hundred years"),
        ({"code": "birthday"}, "already exists"),
    ],
)
def test_an_attribute_that_makes_no_sense_is_refused_in_words(admin_client, changes, words):
    before = Attribute.objects.count()
    answer = admin_client.post(reverse(ADD), NEW | changes)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert Attribute.objects.count() == before


def test_without_values_everything_may_change(admin_client):
    assert change(admin_client, "newspaper", type="number", unit="kg").status_code == 302
    assert attribute("newspaper").type == "number"


@pytest.mark.parametrize(
    ("code", "changes", "words"),
    [
        ("newspaper", {"type": "number"}, "Make a new attribute for another type."),
        ("newspaper", {"unit": "kg"}, "Make a new attribute for another unit."),
        ("owns_car", {"sensitivity": "special"}, "1 values are stored that nobody agreed to."),
        ("losing_weight", {"purpose": "to sell more"}, "Customers agreed to this."),
        ("losing_weight", {"sensitivity": "ordinary"}, "Customers agreed to this."),
        ("diet", {"choices": "eats everything,vegan"}, "In use, so they must stay: vegetarian."),
    ],
)
def test_under_values_that_stand_it_is_refused_in_words(admin_client, now, code, changes, words):
    customer = ProfileFactory().customer
    tell(customer, "newspaper", "The Times", now)
    tell(customer, "losing_weight", True, now)
    tell(customer, "diet", "vegetarian", now)
    note(customer, "owns_car", True, now)
    before = Attribute.objects.filter(code=code).values().get()
    answer = change(admin_client, code, **changes)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert Attribute.objects.filter(code=code).values().get() == before


def test_words_may_be_mended_and_choices_added_under_values(admin_client, now):
    tell(ProfileFactory().customer, "diet", "vegan", now)
    answer = change(
        admin_client, "diet", name="What you eat", choices="vegan,vegetarian,pescetarian"
    )
    assert answer.status_code == 302
    assert attribute("diet").name == "What you eat"


def test_a_delicate_value_is_shown_to_nobody_here(admin_client, now):
    customer = ProfileFactory().customer
    version = tell(customer, "losing_weight", True, now)
    tell(customer, "owns_car", None, now)
    pages = [
        reverse("admin:profiles_factvalue_changelist"),
        reverse("admin:profiles_factvalue_change", args=[version.pk]),
    ]
    texts = [admin_client.get(page).content.decode() for page in pages]
    assert all("told, and not shown" in text for text in texts)
    assert "deleted" in texts[0]


def test_the_lists_open_with_rows(admin_client, now):
    tell(ProfileFactory().customer, "diet", "vegan", now)
    for model in ("attribute", "factvalue", "householdmember"):
        assert admin_client.get(reverse(f"admin:profiles_{model}_changelist")).status_code == 200
