"""Fields that several operations share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from profiles.services.noting import CLOCKS_DIFFER, EARLIEST


class MomentField(serializers.DateTimeField):
    """A moment that is over, with its zone; what other clocks place a little ahead of ours is now."""

    default_error_messages = {"out_of_range": "Write a time from 1900 to now."}

    def __init__(self, **given: Any) -> None:
        super().__init__(default_timezone=UTC, **given)

    def to_internal_value(self, value: Any) -> datetime:
        moment, now = super().to_internal_value(value), timezone.now()
        if not EARLIEST <= moment <= now + CLOCKS_DIFFER:
            self.fail("out_of_range")
        return min(moment, now)


class NextField(serializers.CharField):
    """The cursor of the next page."""

    def __init__(self, **given: Any) -> None:
        super().__init__(
            allow_null=True, help_text="cursor of the next page; null: the end", **given
        )


class NumberField(serializers.CharField):
    """A number that another system gave: a customer's, an order's."""

    def __init__(self, **given: Any) -> None:
        super().__init__(max_length=200, **given)


class PlaceField(serializers.CharField):
    """The code of a store or channel, null for none."""

    def __init__(self, **given: Any) -> None:
        super().__init__(max_length=80, allow_null=True, **given)
