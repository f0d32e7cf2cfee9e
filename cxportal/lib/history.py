"""Who changed a setting, from what to what: rows of the admin's log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import models


def record_change(*, target: models.Model, words: str, by: User, now: datetime) -> None:
    """Write one line of history in the caller's transaction."""
    LogEntry.objects.create(
        user=by,
        content_type=ContentType.objects.get_for_model(target),
        object_id=str(target.pk),
        object_repr=str(target),
        action_flag=CHANGE,
        change_message=words,
        action_time=now,
    )


def apply_changes(
    *, target: models.Model, values: Mapping[str, Any], by: User, now: datetime
) -> None:
    """Set ``values`` on a locked row and save what differs, with one line of history.

    Nothing is written when nothing differs, so that saving a page unchanged leaves no trace.
    """
    changed = {name: value for name, value in values.items() if getattr(target, name) != value}
    if not changed:
        return
    words = "; ".join(_words(target, name, value) for name, value in changed.items())
    for name, value in changed.items():
        setattr(target, name, value)
    target.save(update_fields=list(changed))
    record_change(target=target, words=words, by=by, now=now)


def _words(target: models.Model, name: str, value: Any) -> str:
    label = target._meta.get_field(name).verbose_name  # type: ignore[union-attr]
    return f"{label}: {_shown(getattr(target, name))} → {_shown(value)}"


def _shown(value: Any) -> str:
    return "empty" if value in ("", None) else str(value)


def recent_changes(*targets: type[models.Model], limit: int = 8) -> list[LogEntry]:
    """List the newest changes of these tables, with who made them."""
    kinds = ContentType.objects.get_for_models(*targets).values()
    entries = LogEntry.objects.filter(content_type__in=list(kinds)).select_related("user")
    return list(entries.order_by("-action_time", "-pk")[:limit])
