"""Findings are kept, found fine, blocked and mended; questions are answered; bounces are noted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from profiles.models import (
    AskedQuestion,
    Attribute,
    Customer,
    Finding,
    Identifier,
    IdentifierRule,
    SharedSighting,
    Suspicion,
)
from profiles.queries import findings
from profiles.queries.asking import question_of
from profiles.queries.cleanness import state_of
from profiles.rules.asking import ADDRESS, Question, Why
from profiles.rules.cleanness import NAME
from profiles.rules.identity import Key, Rule, Sighting
from profiles.services import (
    asking,
    bouncing,
    cleaning,
    correcting,
    erasing,
    identifying,
    merging,
    resolving,
    telling,
)
from tests.factories.facts import attribute, note, tell, told
from tests.factories.profiles import IdentifierFactory, ProfileFactory, SourceFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
THREE_YEARS_AGO = NOW - timedelta(days=1100)
SHOP_PHONE = "+12124150000"


@pytest.fixture
def dolores() -> Customer:
    profile = ProfileFactory(customer__name="Dolores Reyes")
    IdentifierFactory(origin_profile=profile, value="dolores@example.com")
    return profile.customer


def find(*customers: Customer, now: datetime = NOW) -> cleaning.Looked:
    return cleaning.find(customer_ids=[one.pk for one in customers], now=now)


def kinds(customer: Customer) -> list[str]:
    rows = Finding.objects.filter(customer=customer, settled_at=None)
    return sorted(rows.values_list("kind", flat=True))


def seen_by_all(count: int) -> None:
    """A till's file in which every customer has the shop's own phone."""
    till = SourceFactory()
    keys = [Key("phone", "", SHOP_PHONE)]
    resolving.resolve(
        sightings=[Sighting(till.pk, f"T{n}", keys, NOW) for n in range(count)],
        actor="file:1",
        now=NOW,
    )


# --- finding --------------------------------------------------------------------------------------


def test_what_is_wrong_is_kept_once_and_goes_when_it_is_mended(dolores):
    note(dolores, "birthday", "2031-03-11", NOW)
    assert find(dolores) == cleaning.Looked(1, 1, 0)
    assert find(dolores) == cleaning.Looked(1, 0, 0)
    assert kinds(dolores) == ["impossible"]
    tell(dolores, "birthday", "1990-03-31", NOW)
    assert find(dolores) == cleaning.Looked(1, 0, 1)
    assert not Finding.objects.exists()


def test_a_fact_grows_old_by_itself_and_is_young_again_when_told(dolores):
    tell(dolores, "drinks_coffee", True, THREE_YEARS_AGO)
    find(dolores, now=THREE_YEARS_AGO + timedelta(days=729))
    assert kinds(dolores) == []
    find(dolores)
    assert kinds(dolores) == ["old"]
    tell(dolores, "drinks_coffee", True, NOW)
    find(dolores)
    assert kinds(dolores) == []


def test_what_somebody_says_newly_is_not_old_though_an_old_word_of_hers_stood_above_it(dolores):
    tell(dolores, "drinks_coffee", False, THREE_YEARS_AGO)
    note(dolores, "drinks_coffee", True, NOW)
    fact = state_of(dolores.pk, NOW).condition.facts[attribute("drinks_coffee").pk]
    assert (fact.value, fact.holds) == (True, True)


def test_what_was_deleted_is_neither_old_nor_missing(dolores):
    tell(dolores, "birthday", "1990-03-31", NOW)
    tell(dolores, "birthday", None, NOW + timedelta(seconds=1))
    later = NOW + timedelta(seconds=2)
    assert (
        state_of(dolores.pk, later).cleanness.complete_words == "2 of 3 known: no answer on consent"
    )


def test_a_delicate_fact_grows_old_only_while_the_yes_to_it_stands(dolores):
    tell(dolores, "losing_weight", True, THREE_YEARS_AGO)
    find(dolores)
    assert kinds(dolores) == ["old"]
    telling.withdraw_agreement(told=told(dolores, NOW - timedelta(days=1)))
    find(dolores)
    assert kinds(dolores) == []


def test_a_thousand_customers_cost_as_many_statements_as_one(dolores):
    others = [ProfileFactory(customer__name="Test").customer for _ in range(30)]
    find(dolores)  # the first asks who the company is
    costs = []
    for some in ([others[0]], others[1:]):
        with CaptureQueriesContext(connection) as statements:
            find(*some)
        costs.append(len(statements))
    assert costs[0] == costs[1]
    assert Finding.objects.filter(kind="no_name").count() == 30


def test_everybody_is_looked_at_once_a_night(dolores):
    merged = ProfileFactory(customer__name="Test").customer
    Customer.objects.filter(pk=merged.pk).update(merged_into=dolores)
    two, three = NOW.replace(hour=2, minute=59), NOW.replace(hour=3)
    assert cleaning.find_if_due(now=two).customers == 0
    assert cleaning.find_if_due(now=three).customers == 1
    assert cleaning.find_if_due(now=three).customers == 0
    assert cleaning.find_if_due(now=three + timedelta(days=1)).customers == 1


# --- numbers of many ------------------------------------------------------------------------------


def test_a_number_that_was_typed_in_for_everyone_is_found_and_blocked():
    seen_by_all(5)
    seen_by_all(5)  # the same file again
    held = Identifier.objects.get(value=SHOP_PHONE)
    assert SharedSighting.objects.filter(identifier=held).count() == 4
    holder = held.customer
    find(holder)
    finding = Finding.objects.get()
    assert (finding.customer_id, finding.kind) == (holder.pk, "shared")
    boss = User.objects.create(username="boss")
    cleaning.block(finding_id=finding.pk, by=boss, now=NOW)
    assert SHOP_PHONE in IdentifierRule.objects.get(kind="phone").blocked
    assert not Identifier.objects.filter(value=SHOP_PHONE).exists()
    assert not Finding.objects.exists()
    assert SHOP_PHONE not in LogEntry.objects.get().change_message
    seen_by_all(9)
    assert not Identifier.objects.filter(value=SHOP_PHONE).exists()


def test_a_family_of_four_is_not_many():
    seen_by_all(4)
    find(Identifier.objects.get(value=SHOP_PHONE).customer)
    assert not Finding.objects.exists()


def test_only_what_many_have_can_be_blocked(dolores):
    bouncing.bounced(address="dolores@example.com", now=NOW)
    boss = User.objects.create(username="boss")
    with pytest.raises(cleaning.NothingToBlock):
        cleaning.block(finding_id=Finding.objects.get().pk, by=boss, now=NOW)
    assert Identifier.objects.filter(value="dolores@example.com").exists()


def test_a_blocked_value_matches_itself_alone():
    rule = Rule("card", 1, blocked=[cleaning.as_pattern("A*[B]?")])
    assert rule.blocks("A*[B]?")
    assert not rule.blocks("AxxBx")


# --- fine as it is --------------------------------------------------------------------------------


def test_fine_as_it_is_holds_until_the_value_is_another_one(dolores):
    note(dolores, "birthday", "1970-01-01", NOW)
    find(dolores)
    row = Finding.objects.get()
    cleaning.settle(finding_id=row.pk, by="staff:4", now=NOW)
    find(dolores)
    assert kinds(dolores) == []
    assert [found.kind for found in state_of(dolores.pk, NOW).open] == []
    note(dolores, "birthday", "1900-01-01", NOW + timedelta(days=1))
    find(dolores, now=NOW + timedelta(days=1))
    assert kinds(dolores) == ["doubtful"]
    row.refresh_from_db()
    assert (row.settled_at, row.settled_by) == (None, "")


def test_it_can_be_pointed_out_again(dolores):
    note(dolores, "birthday", "1970-01-01", NOW)
    find(dolores)
    row = cleaning.settle(finding_id=Finding.objects.get().pk, by="staff:4", now=NOW)
    cleaning.reopen(finding_id=row.pk)
    assert kinds(dolores) == ["doubtful"]


def test_a_finding_that_is_gone_says_so(dolores):
    with pytest.raises(cleaning.FindingGone):
        cleaning.settle(finding_id=1, by="staff:4", now=NOW)


def test_the_mark_goes_with_the_customer_through_a_merge_and_back(dolores):
    other = ProfileFactory(customer__name="D. Reyes").customer
    note(other, "birthday", "1970-01-01", NOW)
    find(other)
    cleaning.settle(finding_id=Finding.objects.get().pk, by="staff:4", now=NOW)
    edge = merging.join(
        one=dolores.profiles.get(), other=other.profiles.get(), rule="person", actor="x", now=NOW
    )
    find(dolores)
    assert kinds(dolores) == []
    assert Finding.objects.get().customer_id == dolores.pk
    merging.part(edge=edge, by="staff:1", now=NOW)
    assert Finding.objects.get().customer_id == other.pk


def test_the_database_refuses_a_settled_finding_of_nobody(dolores):
    whole = {"customer": dolores, "kind": "old", "subject": "x", "of_value": "1", "found_at": NOW}
    wrong = [[whole | {"settled_at": NOW}], [whole | {"kind": "odd"}], [whole, whole]]
    for rows in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            Finding.objects.bulk_create([Finding(**row) for row in rows])


def test_the_database_refuses_other_answers_and_a_value_of_nobody(dolores):
    said = {"subject": "x", "said": "perhaps", "door": "page", "actor": "customer"}
    with pytest.raises(IntegrityError), transaction.atomic():
        AskedQuestion.objects.bulk_create([AskedQuestion(customer=dolores, said_at=NOW, **said)])
    with pytest.raises(IntegrityError), transaction.atomic():
        IdentifierRule.objects.update(most_people=0)


# --- the list -------------------------------------------------------------------------------------


def test_the_list_goes_on_from_where_it_ended_in_a_fixed_number_of_queries(dolores):
    names = [ProfileFactory(customer__name="Test").customer for _ in range(findings.ROWS + 3)]
    find(*names)
    costs = []
    before, seen = 0, []
    for _ in range(2):
        with CaptureQueriesContext(connection) as statements:
            page = findings.page(kind="no_name", is_settled=False, before=before, now=NOW)
        costs.append(len(statements))
        seen += [line.customer_id for line in page.lines]
        before = page.before
    assert len(seen) == len(set(seen)) == findings.ROWS + 3
    assert before == 0
    assert costs[0] == costs[1]
    assert findings.counts() == {"no_name": findings.ROWS + 3}


def test_what_was_mended_since_last_night_is_not_listed(dolores):
    correcting.correct(customer=dolores, values={"name": "Test"})
    find(dolores)
    correcting.correct(customer=dolores, values={"name": "Dolores"})
    assert findings.page(kind="", is_settled=False, before=0, now=NOW).lines == []


# --- bounces --------------------------------------------------------------------------------------


def test_a_bounce_is_noted_once_and_found_at_once(dolores):
    assert bouncing.bounced(address="Dolores@Example.com", now=NOW)
    assert bouncing.bounced(address="dolores@example.com", now=NOW + timedelta(days=1))
    assert Identifier.objects.get().bounced_at == NOW
    assert kinds(dolores) == ["bounced"]
    assert not bouncing.bounced(address="nobody@example.com", now=NOW)


def test_an_address_that_was_proven_works_again(dolores):
    bouncing.bounced(address="dolores@example.com", now=NOW)
    held = Identifier.objects.get()
    correcting.verify_identifier(customer=dolores, identifier_id=held.pk, now=NOW)
    held.refresh_from_db()
    assert (held.bounced_at, held.verified_at) == (None, NOW)


# --- answering ------------------------------------------------------------------------------------


def asked(customer: Customer, now: datetime = NOW) -> Question | None:
    return question_of(state_of(customer.pk, now), now)


def test_a_new_address_is_kept_and_the_bounced_one_stays_pointed_out(dolores):
    bouncing.bounced(address="dolores@example.com", now=NOW)
    question = asked(dolores)
    assert question is not None
    assert (question.subject, question.why) == (ADDRESS, Why.BOUNCED)
    held = asking.tell_address(
        told=told(dolores, NOW), question=question, contact=" New@Example.com "
    )
    assert held.value == "new@example.com"
    assert state_of(dolores.pk, NOW).condition.is_reachable
    assert asked(dolores) is None


def test_the_same_address_said_again_is_tried_again(dolores):
    bouncing.bounced(address="dolores@example.com", now=NOW)
    asking.tell_address(
        told=told(dolores, NOW), question=asked(dolores), contact="dolores@example.com"
    )
    assert Identifier.objects.get().bounced_at is None
    assert kinds(dolores) == []


def test_somebody_elses_address_is_not_taken_and_people_look_at_the_two(dolores):
    other = IdentifierFactory(value="taken@example.com").customer
    bouncing.bounced(address="dolores@example.com", now=NOW)
    question = asked(dolores)
    for _ in range(2):
        held = asking.tell_address(
            told=told(dolores, NOW), question=question, contact="taken@example.com"
        )
        assert held is None
    assert Identifier.objects.get(value="taken@example.com").customer == other
    pair = Suspicion.objects.get()
    assert {pair.low_id, pair.high_id} == {dolores.pk, other.pk}
    assert pair.reasons == ["contact:theirs"]


def test_the_address_of_somebody_erased_is_not_taken_and_not_told(dolores):
    gone = IdentifierFactory(value="gone@example.com").customer
    erasing.erase(customer=gone, by="customer", now=NOW)
    bouncing.bounced(address="dolores@example.com", now=NOW)
    held = asking.tell_address(
        told=told(dolores, NOW), question=asked(dolores), contact="gone@example.com"
    )
    assert held is None
    assert not Identifier.objects.filter(value="gone@example.com").exists()


def test_no_address_is_refused_and_nothing_is_written(dolores):
    bouncing.bounced(address="dolores@example.com", now=NOW)
    with pytest.raises(identifying.IdentifierMalformed):
        asking.tell_address(told=told(dolores, NOW), question=asked(dolores), contact="@")
    assert not AskedQuestion.objects.exists()


def test_a_name_is_kept_and_none_is_refused(dolores):
    correcting.correct(customer=dolores, values={"name": "test"})
    question = asked(dolores)
    assert question is not None
    assert question.subject == NAME
    for wrong in ("", "  ", "N/A"):
        with pytest.raises(asking.NameMissing):
            asking.tell_name(told=told(dolores, NOW), question=question, name=wrong)
    assert not AskedQuestion.objects.exists()
    asking.tell_name(told=told(dolores, NOW), question=question, name="Dolores")
    dolores.refresh_from_db()
    assert dolores.name == "Dolores"
    assert AskedQuestion.objects.get().said == "answered"


def test_not_now_at_one_door_holds_at_the_other(dolores):
    Attribute.objects.filter(is_asked=True).exclude(code="birthday").update(is_asked=False)
    question = asked(dolores)
    assert question.topic.code == "birthday"
    asking.put_off(told=told(dolores, NOW), question=question)
    for day, is_asked in ((29, False), (30, True)):
        now = NOW + timedelta(days=day)
        aloud = question_of(state_of(dolores.pk, now), now, aloud=True)
        assert (aloud is not None) == is_asked
    asking.never_ask(told=told(dolores, NOW + timedelta(days=40)), question=question)
    assert asked(dolores, NOW + timedelta(days=4000)) is None
