"""Settings: who may change what, what is refused, and what is left on record."""

from __future__ import annotations

from datetime import time

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from campaigns.models import SendingPolicy
from campaigns.services import fencing, switching
from cxportal.pages.access import Role
from profiles.models import Company, Place
from profiles.queries.company import company
from tests.factories.profiles import PlaceFactory

pytestmark = pytest.mark.django_db

COMPANY = {
    "name": "Alder & Finch",
    "time_zone": "Europe/Lisbon",
    "language": "pt",
    "currency": "EUR",
    "phone_region": "PT",
}
POLICY = {
    "sender_name": "Alder & Finch",
    "sender_email": "hello@alder.example",
    "postal_address": "",
    "quiet_from": "21:00",
    "quiet_until": "08:30",
    "max_per_week": "1",
    "fewer_after": "2",
    "silent_after": "4",
    "control_percent": "12.5",
    "shortest_rhythm_days": "10",
}


# What a browser posts of the row for a new store that nobody touched.
UNTOUCHED = {"place_id": "", "code": "", "name": "", "kind": "store", "time_zone": ""}


def stores(*rows):
    data = {"places-TOTAL_FORMS": len(rows), "places-INITIAL_FORMS": len(rows) - 1}
    for number, row in enumerate(rows):
        data |= {f"places-{number}-{name}": value for name, value in row.items()}
    return data


def test_an_administrator_changes_the_company_and_the_change_is_on_record(administrator, staff):
    before = company().name
    answer = administrator.post(reverse("settings-company"), COMPANY)
    assert answer.status_code == 302
    stored = Company.objects.values("name", "time_zone", "language", "phone_region").get()
    assert stored == {
        "name": "Alder & Finch",
        "time_zone": "Europe/Lisbon",
        "language": "pt",
        "phone_region": "PT",
    }
    entry = LogEntry.objects.get()
    assert entry.user == staff(Role.ADMINISTRATOR)
    assert f"name: {before} → Alder & Finch" in entry.change_message


def test_saving_the_same_again_leaves_no_trace(administrator):
    administrator.post(reverse("settings-company"), COMPANY)
    administrator.post(reverse("settings-company"), COMPANY)
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("time_zone", "Europe/Atlantis"), ("currency", "euro"), ("phone_region", "XX"), ("name", "")],
)
def test_what_cannot_be_is_refused_at_its_field(field, value, administrator):
    before = Company.objects.values().first()
    answer = administrator.post(reverse("settings-company"), COMPANY | {field: value})
    assert answer.status_code == 422
    assert list(answer.context["company_form"].errors) == [field]
    assert Company.objects.values().first() in (
        before,
        Company.objects.values().get(name="My company"),
    )


def test_the_rules_of_sending_are_saved(administrator):
    administrator.post(reverse("settings-sending"), POLICY)
    policy = SendingPolicy.objects.get()
    assert (policy.quiet_from, policy.quiet_until) == (time(21), time(8, 30))
    assert (policy.max_per_week, policy.control_share) == (1, 0.125)
    assert policy.shortest_rhythm_days == 10
    assert (policy.fewer_after, policy.silent_after, policy.counts_links) == (2, 4, False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("control_percent", "51"),
        ("max_per_week", "8"),
        ("sender_email", "none"),
        ("silent_after", "2"),
    ],
)
def test_rules_beyond_the_limits_are_refused(field, value, administrator):
    answer = administrator.post(reverse("settings-sending"), POLICY | {field: value})
    assert answer.status_code == 422
    assert list(answer.context["policy_form"].errors) == [field]


def test_stores_are_changed_and_added(administrator):
    main = PlaceFactory()
    row = {
        "place_id": main.pk,
        "name": "Main Street",
        "kind": "store",
        "time_zone": "Europe/Vienna",
    }
    new = {"code": "harbour", "name": "Harbour", "kind": "store", "time_zone": ""}
    assert administrator.post(reverse("settings-stores"), stores(row, new)).status_code == 302
    found = Place.objects.order_by("code").values_list("code", "name", "time_zone")
    assert list(found) == [
        ("harbour", "Harbour", ""),
        ("main-street", "Main Street", "Europe/Vienna"),
    ]


def test_a_store_keeps_its_code_whatever_is_posted(administrator):
    main = PlaceFactory()
    row = {"place_id": main.pk, "code": "other", "name": "Main", "kind": "store", "time_zone": ""}
    administrator.post(reverse("settings-stores"), stores(row, UNTOUCHED))
    assert Place.objects.get().code == "main-street"


def test_a_store_opened_since_the_page_was_shifts_no_row(administrator):
    main = PlaceFactory()
    row = {"place_id": main.pk, "name": "Main Street", "kind": "store", "time_zone": "Europe/Rome"}
    page = stores(row, UNTOUCHED)
    airport = PlaceFactory(code="airport", name="Airport", time_zone="Europe/Vienna")
    assert administrator.post(reverse("settings-stores"), page).status_code == 302
    main.refresh_from_db()
    airport.refresh_from_db()
    assert (main.name, main.time_zone) == ("Main Street", "Europe/Rome")
    assert (airport.name, airport.time_zone) == ("Airport", "Europe/Vienna")


def test_a_store_is_changed_while_the_row_for_a_new_one_stays_untouched(administrator):
    main = PlaceFactory()
    row = {"place_id": main.pk, "name": "Main Street", "kind": "store", "time_zone": "Europe/Rome"}
    answer = administrator.post(reverse("settings-stores"), stores(row, UNTOUCHED))
    assert answer.status_code == 302
    assert list(Place.objects.values_list("name", "time_zone")) == [("Main Street", "Europe/Rome")]


def test_the_row_for_a_new_store_shows_what_counts_as_untouched(administrator):
    page = administrator.get(reverse("settings")).context["places"]
    shown = {field.name: field.value() or "" for field in page.forms[-1]}
    assert shown == UNTOUCHED


@pytest.mark.parametrize("code", ["Main Street", "<i>st</i>", "店 1"])
def test_a_store_that_an_order_file_named_in_any_words_can_be_changed(code, administrator):
    main = PlaceFactory(code=code)
    row = {"place_id": main.pk, "name": "Main", "kind": "web", "time_zone": ""}
    answer = administrator.post(reverse("settings-stores"), stores(row, UNTOUCHED))
    assert answer.status_code == 302
    assert list(Place.objects.values_list("code", "name", "kind")) == [(code, "Main", "web")]


def test_a_store_can_be_opened_under_the_code_that_order_files_will_use(administrator):
    new = UNTOUCHED | {"code": "Airport, gate B", "name": "Airport"}
    administrator.post(reverse("settings-stores"), stores(new))
    assert Place.objects.get().code == "Airport, gate B"


@pytest.mark.parametrize("breach", ["Alder\r\nBcc: eve@example.com", "Alder\nFinch", "Al\x07der"])
def test_names_that_stand_in_headers_are_refused_with_a_line_break(breach, administrator):
    company_answer = administrator.post(reverse("settings-company"), COMPANY | {"name": breach})
    sending_answer = administrator.post(
        reverse("settings-sending"), POLICY | {"sender_name": breach}
    )
    for answer, form, field in (
        (company_answer, "company_form", "name"),
        (sending_answer, "policy_form", "sender_name"),
    ):
        assert answer.status_code == 422
        assert answer.context[form].errors == {
            field: ["Write it on one line, without line breaks or control characters."]
        }
    assert LogEntry.objects.count() == 0


def test_quiet_hours_that_end_as_they_begin_are_refused(administrator):
    form = POLICY | {"quiet_from": "21:00", "quiet_until": "21:00"}
    answer = administrator.post(reverse("settings-sending"), form)
    assert answer.status_code == 422
    assert answer.context["policy_form"].errors == {
        "quiet_until": ["Quiet hours must end at another time than they begin."]
    }
    assert LogEntry.objects.count() == 0


def test_a_new_store_cannot_take_the_code_of_another(administrator):
    main = PlaceFactory()
    row = {"place_id": main.pk, "name": "Main Street 2", "kind": "store", "time_zone": ""}
    new = {"code": "main-street", "name": "Second", "kind": "store", "time_zone": ""}
    answer = administrator.post(reverse("settings-stores"), stores(row, new))
    assert answer.status_code == 422
    assert "is there already" in answer.content.decode()
    assert Place.objects.get().name == "Main Street"


@pytest.mark.parametrize("name", ["settings-company", "settings-stores", "settings-sending"])
@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMINISTRATOR}))
def test_nobody_else_changes_settings(name, role, browser_of):
    assert browser_of(role).post(reverse(name), COMPANY | POLICY).status_code == 403
    assert LogEntry.objects.count() == 0


def test_a_manager_reads_them_closed(manager):
    answer = manager.get(reverse("settings"))
    assert answer.status_code == 200
    assert "Save the company" not in answer.content.decode()
    assert all(field.disabled for field in answer.context["company_form"].fields.values())


# --- the switch -----------------------------------------------------------------------------------


@pytest.fixture
def _adopted(db):
    fencing.adopt_new_database()


@pytest.mark.usefixtures("_adopted")
@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMINISTRATOR])
def test_sending_is_stopped_and_started_and_both_are_on_record(role, browser_of):
    client = browser_of(role)
    client.post(reverse("sending-stop"))
    assert SendingPolicy.objects.get().stopped_by.username == f"one-{role}"
    client.post(reverse("sending-resume"))
    assert SendingPolicy.objects.get().stopped_at is None
    words = list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))
    assert words == ["all sending: on → stopped", "all sending: stopped → on"]


@pytest.mark.usefixtures("_adopted")
def test_while_sending_is_stopped_every_page_says_so(manager, browser_of, staff, now):
    said = "All sending is stopped since Tuesday 10 March, 06:05 (UTC), by one-manager."
    assert said not in manager.get(reverse("settings")).content.decode()
    switching.stop_sending(by=staff(Role.MANAGER), now=now)
    for name in ("settings", "overview", "campaigns:mailbox"):
        assert said in manager.get(reverse(name)).content.decode()
    assert said in browser_of(Role.ANALYST).get(reverse("overview")).content.decode()
    assert "Sending is stopped" in manager.get("/data/").content.decode()


def test_asking_changes_nothing(manager):
    assert manager.get(reverse("sending-stop")).status_code == 200
    assert SendingPolicy.objects.filter(stopped_at__isnull=False).count() == 0


def test_stopping_twice_is_said_and_keeps_the_first(administrator, staff, now):
    switching.stop_sending(by=staff(Role.MANAGER), now=now)
    answer = administrator.post(reverse("sending-stop"), follow=True)
    assert "stopped already" in answer.content.decode()
    assert SendingPolicy.objects.get().stopped_by == staff(Role.MANAGER)


@pytest.mark.parametrize("name", ["sending-stop", "sending-resume", "sending-adopt"])
@pytest.mark.parametrize("role", [Role.ANALYST, Role.SUPERVISOR, Role.COUNTER])
def test_others_cannot_touch_the_switch(name, role, browser_of):
    assert browser_of(role).post(reverse(name)).status_code == 403


def test_a_copied_database_says_so_until_somebody_allows_it(administrator):
    page = administrator.get(reverse("settings")).content.decode()
    assert "This is a restored or copied database" in page
    administrator.post(reverse("sending-adopt"))
    assert not fencing.is_fenced()
    page = administrator.get(reverse("settings")).content.decode()
    assert "This is a restored or copied database" not in page
