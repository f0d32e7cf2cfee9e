"""Ticks of feedback."""

from __future__ import annotations

from dataclasses import asdict

from celery import shared_task
from django.utils import timezone

from feedback.services import inviting

CUSTOMERS_PER_RUN = 20_000


@shared_task(name="feedback.invite_after_purchases")
def invite_after_purchases() -> dict[str, int]:
    return asdict(inviting.invite_after_purchases(now=timezone.now(), limit=CUSTOMERS_PER_RUN))
