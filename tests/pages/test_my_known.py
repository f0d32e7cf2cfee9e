"""The parts of the customer's own page about facts and household: what they say, take and refuse."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from cxportal.lib.links import LinkPurpose, token_for
from loyalty.services.setting_up import ensure_programme
from profiles.models import ConsentEntry, FactValue, HouseholdMember, HouseholdWarning
from profiles.queries import facts
from tests.factories.campaigns import reachable_customer, ready_house
from tests.factories.facts import attribute, child, note, tell, warn_of
from tests.pages.tables import fingerprint


@pytest.fixture(autouse=True)
def house(db, now):
    ready_house()
    ensure_programme()
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def dolores():
    return reachable_customer("Dolores Reyes")


def own(customer, *parts: object) -> str:
    token = token_for(LinkPurpose.MY_PAGE, str(customer.public_id))
    return "/".join(["/my", token, *map(str, parts), ""])


def page(customer) -> str:
    return Client().get(own(customer)).content.decode()


def part(text: str, which: str) -> str:
    """The section of the page under one heading."""
    return text[text.index(f'aria-labelledby="{which}"') :].split("</section>")[0]


def say(customer, *parts: object, **form: object) -> str:
    return Client().post(own(customer, *parts), form, follow=True).content.decode()


def say_fact(customer, code: str, said: str, **form: object) -> str:
    return say(customer, "fact", attribute(code).pk, said, **form)


def believed(customer, now):
    return facts.known([customer.pk], now).get(customer.pk, {})


def mark_under(text: str, address: str) -> str:
    """The mark of the sentence in the form that posts to this address."""
    form = text[text.index(f'action="{address}"') :].split("</form>")[0]
    return re.search(r'name="wording" value="(\w+)"', form)[1]


# --- facts ----------------------------------------------------------------------------------------


def test_says_of_each_fact_where_it_came_from(dolores, now):
    note(dolores, "owns_car", True, now)
    tell(dolores, "diet", "vegetarian", now)
    known = part(page(dolores), "known")
    assert "Concluded by us on 10 March 2026, 7 in 10 likely." in known
    assert "Told by you on 10 March 2026." in known
    assert "vegetarian" in known


def test_says_so_when_nothing_is_known(dolores):
    assert "Nothing beyond what you bought." in part(page(dolores), "known")


def test_a_correction_counts_at_once_and_can_be_undone(dolores, now):
    note(dolores, "owns_car", True, now - timedelta(days=1))
    text = say_fact(dolores, "owns_car", "tell", value="no")
    assert believed(dolores, now) == {"owns_car": False}
    assert "Kept: Has a car." in text
    statement = re.search(r'name="statement" value="(\d+)"', part(text, "known"))[1]
    text = say_fact(dolores, "owns_car", "undo", statement=statement)
    assert "As it was before: Has a car." in text
    assert believed(dolores, now) == {"owns_car": True}


def test_a_deletion_is_listed_with_the_way_back(dolores, now):
    note(dolores, "owns_car", True, now - timedelta(days=1))
    text = part(say_fact(dolores, "owns_car", "delete"), "known")
    assert believed(dolores, now) == {}
    assert "Deleted by you on 10 March 2026." in text
    statement = re.search(r'name="statement" value="(\d+)"', text)[1]
    say_fact(dolores, "owns_car", "undo", statement=statement)
    assert believed(dolores, now) == {"owns_car": True}


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("newspaper", "a\0b"),
        ("newspaper", ""),
        ("owns_car", "perhaps"),
        ("birthday", "0001-01-01"),
        ("diet", "x"),
    ],
)
def test_what_cannot_be_is_said_and_not_kept(dolores, code, value):
    assert "toast-error" in say_fact(dolores, code, "tell", value=value)
    assert not FactValue.objects.exists()


def test_something_delicate_needs_its_box(dolores, now):
    assert "Tick the box to agree" in say_fact(dolores, "losing_weight", "tell", value="yes")
    assert not FactValue.objects.exists()
    address = own(dolores, "fact", attribute("losing_weight").pk, "tell")
    mark = mark_under(page(dolores), address)
    say_fact(dolores, "losing_weight", "tell", value="yes", agreed="yes", wording=mark)
    assert believed(dolores, now) == {"losing_weight": True}
    consent = ConsentEntry.objects.get(purpose="special")
    assert (consent.state, consent.actor, consent.channel) == ("granted", "customer", "none")
    assert consent.evidence.ip_address == "127.0.0.1"


def test_behind_our_proxy_the_proof_names_the_address_that_it_saw(dolores, settings):
    settings.BEHIND_TLS_PROXY = True
    address = own(dolores, "fact", attribute("losing_weight").pk, "tell")
    form = {"value": "yes", "agreed": "yes", "wording": mark_under(page(dolores), address)}
    Client(HTTP_X_FORWARDED_FOR="8.8.8.8, 198.51.100.9").post(address, form)
    consent = ConsentEntry.objects.get(purpose="special")
    assert consent.evidence.ip_address == "198.51.100.9"


def test_a_tick_under_another_sentence_is_none(dolores):
    text = say_fact(dolores, "losing_weight", "tell", value="yes", agreed="yes", wording="0" * 16)
    assert "Tick the box to agree" in text
    assert not FactValue.objects.exists()


def test_the_yes_to_delicate_things_is_withdrawn_in_one_tap(dolores, now):
    tell(dolores, "losing_weight", True, now - timedelta(hours=1))
    warn_of(dolores, now - timedelta(hours=1))
    assert "Withdraw my consent" in page(dolores)
    text = say(dolores, "delicate", "withdraw")
    assert believed(dolores, now) == {}
    assert "Nuts" not in part(text, "household")
    assert "Withdraw my consent" not in text


def test_somebody_elses_statement_is_not_undone(dolores, now):
    other = reachable_customer("Somebody Else")
    version = tell(other, "diet", "vegan", now)
    assert "toast-error" in say_fact(dolores, "diet", "undo", statement=version.pk)
    assert believed(other, now) == {"diet": "vegan"}


@pytest.mark.parametrize(("pk", "said"), [(999_999, "tell"), (None, "explode")])
def test_what_is_not_there_cannot_be_said(dolores, pk, said):
    address = own(dolores, "fact", pk or attribute("diet").pk, said)
    assert Client().post(address).status_code == 404
    assert not FactValue.objects.exists()


def test_looking_and_scanning_change_nothing(dolores, now):
    tell(dolores, "diet", "vegan", now)
    before = fingerprint()
    page(dolores)
    for parts in (("fact", attribute("diet").pk, "delete"), ("household", "add")):
        assert Client().get(own(dolores, *parts)).status_code == 405
    assert Client().get(own(dolores, "delicate", "withdraw")).status_code == 405
    assert fingerprint() == before


# --- household ------------------------------------------------------------------------------------


def warn(customer, **form: object) -> str:
    mark = mark_under(page(customer), own(customer, "household", "warn"))
    return say(customer, "household", "warn", **({"agreed": "yes", "wording": mark} | form))


def test_adds_a_child_and_her_allergy(dolores, now):
    text = say(dolores, "household", "add", name="Aiden", role="child", born_on="2019-05-04")
    assert "Aiden (6)" in part(text, "household")
    aiden = HouseholdMember.objects.get(name="Aiden")
    text = warn(dolores, member=aiden.pk, allergen="nuts")
    assert "Nuts" in part(text, "household")
    assert HouseholdWarning.objects.get().member == aiden


def test_an_allergy_of_ones_own(dolores):
    warn(dolores, allergen="milk")
    assert HouseholdWarning.objects.get().member.customer == dolores


@pytest.mark.parametrize(
    "form", [{"agreed": ""}, {"wording": "x"}, {"allergen": "kryptonite"}, {"allergen": ""}]
)
def test_what_cannot_be_minded_is_said_and_not_kept(dolores, form):
    assert "toast-error" in warn(dolores, **({"allergen": "nuts"} | form))
    assert not HouseholdWarning.objects.exists()
    assert not ConsentEntry.objects.filter(purpose="special").exists()


def test_removed_and_brought_back(dolores, now):
    aiden = child(dolores, now)
    warning = warn_of(dolores, now, aiden)
    text = say(dolores, "household", "end", warning=warning.pk)
    assert "Undo: mind it again" in text
    say(dolores, "household", "mind", warning=warning.pk)
    text = say(dolores, "household", "remove", member=aiden.pk)
    assert "Undo the removal" in text
    text = say(dolores, "household", "return", member=aiden.pk)
    assert "Nuts" in part(text, "household")


@pytest.mark.parametrize(
    ("said", "form"),
    [
        ("add", {"name": "", "role": "child"}),
        ("add", {"name": "A\0", "role": "child"}),
        ("add", {"name": "Aiden", "role": "king"}),
        ("add", {"name": "Aiden", "role": "child", "born_on": "9999-12-31"}),
        ("remove", {"member": "1"}),
        ("remove", {"member": "x"}),
        ("end", {"warning": "9" * 40}),
    ],
    ids=str,
)
def test_what_makes_no_sense_at_home_is_said_and_not_kept(dolores, said, form):
    assert "toast-error" in say(dolores, "household", said, **form)
    assert not HouseholdMember.objects.filter(customer=None).exists()
