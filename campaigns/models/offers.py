"""Offers and the rule base: each is a row with versions, and the newest version holds."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from campaigns.rules.codes import Door
from campaigns.rules.offers import OfferKind, Weight


class Rule(models.Model):
    """A rule of the rule base: for whom which products are. What it says stands in its versions."""

    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"rule {self.pk}"


class RuleVersion(models.Model):
    """What a rule said from then on, and who wrote it. The database refuses to change one.

    ``condition`` is JSON of ``profiles.rules.conditions``, ``terms`` of ``profiles.rules.product_terms``.
    """

    rule = models.ForeignKey(Rule, models.PROTECT, db_index=False, related_name="versions")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    condition = models.JSONField()
    terms = models.JSONField()
    weight = models.CharField(max_length=10, choices=[(str(w), str(w)) for w in Weight])
    note = models.CharField(max_length=300, blank=True)
    is_on = models.BooleanField()
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    written_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule", "number"], name="campaigns_ruleversion_number"),
            models.CheckConstraint(
                condition=models.Q(weight__in=[str(w) for w in Weight]),
                name="campaigns_ruleversion_weight",
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of rule {self.rule_id}"


class Offer(models.Model):
    """An offer, guidance or service; what it says stands in its versions.

    ``stock``: how many may still be given (null: as many as are wanted); counted down when it is said.
    """

    stock = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(stock=None) | models.Q(stock__gte=0),
                name="campaigns_offer_stock",
                violation_error_message="There cannot be less than none of an offer.",
            )
        ]

    def __str__(self) -> str:
        return f"offer {self.pk}"


class OfferVersion(models.Model):
    """What an offer said from then on, and who wrote it. The database refuses to change one.

    ``terms``: which products (``profiles.rules.product_terms``); ``condition``: for whom
    (``profiles.rules.conditions``), null where the rule base says it. Values and cost are in units of a plain
    message that helps. It holds from ``starts_at``, before ``ends_at``. Of offers with the same ``exclusivity`` a
    customer is told one.
    """

    offer = models.ForeignKey(Offer, models.PROTECT, db_index=False, related_name="versions")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=[(str(k), str(k)) for k in OfferKind])
    terms = models.JSONField()
    condition = models.JSONField(null=True)
    moments = ArrayField(models.CharField(max_length=60))
    doors = ArrayField(models.CharField(max_length=10, choices=[(str(d), str(d)) for d in Door]))
    value_customer = models.FloatField()
    value_house = models.FloatField()
    cost = models.FloatField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    exclusivity = models.CharField(max_length=60, blank=True)
    counter_words = models.CharField(max_length=300, blank=True)
    page_words = models.CharField(max_length=300, blank=True)
    mail_subject = models.CharField(max_length=200, blank=True)
    mail_text = models.TextField(blank=True)
    note = models.CharField(max_length=300, blank=True)
    is_on = models.BooleanField()
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    written_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["offer", "number"], name="campaigns_offerversion_number"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=[str(k) for k in OfferKind]),
                name="campaigns_offerversion_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(doors__contained_by=[str(d) for d in Door], doors__len__gt=0),
                name="campaigns_offerversion_doors",
                violation_error_message="Choose at least one door at which it may be said.",
            ),
            models.CheckConstraint(
                condition=models.Q(moments__len__gt=0),
                name="campaigns_offerversion_moments",
                violation_error_message="Choose at least one moment that it answers.",
            ),
            models.CheckConstraint(
                condition=models.Q(value_customer__gt=0, value_house__gte=0, cost__gte=0),
                name="campaigns_offerversion_values",
                violation_error_message="An offer brings the customer something, and costs nothing or more.",
            ),
            models.CheckConstraint(
                condition=models.Q(cost__lt=models.F("value_customer") + models.F("value_house")),
                name="campaigns_offerversion_worth",
                violation_error_message="It costs as much as it brings: nobody would be told.",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gt=models.F("starts_at")),
                name="campaigns_offerversion_period",
                violation_error_message="It ends before it begins.",
            ),
            models.CheckConstraint(
                condition=~models.Q(doors__contains=["email"])
                | ~models.Q(mail_subject="") & ~models.Q(mail_text=""),
                name="campaigns_offerversion_mail",
                violation_error_message="Write the subject and the text of the e-mail.",
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of offer {self.offer_id}"

    @property
    def worth(self) -> float:
        """What it is worth when it helps, its cost taken off."""
        return self.value_customer + self.value_house - self.cost
