"""Importing: what goes in, what is kept aside, and that nothing is lost or stored twice."""

from __future__ import annotations

import gzip
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiles.models import (
    ConsentEntry,
    Customer,
    Identifier,
    ImportJob,
    ImportReject,
    Place,
    Product,
    Profile,
    Purchase,
    PurchaseLine,
)
from profiles.rules.names import JobState, PlaceKind, ProductKind, SourceKind
from profiles.services import importing, order_files, order_opening, order_rows, order_staging
from profiles.services.importing import Reject, Row
from tests.factories.profiles import SourceFactory
from tests.profiles.files import GOOD, HEADER, MAPPING, order_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def source():
    return SourceFactory()


@pytest.fixture
def bring(source, now):
    """Import a file as the command and the rehearsal do."""

    def bring(path: Path, mapping: dict[str, str] = MAPPING, zone: str = "UTC"):
        return importing.import_file(
            path=path, source=source, mapping=mapping, time_zone=zone, now=now
        )

    return bring


@pytest.fixture
def queued(source, now):
    """Queue a file as an upload does."""

    def queue(path: Path, mapping: dict[str, str] = MAPPING) -> ImportJob:
        return importing.start_import(
            path=path,
            file_name=path.name,
            source=source,
            mapping=mapping,
            time_zone="UTC",
            by=None,
            now=now,
        )

    return queue


def stored() -> dict[str, int]:
    tables = (Customer, Profile, Product, Place, Purchase, PurchaseLine, Identifier, ConsentEntry)
    return {table.__name__: table.objects.count() for table in tables}


NOTHING = dict.fromkeys(
    "Customer Profile Product Place Purchase PurchaseLine Identifier ConsentEntry".split(), 0
)


# --- what goes in ---------------------------------------------------------------------------------


def test_orders_go_in_with_all_that_they_tell(tmp_path, bring, source):
    counts = bring(order_file(tmp_path, *GOOD))
    assert counts == importing.Counts(
        rows_read=3,
        rejected={},
        customers_new=2,
        products_new=2,
        places_new=2,
        purchases_new=2,
        lines_new=3,
    )
    first = Purchase.objects.get(external_id="O1")
    assert (first.source, first.occurred_at, first.place.code) == (
        source,
        datetime(2026, 1, 5, 7, 30, tzinfo=UTC),
        "Main Street",
    )
    assert first.customer.profiles.get().external_id == "C1"
    assert first.origin_profile.external_id == "C1"
    lines = first.lines.order_by("product__code")
    assert list(
        lines.values_list(
            "product__code", "quantity", "unit_price_minor", "source_line", "occurred_at"
        )
    ) == [
        ("P1", Decimal(1), 1250, 1, first.occurred_at),
        ("P2", Decimal(2), 249, 1, first.occurred_at),
    ]
    assert set(lines.values_list("customer", flat=True)) == {first.customer_id}
    product = Product.objects.get(code="P1")
    assert (product.name, product.category.name, product.kind) == (
        "Espresso beans",
        "Coffee",
        ProductKind.GOODS,
    )
    assert Place.objects.get(code="Online Shop").kind == PlaceKind.WEB
    assert first.customer.habits_due
    assert first.customer.home_place.code == "Main Street"


def test_the_same_file_again_stores_nothing_twice(tmp_path, bring):
    path = order_file(tmp_path, *GOOD, GOOD[0])
    bring(path)
    before = stored()
    Customer.objects.update(habits_due=False)
    again = bring(path)
    assert stored() == before
    assert again == importing.Counts(rows_read=4, lines_known=4)
    assert not Customer.objects.filter(habits_due=True).exists()


def test_equal_lines_of_one_order_are_all_kept(tmp_path, bring):
    bring(order_file(tmp_path, GOOD[0], GOOD[0], GOOD[0]))
    numbers = PurchaseLine.objects.order_by("source_line").values_list("source_line", flat=True)
    assert list(numbers) == [1, 2, 3]


def test_the_rest_of_an_order_may_come_later(tmp_path, bring):
    bring(order_file(tmp_path, GOOD[0], GOOD[2]))
    Customer.objects.update(habits_due=False)
    counts = bring(order_file(tmp_path, GOOD[0], GOOD[0], GOOD[1], name="later.csv"))
    assert (counts.lines_new, counts.lines_known) == (2, 1)
    assert (counts.purchases_new, counts.purchases_completed) == (0, 1)
    assert Purchase.objects.get(external_id="O1").lines.count() == 3
    due = Customer.objects.filter(habits_due=True)
    assert [customer.profiles.get().external_id for customer in due] == ["C1"]


def test_lines_of_an_order_need_not_stand_together(tmp_path, bring):
    counts = bring(order_file(tmp_path, GOOD[0], GOOD[2], GOOD[1], GOOD[0]))
    assert counts.purchases_new == 2
    lines = Purchase.objects.get(external_id="O1").lines
    assert sorted(lines.values_list("product__code", "source_line")) == [
        ("P1", 1),
        ("P1", 2),
        ("P2", 1),
    ]


def test_an_order_whose_lines_differ_in_time_begins_with_the_first(tmp_path, bring):
    later = GOOD[1].replace("07:30", "07:31")
    bring(order_file(tmp_path, later, GOOD[0]))
    purchase = Purchase.objects.get()
    assert purchase.occurred_at == datetime(2026, 1, 5, 7, 30, tzinfo=UTC)
    assert set(purchase.lines.values_list("occurred_at", flat=True)) == {purchase.occurred_at}


def test_returns_and_gifts_go_in_and_postage_is_a_charge(tmp_path, bring):
    bring(
        order_file(
            tmp_path,
            "C1,C536379,2026-01-05T07:30:00Z,D,Discount,,-1,27.50,",
            "C1,536380,2026-01-05T07:31:00Z,POST,POSTAGE,,3,18.00,",
            "C1,536381,2026-01-05T07:32:00Z,22637,Piggy bank,,6,0,",
        )
    )
    lines = PurchaseLine.objects.order_by("occurred_at")
    assert list(lines.values_list("product__kind", "quantity", "unit_price_minor")) == [
        (ProductKind.CHARGE, Decimal(-1), 2750),
        (ProductKind.CHARGE, Decimal(3), 1800),
        (ProductKind.GOODS, Decimal(6), 0),
    ]


def test_orders_of_another_source_are_others(tmp_path, bring, now):
    path = order_file(tmp_path, *GOOD)
    bring(path)
    shop = SourceFactory(code="shop", name="Shop", kind=SourceKind.FILE)
    counts = importing.import_file(
        path=path, source=shop, mapping=MAPPING, time_zone="UTC", now=now
    )
    assert (counts.customers_new, counts.purchases_new, counts.products_new) == (2, 2, 0)


def test_a_product_is_described_by_the_newest_order(tmp_path, bring):
    bring(order_file(tmp_path, GOOD[0]))
    bring(
        order_file(
            tmp_path, "C1,O9,2026-02-01,P1,Espresso beans 500 g,Coffee beans,1,12.50,Main Street"
        )
    )
    bring(order_file(tmp_path, "C1,O8,2025-12-01,P1,Old beans,Old,1,12.50,Main Street"))
    bring(order_file(tmp_path, "C1,O10,2026-02-02,P1,,,1,12.50,Main Street"))
    product = Product.objects.get(code="P1")
    assert (product.name, product.category.name) == ("Espresso beans 500 g", "Coffee beans")


def test_only_addresses_that_a_message_may_carry_are_kept(tmp_path, bring):
    header = HEADER + ",product_url"
    lines = [GOOD[0] + ",https://shop.example.com/p1", GOOD[1] + ",javascript:alert(1)"]
    bring(order_file(tmp_path, *lines, header=header), MAPPING | {"product_url": "product_url"})
    assert list(Product.objects.order_by("code").values_list("url", flat=True)) == [
        "https://shop.example.com/p1",
        "",
    ]


def test_people_become_known_by_their_addresses_and_never_consent(tmp_path, bring):
    header = HEADER + ",email,phone,person_name,consent"
    path = order_file(
        tmp_path,
        GOOD[0] + ",Dolores@Example.com,(212) 415-1234,Dolores  Reyes,yes",
        GOOD[2] + ",dolores@example.com,4.36E+11,#N/A,1",
        header=header,
    )
    mapping = MAPPING | {name: name for name in ("email", "phone", "person_name")}
    counts = bring(path, mapping)
    assert counts.identifiers_new == 2
    first = Customer.objects.get(profiles__external_id="C1")
    assert (first.name, first.search_name) == ("Dolores Reyes", "dolores reyes")
    assert sorted(first.identifiers.values_list("kind", "value")) == [
        ("email", "dolores@example.com"),
        ("phone", "+12124151234"),
    ]
    second = Customer.objects.get(profiles__external_id="C2")
    assert (second.name, second.identifiers.count()) == ("", 0)
    assert ConsentEntry.objects.count() == 0
    assert bring(path, mapping).identifiers_new == 0


def test_a_name_that_is_known_is_not_overwritten(tmp_path, bring):
    mapping = MAPPING | {"person_name": "person_name"}
    header = HEADER + ",person_name"
    bring(order_file(tmp_path, GOOD[0] + ",Dolores Reyes", header=header), mapping)
    bring(order_file(tmp_path, GOOD[0] + ",D. Reyes", header=header), mapping)
    assert Customer.objects.get().name == "Dolores Reyes"


def test_a_file_without_orders_quantities_and_prices_has_one_order_per_instant(tmp_path, bring):
    path = order_file(
        tmp_path,
        "K1,2026-01-05 10:15:00.000,Latte",
        "K1,2026-01-05 10:15:00.000,Cortado",
        "K1,2026-01-06 10:15:00.000,Latte",
        header="card,ts,product",
    )
    mapping = {"customer_id": "card", "ordered_at": "ts", "product_id": "product"}
    counts = bring(path, mapping)
    assert (counts.purchases_new, counts.lines_new) == (2, 3)
    assert set(PurchaseLine.objects.values_list("quantity", "unit_price_minor")) == {(1, 0)}
    assert Product.objects.get(code="Latte").name == "Latte"
    assert bring(path, mapping).lines_known == 3


# --- how files are written ------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_and_delimiters_are_recognised(tmp_path, bring, encoding, delimiter):
    lines = [
        "Kundennummer,Bestellnummer,Datum,Artikelnummer,Bezeichnung,Menge,Preis",
        "1,1,05.01.2026 08:30,A,Käsekrainer – groß,2,3.90",
    ]
    path = tmp_path / "orders.csv"
    path.write_bytes("\r\n".join(line.replace(",", delimiter) for line in lines).encode(encoding))
    bring(path, importing.propose_mapping(path).mapping, "Europe/Vienna")
    line = PurchaseLine.objects.select_related("product").get()
    assert line.product.name == "Käsekrainer – groß"
    assert (line.quantity, line.unit_price_minor) == (2, 390)
    assert line.occurred_at == datetime(2026, 1, 5, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_kind_are_read(tmp_path, bring, ending):
    path = tmp_path / "orders.csv"
    path.write_bytes(ending.join([HEADER, *GOOD]).encode())
    assert bring(path).lines_new == 3


def test_a_packed_file_is_known_by_its_content(tmp_path, bring):
    path = tmp_path / "orders.csv"
    path.write_bytes(gzip.compress(order_file(tmp_path, *GOOD, name="plain.csv").read_bytes()))
    assert bring(path).lines_new == 3


def test_a_decimal_comma_is_read_when_the_file_shows_it(tmp_path, bring):
    path = order_file(
        tmp_path, "1;2026-01-05;A;1,500;12,50", header="customer;date;sku;quantity;price"
    )
    bring(path, importing.propose_mapping(path).mapping)
    line = PurchaseLine.objects.get()
    assert (line.quantity, line.unit_price_minor) == (Decimal("1.5"), 1250)


def test_months_come_first_when_the_file_shows_it(tmp_path, bring):
    lines = ["1,01/02/2026,A", "1,01/31/2026,A"]
    path = order_file(tmp_path, *lines, header="customer,date,sku")
    bring(path, importing.propose_mapping(path).mapping)
    assert list(Purchase.objects.order_by("occurred_at").values_list("occurred_at", flat=True)) == [
        datetime(2026, 1, 2, tzinfo=UTC),
        datetime(2026, 1, 31, tzinfo=UTC),
    ]


def test_dates_that_can_be_read_in_two_ways_are_asked_about(tmp_path, bring):
    path = order_file(tmp_path, "1,01/02/2026,A", header="customer,date,sku")
    mapping = importing.propose_mapping(path).mapping
    with pytest.raises(order_opening.DatesAmbiguous, match="01/02/2026"):
        bring(path, mapping)
    assert stored() == NOTHING
    bring(path, mapping | {"date_order": "dmy"})
    assert Purchase.objects.get().occurred_at == datetime(2026, 2, 1, tzinfo=UTC)


def test_letters_that_only_appear_far_down_do_not_break_the_file(tmp_path, bring):
    many = [f"C1,O{n},2026-01-05,P1,Beans,Coffee,1,1,Main Street" for n in range(20_000)]
    path = order_file(tmp_path, *many)
    last = "C1,O-last,2026-01-06,P2,Käse,Coffee,1,1,Main Street\n"
    path.write_bytes(path.read_bytes() + last.encode("cp1252"))
    assert path.stat().st_size > 1_000_000
    assert bring(path).lines_new == 20_001
    assert Product.objects.get(code="P2").name == "Käse"


def test_a_currency_without_cents_is_not_multiplied(tmp_path, bring):
    house = importing.company()
    house.currency = "JPY"
    house.save()
    bring(order_file(tmp_path, GOOD[0].replace("12.50", "1200")))
    assert PurchaseLine.objects.get().unit_price_minor == 1200


# --- what is kept aside ---------------------------------------------------------------------------

BAD = {
    ",O3,2026-01-07,P1,Beans,Coffee,1,1,": "no_customer",
    "#N/A,O3,2026-01-07,P1,Beans,Coffee,1,1,": "no_customer",
    "C1,,2026-01-07,P1,Beans,Coffee,1,1,": "no_order",
    "C1,O3,2026-02-30,P1,Beans,Coffee,1,1,": "bad_time",
    "C1,O3,2099-01-07,P1,Beans,Coffee,1,1,": "in_future",
    "C1,O3,2026-01-07,,Beans,Coffee,1,1,": "no_product",
    "C1,O3,2026-01-07,P1,Beans,Coffee,some,1,": "bad_quantity",
    "C1,O3,2026-01-07,P1,Beans,Coffee,0,1,": "zero_quantity",
    "C1,O3,2026-01-07,P1,Beans,Coffee,1,free,": "bad_price",
    "C1,O3,2026-01-07,P1,Beans,Coffee,1,": "wrong_columns",
    "C1,O3,2026-01-07,P1,Beans,Coffee,1,1,,more": "wrong_columns",
    'C1,O3,2026-01-07,P1,"Beans"x,Coffee,1,1,': "broken_quotes",
    "C1," + "O" * 201 + ",2026-01-07,P1,Beans,Coffee,1,1,": "too_long",
}


@pytest.mark.parametrize(("line", "reason"), BAD.items())
def test_a_bad_row_is_kept_aside_and_the_good_ones_go_in(tmp_path, queued, now, line, reason):
    job = queued(order_file(tmp_path, GOOD[0], line, *GOOD[1:]))
    job = importing.run_import(job_id=job.pk, now=now)
    assert (job.state, job.rows_read, job.rows_rejected) == (JobState.DONE, 4, 1)
    reject = ImportReject.objects.get()
    assert (reject.line_number, reject.reason, reject.raw) == (3, reason, line)
    assert PurchaseLine.objects.count() == 3
    assert job.counts["rejected"] == {reason: 1}


def test_a_row_with_a_nul_is_kept_aside(tmp_path, queued, now):
    job = queued(order_file(tmp_path, GOOD[0], GOOD[1].replace("Oat", "O\0at")))
    importing.run_import(job_id=job.pk, now=now)
    reject = ImportReject.objects.get()
    assert (reject.line_number, reject.reason) == (3, "nul")
    assert "O\u2400at" in reject.raw


def test_a_quote_that_is_never_closed_takes_no_other_row_along(tmp_path, queued, now):
    broken = 'C1,O3,2026-01-07,P1,"Beans,Coffee,1,1,'
    job = queued(order_file(tmp_path, GOOD[0], broken, *GOOD[1:] * 200))
    job = importing.run_import(job_id=job.pk, now=now)
    reject = ImportReject.objects.get()
    assert (reject.line_number, reject.reason, reject.raw) == (3, "broken_quotes", broken)
    assert (job.rows_read, PurchaseLine.objects.count()) == (402, 401)


def test_a_quoted_name_may_span_lines(tmp_path, bring):
    bring(order_file(tmp_path, GOOD[0].replace("Espresso beans", '"Espresso\nbeans, ""dark"""')))
    assert Product.objects.get().name == 'Espresso beans, "dark"'


def test_a_line_without_end_is_kept_aside_in_bounded_memory(tmp_path, queued, now):
    path = order_file(tmp_path, GOOD[0], "C1," + "x" * 3_000_000, GOOD[1])
    job = importing.run_import(job_id=queued(path).pk, now=now)
    reject = ImportReject.objects.get()
    assert (reject.line_number, reject.reason, len(reject.raw)) == (3, "too_long", 2000)
    assert job.counts["lines_new"] == 2


def test_an_order_number_of_another_customer_is_kept_aside(tmp_path, queued, now):
    other = "C9,O1,2026-01-05T07:30:00Z,P7,Tea,Tea,1,4.00,Main Street"
    job = queued(order_file(tmp_path, GOOD[0], other))
    importing.run_import(job_id=job.pk, now=now)
    assert list(ImportReject.objects.values_list("line_number", "reason", "raw")) == [
        (3, "other_customer", other)
    ]
    assert list(Profile.objects.values_list("external_id", flat=True)) == ["C1"]
    again = importing.run_import(job_id=queued(order_file(tmp_path, other)).pk, now=now)
    assert (again.rows_rejected, again.counts["lines_new"]) == (1, 0)
    assert PurchaseLine.objects.count() == 1


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(
        st.sampled_from([*GOOD, *BAD, 'C1,"O4', '"', "", ",,,,,,,,"]) | st.text(max_size=30),
        max_size=12,
    )
)
def test_every_row_is_either_good_or_kept_aside(tmp_path, rows):
    lines = [row.replace("\r", " ").replace("\n", " ") for row in rows]
    path = order_file(tmp_path, GOOD[0], *lines)
    read = list(order_files.read_rows(path, MAPPING, "UTC"))
    numbers = [row.line_number for row in read]
    assert len(numbers) == len(set(numbers))
    # A quoted field may hold line ends, so that one record can take several lines, but none is lost.
    assert numbers == sorted(numbers)
    assert all(isinstance(row, Row | Reject) for row in read)
    if not any('"' in line for line in lines):
        assert len(read) == 1 + sum(bool(line) for line in lines)


# --- files that cannot be read at all -------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"\xef\xbb\xbf\r\n", "file_empty"),
        (HEADER.encode() + b"\n", "header_only"),
        (b"just one column\nof text\n", "not_csv"),
        (b"PK\x03\x04 a workbook", "not_csv"),
        (b"%PDF-1.7", "not_csv"),
        (bytes(range(128, 256)) * 9, "unknown_encoding"),
        (gzip.compress(b"a,b\n1,2\n" * 1000)[:-20], "file_damaged"),
    ],
)
def test_a_file_that_is_none_says_why(tmp_path, queued, content, code):
    path = tmp_path / "orders.csv"
    path.write_bytes(content)
    with pytest.raises(order_opening.OrderFileError) as refusal:
        queued(path)
    assert refusal.value.code == code
    assert not ImportJob.objects.exists()
    assert stored() == NOTHING


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(order_opening.FileMissing):
        importing.propose_mapping(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        ({"ordered_at": "ordered_at", "product_id": "product_id"}, "column_missing"),
        (MAPPING | {"product_name": "product_id"}, "column_twice"),
        (MAPPING | {"product_name": "nowhere"}, "column_absent"),
        (MAPPING | {"shoe_size": "store"}, "unknown_field"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(tmp_path, queued, mapping, code):
    with pytest.raises(order_opening.MappingWrong) as refusal:
        queued(order_file(tmp_path, *GOOD), mapping)
    assert refusal.value.code == code
    assert not ImportJob.objects.exists()


def test_a_header_that_stands_twice_cannot_be_chosen(tmp_path, queued):
    path = order_file(
        tmp_path, "C1,2026-01-05,P1,x", header="customer_id,ordered_at,product_id,product_id"
    )
    with pytest.raises(order_opening.MappingWrong) as refusal:
        queued(path, {name: name for name in ("customer_id", "ordered_at", "product_id")})
    assert refusal.value.code == "header_twice"


def test_an_unknown_time_zone_is_refused(tmp_path, bring):
    with pytest.raises(order_opening.TimeZoneUnknown):
        bring(order_file(tmp_path, *GOOD), MAPPING, "Mars/Olympus")
    assert stored() == NOTHING


# --- jobs -----------------------------------------------------------------------------------------


class Killed(BaseException):
    """What the end of a process looks like from inside."""


def test_a_job_is_claimed_once_and_run(tmp_path, queued, now):
    job = queued(order_file(tmp_path, *GOOD))
    claimed = importing.claim_next(now=now)
    assert claimed is not None
    assert (claimed.pk, claimed.state, claimed.attempt) == (job.pk, JobState.RUNNING, 1)
    assert importing.claim_next(now=now) is None
    done = importing.run_import(job_id=job.pk, now=now, attempt=claimed.attempt)
    assert (done.state, done.finished_at, done.lease_until) == (JobState.DONE, now, None)
    assert done.done_bytes == done.total_bytes
    assert importing.claim_next(now=now) is None


def test_a_job_that_is_done_stays_so(tmp_path, queued, now):
    job = importing.run_import(job_id=queued(order_file(tmp_path, *GOOD)).pk, now=now)
    again = importing.run_import(job_id=job.pk, now=now + timedelta(days=1))
    assert (again.state, again.finished_at, again.attempt) == (JobState.DONE, now, 1)


def test_a_job_that_runs_elsewhere_is_left_alone(tmp_path, queued, now):
    job = queued(order_file(tmp_path, *GOOD))
    importing.claim_next(now=now)
    with pytest.raises(importing.ImportBusy):
        importing.run_import(job_id=job.pk, now=now)
    assert stored() == NOTHING


def many_orders(folder: Path, orders: int, name: str = "many.csv") -> Path:
    lines = [
        f"C{n % 7},O{n},2026-01-05T07:30:00Z,P{line},Beans,Coffee,1,1.00,Main Street"
        for n in range(orders)
        for line in (1, 2, 2)
    ]
    return order_file(folder, "broken", *lines, name=name)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kill_at", [1, 2, 3, 5, 8])
def test_a_run_killed_at_any_point_loses_and_doubles_nothing(
    tmp_path, queued, now, monkeypatch, kill_at
):
    monkeypatch.setattr(order_staging, "_CHUNK_LINES", 40)
    monkeypatch.setattr(order_rows, "_BATCH_LINES", 30)
    job = queued(many_orders(tmp_path, 40))
    calls = 0

    def kill(_job: ImportJob) -> None:
        nonlocal calls
        calls += 1
        if calls == kill_at:
            raise Killed

    with pytest.raises(Killed):
        importing.run_import(job_id=job.pk, now=now, progress=kill)
    assert importing.claim_next(now=now) is None
    ImportJob.objects.update(lease_until=now - timedelta(days=365))
    claimed = importing.claim_next(now=now)
    assert claimed is not None
    done = importing.run_import(job_id=job.pk, now=now, attempt=claimed.attempt)
    assert (done.state, done.attempt, done.rows_read, done.rows_rejected) == ("done", 2, 121, 1)
    assert (Purchase.objects.count(), PurchaseLine.objects.count()) == (40, 120)
    assert Profile.objects.count() == Customer.objects.count() == 7
    assert ImportReject.objects.count() == 1
    for purchase in Purchase.objects.all():
        assert sorted(purchase.lines.values_list("product__code", "source_line")) == [
            ("P1", 1),
            ("P2", 1),
            ("P2", 2),
        ]


@pytest.mark.django_db(transaction=True)
def test_half_an_order_is_never_seen(tmp_path, queued, now, monkeypatch):
    monkeypatch.setattr(order_rows, "_BATCH_LINES", 30)
    seen: list[int] = []

    def look(_job: ImportJob) -> None:
        seen.append(Purchase.objects.filter(lines=None).count())

    importing.run_import(job_id=queued(many_orders(tmp_path, 40)).pk, now=now, progress=look)
    assert seen == [0] * len(seen)
    assert len(seen) > 3


@pytest.mark.django_db(transaction=True)
def test_files_that_overlap_may_go_in_at_the_same_time(tmp_path, source, now, monkeypatch):
    monkeypatch.setattr(order_rows, "_BATCH_LINES", 15)
    importing.company()
    paths = [many_orders(tmp_path, number, f"{number}.csv") for number in (40, 39, 38, 40)]

    def bring(path: Path) -> importing.Counts:
        try:
            return importing.import_file(
                path=path, source=source, mapping=MAPPING, time_zone="UTC", now=now
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(bring, paths))
    assert (Purchase.objects.count(), PurchaseLine.objects.count()) == (40, 120)
    assert Profile.objects.count() == Customer.objects.count() == 7
    assert sum(count.lines_new for count in counts) == 120
    assert sum(count.purchases_new for count in counts) == 40


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_slept_over_its_lease_changes_nothing_more(
    tmp_path, queued, now, monkeypatch
):
    monkeypatch.setattr(order_rows, "_BATCH_LINES", 30)
    job = queued(many_orders(tmp_path, 40))

    def overtake(running: ImportJob) -> None:
        if Purchase.objects.exists():
            ImportJob.objects.filter(pk=running.pk).update(attempt=9)

    with pytest.raises(importing.ImportLost):
        importing.run_import(job_id=job.pk, now=now, progress=overtake)
    stands = PurchaseLine.objects.count()
    assert 0 < stands < 120
    assert ImportJob.objects.get().state == JobState.RUNNING


def test_a_job_that_kills_its_workers_is_given_up(tmp_path, queued, now):
    queued(order_file(tmp_path, *GOOD))
    ImportJob.objects.update(state=JobState.RUNNING, attempt=5, lease_until=None)
    given_up = importing.claim_next(now=now)
    assert given_up is not None
    assert (given_up.state, given_up.finished_at) == (JobState.FAILED, now)
    assert "five times" in given_up.error
    assert importing.claim_next(now=now) is None


def test_a_file_that_is_gone_fails_the_job_with_a_reason(tmp_path, queued, now):
    path = order_file(tmp_path, *GOOD)
    job = queued(path)
    path.unlink()
    failed = importing.run_import(job_id=job.pk, now=now)
    assert failed.state == JobState.FAILED
    assert failed.error.startswith("The file orders.csv cannot be opened")


def test_staging_leaves_nothing_behind(tmp_path, bring):
    bring(order_file(tmp_path, *GOOD))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'import\\_%%'")
        assert cursor.fetchone() == (0,)


# --- the database says no -------------------------------------------------------------------------


def test_a_line_needs_its_purchase_and_its_product(tmp_path, bring):
    bring(order_file(tmp_path, *GOOD))
    line = PurchaseLine.objects.first()
    for field in ("purchase_id", "product_id"):
        copy = PurchaseLine.objects.get(pk=line.pk)
        copy.pk = None
        setattr(copy, field, 10**9)
        with pytest.raises(IntegrityError), transaction.atomic():
            PurchaseLine.objects.bulk_create([copy])
        with pytest.raises(IntegrityError), transaction.atomic():
            PurchaseLine.objects.filter(pk=line.pk).update(**{field: 10**9})
    assert PurchaseLine.objects.count() == 3


@pytest.mark.parametrize("table", ["profiles_purchase", "profiles_product"])
def test_what_lines_stand_on_cannot_be_deleted(tmp_path, bring, table):
    bring(order_file(tmp_path, *GOOD))
    before = stored()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")
    assert stored() == before


def test_a_purchase_is_deleted_together_with_its_lines(tmp_path, bring):
    bring(order_file(tmp_path, *GOOD))
    Purchase.objects.get(external_id="O1").delete()
    assert PurchaseLine.objects.count() == 1


# --- from a shell ---------------------------------------------------------------------------------


def test_the_command_imports_and_tells_what_became_of_it(tmp_path, capsys):
    path = order_file(tmp_path, *GOOD, ",O3,2026-01-07,P1,Beans,Coffee,1,1,")
    call_command("import_orders", str(path), "--source", "till")
    words = capsys.readouterr().out.split("\n")
    assert words[0].split() == ["Rows", "read", "4"]
    assert words[1].split() == ["Orders", "2", "new"]
    assert words[-2].split() == ["1", "no", "customer"]


def test_the_command_takes_the_mapping_and_the_zone(tmp_path):
    path = order_file(tmp_path, "7,2026-01-05 08:00,A", header="who,when,what")
    words = ["--map", "customer_id=who", "--map", "ordered_at=when", "--map", "product_id=what"]
    call_command("import_orders", str(path), *words, "--time-zone", "Asia/Tokyo")
    assert Purchase.objects.get().occurred_at == datetime(2026, 1, 4, 23, tzinfo=UTC)


def test_the_command_says_what_is_wrong(tmp_path):
    path = order_file(tmp_path, "7,2026-01-05 08:00,A", header="who,when,what")
    with pytest.raises(CommandError, match="Say which column holds “customer_id”"):
        call_command("import_orders", str(path))
