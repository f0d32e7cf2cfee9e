"""Celery: read the clock, call one service, return counts."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from campaigns.services import (
    confirming,
    delivering,
    mailing_exports,
    planning,
    reacting,
    rehearsing,
    sweeping,
)


@shared_task(name="campaigns.plan_morning")
def plan_morning() -> dict[str, int]:
    """Plan this morning's messages, once."""
    run = planning.plan_morning(now=timezone.now())
    return run.counts if run else {}


@shared_task(name="campaigns.react")
def react() -> dict[str, int]:
    """Decide about what customers are in the middle of."""
    return reacting.react(now=timezone.now())


@shared_task(name="campaigns.deliver_due")
def deliver_due() -> dict[str, int]:
    """Send what is due."""
    return delivering.deliver_due(now=timezone.now())


@shared_task(name="campaigns.ask_confirmations")
def ask_confirmations() -> dict[str, int]:
    """Mail what waits for its confirmation."""
    return confirming.ask_due(now=timezone.now())


@shared_task(name="campaigns.run_rehearsals")
def run_rehearsals() -> int:
    """Run the next rehearsal that waits."""
    return int(rehearsing.run_next(now=timezone.now()))


@shared_task(name="campaigns.sweep_uploads")
def sweep_uploads() -> int:
    """Remove uploads that nobody is to read any more."""
    return sweeping.sweep_uploads(now=timezone.now())


@shared_task(name="campaigns.mail_exports")
def mail_exports() -> dict[str, int]:
    """Mail the links of exports that are ready."""
    return mailing_exports.mail_ready(now=timezone.now())
