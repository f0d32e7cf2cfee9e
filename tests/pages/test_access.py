"""Roles: what each may do is written out, and nothing else is open."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission, User

from cxportal.pages.access import (
    PERMISSIONS,
    Role,
    assign_role,
    create_staff,
    ensure_roles,
    role_of,
    roles_with,
)


def held_by(role: Role) -> set[str]:
    rows = Permission.objects.filter(group__name=role.value)
    return {
        f"{app}.{code}" for app, code in rows.values_list("content_type__app_label", "codename")
    }


def test_every_role_is_a_group_with_exactly_its_permissions(roles):
    for role in Role:
        assert held_by(role) == PERMISSIONS[role]


def test_permissions_that_were_added_by_hand_are_taken_back(roles):
    counter = Group.objects.get(name="counter")
    counter.permissions.add(Permission.objects.get(codename="view_customer"))
    ensure_roles()
    assert held_by(Role.COUNTER) == {"profiles.view_product"}


def test_a_permission_that_does_not_exist_is_a_mistake(db, monkeypatch):
    monkeypatch.setitem(PERMISSIONS, Role.ANALYST, frozenset({"campaigns.view_decison"}))
    with pytest.raises(KeyError):
        ensure_roles()


def test_nobody_is_a_superuser_by_role(staff):
    assert [staff(role).is_superuser for role in Role] == [False] * 5


def test_only_counter_staff_stay_out_of_the_data_pages(staff):
    assert {role for role in Role if not staff(role).is_staff} == {Role.COUNTER}


def test_an_account_has_one_role_at_a_time(staff):
    user = staff(Role.MANAGER)
    assign_role(user=user, role=Role.COUNTER)
    stored = User.objects.get(pk=user.pk)
    assert role_of(stored) is Role.COUNTER
    assert stored.is_staff is False
    assert [group.name for group in stored.groups.all()] == ["counter"]


def test_a_superuser_counts_as_administrator(db):
    assert role_of(User.objects.create_superuser("root")) is Role.ADMINISTRATOR


def test_strangers_and_accounts_without_a_group_have_no_role(db):
    assert role_of(AnonymousUser()) is None
    assert role_of(User.objects.create_user("nobody")) is None


def test_a_new_account_can_log_in_with_its_password(roles, client):
    create_staff("mira", Role.COUNTER, "a long enough word", first_name="Mira")
    answer = client.post("/login/", {"username": "mira", "password": "a long enough word"})
    assert answer.status_code == 302
    assert answer.url == "/"


def test_only_managers_read_what_customers_were_sent_in_the_sandbox():
    assert roles_with("campaigns.view_sandboxmessage") == {Role.MANAGER}
