"""Whom an address of a page names: a merged customer's old address leads to the present one."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from profiles.models import Customer


def customer_or_404(**named: Any) -> Customer:
    """Return the present customer of a key or public id, with their home store.

    Raises:
        Http404: there is none, or they were erased.
    """
    rows = Customer.objects.select_related("home_place", "merged_into__home_place")
    found = rows.filter(**named).first()
    if found is None or found.erased_at or found.present.erased_at:
        raise Http404
    return found.present
