"""Keys by which other systems come in: made, recognised, revoked. The key itself is never stored."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from cxportal.lib.errors import DomainError
from cxportal.lib.history import record_change
from profiles.models import ApiKey, Source
from profiles.rules.names import SourceKind, folded
from profiles.rules.scopes import Scope

PREFIX = "cx_"
_HINT = 8
# Each use need not write a row.
_USED_WITHIN = timedelta(minutes=5)


class KeyUnnamed(DomainError):
    """A key needs a name to be told from others."""

    code = "key_unnamed"


class ScopeUnknown(DomainError):
    """There is no such scope, or none was named."""

    code = "scope_unknown"


class KeyTooWeak(DomainError):
    """The secret is too short to be one."""

    code = "key_too_weak"


class KeyRevoked(DomainError):
    """The key was revoked before."""

    code = "key_revoked"


@dataclass(frozen=True)
class NewKey:
    """A key with its secret, which is shown once."""

    key: ApiKey
    secret: str


def create_key(
    *,
    name: str,
    scopes: Sequence[str],
    source: Source,
    random: str,
    by: User | None,
    now: datetime,
) -> NewKey:
    """Make a key for a system whose rows come from ``source``; ``random`` has at least 128 bits.

    Raises:
        KeyUnnamed, ScopeUnknown, KeyTooWeak: nothing was stored.
    """
    name = " ".join(name.replace("\0", "").split())[:80]
    if not name:
        raise KeyUnnamed("Give the key a name, such as the system's that will use it.")
    if not scopes or not set(scopes) <= set(Scope):
        raise ScopeUnknown(f"Choose at least one of: {', '.join(Scope)}.")
    if len(random) < 22:
        raise KeyTooWeak("The secret is too short.")
    secret = f"{PREFIX}{random}"
    with transaction.atomic():
        key = ApiKey.objects.create(
            name=name,
            hint=secret[:_HINT],
            digest=digest(secret),
            scopes=sorted(set(scopes)),
            source=source,
            created_by=by,
            created_at=now,
        )
        if by:
            record_change(target=key, words=f"created: {', '.join(key.scopes)}", by=by, now=now)
    return NewKey(key, secret)


def source_for(*, code: str, name: str) -> Source:
    """Return the source of that code, opened as another system's where it is not there yet."""
    code = folded(code).replace(" ", "-")[:60] or folded(name).replace(" ", "-")[:60] or "api"
    source, _ = Source.objects.get_or_create(
        code=code, defaults={"name": name[:120], "kind": SourceKind.API}
    )
    return source


def verify(*, secret: str, now: datetime) -> ApiKey | None:
    """Return the key that holds, with its source, or ``None``; write down every few minutes that it is used."""
    key = ApiKey.objects.select_related("source").filter(digest=digest(secret)).first()
    if key is None or key.revoked_at is not None:
        return None
    if key.last_used_at is None or key.last_used_at < now - _USED_WITHIN:
        ApiKey.objects.filter(
            Q(last_used_at=None) | Q(last_used_at__lt=now - _USED_WITHIN), pk=key.pk
        ).update(last_used_at=now)
    return key


def revoke(*, key: ApiKey, by: User, now: datetime) -> ApiKey:
    """Let a key open nothing from now on. Requests that are being answered are finished.

    Raises:
        KeyRevoked: it was before.
    """
    with transaction.atomic():
        held = ApiKey.objects.select_for_update().get(pk=key.pk)
        if held.revoked_at is not None:
            raise KeyRevoked("This key was revoked before.")
        held.revoked_at = now
        held.save(update_fields=["revoked_at"])
        record_change(target=held, words="revoked", by=by, now=now)
    return held


def digest(secret: str) -> str:
    """Hash a key. It is random and long, so that a fast hash cannot be searched."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
