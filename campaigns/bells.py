"""Rings for the workers of campaigns; the rows are the queue, so that a ring may be lost."""

from __future__ import annotations

from kombu.exceptions import OperationalError as BrokerAway

from campaigns.tasks import react


def ring_react() -> None:
    """Wake a worker for what customers are in the middle of; with the broker away, the next tick does."""
    try:
        react.apply_async(retry=False, expires=10)
    except (BrokerAway, OSError):
        return
