"""Finds what is wrong in customers' data, and takes what staff say of it. Mends nothing by itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.models import User
from django.db import transaction

from cxportal.lib.errors import DomainError
from cxportal.lib.history import record_change
from profiles.models import Customer, Finding, Identifier, IdentifierRule, LearnedModel
from profiles.queries.cleanness import conditions, topics
from profiles.queries.company import company_day, company_zone
from profiles.rules.cleanness import (
    KIND,
    FindingKind,
    Found,
    Topic,
    found_in,
    number_in,
)
from profiles.rules.identity import MOST_BLOCKED
from profiles.services import resolving

MODEL = "cleanness"
AT_ONCE = 5_000
NIGHT_BEGINS = 3


class FindingGone(DomainError):
    """It is mended, or the customer is no longer there."""

    code = "finding_gone"


class NothingToBlock(DomainError):
    """This finding is about no address or number."""

    code = "nothing_to_block"


class TooManyBlocked(DomainError):
    """The rule blocks as many values as one rule may."""

    code = "too_many_blocked"


@dataclass(frozen=True)
class Looked:
    """How many customers were looked at, and how many findings are new or gone."""

    customers: int = 0
    new: int = 0
    gone: int = 0

    def __add__(self, other: Looked) -> Looked:
        return Looked(
            self.customers + other.customers, self.new + other.new, self.gone + other.gone
        )


def find_if_due(*, now: datetime) -> Looked:
    """Look at everybody once a night, from three o'clock on by the company's time; a missed night is made up for.

    Everybody, for facts grow old by themselves: a range of customers costs the same few statements.
    """
    local = now.astimezone(company_zone())
    with transaction.atomic():
        LearnedModel.objects.get_or_create(
            kind=MODEL,
            defaults={"parameters": {}, "fitted_as_of": date(1970, 1, 1), "fitted_at": now},
        )
        last = LearnedModel.objects.select_for_update().get(kind=MODEL)
        if last.fitted_as_of >= local.date() or local.hour < NIGHT_BEGINS:
            return Looked()
        # Said first: a tick that comes while this one works finds the night taken.
        last.fitted_as_of, last.fitted_at = local.date(), now
        last.save(update_fields=["fitted_as_of", "fitted_at"])
    looked = Looked()
    for ids in _ranges():
        looked += find(customer_ids=ids, now=now)
    return looked


def _ranges() -> Iterator[Sequence[int]]:
    after = 0
    present = Customer.objects.present().order_by("pk")
    while ids := list(present.filter(pk__gt=after).values_list("pk", flat=True)[:AT_ONCE]):
        yield ids
        after = ids[-1]


def find(*, customer_ids: Sequence[int], now: datetime) -> Looked:
    """Compare what is wrong with these customers with what stands, and bring it up to date. Repeatable.

    Locks their findings. What staff found fine stays so while the value is the same. A fixed number of
    statements, whatever the number of customers.
    """
    about, today = topics(), company_day(now)
    with transaction.atomic():
        stored = Finding.objects.select_for_update(no_key=True).filter(customer_id__in=customer_ids)
        rows = {(row.customer_id, row.kind, row.subject): row for row in stored.order_by("pk")}
        wanted = _wanted(customer_ids, about, today, now)
        new = [_row(key, found, now) for key, found in wanted.items() if key not in rows]
        Finding.objects.bulk_create(new, ignore_conflicts=True)
        _renew([(row, wanted[key]) for key, row in rows.items() if key in wanted], now)
        gone = [row.pk for key, row in rows.items() if key not in wanted]
        if gone:
            Finding.objects.filter(pk__in=gone).delete()
    return Looked(len(customer_ids), len(new), len(gone))


_Key = tuple[int, str, str]


def _wanted(
    customer_ids: Sequence[int], about: Sequence[Topic], today: date, now: datetime
) -> dict[_Key, Found]:
    return {
        (key, str(found.kind), found.subject): found
        for key, condition in conditions(customer_ids, about, now).items()
        for found in found_in(condition, about, today)
    }


def _row(key: _Key, found: Found, now: datetime) -> Finding:
    return Finding(
        customer_id=key[0],
        kind=found.kind,
        subject=found.subject,
        of_value=found.of_value,
        found_at=now,
    )


def _renew(pairs: Collection[tuple[Finding, Found]], now: datetime) -> None:
    """Point anew at what is of another value now; nobody has looked at that one."""
    changed = []
    for row, found in pairs:
        if row.of_value != found.of_value:
            row.of_value, row.found_at = found.of_value, now
            row.settled_at, row.settled_by = None, ""
            changed.append(row)
    Finding.objects.bulk_update(changed, ["of_value", "found_at", "settled_at", "settled_by"])


# --- what staff say -------------------------------------------------------------------------------


def settle(*, finding_id: int, by: str, now: datetime) -> Finding:
    """Keep that this is fine as it is: it is pointed out no more until the value is another one. Repeatable.

    Raises:
        FindingGone: it is mended already; nothing was changed.
    """
    with transaction.atomic():
        row = _locked(finding_id)
        if row.settled_at is None:
            row.settled_at, row.settled_by = now, by
            row.save(update_fields=["settled_at", "settled_by"])
    return row


def reopen(*, finding_id: int) -> Finding:
    """Point out again what somebody had found fine. Repeatable.

    Raises:
        FindingGone: it is mended already; nothing was changed.
    """
    with transaction.atomic():
        row = _locked(finding_id)
        if row.settled_at is not None:
            row.settled_at, row.settled_by = None, ""
            row.save(update_fields=["settled_at", "settled_by"])
    return row


def block(*, finding_id: int, by: User, now: datetime) -> None:
    """Let the number or address that a finding is about identify nobody, and take it from whom it stands with.

    The rule of its kind blocks it from now on, at every door. Who was joined by it stays joined.

    Raises:
        FindingGone, NothingToBlock, TooManyBlocked: nothing was changed.
    """
    with transaction.atomic():
        row = _locked(finding_id)
        held = Identifier.objects.filter(
            pk=number_in(row.subject, "identifier"), customer_id=row.customer_id
        ).first()
        if held is None or row.kind != FindingKind.SHARED:
            raise NothingToBlock("This is about no address or number that many have.")
        _block_value(held, by, now)
        held.delete()
        find(customer_ids=[row.customer_id], now=now)


def _block_value(held: Identifier, by: User, now: datetime) -> None:
    rule = IdentifierRule.objects.select_for_update(no_key=True).get(kind=held.kind)
    if resolving.present_rules()[held.kind].blocks(held.value):
        return
    if len(rule.blocked) >= MOST_BLOCKED or len(held.value) > 100:
        raise TooManyBlocked("This rule blocks all that it can. Take a value out of it first.")
    rule.blocked = [*rule.blocked, as_pattern(held.value)]
    rule.save(update_fields=["blocked"])
    words = f"blocked a value that many customers had ({KIND[FindingKind.SHARED].lower()})"
    record_change(target=rule, words=words, by=by, now=now)


def as_pattern(value: str) -> str:
    """Write a value as a pattern that matches it alone."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in value)


def _locked(finding_id: int) -> Finding:
    present = {"customer__merged_into": None, "customer__erased_at": None}
    rows = Finding.objects.select_for_update(no_key=True, of=("self",))
    row = rows.filter(pk=finding_id, **present).first()
    if row is None:
        raise FindingGone("This is mended already, or the customer is gone.")
    return row
