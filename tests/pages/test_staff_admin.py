"""Accounts in the data pages: a role each, no way up to superuser."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from cxportal.pages.access import Role, role_of

pytestmark = pytest.mark.django_db
NEW = {
    "username": "mira",
    "role": "counter",
    "usable_password": "true",
    "password1": "a long enough word",
    "password2": "a long enough word",
    "first_name": "Mira",
    "last_name": "",
    "email": "",
}


def test_an_administrator_adds_staff_with_a_role(administrator):
    answer = administrator.post(reverse("admin:auth_user_add"), NEW)
    assert answer.status_code == 302
    mira = User.objects.get(username="mira")
    assert (role_of(mira), mira.is_staff, mira.is_superuser) == (Role.COUNTER, False, False)


def test_a_new_role_takes_the_place_of_the_old_one(administrator, staff):
    user = staff(Role.COUNTER)
    change = {"username": user.username, "role": "analyst", "is_active": "on", "is_superuser": "on"}
    answer = administrator.post(reverse("admin:auth_user_change", args=[user.pk]), change)
    assert answer.status_code == 302
    stored = User.objects.get(pk=user.pk)
    assert (role_of(stored), stored.is_staff, stored.is_superuser) == (Role.ANALYST, True, False)


def test_a_superuser_is_out_of_reach(administrator):
    root = User.objects.create_superuser("root", password="a long enough word")
    page = reverse("admin:auth_user_change", args=[root.pk])
    assert administrator.post(page, {"username": "mine", "role": "counter"}).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[root.pk])
    new = {"password1": "another long word", "password2": "another long word"}
    assert administrator.post(password, new).status_code == 403
    assert User.objects.get(pk=root.pk).check_password("a long enough word")


def test_data_pages_have_the_looser_policy_and_no_other_page(administrator):
    data = administrator.get("/data/")["Content-Security-Policy"]
    page = administrator.get("/settings/")["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval'" in data
    assert "unsafe" not in page
