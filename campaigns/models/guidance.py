"""Guidance: short paths of parts that a customer asks for and follows at their own pace."""

from __future__ import annotations

from django.db import models

from campaigns.rules.guidance import PACES
from profiles.models import Customer


class LearningPath(models.Model):
    """What a customer can want ("Bake bread"), in a few parts; following it states it as a goal.

    ``name`` is a choice of the attribute of goals, so that guards can hold back what works against it.
    """

    name = models.CharField(max_length=80, unique=True)
    summary = models.CharField(max_length=300)
    days_between = models.PositiveSmallIntegerField(choices=[(n, str(n)) for n in PACES])
    is_on = models.BooleanField(db_default=False, default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(days_between__in=PACES),
                name="campaigns_learningpath_pace",
                violation_error_message="Choose one of the paces.",
            )
        ]

    def __str__(self) -> str:
        return f"path {self.pk}"


class PathPart(models.Model):
    """One message of a path, in plain text; ``number`` counts from 1."""

    path = models.ForeignKey(LearningPath, models.CASCADE, db_index=False, related_name="parts")
    number = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=120)
    text = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["path", "number"], name="campaigns_pathpart_number")
        ]

    def __str__(self) -> str:
        return f"part {self.number} of path {self.path_id}"


class PathFollowing(models.Model):
    """A customer follows a path since then; which part is next, the ledger of what was said knows.

    ``paused_at`` rests it; ``stopped_at`` ends it for good, and following it again begins anew.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="paths_followed")
    origin_customer_id = models.BigIntegerField(null=True, editable=False)
    path = models.ForeignKey(LearningPath, models.PROTECT, related_name="followings")
    days_between = models.PositiveSmallIntegerField(choices=[(n, str(n)) for n in PACES])
    started_at = models.DateTimeField()
    started_on = models.DateField()
    paused_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "path"],
                condition=models.Q(stopped_at=None),
                name="campaigns_pathfollowing_once",
            ),
            models.CheckConstraint(
                condition=models.Q(days_between__in=PACES),
                name="campaigns_pathfollowing_pace",
                violation_error_message="Choose one of the paces.",
            ),
        ]

    def __str__(self) -> str:
        return f"following {self.pk}"
