"""Paths of guidance: written and switched by managers, followed, slowed, rested and stopped by customers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from campaigns.models import LearningPath, PathFollowing, PathPart
from campaigns.rules.guidance import PACES, Part, Unfit, checked_path
from cxportal.lib.errors import DomainError
from profiles.models import Customer
from profiles.queries.company import company_day
from profiles.services import goals


class PathUnfit(DomainError):
    """What was written cannot be a path; the message says what to do."""

    code = "path_unfit"


class PathClosed(DomainError):
    """The path is switched off, or not followed."""

    code = "path_closed"


def write(
    *,
    path: LearningPath | None,
    name: str,
    summary: str,
    days_between: int,
    parts: Sequence[Part],
    now: datetime,
) -> LearningPath:
    """Write a new path, switched off, or let one say something else; returns it.

    Parts keep their numbers: who has had part 2 goes on with part 3, whatever it says by now. The name of a path
    that somebody follows stays, since it is their goal.

    Raises:
        PathUnfit: nothing was written.
    """
    try:
        name, summary, kept = checked_path(name, summary, days_between, parts)
    except Unfit as error:
        raise PathUnfit(str(error)) from error
    with transaction.atomic():
        held = _held(path, name, now)
        if path and held.name != name and held.followings.exists():
            raise PathUnfit("Customers follow it by this name. Keep the name, or write a new path.")
        held.name, held.summary, held.days_between = name, summary, days_between
        held.save()
        for number, part in enumerate(kept, 1):
            PathPart.objects.update_or_create(
                path=held, number=number, defaults={"title": part.title, "text": part.text}
            )
        held.parts.filter(number__gt=len(kept)).delete()
        goals.offer_goal(name=name)
    return held


def _held(path: LearningPath | None, name: str, now: datetime) -> LearningPath:
    known = LearningPath.objects.filter(name=name).first()
    if known is not None and known != path:
        raise PathUnfit("There is a path of this name. Choose another.")
    if path is None:
        return LearningPath(created_at=now)
    return LearningPath.objects.select_for_update(no_key=True).get(pk=path.pk)


def switch(*, path: LearningPath, is_on: bool) -> None:
    """Offer a path to customers, or take it away: nobody gets a part of one that is off. Repeatable."""
    LearningPath.objects.filter(pk=path.pk).update(is_on=is_on)


def follow(*, customer: Customer, path: LearningPath, now: datetime) -> PathFollowing:
    """Begin a path, and state it as a goal; one that rests goes on. Locks the customer. Repeatable.

    Raises:
        PathClosed: it is switched off.
    """
    if not path.is_on:
        raise PathClosed("This is not offered any more.")
    with transaction.atomic():
        Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        following, _ = PathFollowing.objects.get_or_create(
            customer=customer,
            path=path,
            stopped_at=None,
            defaults={
                "days_between": path.days_between,
                "started_at": now,
                "started_on": company_day(now),
            },
        )
        if following.paused_at is not None:
            following.paused_at = None
            following.save(update_fields=["paused_at"])
        goals.pursue(customer=customer, name=path.name, now=now)
    return following


def set_pace(*, following: PathFollowing, days_between: int) -> None:
    """Follow it faster or slower from the next part on.

    Raises:
        PathUnfit: nothing was changed.
    """
    if days_between not in PACES:
        raise PathUnfit("Choose one of the paces.")
    PathFollowing.objects.filter(pk=following.pk).update(days_between=days_between)


def rest(*, following: PathFollowing, now: datetime) -> None:
    """Send no part until the customer goes on. Repeatable."""
    PathFollowing.objects.filter(pk=following.pk, paused_at=None).update(paused_at=now)


def stop(*, following: PathFollowing, now: datetime) -> None:
    """End it for good: no part more, and no goal any more. Locks the customer. Repeatable."""
    with transaction.atomic():
        customer = Customer.objects.select_for_update(no_key=True).get(pk=following.customer_id)
        PathFollowing.objects.filter(pk=following.pk, stopped_at=None).update(stopped_at=now)
        goals.give_up(customer=customer, name=following.path.name, now=now)
