"""Two customers side by side, as somebody needs it who says whether they are one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min
from django.utils.formats import date_format

from feedback.queries import open_cases
from loyalty.queries import standing
from profiles.models import Customer, Profile, Purchase
from profiles.queries.card import contacts
from profiles.queries.company import company_zone
from profiles.queries.facts import Known, sheet


@dataclass(frozen=True)
class Line:
    """One thing that is known of two customers; ``is_same`` where it is known of both and equal."""

    label: str
    one: str
    other: str

    @property
    def is_same(self) -> bool:
        return bool(self.one) and self.one.casefold() == self.other.casefold()


@dataclass(frozen=True)
class Compared:
    one: Customer
    other: Customer
    lines: Sequence[Line]


def compared(one: Customer, other: Customer, now: datetime) -> Compared:
    """Bring together what tells two customers apart; contact data masked, nothing of a special category."""
    sides = [_side(customer, now) for customer in (one, other)]
    labels = list(dict.fromkeys([*sides[0], *sides[1]]))
    lines = [Line(label, sides[0].get(label, ""), sides[1].get(label, "")) for label in labels]
    return Compared(one, other, [line for line in lines if line.one or line.other])


def _side(customer: Customer, now: datetime) -> dict[str, str]:
    bought = Purchase.objects.filter(customer=customer).aggregate(
        number=Count("pk"), first=Min("occurred_at"), last=Max("occurred_at")
    )
    sources = Profile.objects.filter(customer=customer).order_by("pk")
    points = standing([customer.pk], now)[customer.pk]
    cases = open_cases([customer.pk]).get(customer.pk, [])
    return {
        "Name": customer.name,
        "Addresses and numbers": ", ".join(contacts(customer.pk)),
        **{known.name: known.words for known in sheet(customer.pk, now) if _is_telling(known)},
        "Known to": ", ".join(sources.values_list("source__name", flat=True)),
        "Store": customer.home_place.name if customer.home_place else "",
        "Language": customer.language,
        "Purchases": f"{bought['number']:,}",
        "First bought": _day(bought["first"]),
        "Last bought": _day(bought["last"]),
        "Points": f"{points.balance:,}",
        "Open cases": f"{len(cases):,}" if cases else "",
    }


def _is_telling(known: Known) -> bool:
    return known.version is not None and not known.is_special


def _day(at: datetime | None) -> str:
    return date_format(at.astimezone(company_zone()), "j F Y") if at else ""
