"""By what a customer is recognised at a door, and which profiles are the same person."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now, Right

from profiles.models.customers import Customer, Profile
from profiles.models.sources import Source
from profiles.rules.identity import DEFAULT_MOST_PEOPLE
from profiles.rules.names import EdgeKind, IdentifierKind, SuspicionState


class IdentifierRule(models.Model):
    """How identifiers of a kind join profiles.

    ``priority``: the lower outranks. ``limit``: how many of the kind one customer may hold within
    ``window_days`` (null: ever). A weak kind never joins two customers who are both identified.
    ``blocked``: values that identify nobody, with ``*`` for any characters. ``most_people``: how many may be seen
    with one value (a family's phone) before it is pointed out. The kind "external" is the
    number that a source gives its customers, the profile's own.
    Source of the model: Segment's public rules of identity resolution.
    """

    kind = models.CharField(max_length=10, unique=True)
    priority = models.PositiveSmallIntegerField(unique=True)
    limit = models.PositiveSmallIntegerField(null=True, blank=True)
    window_days = models.PositiveIntegerField(null=True, blank=True)
    is_weak = models.BooleanField(db_default=False)
    blocked = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    most_people = models.PositiveSmallIntegerField(
        "people with one value, at most",
        db_default=DEFAULT_MOST_PEOPLE,
        default=DEFAULT_MOST_PEOPLE,
        help_text="with more, it is pointed out as one that belongs to many",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["external", *map(str, IdentifierKind)]),
                name="profiles_identifierrule_kind",
                violation_error_message="There is no such kind of identifier.",
            ),
            models.CheckConstraint(
                condition=models.Q(limit__isnull=True) | models.Q(limit__gte=1),
                name="profiles_identifierrule_limit",
                violation_error_message="A limit is at least one; leave it empty for none.",
            ),
            models.CheckConstraint(
                condition=models.Q(most_people__gte=1),
                name="profiles_identifierrule_most_people",
                violation_error_message="One person at least has each value.",
            ),
        ]

    def __str__(self) -> str:
        return self.kind


class Identifier(models.Model):
    """A normalised e-mail address, phone number (E.164), card, handle, device or anonymous id.

    ``scope`` tells equal values of different places apart: the network of a social handle, the source of
    an anonymous id; empty where the value is unique in the world.
    """

    kind = models.CharField(max_length=10, choices=[(str(k), str(k)) for k in IdentifierKind])
    scope = models.CharField(max_length=60, blank=True, db_default="")
    value = models.CharField(max_length=254)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="identifiers")
    origin_profile = models.ForeignKey(Profile, models.PROTECT, related_name="+")
    source = models.ForeignKey(
        Source, models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    first_seen_at = models.DateTimeField(db_default=Now())
    last_seen_at = models.DateTimeField(db_default=Now())
    verified_at = models.DateTimeField(null=True, blank=True)
    bounced_at = models.DateTimeField(null=True, blank=True)
    # Letters of several scripts that look alike: somebody may be posing as somebody else.
    is_confusable = models.BooleanField(db_default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "scope", "value"], name="profiles_identifier_once"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=[str(k) for k in IdentifierKind]),
                name="profiles_identifier_kind",
            ),
            models.CheckConstraint(
                condition=~models.Q(value=""), name="profiles_identifier_not_empty"
            ),
        ]
        indexes = [models.Index(Right("value", 4), "kind", name="profiles_identifier_last4")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class ProfileEdge(models.Model):
    """Two profiles are the same person, or are not, whatever a rule says.

    Customers are the connected components over edges that are not removed. ``low`` has the lower key.
    ``rule`` says what made it ("email", "person", "alias", …), ``evidence`` which rows and scores, by
    their keys: no personal data. An edge is never deleted: a removed one is the history of an undo.
    """

    kind = models.CharField(max_length=5, choices=[(str(k), str(k)) for k in EdgeKind])
    low = models.ForeignKey(Profile, models.PROTECT, db_index=False, related_name="+")
    high = models.ForeignKey(Profile, models.PROTECT, related_name="+")
    rule = models.CharField(max_length=20)
    actor = models.CharField(max_length=60)
    evidence = models.JSONField(default=dict)
    made_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(low__lt=models.F("high")), name="profiles_edge_order"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=[str(k) for k in EdgeKind]), name="profiles_edge_kind"
            ),
            models.CheckConstraint(
                condition=models.Q(removed_at__isnull=True, removed_by="")
                | (models.Q(removed_at__isnull=False) & ~models.Q(removed_by="")),
                name="profiles_edge_removed_by_whom",
            ),
            models.UniqueConstraint(
                fields=["low", "high"],
                condition=models.Q(removed_at__isnull=True),
                name="profiles_edge_once",
            ),
        ]

    def __str__(self) -> str:
        return f"edge {self.pk}"


class Suspicion(models.Model):
    """Two customers who may be one: a score with its reasons, for a person to decide."""

    low = models.ForeignKey(Customer, models.CASCADE, db_index=False, related_name="+")
    high = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    score = models.FloatField(help_text="0 … 1")
    reasons = models.JSONField(default=list)
    state = models.CharField(
        max_length=5,
        choices=[(str(s), str(s)) for s in SuspicionState],
        db_default=SuspicionState.OPEN.value,
    )
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["low", "high"], name="profiles_suspicion_once"),
            models.CheckConstraint(
                condition=models.Q(low__lt=models.F("high")), name="profiles_suspicion_order"
            ),
            models.CheckConstraint(
                condition=models.Q(score__gte=0, score__lte=1), name="profiles_suspicion_score"
            ),
            models.CheckConstraint(
                condition=models.Q(state=SuspicionState.OPEN.value, decided_at__isnull=True)
                | (~models.Q(state=SuspicionState.OPEN.value) & models.Q(decided_at__isnull=False)),
                name="profiles_suspicion_decided",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-score", "id"],
                condition=models.Q(state=SuspicionState.OPEN.value),
                name="profiles_suspicion_open",
            )
        ]

    def __str__(self) -> str:
        return f"suspicion {self.pk}"
