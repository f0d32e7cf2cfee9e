"""S07, fetched by itself: the till's folder and the CRM's address fill one timeline, night after night."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine

from profiles.models import Company, Customer, ImportJob, ImportSchedule, Purchase
from profiles.queries.company import company
from profiles.tasks import look_for_files, run_imports
from tests.servers import Answer, serving

EVENING = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
NIGHT = datetime(2026, 3, 11, 1, 30, tzinfo=UTC)  # 02:30 in Vienna
HEADER = "customer_id,order_id,ordered_at,product_id,product_name,email"
CRM = b"Customer number,Name,E-mail\n77,Dolores Ruiz,dolores@example.com\n"


def orders(*days: int) -> str:
    rows = [f"d1,o{day},2026-03-{day:02} 07:05,latte,Latte,dolores@example.com" for day in days]
    return "\n".join([HEADER, *rows, ""])


@pytest.fixture
def doors(tmp_path, settings, client_of, monkeypatch):
    """A manager's browser, the till's folder and the CRM's server."""
    for task in (look_for_files, run_imports):
        monkeypatch.setattr(task, "apply_async", lambda **_: None)
    till = tmp_path / "imports" / "till"
    till.mkdir(parents=True)
    settings.IMPORT_FOLDER = str(tmp_path / "imports")
    company()
    Company.objects.update(time_zone="Europe/Vienna")
    with serving() as crm:
        settings.IMPORT_OWN_HOSTS = [crm.host]
        settings.IMPORT_PASSWORDS = {crm.host: "portal:secret"}
        crm.files["/customers.csv"] = Answer(CRM, etag='"1"')
        yield client_of("manager"), till, crm


def ticks(start: datetime, minutes: int) -> None:
    """Let the workers run as beat has them: each minute a look, and the imports that came of it."""
    for minute in range(minutes):
        with time_machine.travel(start + timedelta(minutes=minute), tick=False):
            look_for_files()
            while run_imports():
                pass


def make(manager, place: str, **answers: str) -> ImportSchedule:
    given = {"rhythm": "daily", "every_minutes": "60", "daily_at": "02:30", "is_active": "on"}
    with time_machine.travel(EVENING, tick=False):
        made = manager.post(f"/imports/schedules/new/{place}/", given | answers)
    return ImportSchedule.objects.get(pk=made["Location"].split("/")[3])


def confirm(manager, file_name: str) -> None:
    """Confirm the columns that are proposed, by the way that the list of imports shows."""
    job = ImportJob.objects.get(file_name=file_name, state="parked")
    address = f"/imports/{job.pk}/columns/"
    with time_machine.travel(EVENING + timedelta(minutes=10), tick=False):
        assert address in manager.get("/imports/").content.decode()
        form = manager.get(address).context["form"]
        manager.post(address, {field.name: field.value() or "" for field in form})


def test_files_come_by_themselves_night_after_night_and_each_once(doors, client_of):
    manager, till, crm = doors
    (till / "10.csv").write_text(orders(9, 10))
    make(
        manager, "folder", name="Till", kind="orders", source="Till", folder="till", pattern="*.csv"
    )
    make(
        manager,
        "address",
        name="CRM",
        kind="customers",
        source="CRM",
        address=crm.address("/customers.csv"),
    )
    ticks(EVENING, 3)
    assert not Purchase.objects.exists(), "nobody has said yet which column is what"
    confirm(manager, "10.csv")
    confirm(manager, "customers.csv")
    ticks(EVENING + timedelta(minutes=10), 3)
    assert Purchase.objects.count() == 2
    (till / "11.csv").write_text(orders(10, 11))
    ticks(NIGHT - timedelta(minutes=5), 10)
    assert Purchase.objects.count() == 3, "the order that came before did not come twice"
    ticks(NIGHT + timedelta(days=1), 5)
    assert {headers["Authorization"] for _, headers in crm.asked} == {"Basic cG9ydGFsOnNlY3JldA=="}
    assert crm.asked[-1][1]["If-None-Match"] == '"1"'
    states = list(ImportJob.objects.order_by("file_name").values_list("file_name", "state"))
    assert states == [("10.csv", "done"), ("11.csv", "done"), ("customers.csv", "done")]
    customer = Customer.objects.get(merged_into=None)
    assert customer.name == "Dolores Ruiz"
    with time_machine.travel(NIGHT + timedelta(days=1), tick=False):
        page = client_of("supervisor").get(f"/customers/{customer.pk}/timeline/").content.decode()
    assert page.count("Bought Latte") == 3
    bought = set(Purchase.objects.values_list("occurred_at", flat=True))
    assert {at.date() for at in bought} == {date(2026, 3, day) for day in (9, 10, 11)}
    assert all(at.timetz().replace(tzinfo=None) <= time(7, 5) for at in bought)
