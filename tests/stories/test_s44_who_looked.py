"""S44: every look at a person's data is on record, and a supervisor reads who, whom, when and where."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine

from cxportal.lib.links import LinkPurpose, token_for
from profiles.models import AccessRecord
from tests.stories.doors import Bought, at, bring_orders, customer, every, public_client

LAST = date(2026, 2, 10)
NOW = at(LAST + timedelta(days=1), 9)


@pytest.fixture(autouse=True)
def shop(tmp_path):
    lines = [
        Bought("greta", day, "Tea", name="Greta Lind") for day in every(30, until=LAST, times=4)
    ]
    bring_orders(tmp_path, lines, now=at(LAST, 20))
    with time_machine.travel(NOW, tick=False):
        yield


def test_a_look_at_the_counter_is_read_by_the_supervisor_and_counted_for_the_customer(client_of):
    counter, supervisor, greta = client_of("counter"), client_of("supervisor"), customer("greta")
    card = counter.post("/counter/", {"q": "greta lind"}, follow=True)
    assert card.status_code == 200
    assert list(
        AccessRecord.objects.order_by("pk").values_list("act", "door", "customer_id", "detail")
    ) == [
        ("searched", "counter", None, "typed 10, found 1"),
        ("looked", "counter-customer", greta.pk, ""),
    ]
    record = supervisor.get("/looks/", {"customer": greta.pk}).text
    assert "one-counter" in record
    assert "Greta Lind" in record
    assert "11\N{NO-BREAK SPACE}Feb\N{NO-BREAK SPACE}2026, 09:00" in record
    page = f"/my/{token_for(LinkPurpose.MY_PAGE, str(greta.public_id))}/"
    assert "looked at your data once" in public_client().get(page).text


def test_counter_staff_and_managers_do_not_read_the_record(client_of):
    assert client_of("counter").get("/looks/").status_code == 403
    assert client_of("manager").get("/looks/").status_code == 403


def test_a_page_that_was_refused_is_no_look(client_of):
    client_of("analyst").get(f"/counter/{customer('greta').pk}/")
    client_of("counter").get("/counter/999999/")
    assert not AccessRecord.objects.exists()


def test_a_member_of_staff_who_opens_a_customers_own_page_is_on_record(client_of):
    greta = customer("greta")
    token = token_for(LinkPurpose.MY_PAGE, str(greta.public_id))
    client_of("manager").get(f"/my/{token}/")
    record = AccessRecord.objects.get()
    assert (record.act, record.door, record.customer_id) == ("looked", "my-page", greta.pk)
