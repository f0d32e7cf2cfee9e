"""The rules of sending as they stand, and whether anything may leave."""

from __future__ import annotations

from campaigns.models import SendingPolicy


def sending_policy() -> SendingPolicy:
    """Return the one policy; it is created with the first start."""
    found = SendingPolicy.objects.select_related("stopped_by").first()
    if found is None:
        found, _ = SendingPolicy.objects.get_or_create(id=1)
        found.refresh_from_db()
    return found
