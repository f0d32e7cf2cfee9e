"""What was learned of a customer's rhythms, and what the customer says instead."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from profiles.models.catalogue import Category, Product
from profiles.models.customers import Customer


class Habit(models.Model):
    """The rhythm in which a customer buys a product, or a product group.

    Written by learning alone. Days are the company's calendar days. The gap to the next purchase is
    log-normal with ``mu`` and ``sigma`` (of log days); ``earliest_on`` … ``latest_on`` holds the middle
    80 % of it. ``window_probability`` is the calibrated chance that the purchase falls from 3 days
    before to 7 days after ``remind_on``. ``doubt`` says why we are not sure, "" when we are.
    ``curve`` is the whole distribution as of ``learned_on``: little-endian int16, per ten thousand,
    the chance that nothing was bought within each of ``profiles.rules.timing.EDGES`` days (empty: only
    the summary is known).

    Millions of rows are replaced in a night. Whom and what they are of was read from purchase lines, whose keys
    the database checks; to check them here again costs as much as to write them.
    """

    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="habits", db_constraint=False, db_index=False
    )
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    purchase_days = models.PositiveIntegerField()
    first_on = models.DateField()
    last_on = models.DateField()
    rhythm_days = models.FloatField()
    mu = models.FloatField()
    sigma = models.FloatField()
    p_active = models.FloatField()
    expected_on = models.DateField()
    earliest_on = models.DateField()
    latest_on = models.DateField()
    remind_on = models.DateField()
    window_probability = models.FloatField()
    doubt = models.CharField(max_length=30, blank=True)
    learned_on = models.DateField(null=True)
    curve = models.BinaryField(blank=True, db_default=b"")
    learned_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(product__isnull=False, category__isnull=True)
                | models.Q(product__isnull=True, category__isnull=False),
                name="profiles_habit_of_one_thing",
            ),
            models.UniqueConstraint(
                fields=["customer", "product", "category"],
                nulls_distinct=False,
                name="profiles_habit_once",
            ),
            models.CheckConstraint(
                condition=models.Q(p_active__gte=0, p_active__lte=1)
                & models.Q(window_probability__gte=0, window_probability__lte=1),
                name="profiles_habit_probabilities",
            ),
        ]
        indexes = [
            models.Index(
                fields=["remind_on", "customer"],
                condition=models.Q(doubt="", product__isnull=False),
                name="profiles_habit_awaited",
            )
        ]

    def __str__(self) -> str:
        return f"habit {self.pk}"


class VisitRhythm(models.Model):
    """From when to when a word may bring a customer back; written by learning alone.

    After the one visit of a newcomer that is the window of a second, from four visits on the time after the
    next should have come (``profiles.rules.visiting``). Who has no such time ahead has no row. Days are the
    company's calendar days; ``likelihood`` is the share of such customers who came in such a window.
    """

    customer = models.OneToOneField(
        Customer, models.PROTECT, related_name="visit_rhythm", db_constraint=False
    )
    visits = models.PositiveIntegerField()
    first_on = models.DateField()
    last_on = models.DateField()
    rhythm_days = models.FloatField()
    opens_on = models.DateField()
    closes_on = models.DateField()
    likelihood = models.FloatField()
    learned_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(closes_on__gt=models.F("opens_on")),
                name="profiles_visitrhythm_window",
            ),
            models.CheckConstraint(
                condition=models.Q(likelihood__gte=0, likelihood__lte=1),
                name="profiles_visitrhythm_probability",
            ),
        ]
        indexes = [
            models.Index(fields=["opens_on", "customer"], name="profiles_visitrhythm_awaited")
        ]

    def __str__(self) -> str:
        return f"visit rhythm {self.pk}"


class ReorderSchedule(models.Model):
    """What the customer says of a product's rhythm; it outranks what we learned.

    ``not_before_on``: skipped, or "I still have plenty". ``paused_at``/``stopped_at``: no reminders until
    resumed. The newest statement stands; ``ReorderStatement`` keeps each one.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="schedules")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    every_days = models.PositiveSmallIntegerField(null=True, blank=True)
    not_before_on = models.DateField(null=True, blank=True)
    sooner_on = models.DateField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField()
    origin_customer_id = models.BigIntegerField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "product"], name="profiles_schedule_once"),
            models.CheckConstraint(
                condition=models.Q(every_days__isnull=True)
                | models.Q(every_days__gte=1, every_days__lte=730),
                name="profiles_schedule_every_days",
                violation_error_message="Choose between every day and every two years.",
            ),
        ]

    def __str__(self) -> str:
        return f"schedule {self.pk}"


class ReorderStatement(models.Model):
    """One thing a customer said of a rhythm: append-only, for undo, audit and for learning from it."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    days = models.PositiveSmallIntegerField(null=True)
    door = models.CharField(max_length=20)
    occurred_at = models.DateTimeField()
    before = models.JSONField(default=dict)
    origin_customer_id = models.BigIntegerField(null=True, editable=False)

    def __str__(self) -> str:
        return f"statement {self.pk}"


class ProductCompanion(models.Model):
    """A product that is bought with another: nothing of a person, written by learning alone, replaced at each fit.

    Of the ``baskets`` that we learned from and that held ``product``, ``together`` held ``companion`` as well.
    ``score`` (0 … 1) is how close they are (``profiles.rules.companions``).
    """

    product = models.ForeignKey(
        Product, models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    companion = models.ForeignKey(
        Product, models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    together = models.PositiveIntegerField()
    baskets = models.PositiveIntegerField()
    score = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product", "companion"], name="profiles_companion_once"
            ),
            models.CheckConstraint(
                condition=models.Q(together__gte=1, together__lte=models.F("baskets")),
                name="profiles_companion_counts",
                violation_error_message="No more baskets hold both than hold one of them.",
            ),
            models.CheckConstraint(
                condition=~models.Q(product=models.F("companion")),
                name="profiles_companion_of_another",
            ),
        ]

    def __str__(self) -> str:
        return f"companion {self.pk}"


class LearnedModel(models.Model):
    """What is learned over all customers and shared by each: plain numbers, replaced at each fit."""

    kind = models.CharField(max_length=30, unique=True)
    parameters = models.JSONField()
    fitted_as_of = models.DateField()
    fitted_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.kind
