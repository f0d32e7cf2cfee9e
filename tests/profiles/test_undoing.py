"""Taking an import back: what it made goes, what something else stands on stays and is counted."""

from __future__ import annotations

import pytest

from profiles.models import (
    ConsentEntry,
    Customer,
    FactValue,
    Finding,
    Identifier,
    ImportedRow,
    ImportJob,
    ProfileEdge,
    Purchase,
    SharedSighting,
)
from profiles.rules.names import ImportKind
from profiles.services import cleaning, importing, undoing
from tests.profiles.test_people_rows import CALLS, CONSENTS, CRM, MENTIONS, stored

pytestmark = pytest.mark.django_db
ORDERS = (
    "customer_id,order_id,ordered_at,product_id,quantity,unit_price,email",
    "C1,O1,2026-01-05T07:30:00Z,P1,1,2.00,dolores@example.com",
    "C2,O2,2026-01-06T07:30:00Z,P2,1,3.00,",
)


@pytest.fixture
def load(tmp_path, now):
    def load(kind: str, *lines: str, code: str = "crm") -> ImportJob:
        path = tmp_path / f"{kind}.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        known = ImportKind(kind)
        job = importing.start_import(
            path=path,
            file_name=path.name,
            source=importing.source_named(name=code),
            mapping=importing.propose_mapping(path, kind=known).mapping,
            time_zone="UTC",
            by=None,
            now=now,
            kind=known,
        )
        return importing.run_import(job_id=job.pk, now=now)

    return load


def take_back(job: ImportJob, now) -> ImportJob:
    undoing.ask(job_id=job.pk, now=now)
    assert undoing.run_next(now=now)
    job.refresh_from_db()
    return job


@pytest.mark.parametrize(
    ("kind", "lines"), [("customers", CRM), ("calls", CALLS), ("mentions", MENTIONS)]
)
def test_what_a_file_about_people_made_goes_and_may_come_again(load, now, kind, lines):
    before = stored()
    first = load(kind, *lines)
    loaded = stored()
    job = take_back(first, now)
    assert stored() == before
    assert job.counts["stayed"] == {}
    assert job.undone_at == now
    load(kind, *lines)
    assert stored() == loaded


def test_orders_go_with_their_customers(load, now):
    job = take_back(load("orders", *ORDERS), now)
    assert (Purchase.objects.count(), Customer.objects.count()) == (0, 0)
    assert job.counts["taken_back"] == {
        "profiles.Customer": 2,
        "profiles.Identifier": 1,
        "profiles.Purchase": 2,
    }


def test_numbers_of_many_go_with_what_was_found_wrong_of_them(load, now):
    rows = [f"{number},Person {number},+1 212 415 0000" for number in range(1, 8)]
    job = load("customers", "Customer number,Name,Phone", *rows)
    cleaning.find(customer_ids=list(Customer.objects.values_list("pk", flat=True)), now=now)
    assert (SharedSighting.objects.count(), Finding.objects.count()) == (6, 1)
    take_back(job, now)
    for model in (SharedSighting, Finding, Identifier, Customer):
        assert not model.objects.exists()


def test_what_something_else_stands_on_stays(load, now):
    first = load("customers", *CRM)
    load("calls", *CALLS)
    job = take_back(first, now)
    assert list(Customer.objects.values_list("name", flat=True)) == ["Dolores Ruiz"]
    assert FactValue.objects.count() == 0
    assert job.counts["stayed"] == {"profiles.Customer": 1}
    assert job.counts["taken_back"]["profiles.Customer"] == 1


def test_whom_a_file_joined_are_two_again_with_all_that_was_theirs(load, now):
    shop = ("customer_id,order_id,ordered_at,product_id,quantity,unit_price,email",
            "S1,O1,2026-01-05T07:30:00Z,P1,1,2.00,dolores@example.com",
            "S2,O2,2026-01-06T07:30:00Z,P2,1,3.00,")  # fmt: skip
    load("orders", *shop, code="shop")
    wrong = load("customers", "customer_id,name,email", "C1,Dolores,dolores@example.com",
                 "C1,Dolores,other@example.com", code="crm")  # fmt: skip
    assert wrong.counts["customers_joined"] == 1
    assert Purchase.objects.get(external_id="O1").customer.profiles.count() == 2
    job = take_back(wrong, now)
    assert job.counts["taken_back"]["profiles.ProfileEdge"] == 1
    assert job.counts["taken_back"]["profiles.Customer"] == 1
    assert job.counts["stayed"] == {}
    owner = Purchase.objects.get(external_id="O1").customer
    assert (owner.profiles.get().external_id, owner.name) == ("S1", "")
    assert not ProfileEdge.objects.exists()


def test_a_join_of_two_who_were_known_before_is_undone_and_stays_on_record(load, now):
    header = "customer_id,name,email"
    load("customers", header, "C1,Dolores,", code="crm")
    load("customers", header, "S1,Dolores Ruiz,dolores@example.com", code="shop")
    wrong = load("customers", header, "C1,,dolores@example.com", code="crm")
    assert Customer.objects.filter(merged_into=None).count() == 1
    job = take_back(wrong, now)
    assert job.counts["taken_back"] == {"profiles.ProfileEdge": 1}
    assert Customer.objects.filter(merged_into=None).count() == 2
    edge = ProfileEdge.objects.get()
    assert (edge.kind, edge.removed_at, edge.removed_by) == ("same", now, f"undo:{job.pk}")
    load("customers", header, "C1,,dolores@example.com", "C9,New,", code="crm")
    assert Customer.objects.filter(merged_into=None).count() == 2, "joined again, and one more"


def test_lines_that_a_later_file_added_keep_their_order(load, now):
    first = load("orders", *ORDERS)
    load("orders", *ORDERS, "C1,O1,2026-01-05T07:30:00Z,P9,1,5.00,")
    job = take_back(first, now)
    assert list(Purchase.objects.values_list("external_id", flat=True)) == ["O1"]
    assert job.counts["stayed"] == {"profiles.Purchase": 1, "profiles.Customer": 1}


def test_lines_that_an_import_added_go_alone(load, now):
    load("orders", *ORDERS)
    take_back(load("orders", *ORDERS, "C1,O1,2026-01-05T07:30:00Z,P9,1,5.00,"), now)
    assert Purchase.objects.get(external_id="O1").lines.count() == 1


def test_a_yes_of_a_file_is_answered_by_a_no_and_a_no_stays(load, now):
    job = take_back(load("consents", *CONSENTS), now)
    said = ConsentEntry.objects.order_by("pk").values_list("purpose", "state", "actor")
    assert list(said) == [
        ("offers", "granted", "file:crm"),
        ("offers", "withdrawn", "file:crm"),
        ("offers", "withdrawn", f"undo:{job.pk}"),
    ]
    assert job.counts["taken_back"] == {"profiles.ConsentEntry": 1}
    assert job.counts["stayed"] == {"profiles.ConsentEntry": 1, "profiles.Customer": 2}


def test_it_is_asked_once_and_only_of_what_made_rows(load, now):
    first = load("customers", *CRM)
    again = load("customers", *CRM)
    before = stored()
    with pytest.raises(undoing.NothingToTakeBack):
        undoing.ask(job_id=again.pk, now=now)
    assert not undoing.run_next(now=now)
    assert stored() == before
    take_back(first, now)
    assert undoing.ask(job_id=first.pk, now=now).undone_at == now
    assert not undoing.run_next(now=now)
    assert not ImportedRow.objects.filter(job=first).exists()
