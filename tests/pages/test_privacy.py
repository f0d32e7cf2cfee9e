"""Pages of privacy: the customer's own, and those by which staff act for them."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import SandboxMessage, SendingPolicy
from campaigns.tasks import mail_exports
from cxportal.lib.links import LinkPurpose, token_for
from cxportal.pages.access import Role, create_staff, ensure_roles
from feedback.models import Invitation
from profiles.models import (
    AccessRecord,
    ConsentEntry,
    Customer,
    Identifier,
    PrivacyRequest,
    Profile,
    RetentionRule,
)
from profiles.rules.names import Channel, Purpose
from profiles.services import merging
from profiles.tasks import erase_people, let_go, write_exports
from tests.factories.campaigns import ready_house
from tests.factories.profiles import IdentifierFactory, ProfileFactory
from tests.factories.somebody import QUILL, somebody


@pytest.fixture
def person(db, now):
    ready_house()
    customer = somebody(QUILL, now)
    PrivacyRequest.objects.all().delete()
    with time_machine.travel(now, tick=False):
        yield customer


@pytest.fixture
def token(person):
    return token_for(LinkPurpose.MY_PAGE, str(person.public_id))


@pytest.fixture
def staff(person):
    ensure_roles()

    def of(role):
        client = Client()
        client.force_login(create_staff(f"one-{role}", role, "a long enough word"))
        return client

    return of


def bundle(answer):
    return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))


def link_mailed():
    letter = SandboxMessage.objects.filter(subject__startswith="Your data").get()
    return "/export/" + letter.text.partition("/export/")[2].split()[0]


def test_the_link_of_an_export_goes_by_mail_and_stands_on_no_page(client, token, person):
    page = reverse("my-page", args=[token])
    client.post(reverse("my-export", args=[token]))
    assert "putting your data together" in client.get(page).text
    assert write_exports() == 1
    assert mail_exports() == {"sent": 1}
    shown = client.get(page).text
    assert "q…@example.com" in shown
    assert "/export/" not in shown.replace(f"/my/{token}/export/", "")
    data = json.loads(bundle(client.get(link_mailed())).read("data.json"))
    assert data["format"] == "personal-data"
    rows = {section["kind"]: section["rows"] for section in data["sections"]}
    assert {row["value"] for row in rows["profiles.Identifier"]} >= {QUILL.email, QUILL.phone}
    assert rows["profiles.Customer"][0]["name"] == QUILL.name
    assert rows["profiles.Purchase"][0]["occurred_at"] == "2026-03-01T06:05:00Z"
    assert {row["name"] for row in rows["profiles.HouseholdMember"]} == {
        "quillfeather at home",
        "Child of quillfeather",
    }
    assert mail_exports() == {}


def test_without_an_address_the_link_stands_on_the_page(client, token, person):
    Identifier.objects.filter(kind="email").update(bounced_at=person.created_at)
    client.post(reverse("my-export", args=[token]))
    write_exports()
    assert mail_exports() == {}
    shown = client.get(reverse("my-page", args=[token])).text
    link = "/export/" + shown.partition("8000/export/")[2].partition('"')[0]
    assert bundle(client.get(link)).namelist() == ["data.json", "data.html"]


def test_the_readable_form_is_escaped_and_needs_nothing_else(client, token, person):
    Customer.objects.filter(pk=person.pk).update(name="<script>alert(1)</script> Quill")
    client.post(reverse("my-export", args=[token]))
    write_exports()
    mail_exports()
    html = bundle(client.get(link_mailed())).read("data.html").decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; Quill" in html
    assert "<script" not in html
    assert "src=" not in html
    assert "<link" not in html


def test_an_export_that_is_over_is_gone_from_the_disk(client, token, person, now):
    client.post(reverse("my-export", args=[token]))
    write_exports()
    mail_exports()
    link, path = link_mailed(), Path(PrivacyRequest.objects.get().path)
    assert path.stat().st_mode & 0o777 == 0o600
    with time_machine.travel(now + timedelta(days=7, minutes=1), tick=False):
        answer = client.get(link)
        assert (answer.status_code, "We keep an export for seven days" in answer.text) == (
            410,
            True,
        )
        assert let_go()["exports"] == 1
    assert not path.exists()
    assert PrivacyRequest.objects.get().path == ""


def test_a_forged_link_opens_nothing(client, person):
    assert client.get(reverse("export", args=["forged"])).status_code == 404
    wrong = token_for(LinkPurpose.MY_PAGE, str(person.public_id))
    assert client.get(reverse("export", args=[wrong])).status_code == 404


def test_asking_twice_writes_one_export(client, token, person):
    for _ in range(2):
        client.post(reverse("my-export", args=[token]))
    assert PrivacyRequest.objects.count() == 1
    assert write_exports() == 1


# --- an erasure is confirmed by mail --------------------------------------------------------------


def erasure_mails():
    return SandboxMessage.objects.filter(subject__startswith="Please confirm: erase me")


def erasure_link():
    return "/erase/" + erasure_mails().latest("pk").text.partition("/erase/")[2].split()[0]


def ask_to_erase(client, token):
    return client.post(reverse("my-erase", args=[token]), follow=True)


def test_the_link_to_a_page_erases_nobody_by_itself(client, token, person):
    client.post(reverse("my-consent", args=[token]), {"scope": "all"})  # it is no marketing
    assert not ConsentEntry.objects.granting(
        [person.pk], Purpose.REMINDERS, Channel.EMAIL, timezone.now()
    )
    assert "we ask once more by mail, at q…@example.com" in client.get(
        reverse("my-erase", args=[token])
    ).text  # fmt: skip
    shown = client.post(reverse("my-erase", args=[token]), {"agreed": "yes"}, follow=True).text
    assert "We sent a mail to q…@example.com; the link in it completes this, within a day." in shown
    assert QUILL.email not in shown
    assert erasure_mails().get().recipient == QUILL.email
    assert not PrivacyRequest.objects.exists()
    assert erase_people() == 0


def test_the_link_in_the_mail_changes_nothing_until_its_button_is_pressed(client, token, person):
    ask_to_erase(client, token)
    for method in (client.get, client.head):
        assert method(erasure_link()).status_code == 200
    assert "What goes" in client.get(erasure_link()).text
    assert not PrivacyRequest.objects.exists()
    for _ in range(2):
        assert "You are being erased" in client.post(erasure_link()).text
    assert "You are being erased" in client.get(erasure_link()).text
    assert PrivacyRequest.objects.get().kind == "erasure"


def test_the_link_in_the_mail_says_when_it_is_done(client, token, person):
    ask_to_erase(client, token)
    link = erasure_link()
    client.post(link)
    assert erase_people() == 1
    for answer in (client.get(link), client.post(link)):
        assert (answer.status_code, "It is done" in answer.text) == (410, True)
    assert PrivacyRequest.objects.count() == 1


def test_a_link_in_the_mail_that_is_over_offers_a_fresh_one(client, token, person, now):
    ask_to_erase(client, token)
    old = erasure_link()
    with time_machine.travel(now + timedelta(days=1, minutes=1), tick=False):
        for answer in (client.get(old), client.post(old)):
            assert (answer.status_code, "Nothing was erased" in answer.text) == (410, True)
            assert f'action="{old.replace("/erase/", "/fresh/erase/")}"' in answer.text
        client.post(old.replace("/erase/", "/fresh/erase/"))
        letter = SandboxMessage.objects.get(subject__startswith="Your fresh link")
        assert letter.recipient == QUILL.email
        fresh = "/erase/" + letter.text.partition("/erase/")[2].split()[0]
        assert client.get(fresh).status_code == 200
    assert not PrivacyRequest.objects.exists()


def test_two_such_mails_are_sent_at_once_and_one_more_in_twelve_hours(client, token, person, now):
    for _ in range(2):
        assert "We sent a mail" in ask_to_erase(client, token).text
    refused = ask_to_erase(client, token)
    assert (refused.status_code, "Another mail can be sent in 12 hours" in refused.text) == (
        429,
        True,
    )
    client.post(erasure_link().replace("/erase/", "/fresh/erase/"))
    assert SandboxMessage.objects.filter(text__contains="/erase/").count() == 2
    with time_machine.travel(now + timedelta(hours=12), tick=False):
        assert "We sent a mail" in ask_to_erase(client, token).text
    assert erasure_mails().count() == 3


def test_a_house_that_sends_nothing_erases_nobody_either(client, token, person, now):
    SendingPolicy.objects.update(stopped_at=now)
    refused = ask_to_erase(client, token)
    assert (refused.status_code, "ask in a store" in refused.text) == (503, True)
    SendingPolicy.objects.update(stopped_at=None)
    for _ in range(2):  # what was not sent does not count
        assert "We sent a mail" in ask_to_erase(client, token).text


def test_a_link_for_something_else_erases_nobody(client, token, person):
    ask_to_erase(client, token)
    export = token_for(LinkPurpose.EXPORT, str(person.public_id))
    for wrong in (token, export, "forged"):
        assert client.post(reverse("erase", args=[wrong])).status_code == 404
    own = erasure_link().removeprefix("/erase/").strip("/")
    assert client.get(reverse("my-page", args=[own])).status_code == 404
    assert not PrivacyRequest.objects.exists()


@pytest.fixture
def unreachable(person):
    """Nobody can write to this address any more."""
    Identifier.objects.filter(kind="email").update(bounced_at=person.created_at)


def test_whom_no_mail_reaches_confirms_on_the_page(client, token, unreachable):
    address = reverse("my-erase", args=[token])
    assert "this button erases you at once" in client.get(address).text
    answer = client.post(address)
    assert (answer.status_code, "Nothing was erased" in answer.text) == (422, True)
    assert not PrivacyRequest.objects.exists()
    assert "You are being erased" in client.post(address, {"agreed": "yes"}).text
    assert PrivacyRequest.objects.get().kind == "erasure"
    assert not erasure_mails().exists()


def test_after_an_erasure_every_old_link_leads_to_a_calm_page(client, token, person):
    delivery, invitation = person.deliveries.first(), person_invitation(person)
    ask_to_erase(client, token)
    client.post(erasure_link())
    assert "being erased" in client.get(reverse("my-page", args=[token])).text
    assert erase_people() == 1
    addresses = [
        reverse("my-page", args=[token]),
        reverse("campaigns:why", args=[token_for(LinkPurpose.WHY, str(delivery.public_id))]),
        reverse("campaigns:stop", args=[token_for(LinkPurpose.STOP, str(delivery.public_id))]),
        reverse("feedback:answer", args=[token_for(LinkPurpose.SURVEY, str(invitation.public_id))]),
    ]
    answers = [client.get(address) for address in addresses]
    assert [answer.status_code for answer in answers] == [410, 410, 410, 410]
    assert all("Nothing is kept here any more" in answer.text for answer in answers)
    assert client.post(reverse("my-export", args=[token])).status_code == 410


def person_invitation(person):
    return Invitation.objects.get(customer=person)


def test_an_erasure_takes_the_file_of_an_export_along(
    client, token, person, django_capture_on_commit_callbacks
):
    client.post(reverse("my-export", args=[token]))
    write_exports()
    path = Path(PrivacyRequest.objects.get().path)
    ask_to_erase(client, token)
    client.post(erasure_link())
    with django_capture_on_commit_callbacks(execute=True):
        erase_people()
    assert not path.exists()


# --- two who were one -----------------------------------------------------------------------------


@pytest.fixture
def two(person, now):
    """Somebody else who was taken for the person, by mistake."""
    other = ProfileFactory(customer__name="Aiden Hall")
    other.home_customer = other.customer
    other.save()
    Profile.objects.filter(customer=person).update(home_customer=person)
    edge = merging.join(
        one=person.profiles.order_by("pk").first(),
        other=other,
        rule="person",
        actor="staff:1",
        now=now,
    )
    other.customer.refresh_from_db()
    return other.customer, edge


def test_an_export_of_two_is_nobodys_once_they_are_parted(
    client, token, two, now, django_capture_on_commit_callbacks
):
    _, edge = two
    client.post(reverse("my-export", args=[token]))
    write_exports()
    mail_exports()
    path = Path(PrivacyRequest.objects.get().path)
    address = link_mailed()
    assert "Aiden Hall" in bundle(client.get(address)).read("data.json").decode()
    with django_capture_on_commit_callbacks(execute=True):
        merging.part(edge=edge, by="staff:1", now=now)
    assert client.get(address).status_code == 410
    assert not path.exists()


def test_an_export_that_waits_is_of_whom_they_are_then(client, token, two, now):
    _, edge = two
    client.post(reverse("my-export", args=[token]))
    merging.part(edge=edge, by="staff:1", now=now)
    write_exports()
    mail_exports()
    assert "Aiden Hall" not in bundle(client.get(link_mailed())).read("data.json").decode()


def test_who_was_merged_into_somebody_since_is_mailed_where_they_are_now(
    client, token, person, now
):
    other = ProfileFactory(customer__name="Aiden Hall", customer__created_at=person.created_at)
    other.home_customer = other.customer
    other.save()
    IdentifierFactory(origin_profile=other, kind="email", value="aiden@example.com")
    client.post(
        reverse("my-export", args=[token_for(LinkPurpose.MY_PAGE, str(other.customer.public_id))])
    )
    write_exports()
    Profile.objects.filter(customer=person).update(home_customer=person)
    merging.join(
        one=person.profiles.order_by("pk").first(), other=other, rule="person", actor="x", now=now
    )
    assert mail_exports() == {"sent": 1}


def test_nobody_is_erased_who_was_parted_before_it_was_done(two, staff):
    _, edge = two
    client = staff(Role.MANAGER)
    address = reverse("customer-erase", args=[edge.low.customer_id])
    client.post(address, {"number": str(edge.low.customer_id)})
    assert PrivacyRequest.objects.filter(kind="erasure", done_at=None).count() == 1
    undo = reverse("same-person-undo", args=[edge.low.customer_id])
    said = client.post(undo, {"edge": str(edge.pk)}, follow=True).text
    assert "One of the two had asked to be erased, and nobody was." in said
    assert erase_people() == 0
    assert not Customer.objects.exclude(erased_at=None).exists()


# --- staff ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_only_managers_and_supervisors_act_for_a_customer(staff, person, role):
    expected = 200 if role in {Role.MANAGER, Role.SUPERVISOR} else 403
    client = staff(role)
    assert client.get(reverse("customer-privacy", args=[person.pk])).status_code == expected
    assert client.get(reverse("customer-erase", args=[person.pk])).status_code == expected


def test_staff_write_an_export_and_hand_it_out(staff, person):
    client = staff(Role.SUPERVISOR)
    client.post(reverse("customer-export", args=[person.pk]), {"reason": "asked in the store"})
    write_exports()
    request = PrivacyRequest.objects.get()
    file = reverse("customer-export-file", args=[request.public_id])
    assert file in client.get(reverse("customer-privacy", args=[person.pk])).text
    assert QUILL.email in bundle(client.get(file)).read("data.json").decode()
    assert list(
        AccessRecord.objects.exclude(door="counter-customer")
        .order_by("pk")
        .values_list("act", "door", "customer_id", "reason")
    ) == [
        ("exported", "customer-export", person.pk, "asked in the store"),
        ("looked", "customer-privacy", person.pk, ""),
        ("exported", "customer-export-file", person.pk, ""),
    ]


def test_staff_erase_only_with_the_number_typed(staff, person):
    client = staff(Role.MANAGER)
    address = reverse("customer-erase", args=[person.pk])
    refused = client.post(address, {"number": "1000000"})
    assert (refused.status_code, "Nothing was erased" in refused.text) == (422, True)
    assert not PrivacyRequest.objects.exists()
    client.post(address, {"number": str(person.pk), "reason": "asked by letter"})
    assert erase_people() == 1
    assert Customer.objects.get(pk=person.pk).erased_at is not None
    assert client.get(address).status_code == 404
    erased = AccessRecord.objects.filter(act="erased", customer=person)
    assert {record.reason for record in erased} == {""}


# --- retention ------------------------------------------------------------------------------------


def test_a_rule_is_changed_and_refused_on_the_page(staff, person):
    client = staff(Role.MANAGER)
    address = reverse("retention")
    assert client.get(address).status_code == 200
    client.post(address, {"kind": "profiles.Touchpoint", "keep_days": "30"})
    assert RetentionRule.objects.get(kind="profiles.Touchpoint").keep_days == 30
    for days in ("0", "-1", "x", "9999999"):
        refused = client.post(address, {"kind": "profiles.Touchpoint", "keep_days": days})
        assert refused.status_code == 422
    assert RetentionRule.objects.get(kind="profiles.Touchpoint").keep_days == 30
    assert staff(Role.SUPERVISOR).post(
        address, {"kind": "profiles.Touchpoint", "keep_days": "1"}
    ).status_code == 200  # fmt: skip
    assert RetentionRule.objects.get(kind="profiles.Touchpoint").keep_days == 30


# --- who looked -----------------------------------------------------------------------------------


def test_a_search_is_on_record_without_what_was_typed(staff, person):

    client = staff(Role.SUPERVISOR)
    client.post(reverse("counter"), {"q": QUILL.word}, REMOTE_ADDR="10.1.2.3")
    record = AccessRecord.objects.latest("pk")
    assert (record.act, record.detail, record.customer_id, record.ip_address) == (
        "searched", "typed 12, found 1", None, "10.1.2.3",
    )  # fmt: skip
    client.get(reverse("counter"))
    assert AccessRecord.objects.latest("pk") == record


def test_the_supervisor_reads_and_narrows_the_record(staff, person, now):
    client = staff(Role.SUPERVISOR)
    client.get(reverse("counter-customer", args=[person.pk]))
    address = reverse("looks")
    shown = client.get(address, {"customer": person.pk, "act": "looked"}).text
    assert "counter, card" in shown
    assert QUILL.name in shown
    nothing = client.get(address, {"customer": person.pk, "until": "2020-01-01"}).text
    assert "No look like this is on record" in nothing
    assert "counter, card" in client.get(address, {"until": "9999-12-31"}).text
    assert client.get(address, {"customer": "x"}).status_code == 422
    assert client.get(address, {"before": "nonsense_1"}).status_code == 200
    assert (
        client.get(address, {"before": "2026-03-10T06:05:00+00:00_999999999999999999"}).status_code
        == 200
    )


def test_the_record_goes_on_page_by_page(staff, person, now):
    AccessRecord.objects.bulk_create(
        AccessRecord(actor="staff:1", act="looked", door=f"door-{n}", occurred_at=now - timedelta(days=1))
        for n in range(120)
    )  # fmt: skip
    client, seen, query = staff(Role.SUPERVISOR), [], ""
    while True:
        shown = client.get(reverse("looks") + query).text
        seen += [part.partition("<")[0] for part in shown.split("door-")[1:]]
        if 'rel="next" href="' not in shown:
            break
        query = shown.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert sorted(map(int, seen)) == list(range(120))


def test_customers_read_how_often_staff_looked(client, staff, token, person):
    page = reverse("my-page", args=[token])
    assert "looked at your data once" in client.get(page).text
    staff(Role.SUPERVISOR).get(reverse("counter-customer", args=[person.pk]))
    assert "looked at your data 2 times" in client.get(page).text
