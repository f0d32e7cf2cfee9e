"""The page of a customer's timeline: whole or in parts, with and without scripts, for those who may."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine

from cxportal.pages.access import Role
from profiles.models import Touchpoint
from tests.factories.campaigns import ready_house
from tests.factories.profiles import ProfileFactory, SourceFactory


@pytest.fixture(autouse=True)
def house(db, now):
    ready_house()
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def dolores(now):
    """A customer with seventy visits of pages, an hour apart."""
    profile = ProfileFactory()
    Touchpoint.objects.bulk_create(
        Touchpoint(
            customer=profile.customer,
            origin_profile=profile,
            source=SourceFactory(),
            kind="page",
            name=f"Page {n:02}",
            occurred_at=now - timedelta(hours=n),
        )
        for n in range(70)
    )
    return profile.customer


def shown(html: str) -> list[str]:
    return re.findall(r"Looked at: (Page \d\d)", html)


def pages(first: int, last: int) -> list[str]:
    return [f"Page {n:02}" for n in range(first, last)]


def test_without_scripts_one_follows_a_link_to_what_came_before(manager, dolores):
    url, seen = f"/customers/{dolores.pk}/timeline/", []
    while url:
        html = manager.get(url).content.decode()
        seen += shown(html)
        found = re.search(r'<a href="([^"]+)">Earlier</a>', html)
        url = found[1].replace("&amp;", "&") if found else ""
    assert seen == pages(0, 70)


def test_htmx_gets_the_next_rows_alone(manager, dolores):
    first = manager.get(f"/customers/{dolores.pk}/timeline/?kind=touchpoint").content.decode()
    url = re.search(r'hx-get="([^"]+)" hx-trigger="revealed"', first)[1].replace("&amp;", "&")
    assert "kind=touchpoint" in url
    answer = manager.get(url, headers={"HX-Request": "true"})
    html = answer.content.decode()
    assert shown(html) == pages(30, 60)
    assert "<html" not in html
    assert "HX-Request" in answer["Vary"]


def test_days_are_those_of_the_house(manager, dolores):
    html = manager.get(
        f"/customers/{dolores.pk}/timeline/", {"since": "2026-03-10", "until": "2026-03-10"}
    ).content.decode()
    assert shown(html) == pages(0, 7)


def test_days_the_wrong_way_round_are_said(manager, dolores):
    html = manager.get(
        f"/customers/{dolores.pk}/timeline/", {"since": "2026-03-10", "until": "2026-03-09"}
    ).content.decode()
    assert "Choose a day that is not before the first." in html


@pytest.mark.parametrize("after", ["", "x", "1.2.3.4", "9" * 40 + ".purchase.1", "1.purchase.-1"])
def test_a_place_that_nobody_made_is_not_found(manager, dolores, after):
    assert manager.get(f"/customers/{dolores.pk}/timeline/", {"after": after}).status_code == 404


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.MANAGER, 200),
        (Role.SUPERVISOR, 200),
        (Role.ANALYST, 403),
        (Role.COUNTER, 403),
        (Role.ADMINISTRATOR, 403),
    ],
)
def test_managers_and_supervisors_may_read_it(browser_of, dolores, role, status):
    assert browser_of(role).get(f"/customers/{dolores.pk}/timeline/").status_code == status


def test_nobody_is_there(manager):
    assert manager.get("/customers/999999/timeline/").status_code == 404
