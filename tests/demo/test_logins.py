"""The demo's log-ins: one per role, kept where only the owner can read them."""

from __future__ import annotations

import stat

import pytest
from django.contrib.auth.models import User

from cxportal.demo.logins import ensure_logins, kept_passwords
from cxportal.pages.access import Role, ensure_roles, role_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _roles():
    ensure_roles()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "demo-logins.txt"


def test_each_role_has_a_log_in_that_works(file):
    logins = ensure_logins(file)
    assert [login.role for login in logins] == list(Role)
    for login in logins:
        user = User.objects.get(username=login.username)
        assert user.check_password(login.password)
        assert role_of(user) == login.role


def test_passwords_differ_and_only_the_owner_can_read_them(file):
    logins = ensure_logins(file)
    assert len({login.password for login in logins}) == len(Role)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_second_start_tells_the_same(file):
    first = ensure_logins(file)
    assert ensure_logins(file) == first
    assert User.objects.count() == len(Role)


def test_a_log_in_whose_file_was_lost_keeps_its_password(file):
    before = {login.username: login.password for login in ensure_logins(file)}
    file.unlink()
    assert {login.password for login in ensure_logins(file)} == {""}
    for user in User.objects.all():
        assert user.check_password(before[user.username])


def test_what_was_interrupted_between_file_and_accounts_is_finished(file):
    first = ensure_logins(file)
    User.objects.filter(username="analyst").delete()
    assert ensure_logins(file) == first
    assert User.objects.get(username="analyst").check_password(kept_passwords(file)["analyst"])
