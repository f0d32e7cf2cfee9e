from __future__ import annotations

from datetime import timedelta

import pytest

from feedback import queries
from feedback.models import Case, CaseEvent, CaseNote
from feedback.rules import CaseKind
from feedback.services import cases
from tests.factories.feedback import CaseFactory
from tests.factories.profiles import CustomerFactory

pytestmark = pytest.mark.django_db


def open_one(customer, now, **given) -> Case:
    content = {
        "kind": CaseKind.COMPLAINT,
        "source_ref": "order:7",
        "detail": "Came late",
        "opened_by": "staff:1",
    }
    return cases.open_case(customer=customer, now=now, **(content | given))


def events() -> list[tuple[str, str]]:
    return list(CaseEvent.objects.order_by("pk").values_list("kind", "actor"))


def test_a_case_opens_with_a_deadline_and_a_history(company, now):
    case = open_one(CustomerFactory(), now)
    assert (case.state, case.priority, case.owner_id) == ("open", "high", None)
    assert case.due_at.isoformat() == "2026-03-11T16:00:00+00:00"
    assert events() == [("opened", "staff:1")]


def test_opened_again_it_is_the_same_case(company, now):
    customer = CustomerFactory()
    first = open_one(customer, now)
    again = open_one(customer, now + timedelta(hours=1))
    assert again.pk == first.pk
    assert events() == [("opened", "staff:1")]


def test_new_words_about_it_go_into_its_history_once(company, now):
    customer = CustomerFactory()
    open_one(customer, now)
    open_one(customer, now, detail="Still waiting", opened_by="customer")
    open_one(customer, now, detail="Still waiting", opened_by="customer")
    assert events() == [("opened", "staff:1"), ("again", "customer")]
    assert CaseNote.objects.get().text == "Still waiting"


@pytest.mark.parametrize(
    "other", [{"source_ref": "order:8"}, {"kind": CaseKind.PERSON}, {"customer": None}]
)
def test_something_else_is_another_case(company, now, other):
    customer = CustomerFactory()
    open_one(customer, now)
    if "customer" in other:
        other = {}
        customer = CustomerFactory()
    open_one(customer, now, **other)
    assert Case.objects.count() == 2


def test_after_solving_the_same_source_opens_anew(company, now):
    customer = CustomerFactory()
    first = open_one(customer, now)
    cases.solve(case=first, resolution="Sent again", by="staff:1", now=now)
    assert open_one(customer, now).pk != first.pk


def test_a_case_is_given_to_somebody(company, now, mira):
    case = open_one(CustomerFactory(), now)
    for _ in range(2):
        case = cases.assign(case=case, owner=mira, by=f"staff:{mira.pk}", now=now)
    assert case.owner == mira
    assert events()[1:] == [("assigned", f"staff:{mira.pk}")]
    assert CaseEvent.objects.last().facts == {"owner": mira.pk, "before": None}


def test_a_note_stands_in_a_row_of_its_own(company, now):
    case = open_one(CustomerFactory(), now)
    event = cases.add_note(case=case, text=" Rang, nobody there ", by="staff:1", now=now)
    assert event.note.text == "Rang, nobody there"
    assert event.facts == {}
    CaseNote.objects.all().delete()
    assert CaseEvent.objects.filter(pk=event.pk).exists()


def test_solving_says_how_when_and_by_whom(company, now):
    case = open_one(CustomerFactory(), now)
    solved_at = now + timedelta(hours=2)
    cases.solve(case=case, resolution="Sent again", by="staff:1", now=solved_at)
    again = cases.solve(case=case, resolution="Sent again", by="staff:2", now=now)
    case.refresh_from_db()
    assert (case.state, case.resolution) == ("solved", "Sent again")
    assert (case.solved_at, case.solved_by) == (solved_at, "staff:1")
    assert again == case
    assert events() == [("opened", "staff:1"), ("solved", "staff:1")]


def test_a_solved_case_is_neither_solved_otherwise_nor_given_away(company, now, mira):
    case = open_one(CustomerFactory(), now)
    cases.solve(case=case, resolution="Sent again", by="staff:1", now=now)
    before = events()
    with pytest.raises(cases.CaseSolved):
        cases.solve(case=case, resolution="Refunded", by="staff:1", now=now)
    with pytest.raises(cases.CaseSolved):
        cases.assign(case=case, owner=mira, by="staff:1", now=now)
    case.refresh_from_db()
    assert (case.resolution, case.owner_id) == ("Sent again", None)
    assert events() == before


def test_words_are_needed(company, now):
    case = open_one(CustomerFactory(), now)
    with pytest.raises(cases.WordsMissing):
        cases.add_note(case=case, text="  ", by="staff:1", now=now)
    with pytest.raises(cases.WordsMissing):
        cases.solve(case=case, resolution="", by="staff:1", now=now)
    case.refresh_from_db()
    assert case.state == "open"
    assert events() == [("opened", "staff:1")]


def test_open_cases_of_some_customers_come_in_one_query(company, now, django_assert_num_queries):
    customer, other = CustomerFactory(), CustomerFactory()
    later = CaseFactory(customer=customer, due_at=now + timedelta(days=2))
    sooner = CaseFactory(customer=customer, due_at=now + timedelta(days=1))
    CaseFactory(customer=customer, state="solved", solved_at=now, solved_by="staff:1")
    CaseFactory()
    with django_assert_num_queries(1):
        found = queries.open_cases([customer.pk, other.pk])
    assert {key: [case.id for case in rows] for key, rows in found.items()} == {
        customer.pk: [sooner.pk, later.pk]
    }
    assert (found[customer.pk][0].label, found[customer.pk][0].priority) == ("Complaint", "high")
