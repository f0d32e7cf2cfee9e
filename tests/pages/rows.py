"""One row of each kind that the pages show."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from campaigns.models import (
    Campaign,
    Decision,
    Delivery,
    Message,
    MessageTemplate,
    Moment,
    Outcome,
    PlanRun,
    Rehearsal,
)
from profiles.models import Habit, VisitRhythm
from profiles.queries.due import MOMENT
from tests.factories.profiles import IdentifierFactory, ProductFactory


def campaign() -> Campaign:
    return Campaign.objects.get_or_create(
        code="reorder", defaults={"name": "Reorder", "moment": MOMENT, "purpose": "reminders"}
    )[0]


def template(now: datetime) -> MessageTemplate:
    return MessageTemplate.objects.get_or_create(
        campaign=campaign(),
        language="en",
        version=1,
        defaults={"subject": "Coffee", "text": "Coffee", "html": "<p>Coffee</p>"},
    )[0]


def decision(now: datetime, **changes: Any) -> Decision:
    """Store a moment with its decision; ``reasons`` make it silent."""
    product = changes.pop("product", None) or ProductFactory()
    customer = changes.pop("customer", None) or IdentifierFactory().customer
    moment = Moment.objects.create(
        customer=customer,
        kind=MOMENT,
        subject_id=product.pk,
        cycle=now.date(),
        until=now.date() + timedelta(days=7),
        seen_at=now,
    )
    values = {
        "door": "email",
        "arm": "treated",
        "verdict": "silent" if changes.get("reasons") else "speak",
        "worth": 0.4,
        "likelihood": 0.7,
        "decided_at": now,
        "facts": {"rhythm_days": 35.0, "bought_on": ["2026-01-05", "2026-02-09"], "doubt": ""},
    }
    return Decision.objects.create(
        customer=customer, moment=moment, campaign=campaign(), **(values | changes)
    )


def delivery(now: datetime, spoken: Decision | None = None, **changes: Any) -> Delivery:
    """Store a delivery and its words; by default a sent one."""
    spoken = spoken or decision(now)
    values = {"channel": "email", "state": "sent", "finished_at": now, "due_at": now}
    row = Delivery.objects.create(
        decision=spoken,
        customer=spoken.customer,
        campaign=spoken.campaign,
        template=template(now),
        **(values | {"expires_at": now + timedelta(days=1)} | changes),
    )
    Message.objects.create(
        delivery=row,
        recipient="a@example.com",
        subject="Coffee",
        text="x",
        html="x",
        rendered_at=now,
    )
    return row


def answer(spoken: Decision, kind: str, now: datetime) -> Outcome:
    return Outcome.objects.create(
        decision=spoken,
        customer=spoken.customer,
        kind=kind,
        door="page",
        actor="customer",
        occurred_at=now,
    )


def habit(now: datetime, **changes: Any) -> Habit:
    day = now.date()
    values: dict[str, Any] = {
        "purchase_days": 9,
        "first_on": date(2025, 5, 1),
        "last_on": day - timedelta(days=30),
        "rhythm_days": 35,
        "mu": 3.5,
        "sigma": 0.2,
        "p_active": 0.9,
        "expected_on": day + timedelta(days=5),
        "earliest_on": day,
        "latest_on": day + timedelta(days=12),
        "remind_on": day,
        "window_probability": 0.7,
        "learned_at": now,
    }
    customer = changes.pop("customer", None) or IdentifierFactory().customer
    return Habit.objects.create(customer=customer, product=ProductFactory(), **(values | changes))


def visit_rhythm(now: datetime, customer: Any) -> VisitRhythm:
    day = now.date()
    return VisitRhythm.objects.create(
        customer=customer,
        visits=9,
        first_on=day - timedelta(days=300),
        last_on=day - timedelta(days=30),
        rhythm_days=7.5,
        opens_on=day - timedelta(days=8),
        closes_on=day,
        likelihood=0.2,
        learned_at=now,
    )


def plan_run(now: datetime) -> PlanRun:
    return PlanRun.objects.create(
        on=now.date(), state="done", counts={"moments": 3}, started_at=now
    )


def rehearsal(**changes: Any) -> Rehearsal:
    values = {
        "file_name": "orders.csv",
        "path": "/tmp/orders.csv",
        "sha256": "0" * 64,
        "state": "done",
    }
    return Rehearsal.objects.create(**(values | changes))
