"""Erases a person: all that says who they are goes, and the books stay right under a number that says nothing.

What becomes of each table is declared where the table is (``cxportal.lib.registry``). All of it is one
transaction: nobody is ever half erased.
Source: GDPR, article 17; article 11 for what stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.db.models import BooleanField, Field, Model

from cxportal.lib.errors import DomainError
from cxportal.lib.registry import Erasing, Holding, Mention, registry
from profiles.models import ConsentEntry, Customer
from profiles.queries.people import component, held, mentioning, traces_of
from profiles.rules.names import Channel, PrivacyRequestKind, Purpose
from profiles.rules.privacy import Traces
from profiles.rules.purposes import MESSAGES
from profiles.services import consenting, exporting, privacy_requests, suppressing

DOOR = "erasure"
ERASED = "erased:"


def erase(*, customer: Customer, by: str, now: datetime) -> dict[str, int]:
    """Erase a person with all profiles that were merged into them; return the rows touched, by table.

    Locks all of their customers. Repeatable: who is erased already stays so, and nothing is touched.

    Raises:
        FileUnderWay, MessageLeaving: something of theirs is being written at this moment; nothing was
            changed. Ask again in a minute.
    """
    with transaction.atomic():
        suppressing.wait_for_writers()
        customers = _locked(customer)
        if all(one.erased_at for one in customers):
            return {}
        ids = [one.pk for one in customers]
        traces = traces_of(ids)
        suppressing.remember(traces=traces, now=now)
        _withdraw(customers[0], by, now)
        for erasure in registry.erasures.values():
            erasure.erase(ids, now)
        touched = Counter(_forget_mentions(traces))
        for holding in _children_first():
            touched[holding.model] += _forget(holding, ids)
        Customer.objects.filter(pk__in=ids).update(erased_at=now, habits_due=False)
        files = exporting.forget(customer_ids=ids, now=now)
        transaction.on_commit(lambda: exporting.remove(files))
    return dict(+touched)


def run_next(*, now: datetime) -> bool:
    """Carry out the erasure that waits longest; False where none does, or where it has to wait on."""
    request = privacy_requests.claim_next(kind=PrivacyRequestKind.ERASURE)
    if request is None:
        return False
    try:
        erase(customer=request.customer, by=request.actor, now=now)
    except DomainError as error:
        privacy_requests.put_off(request=request, code=error.code)
        return False
    privacy_requests.finish(request=request, now=now)
    return True


def _locked(customer: Customer) -> Sequence[Customer]:
    """All customers who are this person, the one that stands for them first; looked at again under the lock."""
    ids: list[int] = []
    while (found := component(customer.pk)) != ids:
        ids = found
        rows = Customer.objects.filter(pk__in=ids).order_by("pk").select_for_update()
        by_key = {row.pk: row for row in rows}
    return [by_key[key] for key in ids]


def _withdraw(customer: Customer, by: str, now: datetime) -> None:
    """Write a no to every purpose: the ledger says why nothing is sent, before anything is gone."""
    if not customer.profiles.exists():
        return
    said = ConsentEntry.objects.filter(customer=customer).values_list("purpose", "channel")
    pairs = {*((str(p), str(c)) for p, c in MESSAGES), *said.distinct()}
    for purpose, channel in sorted(pairs):
        consenting.withdraw(
            customer=customer,
            purpose=Purpose(purpose),
            channel=Channel(channel),
            door=DOOR,
            actor=by,
            occurred_at=now,
        )


def _forget_mentions(traces: Traces) -> dict[str, int]:
    return {
        mention.model: _emptied(mention, mentioning(mention, traces))
        for mention in registry.mentions.values()
    }


def _emptied(mention: Mention, rows: Any) -> int:
    keys = list(rows.values_list("pk", flat=True))
    found = apps.get_model(mention.model)._base_manager.filter(pk__in=keys)
    if mention.erasing == Erasing.DELETE:
        found.delete()
    else:
        found.update(**blanks(mention))
    return len(keys)


def _forget(holding: Holding, ids: Sequence[int]) -> int:
    """Delete the rows of one table, or empty what says something; return how many."""
    rows = held(holding, ids)
    if holding.erasing == Erasing.DELETE:
        return int(rows.delete()[0])
    if holding.erasing == Erasing.KEEP:
        return 0
    keys = list(rows.values_list("pk", flat=True))
    found = apps.get_model(holding.model)._base_manager.filter(pk__in=keys)
    if values := blanks(holding):
        found.update(**values)
    for column in holding.renamed:
        _rename(holding.model, column, keys)
    return len(keys)


def blanks(of: Holding | Mention) -> dict[str, Any]:
    """What the columns of a table are emptied to."""
    fields = apps.get_model(of.model)._meta
    return {name: _empty(fields.get_field(name)) for name in of.personal}


def _empty(field: Field[Any, Any]) -> Any:
    if field.null:
        return None
    if field.has_default() and not isinstance(field, BooleanField):
        return field.get_default()
    return "" if field.empty_strings_allowed else {}


def _rename(model: str, column: str, keys: Sequence[int]) -> None:
    """Put chance into a column that has to stay unique: nobody can find out what stood there, nor can we."""
    options = apps.get_model(model)._meta
    field = options.get_field(column)
    is_uuid = field.get_internal_type() == "UUIDField"
    value = "gen_random_uuid()" if is_uuid else f"'{ERASED}' || gen_random_uuid()"
    table, name = (connection.ops.quote_name(n) for n in (options.db_table, field.column))
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {name} = {value} WHERE id = ANY(%s)", [list(keys)])


def _children_first() -> list[Holding]:
    """The tables of people, each before those that its keys point to."""
    left = dict(registry.holdings)
    order: list[Holding] = []
    while left:
        pointed_at = {label for key in left for label in _points_to(key) if label != key}
        free = [key for key in left if key not in pointed_at]
        order += [left.pop(key) for key in free or list(left)]
    return order


def _points_to(label: str) -> set[str]:
    fields = apps.get_model(label)._meta.concrete_fields
    related = (field.related_model for field in fields if field.is_relation)
    return {m._meta.label for m in related if isinstance(m, type) and issubclass(m, Model)}
