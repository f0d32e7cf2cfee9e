"""The Python clients of Segment and RudderStack, unmodified."""

from __future__ import annotations

import time

import pytest
from rudderstack.analytics.client import Client as Rudder
from segment.analytics.client import Client as Segment

from profiles.models import ApiKey, EventKey, InboundEvent
from tests.clients.arrivals import check_arrived
from tests.profiles.events import WRITE_KEY

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
CLIENTS = [
    pytest.param(Segment, {"gzip": False}, id="segment"),
    pytest.param(Segment, {"gzip": True}, id="segment-gzip"),
    pytest.param(Rudder, {}, id="rudder-gzip"),
    pytest.param(Rudder, {"gzip": False}, id="rudder"),
]


def send(client_class, server: str, options, key: str = WRITE_KEY) -> list[Exception]:
    errors: list[Exception] = []
    client = client_class(
        key, host=server, on_error=lambda error, batch: errors.append(error), **options
    )
    client.identify("py-1", traits={"name": "Zoë 😀", "email": "py-1@example.com"})
    client.track("py-1", "Opened", {"plan": "gold"})
    client.flush()
    client.join()
    return errors


@pytest.mark.parametrize(("client_class", "options"), CLIENTS)
def test_what_it_sends_arrives_once(server, client_class, options):
    assert send(client_class, server, options) == []
    assert EventKey.objects.count() == 2
    check_arrived("py-1")


@pytest.mark.parametrize(("client_class", "options"), CLIENTS)
def test_a_wrong_key_is_told_once_and_not_tried_for_ever(server, client_class, options):
    began = time.monotonic()
    (error,) = send(client_class, server, options, key="cx_wrong")
    assert (error.status, error.code) == (401, "unauthorized")
    assert time.monotonic() - began < 5
    assert InboundEvent.objects.count() == 0


def test_a_revoked_key_is_refused_like_a_wrong_one(server):
    ApiKey.objects.update(revoked_at="2026-01-01T00:00:00Z")
    (error,) = send(Segment, server, {})
    assert error.status == 401
    assert InboundEvent.objects.count() == 0
