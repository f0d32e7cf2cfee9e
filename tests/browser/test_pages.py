"""Every page opens in Chromium, at phone and desktop width, without an error, overflow or barrier."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxportal.pages.access import Role
from profiles.models import (
    ApiKey,
    ConsentEntry,
    Customer,
    Habit,
    PrivacyRequest,
    Product,
    ReorderSchedule,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE = (Path(__file__).resolve().parent.parent / "vendor" / "axe.min.js").read_text()
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
STAFF_PAGES = [
    (
        Role.MANAGER,
        [
            "/overview/",
            "/decisions/",
            "/decisions/what-if/",
            "/cases/",
            "/clean/",
            "/guards/",
            "/guards/new/",
            "/guidance/",
            "/guidance/new/",
            "/imports/",
            "/imports/schedules/",
            "/imports/schedules/new/address/",
            "/rehearsals/",
            "/mailbox/",
            "/messages/",
        ],
    ),
    (Role.ADMINISTRATOR, ["/settings/"]),
    (Role.COUNTER, ["/counter/"]),
]


def look(page, address: str) -> None:
    """Open a page at both widths and ask for errors, sideways overflow and what axe finds."""
    told: list[str] = []
    page.on(
        "console", lambda message: told.append(message.text) if message.type == "error" else None
    )
    page.on("pageerror", lambda error: told.append(str(error)))
    for size in (PHONE, DESKTOP):
        page.set_viewport_size(size)
        answer = page.goto(address, wait_until="load")
        assert answer.status == 200, address
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"], f"{address} is {width} px wide on {size['width']}"
    found = page.evaluate(
        f"async () => {{ {AXE}; return (await axe.run()).violations.map(v => v.id) }}"
    )
    assert found == [], address
    assert told == [], address


@pytest.mark.parametrize(("role", "paths"), STAFF_PAGES, ids=lambda value: str(value)[:12])
def test_staff_pages_are_sound(page, live_server, sign_in, role, paths):
    sign_in(role)
    for path in paths:
        look(page, live_server.url + path)


@pytest.mark.parametrize("path", ["/imports/", "/rehearsals/"])
def test_the_columns_of_a_file_are_confirmed_on_a_phone(
    page, live_server, sign_in, tmp_path, path, settings
):
    settings.UPLOAD_DIR = tmp_path / "uploads"
    long = "the number of the customer as it stands in the system of the till at the station"
    file = tmp_path / "orders.csv"
    file.write_text(f"{long},ordered_at,product_id\nc1,2026-01-01 10:00,p1\n")
    sign_in(Role.MANAGER)
    page.set_viewport_size(PHONE)
    page.goto(live_server.url + path)
    page.set_input_files("input[type=file]", file)
    card, button = (
        page.locator(which).bounding_box() for which in (".dropzone", ".dropzone button")
    )
    assert button["x"] + button["width"] / 2 == pytest.approx(card["x"] + card["width"] / 2, abs=1)
    page.click(".dropzone button")
    page.wait_for_url("**/new/")
    look(page, page.url)


def test_a_guard_is_written_tried_and_asked_about_at_the_counter(page, live_server, sign_in, shop):
    product = Habit.objects.get(customer=shop[0]).product
    sign_in(Role.MANAGER)
    page.set_viewport_size(PHONE)
    page.goto(f"{live_server.url}/guards/new/")
    page.get_by_label("Product").fill(product.code)
    page.get_by_label("It comes up only where this is so").check()
    page.get_by_label("First line").select_option("fact:owns_car")
    page.get_by_role("button", name="Add the line").click()
    page.get_by_label("Another line").select_option("age:child")
    page.get_by_role("button", name="Add the line").click()
    page.get_by_label("Under … years").fill("3")
    page.get_by_label("Where we do not know").select_option("ask")
    page.get_by_role("button", name="Save, switched off").click()
    page.get_by_role("button", name="Try it").click()
    page.get_by_text("Nothing was changed.").wait_for()
    look(page, page.url)
    look(page, f"{page.url}change/")
    page.goto(page.url.removesuffix("change/"))
    page.get_by_role("button", name="Switch on").click()
    page.get_by_role("button", name="Switch off").wait_for()
    look(page, f"{live_server.url}/guards/")
    look(page, f"{live_server.url}/counter/{shop[0].pk}/")
    assert "Ask first, we do not know it" in page.content()


def test_the_card_at_the_counter_is_sound(page, live_server, sign_in, shop):
    sign_in(Role.COUNTER)
    for customer in shop:
        look(page, f"{live_server.url}/counter/{customer.pk}/")


def test_names_without_a_place_to_break_fit_every_page(page, live_server, sign_in, shop, my_page):
    Customer.objects.filter(pk=shop[0].pk).update(name=200 * "W")
    Product.objects.update(name=200 * "V")
    sign_in(Role.COUNTER)
    for path in (f"/counter/{shop[0].pk}/", my_page):
        look(page, live_server.url + path)


def test_what_was_searched_for_is_in_no_address(page, live_server, sign_in, shop):
    sign_in(Role.COUNTER)
    page.goto(f"{live_server.url}/counter/")
    page.fill("input[name=q]", "nobody of this name")
    page.keyboard.press("Enter")
    page.get_by_text("Nobody found").wait_for()
    assert page.url == f"{live_server.url}/counter/"
    assert page.input_value("input[name=q]") == "nobody of this name"


def test_customers_pages_are_sound(page, live_server, my_page, why_page, stop_page, erase_page):
    for path in (my_page, why_page, stop_page, erase_page, f"{my_page}erase/"):
        look(page, live_server.url + path)


def test_opening_every_link_and_running_its_scripts_changes_nothing(
    page, live_server, why_page, stop_page, erase_page
):
    """A mail scanner opens what stands in a message."""
    for path in (why_page, stop_page, erase_page):
        page.goto(live_server.url + path, wait_until="networkidle")
    assert not ConsentEntry.objects.filter(state="withdrawn").exists()
    assert not PrivacyRequest.objects.exists()


def test_a_customer_puts_a_reminder_off_with_one_tap(page, live_server, shop, my_page):
    page.set_viewport_size(PHONE)
    page.goto(live_server.url + my_page)
    page.get_by_role("button", name="I still have plenty").first.click()
    page.get_by_text("Undo").first.wait_for()
    assert ReorderSchedule.objects.get(customer=shop[0]).not_before_on is not None


def test_a_customer_stops_with_one_button(page, live_server, stop_page):
    page.goto(live_server.url + stop_page)
    page.locator("main form button").first.click()
    page.get_by_text("stopped", exact=False).first.wait_for()
    assert ConsentEntry.objects.filter(state="withdrawn").count() == 1


def test_staff_find_a_customer_by_name_and_say_what_is_due(page, live_server, sign_in, shop):
    sign_in(Role.COUNTER)
    page.set_viewport_size({"width": 1024, "height": 768})
    page.goto(f"{live_server.url}/counter/")
    page.get_by_role("searchbox").fill("reyes dolores")
    page.get_by_role("searchbox").press("Enter")
    page.get_by_role("heading", name="Dolores Reyes").wait_for()  # one hit opens its card at once
    page.get_by_role("button", name="Said it").first.click()
    page.get_by_text("said already", exact=False).first.wait_for()
    assert shop[0].outcomes.get().kind == "said"


def test_a_key_is_revoked_only_by_who_says_yes_to_the_question(page, live_server, sign_in):
    sign_in(Role.ADMINISTRATOR)
    page.goto(f"{live_server.url}/settings/keys/")
    page.get_by_label("Name").fill("Web shop")
    page.locator("input[name=scopes]").first.check()
    page.get_by_role("button", name="Make the key").click()
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.get_by_role("button", name="Revoke").click()
    assert asked == ["Revoke this key? Whoever uses it is shut out at once, for good."]
    assert ApiKey.objects.get().revoked_at is None
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Revoke").click()
    page.get_by_text("Revoked", exact=True).wait_for()
    assert ApiKey.objects.get().revoked_at is not None
