"""Moments that occurred, what was decided in them, and what came of it."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.db import models

from campaigns.models.campaigns import Campaign
from campaigns.rules.codes import Arm, Door, OutcomeKind, RunState, Verdict
from profiles.models import Customer, Product


class PlanRun(models.Model):
    """The plan of one morning, unique by day; its batches are what is left of it to do.

    ``counts`` tells what was found and what became of it; what was no moment is counted here only.
    """

    on = models.DateField(unique=True)
    state = models.CharField(max_length=10, choices=[(str(s), str(s)) for s in RunState])
    counts = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=[str(s) for s in RunState]),
                name="campaigns_planrun_state",
            )
        ]

    def __str__(self) -> str:
        return f"plan of {self.on}"


class PlanBatch(models.Model):
    """Customers whom the plan of a morning has still to decide about; whoever works it holds the row."""

    run = models.ForeignKey(PlanRun, models.CASCADE, related_name="batches")
    customers = ArrayField(models.BigIntegerField())

    def __str__(self) -> str:
        return f"batch {self.pk} of plan {self.run_id}"


class Moment(models.Model):
    """One situation of one customer at one time (``kind`` is a key of the registry).

    ``subject_id`` is what it is about, 0 for none; ``cycle`` tells one occurrence from the next.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="moments")
    kind = models.CharField(max_length=60)
    subject_id = models.BigIntegerField(db_default=0)
    cycle = models.DateField()
    until = models.DateField()
    seen_at = models.DateTimeField()
    origin_customer_id = models.BigIntegerField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "kind", "subject_id", "cycle"], name="campaigns_moment_once"
            )
        ]
        indexes = [models.Index(fields=["seen_at"], name="campaigns_moment_time")]

    def __str__(self) -> str:
        return f"moment {self.pk}"


class Decision(models.Model):
    """What was chosen in a moment, or why we stayed silent.

    ``reasons`` are refusal codes (silent) or empty (speak); ``facts`` the data from which the sentences
    for customer, staff and manager are made; ``considered`` what else was weighed:
    a list of [campaign id, subject id, worth, reason codes, product offered or null].
    A moment is decided again on later mornings and gets a new row only when the answer changed.
    Other systems know it by ``public_id``, which nobody can guess. Silences grow old: they are counted by
    day, and go.
    """

    public_id = models.UUIDField(
        default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False
    )
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="decisions")
    moment = models.ForeignKey(Moment, models.PROTECT, related_name="decisions")
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="+")
    # What an offer came to: what the moment is about stands in the moment.
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    door = models.CharField(max_length=10, choices=[(str(d), str(d)) for d in Door])
    verdict = models.CharField(max_length=10, choices=[(str(v), str(v)) for v in Verdict])
    arm = models.CharField(max_length=10, choices=[(str(a), str(a)) for a in Arm])
    worth = models.FloatField()
    likelihood = models.FloatField()
    reasons = models.JSONField(default=list)
    facts = models.JSONField(default=dict)
    considered = models.JSONField(default=list)
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(verdict__in=[str(v) for v in Verdict]),
                name="campaigns_decision_verdict",
            ),
            models.CheckConstraint(
                condition=models.Q(verdict=Verdict.SPEAK.value, reasons=[])
                | (models.Q(verdict=Verdict.SILENT.value) & ~models.Q(reasons=[])),
                name="campaigns_decision_silence_has_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["moment", "-decided_at", "-id"], name="campaigns_decision_newest"),
            models.Index(fields=["customer", "-decided_at"], name="campaigns_decision_customer"),
            models.Index(fields=["-decided_at"], name="campaigns_decision_time"),
            # What may grow old, in the order in which it is let go of.
            models.Index(
                fields=["id"],
                condition=models.Q(verdict=Verdict.SILENT.value),
                name="campaigns_decision_silent",
            ),
        ]

    def __str__(self) -> str:
        return f"decision {self.pk}"


class SilentDay(models.Model):
    """What is left of silences that grew old: how many there were, by day and reason; of nobody in particular.

    ``moments`` counts those that were the last word on their moment, ``decisions`` all of them. ``on`` is a
    day of the company's clock, ``reason`` the first one, which is the one that is told.
    """

    on = models.DateField()
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="+")
    moment = models.CharField(max_length=60)
    door = models.CharField(max_length=10)
    reason = models.CharField(max_length=40)
    decisions = models.PositiveBigIntegerField()
    moments = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["on", "campaign", "moment", "door", "reason"],
                name="campaigns_silentday_once",
            ),
            models.CheckConstraint(
                condition=models.Q(moments__lte=models.F("decisions"), decisions__gt=0),
                name="campaigns_silentday_counts",
            ),
        ]

    def __str__(self) -> str:
        return f"silences {self.pk}"


class Outcome(models.Model):
    """What was answered to a decision, at whichever door; append-only.

    ``until`` is set where the answer holds for a time (not now, still have plenty, less of this); the
    same answer on a later day is another row, and holds from then on. An answer with ``taken_back_at``
    counts no more; given again, it is another row.
    """

    decision = models.ForeignKey(Decision, models.PROTECT, related_name="outcomes")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="outcomes")
    kind = models.CharField(max_length=20, choices=[(str(k), str(k)) for k in OutcomeKind])
    door = models.CharField(max_length=10, choices=[(str(d), str(d)) for d in Door])
    actor = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    until = models.DateField(null=True)
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["decision", "kind", "actor", "until"],
                condition=models.Q(taken_back_at=None),
                nulls_distinct=False,
                name="campaigns_outcome_once",
            )
        ]
        indexes = [models.Index(fields=["customer", "kind"], name="campaigns_outcome_customer")]

    def __str__(self) -> str:
        return f"outcome {self.pk}"
