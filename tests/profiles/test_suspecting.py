"""Probable duplicates wait for a person; what was decided never comes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from profiles.models import Attribute, Customer, FactValue, ProfileEdge, Suspicion
from profiles.queries import duplicates
from profiles.rules.names import folded
from profiles.services import merging, suspecting
from tests.factories.profiles import IdentifierFactory, ProfileFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 3, tzinfo=UTC)


def known(name: str, birthday: str = "1990-03-31", **contacts: str) -> Customer:
    profile = ProfileFactory(customer__name=name, customer__search_name=folded(name))
    for kind, value in contacts.items():
        IdentifierFactory(origin_profile=profile, kind=kind, value=value)
    if birthday:
        FactValue.objects.create(
            attribute=Attribute.objects.get(code="birthday"),
            customer=profile.customer,
            origin_profile=profile,
            manner="told",
            value=birthday,
            actor="customer",
            occurred_at=NOW - timedelta(days=1),
        )
    return profile.customer


@pytest.fixture
def pair():
    one, other = known("Dolores Reyes"), known("Dolroes Reyes")
    known("Jonas Weiß", "1971-11-05")
    suspecting.suspect(now=NOW)
    return one, other


def test_a_pair_waits_with_its_score_and_reasons(pair):
    one, other = pair
    found = Suspicion.objects.get()
    assert (found.low, found.high, found.state, found.found_at) == (one, other, "open", NOW)
    assert found.reasons == ["given:alike", "surname:same", "birthday:same"]
    assert 0.99 < found.score < 1
    assert duplicates.in_words(duplicates.waiting().get()).reasons == [
        "First name nearly the same",
        "Same last name",
        "Same birthday",
    ]
    assert not ProfileEdge.objects.exists()


def test_a_birthday_that_was_deleted_is_not_compared():
    one = known("Dolores Reyes")
    known("Dolroes Reyes")
    fact = FactValue.objects.get(customer=one)
    FactValue.objects.create(
        attribute=fact.attribute,
        customer=one,
        origin_profile=fact.origin_profile,
        manner="told",
        value=None,
        actor="customer",
        occurred_at=NOW,
    )
    suspecting.suspect(now=NOW)
    assert Suspicion.objects.get().reasons == ["given:alike", "surname:same"]


def test_the_next_night_brings_nothing_twice(pair):
    assert suspecting.suspect(now=NOW + timedelta(days=1)).pairs == 0
    assert Suspicion.objects.count() == 1


def test_each_night_is_looked_at_once_from_two_o_clock_on():
    known("Dolores Reyes")
    known("Dolroes Reyes")
    assert suspecting.suspect_if_due(now=NOW.replace(hour=1)).looked_at == 0
    assert suspecting.suspect_if_due(now=NOW).pairs == 1
    assert suspecting.suspect_if_due(now=NOW + timedelta(hours=5)).looked_at == 0
    assert suspecting.suspect_if_due(now=NOW + timedelta(days=1, hours=9)).looked_at == 2


def test_a_newcomer_is_compared_with_everybody(pair):
    one, other = pair
    third = known("Dolores Reyez")
    assert suspecting.suspect(now=NOW + timedelta(days=1)).pairs == 2
    pairs = set(Suspicion.objects.values_list("low_id", "high_id"))
    assert pairs == {(one.pk, other.pk), (one.pk, third.pk), (other.pk, third.pk)}


def test_the_same_person_is_joined_with_what_stood_for_it(pair):
    one, other = pair
    suspicion = Suspicion.objects.get()
    edge = suspecting.decide(suspicion=suspicion, is_same=True, by="staff:1", now=NOW)
    assert (edge.kind, edge.rule, edge.actor) == ("same", "duplicate", "staff:1")
    assert edge.evidence == {"suspicion": suspicion.pk, "score": round(suspicion.score, 3)}
    assert Customer.objects.get(pk=other.pk).present == one
    suspicion.refresh_from_db()
    assert (suspicion.state, suspicion.decided_by, suspicion.decided_at) == ("same", "staff:1", NOW)
    assert not duplicates.waiting().exists()


def test_who_are_two_stay_two_and_never_come_back(pair):
    one, other = pair
    suspecting.decide(suspicion=Suspicion.objects.get(), is_same=False, by="staff:1", now=NOW)
    assert ProfileEdge.objects.get().kind == "apart"
    Suspicion.objects.all().delete()
    assert suspecting.suspect(now=NOW + timedelta(days=1)).pairs == 0
    with pytest.raises(merging.KeptApart):
        suspecting.decide_pair(one=one, other=other, is_same=True, by="staff:1", now=NOW)


def test_a_decision_is_taken_once(pair):
    suspicion = Suspicion.objects.get()
    suspecting.decide(suspicion=suspicion, is_same=False, by="staff:1", now=NOW)
    with pytest.raises(suspecting.DecidedAlready):
        suspecting.decide(suspicion=suspicion, is_same=True, by="staff:2", now=NOW)
    assert ProfileEdge.objects.get().kind == "apart"
    assert Suspicion.objects.get().decided_by == "staff:1"


def test_a_pair_of_whom_one_was_merged_does_not_wait(pair):
    one, _ = pair
    older = ProfileFactory()
    Customer.objects.filter(pk=older.customer_id).update(name="")
    merging.join(one=older, other=one.profiles.get(), rule="email", actor="rule:x", now=NOW)
    gone = Customer.objects.filter(merged_into__isnull=False).get()
    assert gone.pk in (older.customer_id, one.pk)
    waiting = duplicates.waiting().exists()
    assert waiting == (gone.pk == older.customer_id)


def test_nobody_is_joined_with_who_is_gone(pair):
    one, other = pair
    Customer.objects.filter(pk=other.pk).update(erased_at=NOW)
    for is_same in (True, False):
        with pytest.raises(suspecting.CustomerGone):
            suspecting.decide(
                suspicion=Suspicion.objects.get(), is_same=is_same, by="staff:1", now=NOW
            )
        with pytest.raises(suspecting.CustomerGone):
            suspecting.decide_pair(one=one, other=one, is_same=is_same, by="staff:1", now=NOW)
    assert not ProfileEdge.objects.exists()
    assert Suspicion.objects.get().state == "open"


def test_by_hand_two_are_joined_and_their_suspicion_is_closed(pair):
    one, other = pair
    edge = suspecting.decide_pair(one=other, other=one, is_same=True, by="staff:1", now=NOW)
    assert edge.rule == "person"
    assert Suspicion.objects.get().state == "same"


def test_later_leads_to_the_next_and_round_again(pair):
    known("Dolores Reyez")
    suspecting.suspect(now=NOW + timedelta(days=1))
    queue = list(duplicates.waiting())
    assert len(queue) == 3
    assert [duplicates.after(one).pk for one in queue] == [queue[1].pk, queue[2].pk, queue[0].pk]


def test_a_corrected_name_is_found_when_its_turn_comes(monkeypatch):
    one, other = known("Dolores Reyes"), known("Somebody Else")
    monkeypatch.setattr(duplicates, "AGAIN", 0)
    assert suspecting.suspect(now=NOW).pairs == 0
    Customer.objects.filter(pk=other.pk).update(name="Dolores Reyes", search_name="dolores reyes")
    nights = [suspecting.suspect(now=NOW + timedelta(days=n)).pairs for n in (1, 2)]
    assert sum(nights) == 1
    assert Suspicion.objects.get().low == one
