"""The rules of sending as they stand, and whether anything may leave."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from campaigns.models import SendingPolicy

_kept: ContextVar[SendingPolicy | None] = ContextVar("sending_policy", default=None)


@contextmanager
def sending_policy_kept() -> Iterator[None]:
    """Read the policy once for everything that is asked inside: for the words of a batch of messages.

    Whether sending is stopped is asked of the database for each message that leaves.
    """
    token = _kept.set(sending_policy())
    try:
        yield
    finally:
        _kept.reset(token)


def sending_policy() -> SendingPolicy:
    """Return the one policy; it is created with the first start."""
    if kept := _kept.get():
        return kept
    found = SendingPolicy.objects.select_related("stopped_by").first()
    if found is None:
        found, _ = SendingPolicy.objects.get_or_create(id=1)
        found.refresh_from_db()
    return found
