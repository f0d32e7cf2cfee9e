"""Keys of other systems: shown once, kept as a hash, revoked for good."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from cxportal.pages.access import Role, create_staff, ensure_roles
from profiles.api.authentication import ApiKeyAuthentication, needs_scope
from profiles.models import ApiKey, Source
from profiles.rules.scopes import Scope
from profiles.services import keys
from tests.profiles.events import WRITE_KEY, basic, write_key

pytestmark = pytest.mark.django_db


def test_a_key_is_kept_as_a_hash_and_known_again(now):
    made = write_key(now)
    assert made.secret == WRITE_KEY
    stored = ApiKey.objects.get()
    assert stored.digest == hashlib.sha256(WRITE_KEY.encode()).hexdigest()
    assert (stored.hint, stored.scopes, stored.source.code) == ("cx_kkkkk", ["events"], "shop")
    assert keys.verify(secret=WRITE_KEY, now=now) == stored
    assert keys.verify(secret=WRITE_KEY[:-1], now=now) is None
    assert keys.verify(secret="\ud800", now=now) is None


def test_that_it_is_used_is_written_every_few_minutes(now, django_assert_num_queries):
    write_key(now)
    keys.verify(secret=WRITE_KEY, now=now)
    with django_assert_num_queries(1):
        keys.verify(secret=WRITE_KEY, now=now + timedelta(minutes=4))
    assert ApiKey.objects.get().last_used_at == now
    keys.verify(secret=WRITE_KEY, now=now + timedelta(minutes=6))
    assert ApiKey.objects.get().last_used_at == now + timedelta(minutes=6)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"name": " \0"}, keys.KeyUnnamed),
        ({"scopes": []}, keys.ScopeUnknown),
        ({"scopes": ["events", "all"]}, keys.ScopeUnknown),
        ({"random": "short"}, keys.KeyTooWeak),
    ],
)
def test_a_key_without_name_scope_or_secret_is_not_made(now, change, error):
    source = keys.source_for(code="", name="Web shop")
    asked = {"name": "Shop", "scopes": ["events"], "random": "r" * 30} | change
    with pytest.raises(error):
        keys.create_key(**asked, source=source, by=None, now=now)
    assert ApiKey.objects.count() == 0


def test_a_revoked_key_opens_nothing_and_cannot_be_revoked_again(now, admin_user):
    key = write_key(now).key
    keys.revoke(key=key, by=admin_user, now=now)
    assert keys.verify(secret=WRITE_KEY, now=now) is None
    with pytest.raises(keys.KeyRevoked):
        keys.revoke(key=key, by=admin_user, now=now + timedelta(days=1))
    assert ApiKey.objects.get().revoked_at == now


# --- the REST API comes in by the same keys -------------------------------------------------------


def request_with(header: str) -> Request:
    return Request(APIRequestFactory().get("/", HTTP_AUTHORIZATION=header))


@pytest.mark.parametrize("header", [f"Bearer {WRITE_KEY}", basic()])
def test_a_caller_is_known_by_its_key_and_may_what_its_scopes_say(now, header):
    key = write_key(now, "read").key
    request = request_with(header)
    caller, auth = ApiKeyAuthentication().authenticate(request)
    assert (caller.actor, auth) == (f"api:{key.pk}", key)
    request.auth = auth
    assert needs_scope(Scope.READ)().has_permission(request, None)
    assert not needs_scope(Scope.WRITE)().has_permission(request, None)


def test_a_wrong_key_is_refused_and_none_is_left_to_others(now):
    with pytest.raises(AuthenticationFailed):
        ApiKeyAuthentication().authenticate(request_with("Bearer cx_wrong"))
    assert ApiKeyAuthentication().authenticate(request_with("")) is None


# --- from the shell and in the back-office --------------------------------------------------------


def test_the_command_prints_the_key_once():
    out, words = StringIO(), StringIO()
    call_command(
        "create_api_key", "Web shop", "--scopes", "events", "read", stdout=out, stderr=words
    )
    secret = out.getvalue().strip()
    key = ApiKey.objects.get()
    assert key.digest == keys.digest(secret)
    assert (key.name, key.scopes, key.source.code) == ("Web shop", ["events", "read"], "web-shop")
    assert secret not in words.getvalue()
    with pytest.raises(CommandError):
        call_command("create_api_key", "Web shop", "--scopes", "all")
    assert ApiKey.objects.count() == 1


@pytest.fixture
def office(client):
    ensure_roles()

    def of(role: Role):
        client.force_login(create_staff(f"one-{role}", role, "a long enough word"))
        return client

    return of


def test_an_administrator_makes_a_key_sees_it_once_and_revokes_it(office):
    browser = office(Role.ADMINISTRATOR)
    asked = {"name": "Web shop", "source": "shop", "scopes": ["events"]}
    made = browser.post("/settings/keys/", asked)
    key = ApiKey.objects.get()
    secret = made.context["made"].secret
    assert keys.digest(secret) == key.digest
    assert secret in made.content.decode()
    assert "no-store" in made["Cache-Control"]
    again = browser.get("/settings/keys/").content.decode()
    assert secret not in again
    assert "It may stand in the pages of a shop." in again
    browser.post(f"/settings/keys/{key.pk}/revoke/")
    assert ApiKey.objects.get().revoked_at is not None


def test_a_form_without_scopes_makes_nothing(office):
    answer = office(Role.ADMINISTRATOR).post("/settings/keys/", {"name": "Web shop"})
    assert answer.status_code == 422
    assert (ApiKey.objects.count(), Source.objects.filter(code="web-shop").count()) == (0, 0)


def test_nobody_else_sees_or_makes_keys(office, now):
    key = write_key(now).key
    for role in set(Role) - {Role.ADMINISTRATOR}:
        browser = office(role)
        assert browser.get("/settings/keys/").status_code == 403
        assert browser.post("/settings/keys/", {"name": "x", "scopes": ["read"]}).status_code == 403
        assert browser.post(f"/settings/keys/{key.pk}/revoke/").status_code == 403
    assert ApiKey.objects.get().revoked_at is None
