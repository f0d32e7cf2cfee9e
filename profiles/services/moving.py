"""Moves rows of people between customers when profiles are joined or parted.

What moves is declared by each app (``cxportal.lib.registry.Holding``). A row keeps what it was recorded for
(``origin_profile_id``, or ``origin_customer_id`` where it belongs to no one profile), so that where it stands
now is a function of the edges alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.apps import apps
from django.db import connection
from django.db.models import Model

from cxportal.lib.registry import Holding, registry
from profiles.models import Customer

ORIGIN_PROFILE = "origin_profile"
ORIGIN_CUSTOMER = "origin_customer_id"
# What a customer who has no value of their own shows of those who were merged into them.
LENT = ("name", "search_name", "language", "time_zone", "home_place_id")


def move(*, profiles: Mapping[int, int], homes: Mapping[int, int], affected: Sequence[int]) -> int:
    """Put every row of the ``affected`` customers where it belongs now; return how many moved.

    ``profiles`` and ``homes`` map profiles, and the customers they were made with, to their present
    customer. Runs inside the transaction of its caller, which holds the locks of ``affected``.
    """
    params = {
        "profiles": list(profiles),
        "of_profiles": list(profiles.values()),
        "homes": list(homes),
        "of_homes": list(homes.values()),
        "affected": list(affected),
    }
    moved = 0
    with connection.cursor() as cursor:
        cursor.execute(_PROFILES, params)
        for holding in registry.holdings.values():
            if holding.follows:
                cursor.execute(_moving(holding), params)
                moved += cursor.rowcount
    return moved


def relearn(*, homes: Mapping[int, int]) -> None:
    """Let habits be learned anew, and say who is merged into whom.

    A customer without a name, language or store of their own shows those of who was merged into them.
    """
    with connection.cursor() as cursor:
        for forget in _LEARNED:
            cursor.execute(forget, {"affected": list(homes)})
    _lend(homes)


_PROFILES = """
    UPDATE profiles_profile p SET customer_id = m.customer
      FROM unnest(%(profiles)s::bigint[], %(of_profiles)s::bigint[]) m (profile, customer)
     WHERE p.id = m.profile AND p.customer_id <> m.customer
"""
# Learned from all rows of a customer together: learning makes them anew within seconds.
_LEARNED = (
    "DELETE FROM profiles_habit WHERE customer_id = ANY(%(affected)s)",
    "DELETE FROM profiles_visitrhythm WHERE customer_id = ANY(%(affected)s)",
)

_BY_PARENT = """
    UPDATE {table} t SET customer_id = parent.customer_id FROM {parent} parent
     WHERE parent.id = t.{key} AND t.customer_id = ANY(%(affected)s)
       AND t.customer_id <> parent.customer_id
"""
# ``place`` is 1 for the row that stands for its customer where there may be one only; every other one
# waits with the customer it came from.
_BY_ORIGIN = """
    WITH belongs AS (
        SELECT t.id, t.customer_id, {whose} AS present, {home} AS home, {place} AS place
          FROM {table} t
          LEFT JOIN unnest(%(profiles)s::bigint[], %(of_profiles)s::bigint[]) of_profile (id, customer)
                 ON {by_profile}
          LEFT JOIN unnest(%(homes)s::bigint[], %(of_homes)s::bigint[]) of_home (id, customer)
                 ON {by_home}
         WHERE t.customer_id = ANY(%(affected)s)
    )
    UPDATE {table} t SET customer_id = CASE WHEN place = 1 THEN present ELSE home END
      FROM belongs b
     WHERE b.id = t.id AND b.present IS NOT NULL
       AND t.customer_id <> CASE WHEN place = 1 THEN present ELSE home END
"""


def _moving(holding: Holding) -> str:
    """SQL that moves the rows of one table."""
    model = apps.get_model(holding.model)
    table = model._meta.db_table
    columns = {field.column for field in model._meta.concrete_fields}
    if holding.follows not in (ORIGIN_PROFILE, ORIGIN_CUSTOMER):
        return _BY_PARENT.format(table=table, **_parent(model, holding.follows))
    has_profile, has_home = f"{ORIGIN_PROFILE}_id" in columns, ORIGIN_CUSTOMER in columns
    home = f"t.{ORIGIN_CUSTOMER}" if has_home else "t.customer_id"
    return _BY_ORIGIN.format(
        table=table,
        whose="coalesce(of_profile.customer, of_home.customer)",
        home=f"coalesce({home}, t.customer_id)",
        place=_place(holding),
        by_profile=f"of_profile.id = t.{ORIGIN_PROFILE}_id" if has_profile else "false",
        by_home=f"of_home.id = coalesce({home}, t.customer_id)" if has_home else "false",
    )


def _parent(model: type[Model], field: str) -> dict[str, str]:
    relation = model._meta.get_field(field)
    parent = relation.related_model
    assert isinstance(parent, type)
    assert issubclass(parent, Model)
    return {"parent": parent._meta.db_table, "key": f"{field}_id"}


def _place(holding: Holding) -> str:
    if not holding.one_per and not holding.one_only:
        return "1"
    among = "".join(f", t.{column}" for column in holding.one_per)
    condition = holding.one_where or "true"
    present = "coalesce(of_profile.customer, of_home.customer)"
    return (
        f"CASE WHEN {condition} THEN row_number() OVER (PARTITION BY ({condition}), {present}{among}"
        f" ORDER BY (t.customer_id = {present}) DESC, t.id) ELSE 1 END"
    )


def _lend(homes: Mapping[int, int]) -> None:
    customers = Customer.objects.in_bulk(list(homes))
    own = {column: {key: getattr(c, column) for key, c in customers.items()} for column in LENT}
    for customer in customers.values():
        for column in customer.borrowed:
            # What was written since, by the customer for one, is their own and stays.
            if own[column][customer.pk] in (
                own[column][k] for k in own[column] if k != customer.pk
            ):
                setattr(customer, column, None if column.endswith("_id") else "")
        customer.borrowed = []
        present = homes[customer.pk]
        customer.merged_into_id = None if present == customer.pk else present
        customer.habits_due = True
    for home, present in sorted(homes.items()):
        if home != present:
            _lend_to(customers[present], customers[home])
    Customer.objects.bulk_update(
        customers.values(),
        [*(c.removesuffix("_id") for c in LENT), "borrowed", "merged_into", "habits_due"],
        batch_size=1000,
    )


def _lend_to(borrower: Customer, lender: Customer) -> None:
    for column in LENT:
        value = getattr(lender, column)
        if value and not getattr(borrower, column):
            setattr(borrower, column, value)
            borrower.borrowed.append(column)
