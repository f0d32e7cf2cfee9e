"""S06: the shop knows an e-mail, the till a phone number, the CRM both. They become one customer, with a record
of why; a wrong merge is undone in one click, and every purchase goes back where it came from."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from profiles.models import Profile, Purchase
from profiles.tasks import run_imports, settle_merges

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
COLUMNS = (
    "customer_id,order_id,ordered_at,product_id,quantity,unit_price,store,email,phone,person_name"
).split(",")
WEB, TILL, CRM = "Web shop", "Till", "CRM"
# By source: number there, order, contact data, name.
FILES = {
    WEB: "w1,{0},2026-03-0{1}T10:00:00Z,P1,1,12.50,Online,j.smith@example.com,,Jane Smith",
    TILL: "t1,{0},2026-03-0{1}T08:00:00Z,P2,1,3.20,Main Street,,(212) 415-1234,J. Smith",
    CRM: "c1,{0},2026-03-0{1}T09:00:00Z,P3,1,80.00,Phone,j.smith@example.com,+1 212 415 1234,Jane Smith",
}


@pytest.fixture
def manager(client_of, settings, tmp_path):
    with time_machine.travel(NOON, tick=False):
        browser = client_of("manager")
        yield browser


def load(browser, source: str, *orders: int) -> None:
    """Upload a source's file in the browser, confirm its columns, and let the worker run it."""
    rows = [FILES[source].format(f"{source[0]}{n}", n) for n in orders]
    content = "\n".join([",".join(COLUMNS), *rows]).encode()
    browser.post("/imports/", {"file": SimpleUploadedFile("orders.csv", content, "text/csv")})
    columns = {name: name for name in COLUMNS}
    browser.post(
        "/imports/new/", columns | {"source": source, "time_zone": "UTC", "date_order": ""}
    )
    assert run_imports() == 1
    settle_merges()


def whose() -> dict[str, set[str]]:
    """Which orders stand together, by the number of the first profile of their customer."""
    found: dict[str, set[str]] = {}
    for purchase in Purchase.objects.select_related("customer"):
        first = purchase.customer.profiles.order_by("pk").first()
        assert first is not None
        found.setdefault(first.external_id, set()).add(purchase.external_id)
    return found


def found_at_counter(browser, typed: str) -> set[str]:
    """Whose cards the counter leads to for what was typed."""
    answer = browser.post("/counter/", {"q": typed})
    shown = answer.headers.get("Location", "") + answer.content.decode()
    return set(re.findall(r"/counter/(\d+)/", shown))


def reasons(browser) -> str:
    customer = Profile.objects.get(external_id="w1").customer_id
    return browser.get(f"/customers/{customer}/same-person/").content.decode()


def test_three_sources_one_customer_with_a_record_of_why(manager):
    load(manager, WEB, 1, 2)
    load(manager, TILL, 1)
    assert whose() == {"w1": {"W1", "W2"}, "t1": {"T1"}}
    load(manager, CRM, 1)
    assert whose() == {"w1": {"W1", "W2", "T1", "C1"}}
    one = Profile.objects.get(external_id="w1").customer_id
    for typed in ("j.smith@example.com", "1234"):
        assert found_at_counter(manager, typed) == {str(one)}
    page = reasons(manager)
    assert "The same e-mail address. Both were seen with j…@example.com." in page
    assert "The same phone number. Both were seen with phone …1234." in page
    assert page.count("By what CRM brought, 10 March 2026, 12:00") == 2


def test_a_wrong_merge_is_undone_in_one_click_and_stays_undone(manager):
    for source in (WEB, TILL, CRM):
        load(manager, source, 1)
    page = reasons(manager)
    ((url, edge),) = re.findall(
        r'The same phone number.*?action="([^"]+)".*?name="edge" value="(\d+)"', page, re.S
    )
    till = Profile.objects.get(external_id="t1").home_customer_id
    told = manager.post(url, {"edge": edge}, follow=True).content.decode()
    assert "Undone. Everything is back where it came from." in told
    assert whose() == {"w1": {"W1", "C1"}, "t1": {"T1"}}
    assert found_at_counter(manager, "1234") == {str(till)}
    # The same files again, and new orders of all three: nothing is joined again, and each goes where it belongs.
    for source in (WEB, TILL, CRM):
        load(manager, source, 1, 2)
    assert whose() == {"w1": {"W1", "W2", "C1", "C2"}, "t1": {"T1", "T2"}}
