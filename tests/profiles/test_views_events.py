"""Managers read why events were kept aside, replay and drop them."""

from __future__ import annotations

import pytest

from cxportal.pages.access import Role, create_staff, ensure_roles
from profiles.models import InboundEvent
from tests.factories.profiles import SourceFactory
from tests.profiles.events import bring, take, track

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(now):
    shop = SourceFactory(code="shop", name="Web shop", kind="api")
    personal = {"name": "Dolores Reyes", "email": "dolores@example.com", "zip": 12345}
    bring(now, shop, track(1, event="", context={"traits": personal}), track(2, userId=None))
    take(now, shop, track(3))
    return shop


@pytest.fixture
def office(client):
    ensure_roles()

    def of(role: Role):
        client.force_login(create_staff(f"one-{role}", role, "a long enough word"))
        return client

    return of


def test_the_list_says_why_and_how_many_and_shows_nobody(
    shop, office, django_assert_max_num_queries
):
    browser = office(Role.MANAGER)
    browser.get("/events/")
    with django_assert_max_num_queries(16):
        page = browser.get("/events/").content.decode()
    assert "It does not say what happened." in page
    assert "It says of nobody whose it is" in page
    assert "1 events wait" in page
    assert "Dolores" not in page


def test_one_reason_alone_can_be_looked_at(shop, office):
    answer = office(Role.MANAGER).get("/events/?reason=nobody")
    assert [event.message_id for event, _ in answer.context["rows"]] == ["m2"]


def test_an_event_is_shown_without_what_may_be_personal(shop, office):
    event = InboundEvent.objects.get(reason="name_missing")
    page = office(Role.MANAGER).get(f"/events/{event.pk}/").content.decode()
    assert "&quot;type&quot;: &quot;track&quot;" in page
    assert "(13 letters)" in page
    assert "(a number)" in page
    assert "Dolores" not in page
    assert "example.com" not in page
    assert "12345" not in page


def test_events_are_replayed_and_dropped_one_by_one_and_by_reason(shop, office):
    browser = office(Role.MANAGER)
    one = InboundEvent.objects.get(reason="name_missing")
    browser.post("/events/replay/", {"event": one.pk})
    assert InboundEvent.objects.get(pk=one.pk).reason == ""
    browser.post("/events/drop/", {"reason": "nobody"})
    assert not InboundEvent.objects.exclude(reason="").exists()
    assert InboundEvent.objects.filter(reason="").count() == 2
    answer = browser.post("/events/drop/", {"event": one.pk}, follow=True)
    assert "Nothing of this is parked any more." in answer.content.decode()
    assert InboundEvent.objects.count() == 2


@pytest.mark.parametrize("named", [{}, {"event": "x"}, {"event": "9" * 30}, {"reason": "unknown"}])
def test_a_form_that_names_nothing_changes_nothing(shop, office, named):
    browser = office(Role.MANAGER)
    browser.post("/events/drop/", named)
    browser.post("/events/replay/", named)
    assert InboundEvent.objects.exclude(reason="").count() == 2


def test_only_managers_replay_and_drop(shop, office):
    event = InboundEvent.objects.get(reason="nobody")
    for role in set(Role) - {Role.MANAGER}:
        browser = office(role)
        assert browser.post("/events/drop/", {"event": event.pk}).status_code == 403
        assert browser.post("/events/replay/", {"event": event.pk}).status_code == 403
        expected = 200 if role == Role.ADMINISTRATOR else 403
        assert browser.get("/events/").status_code == expected
    assert InboundEvent.objects.exclude(reason="").count() == 2
