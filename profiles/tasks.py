"""Celery: read the clock, call one service, return counts."""

from __future__ import annotations

import time
from collections.abc import Callable

from celery import shared_task
from django.utils import timezone

from cxportal.lib import rates
from cxportal.lib.registry import registry
from profiles.models import FreshTouch
from profiles.services import (
    cleaning,
    erasing,
    exporting,
    import_looks,
    importing,
    learning,
    merging,
    pickups,
    processing,
    retaining,
    suspecting,
    undoing,
)

_REQUESTS_AT_ONCE = 20


@shared_task(name="profiles.run_imports")
def run_imports() -> int:
    """Work off the import that waits longest, or whose worker is gone; else take back one that shall be."""
    job = importing.claim_next(now=timezone.now())
    if job is None:
        return int(undoing.run_next(now=timezone.now()))
    importing.run_import(job_id=job.pk, now=timezone.now(), attempt=job.attempt)
    return 1


@shared_task(name="profiles.look_for_files")
def look_for_files() -> int:
    """Look for new files where it is due."""
    return _while_some(import_looks.look_next)


@shared_task(name="profiles.learn_habits")
def learn_habits() -> int:
    """Learn anew the habits of customers who bought since."""
    return learning.learn_due(now=timezone.now()).customers


@shared_task(name="profiles.refit_rhythms")
def refit_rhythms() -> dict[str, int]:
    """Fit what all customers share, where the last fit is a week old or there is none."""
    return learning.refit_if_old(now=timezone.now())


@shared_task(name="profiles.lapse_pickups")
def lapse_pickups() -> int:
    """Give up orders ahead that nobody fetched."""
    return pickups.lapse(now=timezone.now())


@shared_task(name="profiles.suspect_duplicates", soft_time_limit=3 * 3600, time_limit=3 * 3600 + 60)
def suspect_duplicates() -> int:
    """Look for probable duplicates among whoever changed, once a night."""
    return suspecting.suspect_if_due(now=timezone.now()).pairs


@shared_task(name="profiles.find_unclean", soft_time_limit=3 * 3600, time_limit=3 * 3600 + 60)
def find_unclean() -> dict[str, int]:
    """Look for what is wrong in customers' data, once a night."""
    looked = cleaning.find_if_due(now=timezone.now())
    return {"customers": looked.customers, "new": looked.new, "gone": looked.gone}


@shared_task(name="profiles.settle_merges")
def settle_merges() -> int:
    """Bring after their profiles the rows that were on their way while profiles were joined."""
    return merging.settle(now=timezone.now())


# How long one run goes on while events keep coming: other ticks want their turn.
_EVENTS_AT_ONCE_SECONDS = 20


@shared_task(name="profiles.process_events")
def process_events() -> dict[str, int]:
    """Bring the events that were taken in to the timeline, until none waits."""
    until = time.monotonic() + _EVENTS_AT_ONCE_SECONDS
    total = processing.Worked()
    while worked := processing.process_waiting(now=timezone.now()):
        total += worked
        _ring_bells()
        if time.monotonic() > until:
            break
    return {"done": total.done, "parked": total.parked}


def _ring_bells() -> None:
    """Tell whoever decides about what happens now, where something does."""
    if FreshTouch.objects.exists():
        for bell in registry.bells.values():
            bell.ring()


@shared_task(name="profiles.write_exports")
def write_exports() -> int:
    """Write the exports that people asked for."""
    return _while_some(exporting.run_next)


@shared_task(name="profiles.erase_people")
def erase_people() -> int:
    """Erase those who asked for it."""
    return _while_some(erasing.run_next)


def _while_some(run_next: Callable[..., bool]) -> int:
    """Work some requests off, as long as there are any; return how many."""
    done = 0
    while done < _REQUESTS_AT_ONCE and run_next(now=timezone.now()):
        done += 1
    return done


@shared_task(name="profiles.let_go")
def let_go() -> dict[str, int]:
    """Let go of what is older than its rule, of export files whose link has expired, and of full buckets."""
    now = timezone.now()
    rates.sweep(now=now)
    removed = exporting.remove_expired(now=now)
    return retaining.retain(now=now) | ({"exports": removed} if removed else {})
