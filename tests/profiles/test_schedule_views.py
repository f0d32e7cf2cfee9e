"""The pages of imports on a schedule: made, tried, changed, switched, deleted, and what waits for a person."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cxportal.pages.access import Role, create_staff, ensure_roles
from profiles import tasks
from profiles.models import ImportJob, ImportSchedule, SavedMapping, ScheduledFile, Source
from profiles.services import import_looks
from tests.factories.schedules import ImportScheduleFactory
from tests.profiles.files import GOOD, HEADER, MAPPING, order_file

LIST = "/imports/schedules/"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def bells(monkeypatch):
    """Hear the bells instead of sending them to a broker."""
    rung: list[str] = []
    for task in (tasks.run_imports, tasks.look_for_files):
        monkeypatch.setattr(task, "apply_async", lambda *, name=task.name, **_: rung.append(name))
    return rung


@pytest.fixture(autouse=True)
def _house(db, now, bells):
    ensure_roles()
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def till(tmp_path, settings) -> Path:
    folder = tmp_path / "imports" / "till"
    folder.mkdir(parents=True)
    settings.IMPORT_FOLDER = str(tmp_path / "imports")
    return folder


def browser(role: Role) -> Client:
    client = Client()
    client.force_login(create_staff(f"one-{role}", role, "a long enough word"))
    return client


@pytest.fixture
def manager():
    return browser(Role.MANAGER)


FOLDER = {
    "name": "Till, every night",
    "kind": "orders",
    "source": "Till",
    "folder": "till",
    "pattern": "*.csv",
    "rhythm": "daily",
    "every_minutes": "60",
    "daily_at": "02:30",
    "is_active": "on",
}
ADDRESS = {
    "name": "Web shop",
    "kind": "customers",
    "source": "Shop",
    "address": "https://shop.example.com/export.csv?key=first-key",
    "rhythm": "minutes",
    "every_minutes": "15",
    "daily_at": "",
    "is_active": "on",
}


def text(answer) -> str:
    return " ".join(answer.content.decode().split())


def test_a_schedule_of_a_folder_is_made_and_looks_at_once(manager, till, now, bells):
    page = text(manager.get(f"{LIST}new/folder/"))
    assert "The import folder is" in page
    assert '<option value="till">' in page
    answer = manager.post(f"{LIST}new/folder/", FOLDER)
    made = ImportSchedule.objects.get()
    assert answer["Location"] == f"{LIST}{made.pk}/"
    assert (made.name, made.kind, made.source.code, made.whence) == (
        "Till, every night", "orders", "till", "folder",
    )  # fmt: skip
    assert (made.folder, made.pattern, made.address, made.next_due_at) == ("till", "*.csv", "", now)
    assert bells == ["profiles.look_for_files"]
    page = text(manager.get(f"{LIST}{made.pk}/"))
    assert "Looking for new files" in page
    assert "*.csv in till" in page
    assert "daily at 02:30" in page
    assert "not confirmed yet: the first file waits for it" in page
    (entry,) = LogEntry.objects.all()
    assert (entry.user.username, entry.change_message) == ("one-manager", "Made")


def test_a_schedule_of_an_address_shows_no_key_and_no_log_in(manager, settings):
    settings.IMPORT_PASSWORDS = {"shop.example.com": "anna:hush-hush"}
    made_at = manager.post(f"{LIST}new/address/", ADDRESS)["Location"]
    pages = text(manager.get(made_at)) + text(manager.get(LIST))
    assert "https://shop.example.com/export.csv?…" in pages
    assert "the one of this host, from the environment" in pages
    manager.post(
        f"{made_at}change/", ADDRESS | {"address": "https://shop.example.com/b?key=second-key"}
    )
    said = " ".join(LogEntry.objects.values_list("change_message", flat=True))
    assert said.count("Changed: address") == 1
    everything = pages + text(manager.get(made_at)) + said
    for secret in ("first-key", "second-key", "anna", "hush-hush"):
        assert secret not in everything
    assert "hush-hush" not in text(manager.get(f"{made_at}change/"))


@pytest.mark.parametrize(
    ("place", "change", "words"),
    [
        ("folder", {"folder": "../.."}, "Name a folder below"),
        ("folder", {"folder": "nowhere"}, "No such file or directory"),
        ("folder", {"pattern": "../*.csv"}, "and here names alone"),
        ("folder", {"name": ""}, "This field is required"),
        ("folder", {"daily_at": ""}, "Say at what time"),
        ("folder", {"rhythm": "minutes", "every_minutes": ""}, "Say after how many minutes"),
        ("address", {"every_minutes": "1"}, "greater than or equal to 5"),
        ("address", {"address": "http://shop.example.com/a.csv"}, "must begin with https"),
        ("address", {"address": "https://anna:hush@shop.example.com/"}, "Leave name and password"),
        ("address", {"address": "file:///etc/passwd"}, "no address of a file"),
    ],
)
def test_what_cannot_be_looked_at_is_explained_and_nothing_is_stored(
    manager, till, place, change, words
):
    given = (FOLDER if place == "folder" else ADDRESS) | change
    answer = manager.post(f"{LIST}new/{place}/", given)
    assert answer.status_code == 422
    assert words in text(answer)
    assert not ImportSchedule.objects.exists()
    assert not Source.objects.exists()


def test_midnight_is_a_time(manager, till):
    manager.post(f"{LIST}new/folder/", FOLDER | {"daily_at": "00:00"})
    assert ImportSchedule.objects.get().daily_at.isoformat() == "00:00:00"


def test_two_schedules_of_one_name_are_refused(manager, till):
    manager.post(f"{LIST}new/folder/", FOLDER)
    answer = manager.post(f"{LIST}new/folder/", FOLDER | {"name": "TILL, every NIGHT"})
    assert answer.status_code == 422
    assert "There is a schedule of this name already" in text(answer)
    assert ImportSchedule.objects.count() == 1


def test_without_the_setting_folders_are_not_offered_and_the_page_says_how(manager, settings):
    settings.IMPORT_FOLDER = ""
    for address in (LIST, f"{LIST}new/folder/"):
        page = text(manager.get(address))
        assert "switches them on by the setting IMPORT_FOLDER" in page
        assert "From a folder" not in page
    answer = manager.post(f"{LIST}new/folder/", FOLDER)
    assert answer.status_code == 422
    assert not ImportSchedule.objects.exists()
    assert manager.get(f"{LIST}new/elsewhere/").status_code == 404


def test_a_schedule_is_changed_and_the_look_under_way_is_stopped(manager, till, now):
    made = ImportScheduleFactory(failures=4)
    claimed = import_looks.claim_next(now=now)
    page = manager.get(f"{LIST}{made.pk}/change/").context["form"]
    shown = {field.name: field.value() for field in page}
    assert (shown["folder"], shown["pattern"], shown["source"]) == (
        "till",
        "*.csv",
        made.source.name,
    )
    manager.post(f"{LIST}{made.pk}/change/", FOLDER)
    made.refresh_from_db()
    assert (made.name, made.rhythm, made.failures) == ("Till, every night", "daily", 0)
    assert (made.next_due_at, made.lease_until) == (now, None)
    with pytest.raises(import_looks.LookLost):
        import_looks.look(schedule=claimed, now=now)


def test_what_is_read_as_of_another_source_is_taken_anew(manager, till, now):
    made = ImportScheduleFactory()
    order_file(till, *GOOD)
    for at in (now, now + MINUTE):
        import_looks.look_next(now=at)
    assert ImportJob.objects.get().source == made.source
    manager.post(f"{LIST}{made.pk}/change/", FOLDER | {"source": "Other"})
    assert not ScheduledFile.objects.exists()
    for at in (now, now + MINUTE):
        import_looks.look_next(now=at)
    sources = list(ImportJob.objects.order_by("pk").values_list("source__code", flat=True))
    assert sources == [made.source.code, "other"]


def test_another_address_is_asked_for_its_whole_file(manager, now):
    made_at = manager.post(f"{LIST}new/address/", ADDRESS)["Location"]
    ImportSchedule.objects.update(etag='"one"', modified="Tue")
    manager.post(f"{made_at}change/", ADDRESS | {"name": "Renamed"})
    assert ImportSchedule.objects.get().etag == '"one"'
    manager.post(f"{made_at}change/", ADDRESS | {"address": "https://shop.example.com/b.csv"})
    made = ImportSchedule.objects.get()
    assert (made.etag, made.modified) == ("", "")


def test_saving_it_unchanged_leaves_no_trace(manager, till):
    made_at = manager.post(f"{LIST}new/folder/", FOLDER)["Location"]
    before = ImportSchedule.objects.values().get()
    manager.post(f"{made_at}change/", FOLDER)
    assert ImportSchedule.objects.values().get() == before
    assert LogEntry.objects.count() == 1


def test_a_schedule_is_switched_off_and_on_again(manager, till, now):
    made = ImportScheduleFactory()
    manager.post(f"{LIST}{made.pk}/switch/", {"to": "off"})
    made.refresh_from_db()
    assert (made.is_active, made.next_due_at) == (False, None)
    assert import_looks.claim_next(now=now) is None
    assert "when somebody asks for it" in text(manager.get(f"{LIST}{made.pk}/"))
    manager.post(f"{LIST}{made.pk}/switch/", {"to": "on"})
    made.refresh_from_db()
    assert (made.is_active, made.next_due_at) == (True, now.replace(minute=0) + timedelta(hours=1))
    words = list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))
    assert words == ["Switched off", "Switched on"]


def test_a_schedule_that_is_off_can_be_tried_to_the_end(manager, till, now, bells):
    made = ImportScheduleFactory(is_active=False, next_due_at=None)
    SavedMapping.objects.create(
        source=made.source, kind=made.kind, mapping=MAPPING, time_zone="UTC", saved_at=now
    )
    order_file(till, *GOOD)
    manager.post(f"{LIST}{made.pk}/look/")
    assert bells == ["profiles.look_for_files"]
    assert tasks.look_for_files() == 1
    made.refresh_from_db()
    assert made.next_due_at == now + MINUTE, "what has just come is looked at again"
    with time_machine.travel(now + MINUTE, tick=False):
        assert tasks.look_for_files() == 1
    made.refresh_from_db()
    assert (made.outcome, made.next_due_at, made.is_active) == ("taken", None, False)
    assert ImportJob.objects.get().schedule == made


def test_switching_off_ends_what_goes_on(manager, till, now):
    made = ImportScheduleFactory()
    order_file(till, *GOOD)
    claimed = import_looks.claim_next(now=now)
    manager.post(f"{LIST}{made.pk}/switch/", {"to": "off"})
    import_looks.look(schedule=claimed, now=now)
    made.refresh_from_db()
    assert (made.outcome, made.next_due_at) == ("arriving", None)


def test_while_it_looks_the_page_asks_again(manager, till, now):
    made = ImportScheduleFactory()
    address, asks = f"{LIST}{made.pk}/", {"HX-Request": "true"}
    part = manager.get(address, headers=asks)
    assert f'hx-get="{address}"' in text(part)
    assert "<html" not in text(part)
    tasks.look_for_files()
    assert manager.get(address, headers=asks)["HX-Refresh"] == "true"
    assert "Looking for new files" not in text(manager.get(address))


def test_a_schedule_is_deleted_and_its_imports_stay(manager, till, now):
    made = ImportScheduleFactory(name="Night")
    SavedMapping.objects.create(
        source=made.source, kind=made.kind, mapping=MAPPING, time_zone="UTC", saved_at=now
    )
    order_file(till, *GOOD)
    for at in (now, now + MINUTE):
        import_looks.look_next(now=at)
    assert "Its one import stays" in text(manager.get(f"{LIST}{made.pk}/delete/"))
    assert ImportSchedule.objects.exists()
    assert manager.post(f"{LIST}{made.pk}/delete/")["Location"] == LIST
    assert not ImportSchedule.objects.exists()
    job = ImportJob.objects.get()
    assert (job.schedule, job.schedule_name, job.state) == (None, "Night", "queued")
    tasks.run_imports()
    assert "Night" in text(manager.get(f"/imports/{job.pk}/"))
    assert LogEntry.objects.get().change_message == "Deleted"
    assert manager.post(f"{LIST}{made.pk}/delete/").status_code == 404


def test_what_fails_is_told_on_its_page_in_the_list_and_on_the_overview(manager, till, now):
    made = ImportScheduleFactory(name="Night", folder="gone")
    for minute in (0, 15, 30):
        import_looks.look_next(now=now + minute * MINUTE)
    page = text(manager.get(f"{LIST}{made.pk}/"))
    assert "The last 3 looks failed." in page
    assert "No such file or directory" in page
    assert "the wait doubles each time" in page
    assert "The schedule “Night” failed at its last look" in text(manager.get("/imports/"))
    assert "Failing" in text(manager.get(LIST))
    assert "“Night” brings no files" in text(manager.get("/overview/"))


def test_a_file_that_failed_can_be_tried_again(manager, till, now):
    made = ImportScheduleFactory()
    SavedMapping.objects.create(
        source=made.source, kind=made.kind, mapping=MAPPING, time_zone="UTC", saved_at=now
    )
    (till / "a.csv").write_text("no table")
    for at in (now, now + MINUTE):
        import_looks.look_next(now=at)
    page = text(manager.get(f"{LIST}{made.pk}/"))
    assert "This is no table in CSV form" in page
    file = ScheduledFile.objects.get()
    manager.post(f"{LIST}files/{file.pk}/again/")
    assert not ScheduledFile.objects.exists()
    for at in (now, now + MINUTE):
        import_looks.look_next(now=at)
    assert list(ImportJob.objects.values_list("state", flat=True)) == ["failed", "failed"]
    ImportJob.objects.update(state="done")
    file = ScheduledFile.objects.get()
    manager.post(f"{LIST}files/{file.pk}/again/")
    assert ScheduledFile.objects.filter(pk=file.pk).exists(), "it did not fail"


# --- a file that waits for its columns --------------------------------------------------------------


@pytest.fixture
def parked(till, now):
    ImportScheduleFactory()
    order_file(till, *GOOD, name="a.csv")
    for at in (now, now + MINUTE):
        import_looks.look_next(now=at)
    return ImportJob.objects.get()


def test_the_columns_of_a_file_that_waits_are_confirmed_as_those_of_an_upload(
    manager, parked, now, bells
):
    address = f"/imports/{parked.pk}/columns/"
    for page in ("/imports/", f"/imports/{parked.pk}/", f"{LIST}{parked.schedule_id}/"):
        assert address in text(manager.get(page))
    assert "Which column is what in a.csv?" in text(manager.get("/overview/"))
    page = manager.get(address)
    assert "Nobody has said yet which column is what" in text(page)
    assert "Espresso beans · Oat milk" in text(page)
    answers = {field.name: field.value() or "" for field in page.context["form"]}
    assert answers["source"] == parked.source.name
    assert answers["customer_id"] == "customer_id"
    refused = manager.post(address, answers | {"customer_id": ""})
    assert refused.status_code == 422
    assert ImportJob.objects.get().state == "parked"
    # The source of a schedule is not changed by one file of it.
    done = manager.post(address, answers | {"source": "Other", "time_zone": "Europe/Vienna"})
    assert done["Location"] == f"/imports/{parked.pk}/"
    job = ImportJob.objects.get()
    assert (job.state, job.mapping, job.source) == ("queued", MAPPING, parked.source)
    assert not Source.objects.filter(name="Other").exists()
    assert bells == ["profiles.run_imports"]
    assert manager.get(address)["Location"] == f"/imports/{job.pk}/"


def test_a_file_that_waits_can_be_left_aside(manager, parked):
    answer = manager.post(f"/imports/{parked.pk}/columns/", {"drop": "1"})
    assert answer["Location"] == "/imports/"
    assert not ImportJob.objects.exists()
    assert "Somebody decided not to import this file" in text(
        manager.get(f"{LIST}{parked.schedule_id}/")
    )


def test_what_the_last_file_had_is_proposed_as_far_as_it_is_there(manager, till, now):
    made = ImportScheduleFactory()
    mapping = MAPPING | {"date_order": "dmy"}
    SavedMapping.objects.create(
        source=made.source, kind=made.kind, mapping=mapping, time_zone="Europe/Vienna", saved_at=now
    )
    order_file(till, *GOOD, header=HEADER.replace("customer_id", "kunde"))
    for at in (now, now + MINUTE):
        import_looks.look_next(now=at)
    form = manager.get(f"/imports/{ImportJob.objects.get().pk}/columns/").context["form"]
    values = {name: form[name].value() for name in ("order_id", "time_zone", "date_order")}
    assert values == {"order_id": "order_id", "time_zone": "Europe/Vienna", "date_order": "dmy"}


# --- who may ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "status"), [(Role.MANAGER, 200), *((r, 403) for r in Role if r != Role.MANAGER)]
)
def test_only_who_may_import_sees_and_changes_schedules(role, status, till):
    made = ImportScheduleFactory()
    client = browser(role)
    pages = [
        "",
        "new/folder/",
        "new/address/",
        f"{made.pk}/",
        f"{made.pk}/change/",
        f"{made.pk}/delete/",
    ]
    assert {client.get(LIST + page).status_code for page in pages} == {status}
    before = ImportSchedule.objects.values().get()
    if status == 403:
        posts = [
            "new/folder/",
            *(f"{made.pk}/{act}/" for act in ("change", "look", "switch", "delete")),
        ]
        assert {client.post(LIST + page, FOLDER).status_code for page in posts} == {403}
        assert ImportSchedule.objects.values().get() == before


@pytest.mark.parametrize("role", [r for r in Role if r != Role.MANAGER])
def test_only_who_may_import_confirms_columns(role, parked):
    client = browser(role)
    assert client.get(f"/imports/{parked.pk}/columns/").status_code == 403
    assert client.post(f"/imports/{parked.pk}/columns/", {"drop": "1"}).status_code == 403
    file = ScheduledFile.objects.get()
    assert client.post(f"{LIST}files/{file.pk}/again/").status_code == 403
    assert ImportJob.objects.get().state == "parked"


def test_an_analyst_reads_of_it_in_the_list_of_imports_without_a_way_in(parked, now):
    ImportScheduleFactory(name="Night", folder="gone")
    import_looks.look_next(now=now)
    page = text(browser(Role.ANALYST).get("/imports/"))
    assert "The schedule “Night” failed at its last look" in page
    assert "/columns/" not in page
    assert LIST not in page


def test_the_pages_cost_the_same_for_few_and_for_many(
    manager, till, now, django_assert_num_queries
):
    made = ImportScheduleFactory()
    address = f"{LIST}{made.pk}/"

    def add(count: int) -> None:
        for number in range(count):
            path = till / f"{count}-{number}.csv"
            path.write_text(f"no table {path.name}")
            os.utime(path, (1, 1))
        ImportSchedule.objects.update(next_due_at=now)
        for at in (now, now + MINUTE):
            import_looks.look_next(now=at)
        ImportScheduleFactory.create_batch(count, folder="gone", next_due_at=now + MINUTE)

    add(2)
    costs = []
    for page in (address, LIST, "/imports/"):
        manager.get(page)
        with CaptureQueriesContext(connection) as few:
            manager.get(page)
        costs.append(len(few))
    add(12)
    for page, cost in zip((address, LIST, "/imports/"), costs, strict=True):
        with django_assert_num_queries(cost):
            manager.get(page)
