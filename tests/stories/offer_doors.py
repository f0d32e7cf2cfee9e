"""How managers describe products and write rules and offers, as a browser does."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.test import Client

from profiles.models import Product

Line = dict[str, str]


def characteristic(manager: Client, code: str, name: str, kind: str, **said: str) -> None:
    """Add something by which products are compared, on the data page."""
    answer = manager.post(
        "/data/profiles/characteristic/add/",
        {"code": code, "name": name, "type": kind, "unit": "", "choices": "", **said},
    )
    assert answer.status_code == 302, answer.content.decode()


def describe(manager: Client, name: str, **values: Any) -> None:
    """Say what a product is like, on its page."""
    product = Product.objects.get(name=name)
    assert manager.post(f"/products/{product.pk}/", values).status_code == 302


def rule(manager: Client, lines: list[Line], terms: list[Line], **said: str) -> str:
    """Write a rule, switch it on, and return its page's address."""
    given = {"weight": "fits", "join": "all", "term_join": "all", **said}
    return _written(manager, "/rules/new/", given, lines, terms)


def offer(manager: Client, terms: list[Line], lines: list[Line] | None = None, **said: Any) -> str:
    """Write an offer, switch it on, and return its page's address."""
    given = {
        "kind": "offer", "join": "all", "term_join": "all", "doors": ["counter", "email"],
        "value_customer": "1", "value_house": "1", "cost": "0", "starts_at": "2026-01-01T00:00",
        "mail_subject": "{{ product.name }}", "mail_text": "Hello, {{ product.name }} is here.", **said,
    }  # fmt: skip
    return _written(manager, "/offers/new/", given, lines or [], terms)


def saved(
    manager: Client, page: str, said: dict[str, Any], lines: list[Line], terms: list[Line]
) -> HttpResponse:
    """Fill a page in and save it."""
    form = {**said, "save": "yes"}
    for prefix, several in (("line", lines), ("term", terms)):
        for n, line in enumerate(several):
            form |= {f"{prefix}-{n}-{name}": value for name, value in line.items()}
    return manager.post(page, form, follow=True)


def _written(
    manager: Client, page: str, said: dict[str, Any], lines: list[Line], terms: list[Line]
) -> str:
    answer = saved(manager, page, said, lines, terms)
    assert answer.redirect_chain, answer.content.decode()
    address = answer.redirect_chain[-1][0]
    manager.post(f"{address}switch/", {"to": "on"})
    return address
