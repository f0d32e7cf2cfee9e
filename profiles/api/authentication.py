"""Who is calling: another system, by its key. The one place where keys are read, for events and the REST API."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from profiles.models import ApiKey
from profiles.rules.scopes import Scope
from profiles.services import keys

_LONGEST_HEADER = 1000


class Caller:
    """A system that came in by a key: it is nobody of the staff, and holds what its scopes say."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, key: ApiKey) -> None:
        self.key = key
        self.pk = None

    @property
    def actor(self) -> str:
        """As histories write it."""
        return f"api:{self.key.pk}"

    def __str__(self) -> str:
        return self.actor


class ApiKeyAuthentication(BaseAuthentication):
    """``Authorization: Bearer KEY``, or Basic with the key as the user's name."""

    def authenticate(self, request: Request) -> tuple[Caller, ApiKey] | None:
        secret = stated_key(request._request)
        if not secret:
            return None
        key = keys.verify(secret=secret, now=timezone.now())
        if key is None:
            raise exceptions.AuthenticationFailed("This key is unknown or was revoked.")
        return Caller(key), key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def needs_scope(scope: Scope) -> type[BasePermission]:
    """Return the permission of callers whose key has ``scope``."""

    class HasScope(BasePermission):
        message = f"This key may not {scope}."

        def has_permission(self, request: Request, view: Any) -> bool:
            return isinstance(request.auth, ApiKey) and scope in request.auth.scopes

    return HasScope


def stated_key(request: HttpRequest) -> str:
    """Return the key that the header states, or ""."""
    scheme, _, rest = request.headers.get("Authorization", "")[:_LONGEST_HEADER].partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    return basic_user(rest) if scheme.lower() == "basic" else ""


def is_bearer(request: HttpRequest) -> bool:
    """Tell whether the header is a token of somebody else's making, beside which a body may name the key."""
    return request.headers.get("Authorization", "")[:7].lower() == "bearer "


def basic_user(encoded: str) -> str:
    """Return the user's name of Basic authentication; some clients leave the colon out.

    >>> basic_user("Y3hfa2V5Og=="), basic_user("Y3hfa2V5"), basic_user("%%")
    ('cx_key', 'cx_key', '')
    """
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    return decoded.partition(":")[0]
