"""Changing the rules of sending."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from campaigns.models import SendingPolicy
from cxportal.lib.history import apply_changes


def change_policy(*, values: Mapping[str, Any], by: User, now: datetime) -> SendingPolicy:
    """Change sender, quiet hours, caps or control share.

    ``values`` are fields of the policy, already well-formed; the database refuses what must not
    be. Messages planned before are checked against the new rules when they are due.
    """
    with transaction.atomic():
        SendingPolicy.objects.get_or_create(id=1)
        policy = SendingPolicy.objects.select_for_update().get(id=1)
        apply_changes(target=policy, values=values, by=by, now=now)
    return policy
