"""The data pages of consent: the ledger is read, wordings get versions, managers say where double opt-in holds."""

from __future__ import annotations

import pytest

from cxportal.pages.access import Role
from profiles.models import ConsentRule, ConsentWording
from profiles.rules.names import Purpose
from tests.factories.campaigns import consent, wording
from tests.factories.profiles import ProfileFactory

WORDINGS = "/data/profiles/consentwording/"
GIVEN = {"purpose": "offers", "language": "en", "text": "Tell me what is new."}


def test_a_new_text_is_a_new_version_and_the_old_one_stays(manager):
    wording(Purpose.OFFERS)
    assert manager.post(WORDINGS + "add/", GIVEN).status_code == 302
    assert manager.post(WORDINGS + "add/", GIVEN).status_code == 302
    texts = ConsentWording.objects.filter(purpose="offers").order_by("version")
    assert list(texts.values_list("version", "text")) == [
        (1, "You may write about offers."), (2, "Tell me what is new."),
    ]  # fmt: skip


@pytest.mark.parametrize("form", [{"text": ""}, {"purpose": "special"}, {"language": "English"}])
def test_what_cannot_be_shown_is_not_published(manager, form):
    assert manager.post(WORDINGS + "add/", GIVEN | form).status_code == 200
    assert not ConsentWording.objects.exists()


def test_a_wording_that_was_shown_is_not_changed(manager):
    one = wording(Purpose.OFFERS)
    assert manager.post(f"{WORDINGS}{one.pk}/change/", GIVEN).status_code == 403
    assert manager.post(f"{WORDINGS}{one.pk}/delete/", {"post": "yes"}).status_code == 403
    one.refresh_from_db()
    assert one.text == "You may write about offers."


def test_a_manager_turns_double_opt_in_on(manager):
    rule = ConsentRule.objects.get(purpose="offers")
    form = {"needs_confirmation": "on", "purpose": "reminders"}
    assert manager.post(f"/data/profiles/consentrule/{rule.pk}/change/", form).status_code == 302
    needing = ConsentRule.objects.filter(needs_confirmation=True)
    assert [rule.purpose for rule in needing] == ["offers"]


def test_nobody_changes_the_ledger(manager):
    entry = consent(ProfileFactory().customer)
    page = f"/data/profiles/consententry/{entry.pk}/"
    assert manager.get(page + "change/").status_code == 200
    assert manager.post(page + "change/", {"state": "withdrawn"}).status_code == 403
    assert manager.get("/data/profiles/consententry/add/").status_code == 403


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ANALYST, Role.ADMINISTRATOR])
def test_only_managers_publish_and_rule(browser_of, role):
    browser = browser_of(role)
    rule = ConsentRule.objects.get(purpose="offers")
    form = {"needs_confirmation": "on"}
    assert browser.post(WORDINGS + "add/", GIVEN).status_code == 403
    assert browser.post(f"/data/profiles/consentrule/{rule.pk}/change/", form).status_code == 403
    assert not ConsentWording.objects.exists()
    assert not ConsentRule.objects.filter(needs_confirmation=True).exists()
