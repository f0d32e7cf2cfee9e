"""The company that runs this installation, its stores and channels."""

from __future__ import annotations

from django.db import models

from cxportal.lib.db import Singleton, only_row
from profiles.rules.names import PlaceKind


class Company(Singleton):
    """The house itself; its settings hold where neither customer nor store says otherwise."""

    name = models.CharField(max_length=120, db_default="My company")
    currency = models.CharField(max_length=3, db_default="EUR", help_text="ISO 4217, e.g. EUR")
    time_zone = models.CharField(max_length=60, db_default="UTC", help_text="e.g. Europe/Vienna")
    language = models.CharField(max_length=10, db_default="en")
    phone_region = models.CharField(
        "default phone country", max_length=2, db_default="US", help_text="ISO 3166, e.g. AT"
    )

    class Meta:
        verbose_name_plural = "company"
        constraints = [only_row("profiles_company")]

    def __str__(self) -> str:
        return "company"


class Place(models.Model):
    """A store or another channel of purchase, such as the web shop."""

    code = models.CharField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=[(str(k), str(k)) for k in PlaceKind])
    time_zone = models.CharField(max_length=60, blank=True, help_text="empty: the company's")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=[str(k) for k in PlaceKind]), name="profiles_place_kind"
            )
        ]

    def __str__(self) -> str:
        return self.code
