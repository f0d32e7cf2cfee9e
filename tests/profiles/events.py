"""Handing in events in tests, as clients do."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import datetime
from typing import Any

from django.test import Client

from profiles.models import InboundEvent, Source
from profiles.services import keys, processing, receiving
from tests.factories.profiles import SourceFactory

SECRET = "k" * 30
WRITE_KEY = f"{keys.PREFIX}{SECRET}"


def write_key(now: datetime, *scopes: str, source: Source | None = None, random: str = SECRET):
    """Make the key of a shop."""
    return keys.create_key(
        name="Shop",
        scopes=scopes or ("events",),
        source=source or SourceFactory(code="shop", name="Shop", kind="api"),
        random=random,
        by=None,
        now=now,
    )


def basic(key: str = WRITE_KEY, *, colon: bool = True) -> str:
    return "Basic " + base64.b64encode(f"{key}{':' if colon else ''}".encode()).decode()


def post(path: str, body: Any, *, key: str | None = WRITE_KEY, zipped: bool = False, **headers):
    """Send a body as JSON (or as it is), without CSRF and session, as a client does."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    if key:
        headers.setdefault("Authorization", basic(key))
    content_type = headers.pop("content_type", "application/json")
    return Client(enforce_csrf_checks=True).generic(
        "POST", path, gzip.compress(data) if zipped else data, content_type, headers=headers
    )


def track(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "type": "track",
        "messageId": f"m{number}",
        "userId": "u1",
        "event": "Opened",
        "timestamp": "2026-03-10T06:00:00Z",
    } | more


def take(now: datetime, source: Source, *events: Any) -> receiving.Receipt:
    """Take events in, past the web."""
    taken = InboundEvent.objects.count()
    spare = [f"spare-{taken}-{n}" for n in range(len(events))]
    return receiving.receive(events=list(events), message_ids=spare, source=source, now=now)


def bring(now: datetime, source: Source, *events: Any) -> processing.Worked:
    """Take events in, and work them off."""
    take(now, source, *events)
    return processing.process_waiting(now=now)
