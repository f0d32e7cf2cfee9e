"""Ticks of loyalty."""

from __future__ import annotations

from dataclasses import asdict

from celery import shared_task
from django.utils import timezone

from loyalty.services import awarding

# Some 30,000 purchases: a second or two in one transaction.
LINES_PER_RUN = 200_000


@shared_task(name="loyalty.award_purchases")
def award_purchases() -> dict[str, int]:
    return asdict(awarding.award_for_purchases(now=timezone.now(), limit=LINES_PER_RUN))
