"""Order files as shops write them: what is read, what is kept aside, what is none."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiles.models import (
    ImportJob,
    ImportReject,
    Product,
    Profile,
    Purchase,
    PurchaseLine,
)
from profiles.queries import imports
from profiles.queries.company import company
from profiles.rules.names import JobState
from profiles.services import importing, order_files, order_opening, order_staging
from profiles.services.importing import Reject, Row
from tests.profiles.files import GOOD, HEADER, MAPPING, NOTHING, order_file, stored

pytestmark = pytest.mark.django_db


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
    house = company()
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


def test_a_quote_that_is_never_closed_hides_no_style_of_the_file(tmp_path, bring):
    path = order_file(
        tmp_path,
        '1;"2026;A;1,500;12,50',
        "1;2026-01-06;A;1,500;12,50",
        "1;2026-01-07;A;2,500;12,50",
        header="customer;date;sku;quantity;price",
    )
    counts = bring(path, importing.propose_mapping(path).mapping)
    assert (counts.lines_new, counts.rejected) == (2, {"broken_quotes": 1})
    lines = PurchaseLine.objects.order_by("occurred_at")
    assert list(lines.values_list("quantity", "unit_price_minor")) == [
        (Decimal("1.5"), 1250),
        (Decimal("2.5"), 1250),
    ]


def test_a_quote_that_is_never_closed_hides_no_date_that_can_be_read_in_two_ways(tmp_path, bring):
    path = order_file(tmp_path, '1,"x,A', "1,01/02/2026,A", header="customer,date,sku")
    mapping = importing.propose_mapping(path).mapping
    with pytest.raises(order_opening.DatesAmbiguous):
        bring(path, mapping)
    assert stored() == NOTHING


def test_a_quoted_name_may_span_lines(tmp_path, bring):
    bring(order_file(tmp_path, GOOD[0].replace("Espresso beans", '"Espresso\nbeans, ""dark"""')))
    assert Product.objects.get().name == 'Espresso beans, "dark"'


def test_a_line_without_end_is_kept_aside_in_bounded_memory(tmp_path, queued, now):
    path = order_file(tmp_path, GOOD[0], "C1," + "x" * 3_000_000, GOOD[1])
    job = importing.run_import(job_id=queued(path).pk, now=now)
    reject = ImportReject.objects.get()
    assert (reject.line_number, reject.reason, len(reject.raw)) == (3, "too_long", 2000)
    assert job.counts["lines_new"] == 2


@pytest.mark.parametrize("length", [1_000_000, 1_000_001, 3_000_000])
@pytest.mark.parametrize("before", ["", 'C1,O3,2026-01-07,P1,"Beans'])
def test_a_line_that_is_too_long_takes_no_other_row_along(tmp_path, bring, length, before):
    long = "C1," + "x" * (length - len("C1,\n"))
    path = order_file(tmp_path, GOOD[0], *filter(None, [before]), long, *GOOD[1:])
    counts = bring(path)
    assert (counts.lines_new, sum(counts.rejected.values())) == (3, 2 if before else 1)


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


# --- more bad rows than anybody reads ------------------------------------------------------------


def test_of_very_many_bad_rows_some_are_stored_and_all_are_counted(
    tmp_path, queued, now, monkeypatch
):
    monkeypatch.setattr(importing, "KEPT_ASIDE", 5)
    monkeypatch.setattr(importing, "KEPT_OF_EACH_REASON", 2)
    nobody = ",O3,2026-01-07,P1,Beans,Coffee,1,1,"
    never = "C1,O5,never,P1,Beans,Coffee,1,1,"
    other = "C9,O1,2026-01-05T07:30:00Z,P7,Tea,Tea,1,4.00,"
    lines = [GOOD[0], *[nobody] * 9, *[never] * 4, *[other] * 3]
    job = importing.run_import(job_id=queued(order_file(tmp_path, *lines)).pk, now=now)
    assert job.counts["rejected"] == {"bad_time": 4, "no_customer": 9, "other_customer": 3}
    assert job.rows_rejected == 16
    assert job.rejects.by_reason() == {"no_customer": 5, "bad_time": 2, "other_customer": 2}
    told = list(imports.reject_cells(job))
    assert told[-1] == [*[""] * 9, "only 9 of 16 rows kept aside are in this file"]
    assert len(told) == 11


def test_a_job_that_fails_half_way_counts_what_it_kept_aside(tmp_path, queued, now, monkeypatch):
    monkeypatch.setattr(importing, "KEPT_ASIDE", 1)
    monkeypatch.setattr(importing, "KEPT_OF_EACH_REASON", 1)
    monkeypatch.setattr(order_staging, "_CHUNK_LINES", 1_000)
    lines = "".join(f",O{n},2026-01-07,P1,Beans,Coffee,1,1,\n" for n in range(40_000))
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(gzip.compress(f"{HEADER}\n{lines}".encode(), mtime=0)[:-20])
    job = importing.run_import(job_id=queued(path).pk, now=now)
    assert job.state == JobState.FAILED
    assert job.rows_rejected == job.counts["rejected"]["no_customer"] > 30_000
    assert job.rejects.count() == 1
    assert imports.reasons(job) == [("no customer", job.rows_rejected)]


@pytest.mark.parametrize("line", ["C1,O1,2026-01-05,P1,Beans,Coffee,1,1,\n", "\n"])
def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(
    tmp_path, queued, now, line, monkeypatch
):
    monkeypatch.setattr(order_opening, "_UNPACKED_FREE", 1_000_000)
    content = f"{HEADER}\n{GOOD[0]}\n".encode() + line.encode() * (1_500_000 // len(line))
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(gzip.compress(content, 9, mtime=0))
    job = importing.run_import(job_id=queued(path).pk, now=now)
    assert job.error == (
        "The packed file unpacks to more than 100 times its size, and orders never do."
        " Export it again, or send it unpacked."
    )
    assert not Purchase.objects.exists()


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
        (gzip.compress(b"a,b\n1,2\n" * 1000, mtime=0)[:-20], "file_damaged"),
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
