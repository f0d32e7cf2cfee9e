"""Mailbox, words of messages and rehearsals, through the door of the browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from campaigns.models import Campaign, Delivery, MessageTemplate, Rehearsal, SandboxMessage
from campaigns.services.defaults import TEMPLATES
from cxportal.pages.access import Role, create_staff, ensure_roles
from profiles.models import Product
from tests.pages import rows

pytestmark = pytest.mark.django_db

ORDERS = b"""customer,order,date,product,qty,price
c1,o1,2026-01-01 10:00,p1,1,4.50
c1,o2,2026-01-31 10:00,p1,1,4.50
"""


@pytest.fixture
def manager():
    ensure_roles()
    client = Client()
    client.force_login(create_staff("mo", Role.MANAGER, "a long enough word"))
    return client


@pytest.fixture
def analyst():
    ensure_roles()
    client = Client()
    client.force_login(create_staff("ana", Role.ANALYST, "a long enough word"))
    return client


@pytest.fixture
def received(now):
    delivery = rows.delivery(now)
    return SandboxMessage.objects.create(
        message_id=f"<{delivery.public_id}@example.com>",
        recipient="dolores@example.com",
        sender="Alder <hello@example.com>",
        subject="Coffee: about time again",
        headers={"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        text="Hello",
        html="<html><head></head><body><script>alert(1)</script>Hello</body></html>",
    )


def test_the_mailbox_shows_headers_and_the_decision_behind_a_message(manager, received):
    page = manager.get(reverse("campaigns:mailbox")).content.decode()
    assert "List-Unsubscribe=One-Click" in page
    assert reverse("campaigns:mailbox-html", args=[received.pk]) in page
    decision = Delivery.objects.get().decision
    assert reverse("decision", args=[decision.public_id]) in page


def test_a_message_can_do_nothing_in_its_frame_but_open_links(manager, received):
    answer = manager.get(reverse("campaigns:mailbox-html", args=[received.pk]))
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert '<base target="_blank">' in answer.content.decode()


def test_an_empty_mailbox_says_so(manager):
    assert "No messages yet" in manager.get(reverse("campaigns:mailbox")).content.decode()


@pytest.mark.parametrize("name", ["mailbox", "template-list", "rehearsal-new"])
def test_an_analyst_finds_these_shut(name, analyst):
    assert analyst.get(reverse(f"campaigns:{name}")).status_code == 403


# --- words ----------------------------------------------------------------------------------------


@pytest.fixture
def words(now):
    return rows.template(now)


def edit(template):
    return reverse("campaigns:template-edit", args=[template.campaign_id, template.language])


GOOD = {
    "subject": "{{ product.name }}: again?",
    "text": "Hello {{ customer.first_name }}",
    "html": "<p>Hello {{ customer.first_name }}</p>",
}


def test_saving_makes_the_next_version_and_keeps_the_old(manager, words):
    assert manager.post(edit(words), GOOD).status_code == 302
    versions = MessageTemplate.objects.order_by("version").values_list("version", "subject")
    assert list(versions) == [(1, "Coffee"), (2, "{{ product.name }}: again?")]


@pytest.mark.parametrize("field", ["subject", "text", "html"])
@pytest.mark.parametrize("source", ["{% if %}", "{{ (1..9) | join: '' }}", "{% include 'x' %}"])
def test_what_a_template_must_not_hold_is_said_at_its_field(field, source, manager, words):
    answer = manager.post(edit(words), GOOD | {field: source})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert MessageTemplate.objects.count() == 1


def test_the_preview_is_what_a_real_customer_would_get(manager, words, now):
    customer = rows.habit(now).customer
    customer.name = "Dolores Reyes"
    customer.save()
    answer = manager.post(reverse("campaigns:template-preview"), GOOD | {"customer": customer.pk})
    assert "Hello Dolores" in answer.content.decode()
    assert "sandbox" in answer["Content-Security-Policy"]
    assert MessageTemplate.objects.count() == 1


def test_the_preview_shows_the_stored_words_when_the_page_opens(manager, words, now):
    customer = rows.habit(now).customer
    scope = {"customer": customer.pk, "template": words.pk}
    answer = manager.get(reverse("campaigns:template-preview"), scope)
    assert "<strong>Coffee</strong>" in answer.content.decode()


def test_the_preview_shows_plain_text_as_text(manager, words, now):
    customer = rows.habit(now).customer
    customer.name = "<b>Dolores</b>"
    customer.save()
    text = "Hello {{ customer.name }} <i>and</i> https://example.com/?a=1&amp;b=2"
    answer = manager.post(
        reverse("campaigns:template-preview"), GOOD | {"customer": customer.pk, "text": text}
    )
    plain = answer.content.decode().partition("<pre>")[2]
    assert "Hello &lt;b&gt;Dolores&lt;/b&gt; &lt;i&gt;and&lt;/i&gt;" in plain
    assert "<b>" not in plain


@pytest.mark.parametrize(
    ("url", "said"), [("", ""), ("https://shop.example.com/p1", "Buy again: https://shop.exam")]
)
def test_buying_again_is_offered_where_there_is_an_address(manager, words, now, url, said):
    habit = rows.habit(now)
    Product.objects.filter(pk=habit.product_id).update(url=url)
    default = next(one for one in TEMPLATES if one.code == "reorder")
    form = {"subject": default.subject, "text": default.text, "html": default.html}
    answer = manager.post(
        reverse("campaigns:template-preview"), form | {"customer": habit.customer_id}
    )
    plain = answer.content.decode().partition("<pre>")[2]
    assert ("Buy again:" in plain) is bool(said)
    assert said in plain


def test_the_mailbox_leads_from_newer_to_older_messages(manager):
    SandboxMessage.objects.bulk_create(
        SandboxMessage(message_id=f"<{n}@x>", recipient="a@b.example", sender="c", subject=str(n))
        for n in range(60)
    )
    first = manager.get(reverse("campaigns:mailbox")).content.decode()
    assert "Older rows" in first
    second = manager.get(reverse("campaigns:mailbox"), {"page": 2}).content.decode()
    assert "Newer rows" in second


def test_the_preview_says_what_is_wrong(manager, words, now):
    customer = rows.habit(now).customer
    bad = GOOD | {"text": "{% if %}", "customer": customer.pk}
    page = manager.post(reverse("campaigns:template-preview"), bad).content.decode()
    assert "Plain text:" in page
    page = manager.post(reverse("campaigns:template-preview"), GOOD).content.decode()
    assert "Choose a customer" in page


def test_customers_are_found_by_name(manager, now):
    customer = rows.habit(now).customer
    page = manager.get(reverse("campaigns:template-customers"), {"q": customer.name.upper()})
    assert f'value="{customer.pk}"' in page.content.decode()
    page = manager.get(reverse("campaigns:template-customers"), {"q": "nobody at all"})
    assert "Nobody was found" in page.content.decode()


# --- rehearsals -----------------------------------------------------------------------------------


def upload(client, content=ORDERS, name="orders.csv"):
    file = SimpleUploadedFile(name, content)
    return client.post(reverse("campaigns:rehearsal-list"), {"file": file})


CONFIRMED = {
    "time_zone": "Europe/Vienna",
    "customer_id": "customer",
    "ordered_at": "date",
    "product_id": "product",
    "as_of": "2026-01-15",
}


def test_a_file_is_uploaded_its_columns_confirmed_and_the_rehearsal_waits(manager):
    assert upload(manager).url == reverse("campaigns:rehearsal-new")
    page = manager.get(reverse("campaigns:rehearsal-new"))
    assert page.context["form"]["customer_id"].initial == "customer"
    answer = manager.post(reverse("campaigns:rehearsal-new"), CONFIRMED)
    started = Rehearsal.objects.get()
    assert answer.url == reverse("campaigns:rehearsal-detail", args=[started.pk])
    assert (started.state, started.file_name, started.time_zone) == (
        "queued",
        "orders.csv",
        "Europe/Vienna",
    )
    assert started.mapping["product_id"] == "product"
    assert Path(started.path).read_bytes() == ORDERS


def test_the_upload_goes_when_another_follows_or_it_is_no_table(manager, settings):
    upload(manager)
    upload(manager)
    assert len(list(Path(settings.UPLOAD_DIR).iterdir())) == 1
    upload(manager, b"\x00\x01", "picture.csv")
    manager.get(reverse("campaigns:rehearsal-new"))
    assert list(Path(settings.UPLOAD_DIR).iterdir()) == []


def test_a_file_whose_rows_are_wider_than_its_header_is_shown_without_examples(manager):
    upload(manager, b"customer,date,product\nc1,2026-01-01,p1,more\nc1,2026-01-02,p1,more\n")
    page = manager.get(reverse("campaigns:rehearsal-new"))
    assert page.status_code == 200
    assert '<th scope="row">product</th><td class="sample"></td>' in page.content.decode()
    answer = manager.post(reverse("campaigns:rehearsal-new"), CONFIRMED)
    assert "No row of this file could be read as an order." in answer.content.decode()
    assert Rehearsal.objects.count() == 0


@pytest.mark.parametrize(
    ("as_of", "words"),
    [
        ("2026-02-01", "Choose a first morning from 2 January 2026 to 31 January 2026."),
        ("2099-01-01", "1 January 2099 is in the future."),
    ],
)
def test_a_first_morning_outside_the_file_is_refused_at_once(manager, as_of, words):
    upload(manager)
    answer = manager.post(reverse("campaigns:rehearsal-new"), CONFIRMED | {"as_of": as_of})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Rehearsal.objects.count() == 0


def test_a_mapping_without_a_customer_is_refused(manager):
    upload(manager)
    answer = manager.post(reverse("campaigns:rehearsal-new"), CONFIRMED | {"customer_id": ""})
    assert answer.status_code == 422
    assert Rehearsal.objects.count() == 0


def test_a_file_that_is_no_table_is_explained(manager):
    upload(manager, b"\x00\x01", "picture.csv")
    answer = manager.get(reverse("campaigns:rehearsal-new"))
    assert answer.status_code == 422
    assert "Choose another file" in answer.content.decode()


def test_nobody_can_name_a_file_of_their_own(manager):
    answer = manager.get(reverse("campaigns:rehearsal-new"), {"path": "/etc/passwd"})
    assert answer.url == reverse("campaigns:rehearsal-list")


def test_an_analyst_reads_rehearsals_but_starts_none(analyst):
    assert "Upload" not in analyst.get(reverse("campaigns:rehearsal-list")).content.decode()
    assert upload(analyst).status_code == 200
    assert Rehearsal.objects.count() == 0


def test_progress_is_asked_again_until_it_is_over(manager):
    one = rows.rehearsal(state="running", progress={"step": "Morning of 3", "done": 3, "of": 30})
    url = reverse("campaigns:rehearsal-detail", args=[one.pk])
    part = manager.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "Morning of 3" in part
    assert f'hx-get="{url}"' in part
    assert "<html" not in part
    Rehearsal.objects.update(state="failed", error="The file is empty.")
    assert manager.get(url, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert "The file is empty." in manager.get(url).content.decode()


RATE = {"n": 10, "hit": 4, "rate": 0.4, "low": 0.17, "high": 0.69}
BASE = {"n": 10, "hit": 2, "rate": 0.2, "low": 0.06, "high": 0.51}
NONE = {"n": 0, "hit": 0, "rate": None, "low": 0.0, "high": 1.0}
REPORT = {
    "as_of": "2026-01-15",
    "last_day": "2026-02-14",
    "rows": {"read": 1200, "rejected": 3, "reasons": {"no_customer": 3}},
    "customers": 40,
    "habits": {"sure": 5, "not_sure": 30, "doubts": {"too_few": 30}},
    "moments": 12,
    "decisions": {"speak": 10, "silent": {"bought_since": 2}},
    "messages": 10,
    "timing": {
        "all": {"ours": RATE, "after_7_days": BASE},
        "slow": {"ours": NONE, "after_7_days": NONE},
    },
    "steps": [{"name": "learn", "seconds": 1.5, "peak_mb": 120}],
    "notes": ["This proves the timing, not that the reminder caused the purchase."],
}


def test_the_report_is_read_beside_the_baseline(manager):
    one = rows.rehearsal(report=REPORT)
    url = reverse("campaigns:rehearsal-detail", args=[one.pk])
    page = manager.get(url).content.decode()
    assert "Of 10 reminders, 40 in 100 had their product bought in time." in page
    assert "“Always after 7 days” would have reached 20 in 100." in page
    assert "Silent: it has been bought since" in page
    assert "Kept aside: no customer" in page
    assert "This proves the timing, not that the reminder caused the purchase." in page
    assert "Ours: none." in page


def test_a_campaign_without_words_is_listed_and_gets_its_first_version(manager):
    campaign = Campaign.objects.create(
        code="new", name="New idea", moment="due_reorder", purpose="reminders"
    )
    address = reverse("campaigns:template-edit", args=[campaign.pk, "en"])
    assert address in manager.get(reverse("campaigns:template-list")).content.decode()
    assert "No words in “en” yet" in manager.get(address).content.decode()
    words = {"subject": "Again", "text": "Hello", "html": "<p>Hello</p>"}
    assert manager.post(address, words).status_code == 302
    assert MessageTemplate.objects.get().version == 1
    elsewhere = reverse("campaigns:template-edit", args=[campaign.pk, "de"])
    assert manager.get(elsewhere).status_code == 404


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ("{}", 200),
        ("[1]", 200),
        ("7", 200),
        ('{"points": -500}', 200),
        ('{"points": 0}', 200),
        ('{"points": 1000000000000}', 200),
        ('{"points": 1e12}', 200),
        ('{"points": "abc"}', 200),
        ('{"points": true}', 200),
        ('{"points": 20.5}', 200),
        ('{"points": 20, "for": "all"}', 200),
        ('{"points": 20}', 302),
    ],
)
def test_an_action_is_refused_without_what_it_needs(manager, parameters, status):
    form = {
        "code": "gift",
        "name": "Gift",
        "moment": "close_to_next_tier",
        "action": "bonus_points",
        "parameters": parameters,
        "purpose": "offers",
        "value": "4",
        "is_live": "on",
    }
    answer = manager.post(reverse("admin:campaigns_campaign_add"), form)
    assert answer.status_code == status
    assert Campaign.objects.filter(code="gift").exists() is (status == 302)
