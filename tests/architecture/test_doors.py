"""Every address asks who is there, and answers each role with what its part is."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.urls import URLPattern, get_resolver, reverse

from cxportal.pages.access import PERMISSIONS, Role, create_staff, ensure_roles
from cxportal.pages.navigation import NAVIGATION, navigation
from profiles.urls import EVENT_DOORS
from tests.pages import rows

# What is open to the world: log-in, health, and what customers reach by signed links. A page that is
# opened by mistake shows here.
OPEN = {
    "api/v1/callers/",
    "api/v1/",
    "api/v1/<path:rest>",
    "api/v1/attributes/",
    "api/v1/customers/",
    "api/v1/customers/<uuid:public_id>/",
    "api/v1/customers/<uuid:public_id>/card/",
    "api/v1/customers/<uuid:public_id>/consents/",
    "api/v1/customers/<uuid:public_id>/consents/receipt/",
    "api/v1/customers/<uuid:public_id>/consents/withdrawals/",
    "api/v1/customers/<uuid:public_id>/facts/",
    "api/v1/customers/<uuid:public_id>/facts/<slug:attribute>/",
    "api/v1/customers/<uuid:public_id>/household/",
    "api/v1/customers/<uuid:public_id>/household/members/",
    "api/v1/customers/<uuid:public_id>/household/members/<int:member_id>/",
    "api/v1/customers/<uuid:public_id>/household/members/<int:member_id>/back/",
    "api/v1/customers/<uuid:public_id>/household/warnings/",
    "api/v1/customers/<uuid:public_id>/household/warnings/<int:warning_id>/",
    "api/v1/customers/<uuid:public_id>/household/warnings/<int:warning_id>/back/",
    "api/v1/customers/<uuid:public_id>/identifiers/",
    "api/v1/customers/<uuid:public_id>/identifiers/<int:identifier_id>/",
    "api/v1/customers/<uuid:public_id>/identifiers/<int:identifier_id>/verified/",
    "api/v1/customers/<uuid:public_id>/merges/",
    "api/v1/customers/<uuid:public_id>/purchases/",
    "api/v1/customers/<uuid:public_id>/returns/",
    "api/v1/customers/<uuid:public_id>/timeline/",
    "api/v1/customers/<uuid:public_id>/touchpoints/",
    "api/v1/customers/lookup/",
    "api/v1/customers/search/",
    "api/v1/decisions/",
    "api/v1/decisions/mind-least/",
    "api/v1/decisions/<uuid:decision_id>/",
    "api/v1/decisions/<uuid:decision_id>/outcomes/",
    "api/v1/decisions/<uuid:decision_id>/outcomes/<int:outcome_id>/",
    "api/v1/docs/",
    "api/v1/merges/",
    "api/v1/merges/<int:edge_id>/undo/",
    "api/v1/merges/apart/",
    "api/v1/pickups/",
    "api/v1/products/",
    "api/v1/products/<path:code>/",
    "api/v1/products/characteristics/",
    "api/v1/pickups/at/<path:place>/",
    "api/v1/pickups/state/",
    "api/v1/schema/",
    "api/v1/wordings/",
    "answer/<str:token>/",
    "checkout/<str:shop>/",
    "checkout/<str:shop>/boxes.json",
    "confirm/<str:token>/",
    "data/login/",
    "erase/<str:token>/",
    "export/<str:token>/",
    "fresh/<str:purpose>/<str:token>/",
    "healthz",
    "join/<str:code>/",
    "join/<str:code>/done/",
    "buy/<str:token>/",
    "login/",
    "my/<str:token>/",
    "my/<str:token>/consent/",
    "my/<str:token>/consent/receipt.json",
    "my/<str:token>/contact/",
    "my/<str:token>/erase/",
    "my/<str:token>/export/",
    "my/<str:token>/delicate/withdraw/",
    "my/<str:token>/fact/<int:attribute_id>/<str:said>/",
    "my/<str:token>/household/<str:said>/",
    "my/<str:token>/path/<int:path_id>/begin/",
    "my/<str:token>/path/<int:following_id>/<str:said>/",
    "my/<str:token>/order/",
    "my/<str:token>/order/<int:pickup_id>/<str:said>/",
    "my/<str:token>/person/",
    "my/<str:token>/question/<str:said>/",
    "my/<str:token>/reorder/<int:product_id>/<str:said>/",
    "my/<str:token>/write-again/",
    "stop/<str:token>/",
    "stop/<str:token>/start-again/",
    "why/<str:token>/",
    # Events of other systems: by their key.
    rf"^v1/(?P<door>{EVENT_DOORS})/?$",
    r"^v1/projects/(?P<write_key>[^/]+)/settings/?$",
    "v1/<path:rest>",
}


def patterns(resolver=None, prefix=""):
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            yield prefix + str(entry.pattern), entry
        else:
            yield from patterns(entry, prefix + str(entry.pattern))


def is_open(entry: URLPattern) -> bool:
    return not getattr(entry.callback, "login_required", True)


PATTERNS = list(patterns())


def test_only_these_addresses_are_open_to_the_world():
    assert {address for address, entry in PATTERNS if is_open(entry)} == OPEN


@pytest.fixture
def browser_as(db, client):
    ensure_roles()

    def of(role):
        client.force_login(create_staff(f"one-{role}", role, "a long enough word"))
        return client

    return of


@pytest.mark.parametrize(
    "address", sorted(a for a, e in PATTERNS if not is_open(e) and "<" not in a and "(" not in a)
)
def test_strangers_are_asked_to_log_in(address, client, db):
    answer = client.get("/" + address.replace("^", "").replace("$", ""))
    assert answer.status_code in {302, 405}
    if answer.status_code == 302:
        assert answer.url.startswith(("/login/", "/data/login/"))


@pytest.mark.parametrize("role", list(Role))
def test_the_navigation_leads_only_to_pages_that_open(role, browser_as):
    client = browser_as(role)
    shut = {item.label: client.get(item.url).status_code for item in navigation(role, "/")}
    assert {label: status for label, status in shut.items() if status != 200} == {}


@pytest.mark.parametrize("role", list(Role))
def test_what_is_not_in_the_navigation_does_not_open(role, browser_as):
    client = browser_as(role)
    shown = {item.url for item in navigation(role, "/")}
    others = {reverse(entry.view) for entry in NAVIGATION} - shown
    assert {url for url in others if client.get(url, follow=True).status_code != 403} == set()


@pytest.mark.parametrize("role", list(Role))
def test_each_role_lands_on_its_first_page(role, browser_as):
    answer = browser_as(role).get("/", follow=True)
    assert answer.status_code == 200
    assert len(answer.redirect_chain) == 1


def registered():
    return sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.mark.parametrize("model", registered(), ids=lambda model: model._meta.label)
def test_a_table_opens_to_those_who_may_view_it_and_to_nobody_else(model, db, client):
    ensure_roles()
    name = f"{model._meta.app_label}_{model._meta.model_name}"
    permission = f"{model._meta.app_label}.view_{model._meta.model_name}"
    for role in set(Role) - {Role.COUNTER}:
        client.force_login(create_staff(f"one-{role}", role, "a long enough word"))
        expected = 200 if permission in PERMISSIONS[role] else 403
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == expected


@pytest.mark.parametrize("model", registered(), ids=lambda model: model._meta.label)
def test_some_role_may_view_every_table_that_is_registered(model):
    permission = f"{model._meta.app_label}.view_{model._meta.model_name}"
    assert any(permission in held for held in PERMISSIONS.values())


def test_counter_staff_find_no_data_pages(browser_as):
    client = browser_as(Role.COUNTER)
    assert client.get("/data/", follow=True).status_code == 403
    assert client.get("/data/profiles/customer/", follow=True).status_code == 403


def test_each_kind_of_row_has_a_page(admin_client, now):
    spoken = rows.decision(now)
    made = [
        rows.delivery(now, spoken),
        rows.answer(spoken, "not_relevant", now),
        rows.habit(now),
        rows.habit(now, doubt="too_few"),
        rows.plan_run(now),
        rows.rehearsal(),
        spoken.moment,
        spoken.customer,
        spoken.campaign,
    ]
    for row in made:
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
        assert admin_client.get(reverse(name, args=[row.pk])).status_code == 200


WITHOUT_PARTS = sorted(a for a, _ in PATTERNS if "<" not in a and "(" not in a)


@pytest.mark.parametrize("role", list(Role))
def test_no_page_is_kept_by_browsers_or_on_the_way(role, browser_as):
    client = browser_as(role)
    kept = {
        address
        for address in WITHOUT_PARTS
        if "no-store" not in client.get(f"/{address}").headers["Cache-Control"]
    }
    assert kept == set()
    assert "no-store" in client.get("/counter/999999/").headers["Cache-Control"]
