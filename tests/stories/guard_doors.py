"""How managers write guards and customers tell of themselves, as a browser does."""

from __future__ import annotations

import re
from datetime import date

import time_machine
from django.test import Client

from cxportal.lib.links import LinkPurpose, token_for
from profiles.models import Attribute
from tests.stories.doors import at, customer, public_client

Line = dict[str, str]


def saved(manager: Client, *lines: Line, **said: str):
    """Fill the page of a new guard in and save it; the answer."""
    form = {"kind": "needs", "when_unknown": "refuse", "join": "all", **said, "save": "yes"}
    for n, line in enumerate(lines):
        form |= {f"line-{n}-{name}": value for name, value in line.items()}
    return manager.post("/guards/new/", form, follow=True)


def guard(manager: Client, *lines: Line, **said: str) -> str:
    """Write a guard, switch it on, and return its page's address."""
    answer = saved(manager, *lines, **said)
    assert answer.status_code == 200, answer.content.decode()
    address = answer.redirect_chain[-1][0]
    manager.post(f"{address}switch/", {"to": "on"})
    return address


def page_of(external_id: str, day: date) -> str:
    """The customer's own page."""
    with time_machine.travel(at(day, 8), tick=False):
        return f"/my/{token_for(LinkPurpose.MY_PAGE, str(customer(external_id).public_id))}/"


def tells(external_id: str, day: date, code: str, value: str) -> None:
    """Tell a fact on one's own page, and agree to the sentence beside it where there is one."""
    page, attribute = page_of(external_id, day), Attribute.objects.get(code=code)
    address = f"{page}fact/{attribute.pk}/tell/"
    with time_machine.travel(at(day, 9), tick=False):
        browser = public_client()
        text = browser.get(page).content.decode()
        form = text[text.index(f'action="{address}"') :].split("</form>")[0]
        mark = re.search(r'name="wording" value="(\w+)"', form)
        agreed = {"agreed": "yes", "wording": mark[1]} if mark else {}
        browser.post(address, {"value": value, **agreed})


def tells_of_child(external_id: str, day: date, name: str, born_on: str) -> None:
    """Add a child on one's own page."""
    page = page_of(external_id, day)
    with time_machine.travel(at(day, 9), tick=False):
        public_client().post(
            f"{page}household/add/", {"name": name, "role": "child", "born_on": born_on}
        )


def tells_of_allergy(external_id: str, day: date, name: str, allergen: str) -> None:
    """Tell what somebody of the household must avoid."""
    page = page_of(external_id, day)
    with time_machine.travel(at(day, 9), tick=False):
        browser = public_client()
        text = browser.get(page).content.decode()
        form = text[text.index(f'action="{page}household/warn/"') :].split("</form>")[0]
        member = re.search(rf'<option value="(\d+)">{name}', form)[1]
        mark = re.search(r'name="wording" value="(\w+)"', form)[1]
        warning = {"member": member, "allergen": allergen, "agreed": "yes", "wording": mark}
        browser.post(f"{page}household/warn/", warning)
