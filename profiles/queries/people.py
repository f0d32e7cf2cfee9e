"""Everything of a person: the customers who are one with them, the rows of each table, and their strings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.db.models import F, Q, QuerySet, TextField
from django.db.models.functions import Cast, Coalesce, Lower

from cxportal.lib.registry import Holding, Mention
from profiles.models import Customer, Identifier, Profile
from profiles.rules.privacy import Traces

# As long as a pattern may get before it is divided: some thousand letters.
_PATTERNS_AT_ONCE = 50


def component(customer_id: int) -> list[int]:
    """The customers who are one person with this one, the one that stands for all first.

    Empty where there is no such customer.
    """
    standing = Customer.objects.filter(pk=customer_id).values(key=Coalesce("merged_into_id", "pk"))
    rows = Customer.objects.values_list("merged_into_id", "pk")
    # A union, for a condition with OR would look at every customer.
    found = rows.filter(pk__in=standing).union(rows.filter(merged_into_id__in=standing))
    return [key for _, key in sorted(found, key=lambda row: (row[0] is not None, row[1]))]


def held(
    holding: Holding, customer_ids: Sequence[int], *, with_near: bool = False
) -> QuerySet[Any]:
    """The rows of one table that are these customers'; ``with_near`` adds those of who lives with them."""
    paths = [holding.customer or "pk"] + ([holding.also] if holding.also else [])
    if with_near and holding.near:
        paths.append(holding.near)
    theirs = reduce(or_, (Q(**{f"{path}__in": list(customer_ids)}) for path in paths))
    rows: QuerySet[Any] = _manager(holding.model).filter(theirs)
    return rows.distinct() if with_near and holding.near else rows


def mentioning(mention: Mention, traces: Traces) -> QuerySet[Any]:
    """The rows of one table in whose free content the person's own strings stand."""
    rows: QuerySet[Any] = _manager(mention.model).all()
    wheres = [_matches(mention, traces.patterns())]
    if mention.source:
        wheres += [
            _matches(mention, traces.patterns_of_source(source)) & Q(**{mention.source: source})
            for source in sorted({source for source, _ in traces.numbers})
        ]
    found = reduce(or_, (where for where in wheres if where), Q(pk__in=[]))
    texts = {
        f"text_of_{column}": Lower(Cast(F(column), TextField())) for column in mention.searched
    }
    matching: QuerySet[Any] = rows.alias(**texts).filter(found)
    return matching


def _matches(mention: Mention, patterns: Sequence[str]) -> Q:
    where = Q()
    for first in range(0, len(patterns), _PATTERNS_AT_ONCE):
        pattern = "|".join(f"(?:{one})" for one in patterns[first : first + _PATTERNS_AT_ONCE])
        for column in mention.searched:
            where |= Q(**{f"text_of_{column}__regex": pattern})
    return where


def _manager(label: str) -> Any:
    return apps.get_model(label)._base_manager


def traces_of(customer_ids: Sequence[int]) -> Traces:
    """The strings by which a person is known: also what an export or an erasure looks for in free text."""
    theirs = {"customer_id__in": list(customer_ids)}
    identifiers = Identifier.objects.filter(**theirs).order_by("pk")
    profiles = Profile.objects.filter(**theirs).order_by("pk")
    customers = Customer.objects.filter(pk__in=customer_ids)
    return Traces(
        identifiers=list(identifiers.values_list("kind", "scope", "value")),
        numbers=list(profiles.values_list("source_id", "external_id")),
        names=[name for name in customers.values_list("name", flat=True) if name],
        others=[str(public_id) for public_id in customers.values_list("public_id", flat=True)],
    )
