"""The one switch: nothing leaves while it is off."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from campaigns.models import SendingPolicy
from cxportal.lib.errors import DomainError
from cxportal.lib.history import record_change


class AlreadyStopped(DomainError):
    """Somebody else was faster."""

    code = "already_stopped"


class NotStopped(DomainError):
    """There is nothing to start again."""

    code = "not_stopped"


def stop_sending(*, by: User, now: datetime) -> SendingPolicy:
    """Stop all sending at once.

    The policy's row is locked, and every claim reads it in its own transaction: a message handed
    over before this commits may still arrive, none is claimed after it. Planned ones stay planned.

    Raises:
        AlreadyStopped: nothing was changed.
    """
    with transaction.atomic():
        policy = _locked()
        if policy.stopped_at is not None:
            raise AlreadyStopped("Sending is stopped already.")
        policy.stopped_at, policy.stopped_by = now, by
        policy.save(update_fields=["stopped_at", "stopped_by"])
        record_change(target=policy, words="all sending: on → stopped", by=by, now=now)
    return policy


def resume_sending(*, by: User, now: datetime) -> SendingPolicy:
    """Start sending again; what has become too late meanwhile is recorded as missed, not sent.

    Raises:
        NotStopped: nothing was changed.
    """
    with transaction.atomic():
        policy = _locked()
        if policy.stopped_at is None:
            raise NotStopped("Sending is not stopped.")
        policy.stopped_at, policy.stopped_by = None, None
        policy.save(update_fields=["stopped_at", "stopped_by"])
        record_change(target=policy, words="all sending: stopped → on", by=by, now=now)
    return policy


def _locked() -> SendingPolicy:
    SendingPolicy.objects.get_or_create(id=1)
    return SendingPolicy.objects.select_for_update().get(id=1)
