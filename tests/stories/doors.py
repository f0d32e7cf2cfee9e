"""The doors that the stories go in and out by: an order file, the workers' tasks, pages and the mailbox."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from campaigns.models import SandboxMessage
from campaigns.tasks import deliver_due, plan_morning
from feedback.tasks import invite_after_purchases
from loyalty.tasks import award_purchases
from profiles.models import Customer, Profile
from profiles.tasks import learn_habits, run_imports

HEADER = (
    "customer_id,order_id,ordered_at,product_id,product_name,category,quantity,unit_price,store,"
    "product_url,email,person_name"
)


@dataclass(frozen=True)
class Bought:
    """One line of an order file."""

    customer: str
    on: date
    product: str
    quantity: int = 1
    price: str = "4.50"
    at: time = time(11, 0)
    store: str = "Main Street"
    name: str = ""
    category: str = "Household"

    def row(self) -> list[str]:
        when = datetime.combine(self.on, self.at, tzinfo=UTC).isoformat()
        code = self.product.lower().replace(" ", "-")
        return [
            self.customer, f"{self.customer}-{when}", when, code, self.product, self.category, str(self.quantity),
            self.price, self.store, f"https://shop.example.com/{code}", f"{self.customer}@example.com",
            self.name or self.customer.title(),
        ]  # fmt: skip


def bring_orders(tmp_path: Path, lines: Iterable[Bought], *, now: datetime) -> None:
    """Load an order file from the shell, and let the worker learn from it."""
    path = tmp_path / "orders.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        file.write(HEADER + "\n")
        csv.writer(file).writerows(line.row() for line in lines)
    with time_machine.travel(now, tick=False):
        call_command("import_orders", str(path), "--source", "till", verbosity=0)
        learn_habits()


def bring_file(manager: Client, kind: str, source: str, text: str) -> None:
    """Load a file about people by the page, with its columns as they are recognised, and let the worker run."""
    file = SimpleUploadedFile(f"{kind}.csv", text.encode())
    manager.post("/imports/", {"kind": kind, "file": file})
    form = manager.get("/imports/new/").context["form"]
    answers = {field.name: field.value() or "" for field in form}
    manager.post("/imports/new/", answers | {"source": source, "time_zone": "UTC"})
    assert run_imports() == 1


def every(days: int, *, until: date, times: int) -> list[date]:
    """The last ``times`` days of a rhythm that ends on ``until``."""
    return [until - timedelta(days=days * back) for back in reversed(range(times))]


def morning_to_noon(day: date) -> None:
    """Let one day run: what was learned, the plan at five, and what leaves at noon."""
    with time_machine.travel(at(day, 5), tick=False):
        learn_habits()
        plan_morning()
    with time_machine.travel(at(day, 12), tick=False):
        deliver_due()


def work_off(now: datetime) -> None:
    """Let the workers of points and questions do what is due."""
    with time_machine.travel(now, tick=False):
        award_purchases()
        invite_after_purchases()


def at(day: date, hour: int) -> datetime:
    """An instant of a day."""
    return datetime.combine(day, time(hour), tzinfo=UTC)


def customer(external_id: str) -> Customer:
    """The customer of an order file's id."""
    return Profile.objects.get(external_id=external_id).customer


def mailbox(external_id: str) -> list[SandboxMessage]:
    """What arrived for a customer, oldest first."""
    return list(
        SandboxMessage.objects.filter(recipient=f"{external_id}@example.com").order_by("pk")
    )


def link_in(message: SandboxMessage, path: str) -> str:
    """The address in a message's text that goes to ``path``, without the host."""
    found = re.search(rf"http://127\.0\.0\.1:8000(/{path}/[^\s#]+)", message.text)
    assert found, f"no link to {path} in the message"
    return found[1]


def public_client() -> Client:
    """A browser that nobody is logged in with."""
    return Client()
