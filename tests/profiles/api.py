"""A system with a key that calls the REST API, for tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.test import Client

from profiles.models import Profile
from profiles.services import keys
from tests.factories.profiles import SourceFactory
from tests.pages.tables import fingerprint

# What every request may write: that the key is used, and who looked at whom.
_WRITTEN = {"profiles_apikey", "profiles_accessrecord"}


class System:
    """Another system, whose rows come from the till; answers are JSON or nothing."""

    def __init__(self, *scopes: str, now: datetime, source: str = "till") -> None:
        made = keys.create_key(
            name="Shop",
            scopes=scopes,
            source=SourceFactory(code=source),
            random="y" * 30 + source + "".join(scopes),
            by=None,
            now=now,
        )
        self.key = made.key
        self._client = Client(headers={"Authorization": f"Bearer {made.secret}"})

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        given = {"data": body, "content_type": "application/json"} if body is not None else {}
        return getattr(self._client, method)(f"/api/v1/{path}", headers=headers, **given)

    def get(self, path: str) -> HttpResponse:
        return self.call("get", path)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.call("post", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any) -> HttpResponse:
        return self.call("patch", path, body)

    def delete(self, path: str) -> HttpResponse:
        return self.call("delete", path)


def at(profile: Profile, rest: str = "") -> str:
    """The address of a customer."""
    return f"customers/{profile.customer.public_id}/{rest}"


def said(answer: HttpResponse) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, answer.json()["code"]


def rows() -> dict[str, str]:
    """Every row but those that every request may write."""
    return {table: held for table, held in fingerprint().items() if table not in _WRITTEN}
