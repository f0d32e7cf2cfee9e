"""S27: every fact with where it came from; corrected or deleted, and a deleted conclusion stays deleted."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
import time_machine

from cxportal.lib.links import LinkPurpose, token_for
from profiles.models import Attribute, Source
from profiles.rules.names import Manner
from profiles.services import noting
from tests.stories.doors import Bought, at, bring_orders, customer, every, public_client

LAST = date(2026, 2, 10)


@pytest.fixture
def page(tmp_path) -> str:
    """The own page of somebody of whom a file told us one thing and we concluded another."""
    lines = [Bought("olga", day, "Dog food") for day in every(28, until=LAST, times=9)]
    bring_orders(tmp_path, lines, now=at(LAST, 20))
    learn(LAST)
    return f"/my/{token_for(LinkPurpose.MY_PAGE, str(customer('olga').public_id))}/"


def learn(day: date) -> None:
    """What a nightly conclusion and the CRM's file bring, again each time."""
    profile = customer("olga").profiles.get()
    crm = Source.objects.get_or_create(code="crm", name="CRM", kind="file")[0]
    said = {"profile_id": profile.pk, "occurred_at": at(day, 21)}
    noting.note_all(
        statements=[
            noting.Statement(
                **said, attribute="has_small_child", value=True, manner=Manner.CONCLUDED,
                actor="rule:baskets", confidence=0.7,
            ),
            noting.Statement(
                **said, attribute="newspaper", value="The Times", manner=Manner.TOLD,
                actor="file:1", source_id=crm.pk,
            ),
        ],
        now=at(day, 21),
    )  # fmt: skip


def read(page: str, day: date) -> str:
    with time_machine.travel(at(day, 22), tick=False):
        text = public_client().get(page).content.decode()
    return text[text.index('aria-labelledby="known"') :].split("</section>")[0]


def say(page: str, day: date, code: str, said: str, **form: str) -> None:
    attribute = Attribute.objects.get(code=code)
    with time_machine.travel(at(day, 9), tick=False):
        public_client().post(f"{page}fact/{attribute.pk}/{said}/", form)


def known(text: str) -> dict[str, str]:
    """The facts that stand on the page."""
    names = re.findall(r'<h3 class="schedule-product">([^<]+)</h3>', text)
    values = re.findall(r'<span class="schedule-about">([^<]+)</span>', text)
    return dict(zip(names, values, strict=True))


def test_each_fact_says_where_it_came_from_and_how_sure(page):
    text = read(page, LAST)
    assert known(text) == {"Has a child under three": "yes", "Newspaper": "The Times"}
    assert "Concluded by us on 10 February 2026, 7 in 10 likely." in text
    assert "Told to us through CRM on 10 February 2026." in text


def test_a_correction_outranks_all_and_the_next_import(page):
    day = LAST + timedelta(days=1)
    say(page, day, "newspaper", "tell", value="Le Monde")
    for later in range(2, 5):
        learn(LAST + timedelta(days=later))
    text = read(page, LAST + timedelta(days=5))
    assert known(text)["Newspaper"] == "Le Monde"
    assert "Told by you on 11 February 2026." in text


def test_a_deleted_conclusion_does_not_come_back_by_itself(page):
    say(page, LAST + timedelta(days=1), "has_small_child", "delete")
    for later in range(2, 5):
        learn(LAST + timedelta(days=later))
    text = read(page, LAST + timedelta(days=5))
    assert known(text) == {"Newspaper": "The Times"}
    assert "Deleted by you on 11 February 2026." in text


def test_only_her_own_word_brings_it_back(page):
    say(page, LAST + timedelta(days=1), "has_small_child", "delete")
    say(page, LAST + timedelta(days=2), "has_small_child", "tell", value="yes")
    text = read(page, LAST + timedelta(days=3))
    assert known(text)["Has a child under three"] == "yes"
    assert "Told by you on 12 February 2026." in text
