"""Which customers there are: those who are neither merged into another nor erased.

The one place of the rule. A merged customer is empty and waits for an undo; an erased one is a pseudonym in
the books. Neither is listed, counted, searched or decided about.
"""

from __future__ import annotations

from typing import Self, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


def present_sql(customer: str) -> str:
    """The rule as a condition of SQL; ``customer`` is the alias of the table.

    >>> present_sql("c")
    'c.merged_into_id IS NULL AND c.erased_at IS NULL'
    """
    return f"{customer}.merged_into_id IS NULL AND {customer}.erased_at IS NULL"


class CustomerQuerySet(models.QuerySet[Row]):
    def present(self) -> Self:
        """Leave out who is merged into another, and who was erased."""
        return self.filter(merged_into=None, erased_at=None)

    def followed(self) -> Self:
        """Fetch along whom each was merged into, for ``Customer.present``."""
        return self.select_related("merged_into")
