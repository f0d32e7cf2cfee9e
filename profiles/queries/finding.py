"""Finding customers by what a person types: a name, an address, digits, a number."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Right

from profiles.models import Customer, Identifier
from profiles.queries.company import company
from profiles.rules.names import SPOKEN, folded, normal_identifier

# A number has to fit the key, or the database refuses the question.
_LONGEST_KEY = 18


def matching(term: str) -> Q:
    """Narrow customers to those that ``term`` may mean; each way has its index.

    A name, a whole e-mail address, phone or card number, the last four digits of one, or the number
    of the customer; the number of one who was merged means whom they were merged into. An empty term
    matches nobody.
    """
    term = term.strip()
    known = Identifier.objects.alias(ending=Right("value", 4)).filter(_identified_by(term))
    # A union, for a condition with OR would look at every customer.
    others: list[QuerySet[Any, Any]] = []
    if term.isdecimal() and len(term) <= _LONGEST_KEY:
        numbered = Customer.objects.filter(pk=int(term), erased_at=None)
        others.append(numbered.values(key=Coalesce("merged_into_id", "pk")))
    if name := folded(term):
        others.append(Customer.objects.present().filter(search_name__contains=name).values("pk"))
    return Q(
        pk__in=known.values("customer_id").union(*others) if others else known.values("customer_id")
    )


def _identified_by(term: str) -> Q:
    region = company().phone_region
    found = Q(ending=term) if len(term) == 4 else Q(pk__in=[])
    for kind in SPOKEN:
        if value := normal_identifier(kind, term, region):
            found |= Q(kind=kind, value=value)
    return found
