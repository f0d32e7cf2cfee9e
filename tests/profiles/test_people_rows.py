"""What files about people store: customers, calls, mentions in public, consents; each row once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from profiles.models import (
    ConsentEntry,
    ConsentWording,
    Customer,
    EventKey,
    FactValue,
    Identifier,
    ImportJob,
    Profile,
    Touchpoint,
)
from profiles.queries import imports
from profiles.rules.names import ImportKind, JobState
from profiles.services import consenting, importing
from tests.factories.profiles import SourceFactory

pytestmark = pytest.mark.django_db
CRM = (
    "Customer number;First name;Last name;E-mail;Phone;Language;Birthday;Drinks coffee",
    "C1;Dolores;Ruiz;Dolores@example.com;+1 212 415 1234;es;31.12.1958;yes",
    "C2;Aiden;Hall;aiden@example.com;;en;;no",
)
CALLS = (
    "Call ID,Number,Time,Direction,Topic,Outcome,Agent,Duration,Link",
    "7,+12124151234,2026-01-05 09:00,inbound,Late parcel,Solved,Kim,4:05,https://calls.example/7",
    "8,withheld,2026-01-05 09:10,inbound,Nothing,,,10,",
)
MENTIONS = (
    "Network,Handle,Time,Text,Rating,URL",
    "Instagram,@Dolores.R,2026-01-06T10:00:00Z,Cold coffee again,2/5,https://insta.example/1",
)
CONSENTS = (
    "Customer number,Purpose,Status,Time,Wording,Double opt-in",
    "C1,newsletter,yes,2025-03-01T10:00:00Z,Send me your news.,2025-03-01 10:05",
    "C2,offers,no,2025-03-02T10:00:00Z,,",
    "C2,reminders,yes,2025-03-02T10:00:00Z,,",
)


@pytest.fixture
def load(tmp_path, now):
    """Bring a file in by a job, as the page does."""
    source = SourceFactory(code="crm", name="CRM")

    def load(kind: str, *lines: str, is_dry_run: bool = False, source=source) -> ImportJob:
        path = tmp_path / f"{kind}.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return run(path, kind, source, is_dry_run)

    def run(path: Path, kind: str, source, is_dry_run: bool) -> ImportJob:
        known = ImportKind(kind)
        job = importing.start_import(
            path=path,
            file_name=path.name,
            source=source,
            mapping=importing.propose_mapping(path, kind=known).mapping,
            time_zone="UTC",
            by=None,
            now=now,
            kind=known,
            is_dry_run=is_dry_run,
        )
        job = importing.run_import(job_id=job.pk, now=now)
        assert job.state == JobState.DONE, job.error
        return job

    return load


TABLES = (
    Customer,
    Profile,
    Identifier,
    FactValue,
    Touchpoint,
    EventKey,
    ConsentEntry,
    ConsentWording,
)


def stored() -> dict[str, int]:
    return {table.__name__: table.objects.count() for table in TABLES}


def facts(customer: str) -> dict[str, object]:
    values = FactValue.objects.filter(origin_profile__external_id=customer)
    return dict(values.values_list("attribute__code", "value"))


def test_a_file_of_customers_brings_names_addresses_and_facts(load):
    job = load("customers", *CRM)
    dolores = Profile.objects.get(external_id="C1").customer
    assert (dolores.name, dolores.search_name, dolores.language) == (
        "Dolores Ruiz",
        "dolores ruiz",
        "es",
    )
    assert sorted(dolores.identifiers.values_list("kind", "value")) == [
        ("email", "dolores@example.com"),
        ("phone", "+12124151234"),
    ]
    assert facts("C1") == {"birthday": "1958-12-31", "drinks_coffee": True}
    assert facts("C2") == {"drinks_coffee": False}
    assert (job.rows_read, job.rows_rejected) == (2, 0)
    assert {key: job.counts[key] for key in ("customers_new", "names_new", "facts_new")} == {
        "customers_new": 2,
        "names_new": 2,
        "facts_new": 3,
    }
    fact = FactValue.objects.get(attribute__code="birthday")
    assert (fact.manner, fact.actor, fact.source.code) == ("told", "file:crm", "crm")


@pytest.mark.parametrize(
    ("kind", "lines"),
    [("customers", CRM), ("calls", CALLS), ("mentions", MENTIONS), ("consents", CONSENTS)],
)
def test_loading_a_file_twice_changes_nothing(load, kind, lines):
    load(kind, *lines)
    before = stored()
    job = load(kind, *lines)
    assert stored() == before
    news = ("customers_new", "facts_new", "touchpoints_new", "consents_new", "identifiers_new")
    assert {key: job.counts[key] for key in news} == dict.fromkeys(news, 0)
    assert job.counts["rows_known"] == job.rows_read - job.rows_rejected


@pytest.mark.parametrize(
    ("kind", "lines"),
    [("customers", CRM), ("calls", CALLS), ("mentions", MENTIONS), ("consents", CONSENTS)],
)
def test_a_dry_run_tells_what_would_come_and_stores_nothing(load, kind, lines):
    before = stored()
    dry = load(kind, *lines, is_dry_run=True)
    assert stored() == before
    real = load(kind, *lines)
    told = dict(dry.counts)
    sample = told.pop("sample")
    assert told | {"sample": []} == real.counts
    assert 1 <= len(sample) <= 20
    assert "Ruiz" not in str(sample)
    assert "dolores@" not in str(sample)


def test_a_dry_run_says_for_some_rows_what_they_would_change_masked(load):
    dry = load("customers", *CRM, is_dry_run=True)
    assert imports.sample(dry)[0] == {
        "line": 2,
        "who": "d…@example.com",
        "does": ["new customer", "name", "Birthday", "Drinks coffee"],
    }


def test_a_call_stands_in_the_timeline_of_its_caller_with_a_link_to_its_origin(load):
    load("customers", *CRM)
    job = load("calls", *CALLS)
    (call,) = Touchpoint.objects.all()
    assert call.customer == Profile.objects.get(external_id="C1").customer
    assert (call.kind, call.name, call.origin_url) == (
        "call",
        "Late parcel",
        "https://calls.example/7",
    )
    assert call.occurred_at == datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    assert call.data == {"direction": "in", "outcome": "Solved", "agent": "Kim", "seconds": 245}
    assert job.counts["rejected"] == {"bad_phone": 1}


def test_a_number_with_another_content_is_kept_aside_and_makes_nobody_known(load):
    load("calls", *CALLS)
    before = stored()
    job = load("calls", CALLS[0], "7,+12125550000,2026-01-09 09:00,out,Other,,,,")
    assert job.counts["rejected"] == {"other_content": 1}
    assert stored() == before


def test_a_mention_is_tied_to_whom_the_handle_belongs(load):
    load(
        "customers",
        "Customer number,Name,Network,Handle",
        "C1,Dolores,Instagram,dolores.r",
    )
    load("mentions", *MENTIONS)
    (mention,) = Touchpoint.objects.all()
    assert mention.customer.name == "Dolores"
    assert (mention.kind, mention.name) == ("mention", "instagram")
    assert mention.data == {"text": "Cold coffee again", "rating": 2.0}


def test_consents_keep_their_time_and_text_and_mail_nobody(load):
    consenting.require_confirmation(purpose="offers", is_needed=True)
    load("customers", *CRM)
    job = load("consents", *CONSENTS)
    yes, no = ConsentEntry.objects.order_by("occurred_at")
    assert (yes.state, yes.purpose, yes.channel, yes.door) == ("granted", "offers", "email", "file")
    assert yes.occurred_at == datetime(2025, 3, 1, 10, 0, tzinfo=UTC)
    assert (yes.wording.text, yes.wording.language) == ("Send me your news.", "en-x-file")
    assert (no.state, no.wording) == ("withdrawn", None)
    assert job.counts["rejected"] == {"no_wording": 1}
    assert not hasattr(yes, "request")


def test_a_yes_that_nobody_confirmed_is_kept_aside_where_it_must_be(load):
    consenting.require_confirmation(purpose="offers", is_needed=True)
    before = stored()
    job = load("consents", CONSENTS[0], "C9,offers,yes,2025-03-01T10:00:00Z,Send me news.,")
    assert job.counts["rejected"] == {"not_confirmed": 1}
    assert stored() | {"ConsentWording": 0} == before | {"ConsentWording": 0}


def test_a_text_from_elsewhere_is_never_offered_by_our_doors(load):
    ours = consenting.publish_wording(purpose="offers", language="en", text="Ours.")
    load("consents", *CONSENTS)
    newest = ConsentWording.objects.filter(purpose="offers", language="en").order_by("-version")
    assert newest[0] == ours


def test_bad_cells_keep_their_whole_row_aside_and_the_download_mends_it(load, tmp_path):
    job = load(
        "customers",
        "Customer number,Name,E-mail,Phone,Birthday",
        "C1,=cmd,nobody@,,",
        "C2,Aiden,,+43 12,1990-02-30",
        ",,,,",
        "C3,Eve,eve@example.com,,1990-03-31",
    )
    assert job.counts["rejected"] == {"bad_email": 1, "bad_phone": 1, "nobody": 1}
    assert list(Profile.objects.values_list("external_id", flat=True)) == ["C3"]
    rows = list(imports.reject_cells(job))
    assert rows[1] == [
        "C1",
        "'=cmd",
        "nobody@",
        "",
        "",
        "line 2: an e-mail address that cannot be one",
    ]
    rows[1][2] = "one@example.com"
    rows[2][3:5] = ["'+43 1 58058", "1990-02-28"]
    job = load("customers", *(",".join(row) for row in rows))
    assert Customer.objects.get(profiles__external_id="C1").name == "=cmd"
    assert Identifier.objects.get(kind="phone").value == "+43158058"
    assert (job.rows_read, job.counts["rejected"]) == (2, {})


def test_a_name_that_is_known_stays(load, now):
    load("customers", *CRM)
    load("customers", "Customer number;Name;E-mail", "C1;Somebody Else;dolores@example.com")
    assert Profile.objects.get(external_id="C1").customer.name == "Dolores Ruiz"


def test_orders_can_be_tried_out_too(load):
    header = "customer_id,order_id,ordered_at,product_id,quantity,unit_price"
    first = "C1,O1,2026-01-05T07:30:00Z,P1,1,2.00"
    load("orders", header, first)
    lines = [header, first, "C1,O1,2026-01-05T07:30:00Z,P2,1,3.00", "C2,O2,2026-01-06,P1,1,2.00",
             "C3,O1,2026-01-05T07:30:00Z,P9,1,3.00"]  # fmt: skip
    dry = load("orders", *lines, is_dry_run=True)
    real = load("orders", *lines)
    told = dict(dry.counts)
    assert told.pop("sample") == [{"line": 4, "who": "…C2", "does": ["new order, lines: 1"]}]
    assert told == {key: value for key, value in real.counts.items() if key != "sample"}
