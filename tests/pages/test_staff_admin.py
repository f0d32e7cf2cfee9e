"""Accounts in the data pages: a role each, no way up to superuser."""

from __future__ import annotations

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.urls import reverse

from cxportal.pages.access import Role, create_staff, role_of

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


# --- log-ins that were refused --------------------------------------------------------------------


def log_in(client, password: str):
    return client.post("/login/", {"username": "mira", "password": password})


def test_a_locked_log_in_says_how_long_and_who_can_open_it(client, administrator):
    create_staff("mira", Role.COUNTER, "a long enough word")
    for _ in range(9):
        assert log_in(client, "wrong").status_code == 200
    locked = log_in(client, "wrong")
    assert locked.status_code == 429
    page = locked.content.decode()
    assert "wrong 10 times from here" in page
    assert "for 60 minutes" in page
    assert "An administrator can let you in at once" in page
    assert 'href="/login/"' in page
    assert log_in(client, "a long enough word").status_code == 429

    attempts = [str(pk) for pk in AccessAttempt.objects.values_list("pk", flat=True)]
    administrator.post(
        reverse("admin:axes_accessattempt_changelist"),
        {"action": "let_in_again", "_selected_action": attempts},
    )
    assert not AccessAttempt.objects.exists()
    assert log_in(client, "a long enough word").status_code == 302


@pytest.mark.parametrize("narrowed", [{"q": "nobody"}, {"kind__exact": "goods"}])
def test_all_rows_are_offered_only_where_some_are_left_out(admin_client, narrowed):
    lists = [
        reverse("admin:profiles_product_changelist"),
        reverse("admin:profiles_habit_changelist"),
    ]
    for address in lists:
        assert "Show all" not in admin_client.get(address).content.decode()
    assert "Show all" in admin_client.get(lists[0], narrowed).content.decode()
