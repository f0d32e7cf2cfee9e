"""The pages of importing: upload, columns, progress, result and download."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from kombu.exceptions import OperationalError
from openpyxl import Workbook

from cxportal.pages.access import Role, create_staff, ensure_roles
from profiles import tasks
from profiles.models import Customer, ImportJob, Purchase, Source
from profiles.rules.names import JobState
from profiles.services import importing
from tests.factories.profiles import SourceFactory
from tests.profiles.files import GOOD, HEADER, MAPPING, order_file

NO_DATE = "a date that does not exist or cannot be read"
LIST, NEW = "/imports/", "/imports/new/"


@pytest.fixture
def bells(monkeypatch):
    """Hear the bell instead of sending it to a broker."""
    rung: list[dict[str, object]] = []
    monkeypatch.setattr(tasks.run_imports, "apply_async", lambda **options: rung.append(options))
    return rung


@pytest.fixture(autouse=True)
def _house(db, now, bells):
    ensure_roles()
    with time_machine.travel(now, tick=False):
        yield


def browser(role: Role) -> Client:
    client = Client()
    client.force_login(create_staff(f"one-{role}", role, "a long enough word"))
    return client


@pytest.fixture
def manager():
    return browser(Role.MANAGER)


def upload(client: Client, content: bytes, name: str = "orders.csv"):
    return client.post(LIST, {"file": SimpleUploadedFile(name, content, "text/csv")})


def content(*lines: str) -> bytes:
    return "\n".join([HEADER, *lines]).encode()


ANSWERS = MAPPING | {"source": "Till", "time_zone": "Europe/Vienna", "date_order": ""}


def test_a_file_is_uploaded_mapped_queued_and_run(manager, now, bells, settings):
    answer = upload(manager, content(*GOOD))
    assert (answer.status_code, answer["Location"]) == (302, NEW)
    page = manager.get(NEW)
    html = page.content.decode()
    assert "UTF-8, 9 columns" in html
    assert "Espresso beans · Oat milk" in html
    assert page.context["form"]["customer_id"].value() == "customer_id"
    answer = manager.post(NEW, ANSWERS)
    job = ImportJob.objects.get()
    assert answer["Location"] == f"/imports/{job.pk}/"
    assert (job.state, job.source.code, job.time_zone, job.mapping, job.file_name) == (
        JobState.QUEUED,
        "till",
        "Europe/Vienna",
        MAPPING,
        "orders.csv",
    )
    assert (job.created_by.username, job.created_at) == ("one-manager", now)
    assert "Waiting for a worker" in manager.get(f"/imports/{job.pk}/").content.decode()
    importing.run_import(job_id=job.pk, now=now)
    html = manager.get(f"/imports/{job.pk}/").content.decode()
    assert "Kept aside" in html
    assert "Waiting" not in html
    assert Purchase.objects.count() == 2
    assert manager.get(NEW)["Location"] == LIST
    assert len(bells) == 1
    assert list(Path(settings.UPLOAD_DIR).iterdir()) == []


def posted(client: Client) -> dict[str, str]:
    """The answers to the page of columns as it stands in a browser, with the file that it is about."""
    (file,) = re.findall(r'name="file" value="([^"]+)"', client.get(NEW).content.decode())
    return ANSWERS | {"file": file}


def test_columns_confirmed_in_an_older_window_import_no_other_file(manager):
    upload(manager, content(GOOD[0]), "first.csv")
    older = posted(manager)
    upload(manager, content(GOOD[1]), "second.csv")
    answer = manager.post(NEW, older | {"source": "The first"})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "another file was sent" in html
    assert "second.csv" in html
    assert 'value="The first"' not in html
    assert not ImportJob.objects.exists()
    manager.post(NEW, posted(manager))
    assert ImportJob.objects.get().file_name == "second.csv"


def test_a_second_click_leads_to_the_import_of_the_first(manager):
    upload(manager, content(*GOOD))
    answers, noted = posted(manager), manager.session["import_file"]
    first = manager.post(NEW, answers)
    session = manager.session  # as a request that began before the first was answered saw it
    session["import_file"] = noted
    session.save()
    second = manager.post(NEW, answers)
    job = ImportJob.objects.get()
    assert first["Location"] == second["Location"] == f"/imports/{job.pk}/"


def test_a_broker_that_is_away_stops_no_import(manager, monkeypatch):
    def fail(**_options: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(tasks.run_imports, "apply_async", fail)
    upload(manager, content(*GOOD))
    assert manager.post(NEW, ANSWERS).status_code == 302
    assert ImportJob.objects.get().state == JobState.QUEUED


def test_a_file_whose_columns_were_never_confirmed_is_not_kept(manager, settings):
    upload(manager, content(*GOOD))
    upload(manager, content(GOOD[0]))
    assert len(list(Path(settings.UPLOAD_DIR).iterdir())) == 1


def test_the_file_is_kept_under_a_name_of_our_own(manager, settings):
    upload(manager, content(*GOOD), name="../../evil.csv")
    (kept,) = Path(settings.UPLOAD_DIR).iterdir()
    assert kept.name.endswith(".csv")
    assert "evil" not in kept.name
    assert kept.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "bytes_", "words"),
    [
        ("orders.csv", b"", "The file is empty"),
        ("orders.pdf", b"%PDF", "Only CSV files can be read"),
    ],
)
def test_an_upload_that_cannot_be_one_is_refused_at_once(manager, settings, name, bytes_, words):
    answer = upload(manager, bytes_, name)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Path(settings.UPLOAD_DIR).exists()


def test_a_file_over_the_limit_is_refused(manager, settings):
    settings.ORDER_FILE_MAX_BYTES = 10
    answer = upload(manager, content(*GOOD))
    assert answer.status_code == 422
    assert "Divide it by years" in answer.content.decode()


@pytest.mark.parametrize(
    ("bytes_", "words"),
    [
        (HEADER.encode(), "holds column names but no rows"),
        (b"words\nand more words", "no table in CSV form"),
        (bytes(range(128, 256)) * 9, "Save it as UTF-8"),
    ],
)
def test_a_file_that_is_none_is_explained_and_not_kept(manager, settings, bytes_, words):
    upload(manager, bytes_)
    answer = manager.get(NEW)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert list(Path(settings.UPLOAD_DIR).iterdir()) == []


def proposed_source(client: Client, *lines: str, header: str = HEADER, name: str = "orders.csv"):
    upload(client, "\n".join([header, *lines]).encode(), name)
    return client.get(NEW).context["form"]["source"].value()


def test_a_file_with_the_columns_of_a_source_is_proposed_as_its_next(manager):
    assert proposed_source(manager, *GOOD) == "orders"
    manager.post(NEW, ANSWERS)
    assert proposed_source(manager, *GOOD, name="other.csv") == "Till"


def test_a_file_with_other_columns_is_proposed_as_none_that_is_known(manager):
    upload(manager, content(*GOOD))
    manager.post(NEW, ANSWERS)
    fewer, line = "customer_id,ordered_at,product_id", "C1,2026-01-05,P1"
    assert proposed_source(manager, line, header=fewer, name="shop.csv") == "shop"
    assert proposed_source(manager, line, header=fewer, name="Till.csv") == ""
    more = HEADER + ",email"
    assert proposed_source(manager, GOOD[0] + "a@b.example", header=more, name="x.csv") == "x"


def test_a_file_whose_rows_are_wider_than_its_header_is_shown_without_examples(manager):
    upload(manager, b"customer,date,product\nc1,2026-01-01,p1,more\n")
    page = manager.get(NEW)
    assert page.status_code == 200
    assert '<th scope="row">product</th><td class="sample"></td>' in page.content.decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"customer_id": ""}, "Say which column it is"),
        ({"product_name": "product_id"}, "“product_id” is chosen for “Product number” already"),
        ({"time_zone": "Mars/Olympus"}, "There is no time zone “Mars/Olympus”"),
        ({"source": ""}, "This field is required"),
        ({"category": "nowhere"}, "not one of the available choices"),
    ],
)
def test_answers_that_cannot_be_used_are_explained_and_nothing_is_queued(manager, change, words):
    upload(manager, content(*GOOD))
    answer = manager.post(NEW, ANSWERS | change)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ImportJob.objects.exists()
    assert not Source.objects.exists()


def test_dates_that_can_be_read_in_two_ways_are_asked_about(manager):
    upload(manager, content("C1,O1,03/04/2026 08:00,P1,Beans,Coffee,1,1,"))
    answer = manager.post(NEW, ANSWERS)
    assert "Say whether the day or the month comes first" in answer.content.decode()
    assert not ImportJob.objects.exists()
    manager.post(NEW, ANSWERS | {"date_order": "mdy"})
    assert ImportJob.objects.get().mapping["date_order"] == "mdy"


@pytest.fixture
def job(tmp_path, now):
    bad = [
        ",O3,2026-01-07,P1,Beans,Coffee,1,1,",
        "=1+1,O4,2026-02-30,P1,Beans,Coffee,1,1,",
        "C1,O5,never,P1,Beans,Coffee,1,1,",
    ]
    job = importing.start_import(
        path=order_file(tmp_path, *GOOD, *bad),
        file_name="orders.csv",
        source=SourceFactory(),
        mapping=MAPPING,
        time_zone="UTC",
        by=None,
        now=now,
    )
    return importing.run_import(job_id=job.pk, now=now)


def test_what_was_kept_aside_is_told_by_reason_and_can_be_downloaded(manager, job):
    html = manager.get(f"/imports/{job.pk}/").content.decode()
    assert html.index("a date that does not exist") < html.index("no customer")
    answer = manager.get(f"/imports/{job.pk}/kept-aside.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="kept-aside-{job.pk}.csv"'
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text, newline=""))) == [
        [*HEADER.split(","), "Kept aside because"],
        [*",O3,2026-01-07,P1,Beans,Coffee,1,1,".split(","), "line 5: no customer"],
        [*"'=1+1,O4,2026-02-30,P1,Beans,Coffee,1,1,".split(","), f"line 6: {NO_DATE}"],
        [*"C1,O5,never,P1,Beans,Coffee,1,1,".split(","), f"line 7: {NO_DATE}"],
    ]
    assert "\r\n" in text


def test_the_page_says_when_not_every_row_is_stored(manager, job):
    assert (
        "can be downloaded, some of each reason"
        not in manager.get(f"/imports/{job.pk}/").content.decode()
    )
    ImportJob.objects.update(rows_rejected=1_000_000)
    html = manager.get(f"/imports/{job.pk}/").content.decode()
    assert "Of these 1,000,000 rows, 3 are stored with their text" in html


def test_a_job_that_failed_says_why(manager, job):
    ImportJob.objects.update(state=JobState.FAILED, error="The packed file is damaged.")
    assert "The packed file is damaged." in manager.get(f"/imports/{job.pk}/").content.decode()


def test_progress_is_asked_for_again_until_it_is_over(manager, job):
    ImportJob.objects.update(state=JobState.RUNNING, done_bytes=62, total_bytes=100)
    address = f"/imports/{job.pk}/"
    page = manager.get(address)
    assert "noscript" in page.content.decode()
    part = manager.get(address, headers={"HX-Request": "true"})
    html = part.content.decode()
    assert f'hx-get="{address}"' in html
    assert 'value="62" max="100"' in html
    assert "<html" not in html
    assert part["Vary"].count("HX-Request") == 1
    ImportJob.objects.update(state=JobState.DONE)
    assert manager.get(address, headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_the_list_costs_the_same_for_one_and_for_many(manager, job, django_assert_num_queries):
    manager.get(LIST)
    with CaptureQueriesContext(connection) as few:
        manager.get(LIST)
    copies = [ImportJob.objects.get(pk=job.pk) for _ in range(20)]
    for copy in copies:
        copy.pk = None
    ImportJob.objects.bulk_create(copies)
    with django_assert_num_queries(len(few)):
        assert manager.get(LIST).content.decode().count("orders.csv") == 21


@pytest.mark.parametrize(
    ("role", "codes"),
    [
        (Role.MANAGER, [200, 302, 200, 200]),
        (Role.ANALYST, [200, 403, 200, 403]),
        (Role.SUPERVISOR, [403, 403, 403, 403]),
        (Role.COUNTER, [403, 403, 403, 403]),
    ],
)
def test_each_role_sees_what_it_may(job, role, codes):
    client = browser(role)
    addresses = [LIST, NEW, f"/imports/{job.pk}/", f"/imports/{job.pk}/kept-aside.csv"]
    assert [client.get(address).status_code for address in addresses] == codes


def test_an_analyst_cannot_upload(settings):
    client = browser(Role.ANALYST)
    assert "dropzone" not in client.get(LIST).content.decode()
    upload(client, content(*GOOD))
    assert not Path(settings.UPLOAD_DIR).exists()


def test_nobody_is_let_in_without_a_log_in(job):
    for name, arguments in [("list", []), ("new", []), ("detail", [job.pk]), ("rejects", [job.pk])]:
        answer = Client().get(reverse(f"profiles:import-{name}", args=arguments))
        assert answer.status_code == 302
        assert answer["Location"].startswith("/login/")


# --- other kinds, workbooks, trying out, taking back ------------------------------------------------


def people(kind: str, *lines: str) -> dict[str, object]:
    return {"kind": kind, "file": SimpleUploadedFile("crm.csv", "\n".join(lines).encode())}


CRM = ("Customer number,Name,E-mail,Birthday", "C1,Dolores,dolores@example.com,1958-12-31")


def test_a_file_of_customers_is_tried_out_imported_and_taken_back(manager, now, bells, settings):
    manager.post(LIST, people("customers", *CRM))
    page = manager.get(NEW)
    assert "Customers · UTF-8, 4 columns" in page.content.decode()
    form = page.context["form"]
    assert form["fact_birthday"].value() == "Birthday"
    answers = {field.name: field.value() or "" for field in form} | {"source": "CRM"}
    dry = ImportJob.objects.get(
        pk=manager.post(NEW, answers | {"try": "1"})["Location"].split("/")[2]
    )
    assert dry.is_dry_run
    importing.run_import(job_id=dry.pk, now=now)
    html = manager.get(f"/imports/{dry.pk}/").content.decode()
    assert "nothing was stored" in html
    assert "d…@example.com" in html
    assert not Customer.objects.exists()
    job = ImportJob.objects.get(
        pk=manager.post(f"/imports/{dry.pk}/run/")["Location"].split("/")[2]
    )
    assert (job.kind, job.is_dry_run, job.source.code) == ("customers", False, "crm")
    importing.run_import(job_id=job.pk, now=now)
    assert Customer.objects.get().name == "Dolores"
    assert list(Path(settings.UPLOAD_DIR).iterdir()) == []
    assert manager.post(f"/imports/{dry.pk}/run/")["Location"] == f"/imports/{dry.pk}/"
    assert ImportJob.objects.count() == 2
    html = manager.get(f"/imports/{job.pk}/undo/").content.decode()
    assert "Take this import back?" in html
    manager.post(f"/imports/{job.pk}/undo/")
    assert tasks.run_imports() == 1
    assert not Customer.objects.exists()
    assert "Taken back" in manager.get(f"/imports/{job.pk}/").content.decode()


def test_the_next_file_with_the_same_columns_is_read_as_the_last(manager):
    manager.post(LIST, people("customers", *CRM))
    answers = {
        "source": "CRM",
        "time_zone": "Europe/Vienna",
        "customer_id": "Customer number",
        "name": "Name",
        "email": "E-mail",
    }
    manager.post(NEW, answers)
    manager.post(LIST, people("customers", *CRM))
    form = manager.get(NEW).context["form"]
    named = ("source", "time_zone", "email")
    assert [form[name].value() for name in named] == ["CRM", "Europe/Vienna", "E-mail"]


def test_a_workbook_is_read_as_its_first_sheet(manager, tmp_path, settings):
    book = Workbook()
    for row in (HEADER.split(","), *(line.split(",") for line in GOOD)):
        book.active.append(row)
    book.save(tmp_path / "till.xlsx")
    upload(manager, (tmp_path / "till.xlsx").read_bytes(), name="till.xlsx")
    assert "Espresso beans · Oat milk" in manager.get(NEW).content.decode()
    assert [path.suffix for path in Path(settings.UPLOAD_DIR).iterdir()] == [".csv"]


def test_a_broken_workbook_is_refused_and_not_kept(manager, settings):
    answer = upload(manager, b"PK\x03\x04 no archive", name="till.xlsx")
    assert answer.status_code == 422
    assert "damaged or was cut off" in answer.content.decode()
    assert list(Path(settings.UPLOAD_DIR).iterdir()) == []
