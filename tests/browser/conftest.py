"""The system's Chromium, on a live server with a small shop behind it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from campaigns.services import delivering, planning
from cxportal.lib.links import LinkPurpose, token_for
from cxportal.pages.access import Role, create_staff, ensure_roles
from feedback.services import cases
from feedback.services.setting_up import ensure_survey
from loyalty.services.setting_up import ensure_programme
from tests.factories.campaigns import due_habit, reachable_customer, ready_house

# Playwright's loop runs in this thread, and the ORM is used between its steps, never inside one. It must
# be said before the test database is made.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="session")
def browser_type_launch_args():
    return {"executable_path": os.environ["CHROMIUM"], "args": ["--no-sandbox", "--disable-gpu"]}


@pytest.fixture
def shop(transactional_db):
    """A customer who is due, one who complained, and a message that left."""
    ready_house()
    ensure_programme()
    ensure_survey()
    ensure_roles()
    now = datetime.now(UTC)
    days = {
        "last_on": (now - timedelta(days=30)).date(),
        "remind_on": (now - timedelta(days=1)).date(),
        "expected_on": (now + timedelta(days=3)).date(),
        "latest_on": (now + timedelta(days=6)).date(),
    }
    dolores = reachable_customer("Dolores Reyes")
    due_habit(dolores, **days)
    written_to = reachable_customer("Wanda Written")
    due_habit(written_to, **days)
    planning.plan_morning(now=now.replace(hour=5))
    written_to.deliveries.update(
        due_at=now - timedelta(minutes=1), expires_at=now + timedelta(days=2)
    )
    dolores.deliveries.all().delete()
    noon = now.replace(hour=12)
    written_to.deliveries.update(
        due_at=noon - timedelta(minutes=1), expires_at=noon + timedelta(days=2)
    )
    delivering.deliver_due(now=noon)
    cases.open_case(
        customer=written_to, kind="complaint", source_ref="call:1", detail="The bag was torn.",
        opened_by="staff:1", now=now,
    )  # fmt: skip
    return dolores, written_to


@pytest.fixture
def sign_in(shop, context, live_server) -> Iterator[object]:
    """Log the browser in with a role, by the cookie that a log-in gives."""

    def as_role(role: Role) -> None:
        client = Client()
        client.force_login(create_staff(f"one-{role}", role, "a long enough word"))
        context.add_cookies(
            [
                {
                    "name": "sessionid",
                    "value": client.cookies["sessionid"].value,
                    "url": live_server.url,
                }
            ]
        )

    return as_role


@pytest.fixture
def my_page(shop) -> str:
    return f"/my/{token_for(LinkPurpose.MY_PAGE, str(shop[0].public_id))}/"


@pytest.fixture
def erase_page(shop) -> str:
    return f"/erase/{token_for(LinkPurpose.ERASE, str(shop[0].public_id))}/"


@pytest.fixture
def why_page(shop) -> str:
    return f"/why/{token_for(LinkPurpose.WHY, str(shop[1].deliveries.get().public_id))}/"


@pytest.fixture
def stop_page(shop) -> str:
    return f"/stop/{token_for(LinkPurpose.STOP, str(shop[1].deliveries.get().public_id))}/"
