"""S04: a guest in one look: earlier stays, wishes, the masseuse of the last visit; booked again by one button."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.test import Client

from profiles.models import Attribute, Company, Pickup, Place
from profiles.services import keys
from profiles.services.telling import Told, tell_fact
from tests.stories.doors import Bought, bring_orders, customer

ARRIVAL = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)


@pytest.fixture
def hotel(tmp_path):
    """The hotel's own system: it knows the guest, and reports stays and bookings by the API."""
    Company.objects.update(time_zone="Europe/Vienna")
    lines = [Bought("henri", date(2025, 10, 4), "Breakfast", store="Parkhotel", name="Henri Duval")]
    bring_orders(tmp_path, lines, now=datetime(2025, 10, 5, 20, 0, tzinfo=UTC))
    made = keys.create_key(
        name="Hotel",
        scopes=["read", "write"],
        source=keys.source_for(code="till", name="Till"),
        random="x" * 30,
        by=None,
        now=ARRIVAL,
    )
    client = Client(headers={"Authorization": f"Bearer {made.secret}"})

    def say(path: str, *, at: datetime, **body: object) -> dict:
        with time_machine.travel(at, tick=False):
            answer = client.post(f"/api/v1/pickups/{path}", body, content_type="application/json")
        assert answer.status_code in {200, 201}, answer.content
        return answer.json()

    return say


def stayed(hotel, number: str, start: str, end: str, **more: str) -> None:
    """A stay or booking that is over."""
    at = datetime.fromisoformat(start)
    shape = {"number": number, "customer": "henri", "place": "Parkhotel"}
    hotel("", at=at, **shape, kind="stay", starts_at=start, ends_at=end, **more)
    hotel("state/", at=at, number=number, state="handed_over")


@pytest.fixture
def reception(hotel, client_of):
    """The reception's browser on the day on which he comes for the third time."""
    stayed(hotel, "s1", "2025-06-01T15:00+02:00", "2025-06-04T11:00+02:00", wish="no smoking")
    stayed(hotel, "s2", "2025-10-02T15:00+02:00", "2025-10-05T11:00+02:00", wish="no smoking")
    massage = {"customer": "henri", "place": "Parkhotel", "kind": "booking"}
    at = datetime(2025, 10, 3, tzinfo=UTC)
    hotel(
        "",
        at=at,
        number="b1",
        starts_at="2025-10-03T17:30+02:00",
        resource="Ana, massage",
        **massage,
    )
    hotel("state/", at=at, number="b1", state="handed_over")
    hotel(
        "",
        at=ARRIVAL,
        number="s3",
        customer="henri",
        place="Parkhotel",
        kind="stay",
        starts_at="2026-03-10T15:00+01:00",
        ends_at="2026-03-13T11:00+01:00",
        resource="Room 214",
        wish="no smoking, high floor",
    )
    newspaper = Attribute.objects.get(code="newspaper")
    tell_fact(
        told=Told(customer("henri"), "counter", "staff:1", at),
        attribute=newspaper,
        value="Le Monde",
    )
    browser = client_of("counter")
    browser.post("/counter/store/", {"store": Place.objects.get(name="Parkhotel").pk})
    return browser


def seen(browser, path: str) -> str:
    with time_machine.travel(ARRIVAL, tick=False):
        return browser.get(path).content.decode()


def test_the_list_of_arrivals_says_who_comes_and_what_they_like(reception):
    page = seen(reception, "/counter/coming/")
    assert "Arrivals: 1" in page
    assert "Henri Duval" in page
    assert "Stay until Fri 13 Mar" in page
    assert "Room 214" in page
    assert "no smoking, high floor" in page
    assert "Newspaper: Le Monde" in page
    assert "Last stay 2 October 2025: no smoking" in page
    assert "last time Ana, massage on 3 October 2025" in page


def test_the_card_has_all_in_one_look(reception):
    page = seen(reception, f"/counter/{customer('henri').pk}/")
    assert "Henri Duval" in page
    assert "2 Oct 2025 – 5 Oct" in page
    assert "1 Jun 2025 – 4 Jun" in page
    assert "Newspaper: Le Monde" in page
    assert "Ana, massage" in page
    assert "the last time, on 3 October 2025, 17:30, Parkhotel" in page
    assert "Book again" in page


def book(reception, **changes: str) -> str:
    path = f"/counter/{customer('henri').pk}/"
    form = seen(reception, path)
    form = form[form.index('id="again"') :]
    fields = {
        name: re.search(rf'name="{name}" value="([^"]+)"', form)[1]
        for name in ("resource", "day", "at", "once")
    }
    with time_machine.travel(ARRIVAL, tick=False):
        return reception.post(f"{path}book/", fields | changes, follow=True).content.decode()


def test_one_button_asks_for_her_again_at_the_hour_he_had_her(reception):
    page = book(reception)
    assert "Asked for: Ana, massage, Tuesday, 10 March, 17:30." in page
    asked = Pickup.objects.get(kind="booking", state="requested")
    assert (asked.customer, asked.resource) == (customer("henri"), "Ana, massage")
    assert asked.starts_at == datetime(2026, 3, 10, 16, 30, tzinfo=UTC)
    assert "Arrivals: 2" in seen(reception, "/counter/coming/")


def test_a_time_that_is_over_books_nothing(reception):
    assert "Choose a time that lies ahead." in book(reception, day="2026-03-09")
    assert not Pickup.objects.filter(kind="booking", state="requested").exists()


def test_arrived_leaves_the_list_and_becomes_an_earlier_stay(reception):
    stay = Pickup.objects.get(state="requested")
    with time_machine.travel(ARRIVAL, tick=False):
        reception.post(f"/counter/coming/{stay.pk}/hand-over/")
    assert "Arrivals: 0" in seen(reception, "/counter/coming/")
    assert "10 Mar 2026 – 13 Mar" in seen(reception, f"/counter/{customer('henri').pk}/")
