from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cxportal.lib.links import LinkPurpose, token_for
from feedback import queries
from feedback.models import Answer, AnswerRevision, Case, CaseEvent, Invitation
from feedback.services import answering, cases
from tests.factories.feedback import CaseFactory
from tests.feedback.conftest import staff

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 6, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _this_morning():
    with time_machine.travel(NOW, tick=False):
        yield


def rows() -> list[int]:
    return [m.objects.count() for m in (Answer, AnswerRevision, Case, CaseEvent, Invitation)]


# --- The customer's page --------------------------------------------------------------------------


def test_opening_the_link_stores_nothing(client, asked, page_of):
    before = rows()
    answer = client.get(page_of(asked))
    assert answer.status_code == 200
    assert client.head(page_of(asked)).status_code == 200
    client.get(page_of(asked) + "?score=3")
    assert rows() == before
    page = answer.content.decode()
    assert "How likely are you to recommend us to a friend?" in page
    assert "your purchase on Sunday, 1 March" in page
    assert page.count('type="radio"') == 11
    assert "checked" not in page
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(
    ("tapped", "checked"),
    [("3", True), ("10", True), ("11", False), ("x", False), ("-1", False)],
)
def test_a_number_in_the_link_is_only_preselected(client, asked, page_of, tapped, checked):
    page = client.get(page_of(asked) + f"?score={tapped}").content.decode()
    assert (f'value="{tapped}" checked' in page) is checked
    assert ("checked" in page) is checked
    assert not Answer.objects.exists()


def test_an_answer_is_kept_and_can_be_changed(client, asked, page_of):
    path = page_of(asked)
    answer = client.post(path, {"score": "9", "text": "Good coffee"})
    assert (answer.status_code, answer["Location"]) == (302, path)
    assert list(Answer.objects.values_list("score", "text")) == [(9, "Good coffee")]
    page = client.get(path).content.decode()
    assert "Thank you, we have your answer" in page
    assert "until Monday, 23 March" in page
    assert 'value="9" checked' in page
    assert "Good coffee" in page
    client.post(path, {"score": "8", "text": ""})
    assert list(Answer.objects.values_list("score", "text")) == [(8, "")]


def test_a_low_score_opens_a_case_in_the_same_request(client, asked, page_of):
    client.post(page_of(asked), {"score": "3", "text": "Cold"})
    assert list(Case.objects.values_list("kind", "detail")) == [("low_score", "Cold")]
    page = client.get(page_of(asked)).content.decode()
    assert "A person will look after you by Wednesday, 11 March, 17:00 (Europe/Vienna)" in page


@pytest.mark.parametrize("given", [{}, {"score": "11"}, {"score": "x"}, {"text": "a\0b"}])
def test_what_cannot_be_kept_is_said_on_the_form(client, asked, page_of, given):
    before = rows()
    answer = client.post(page_of(asked), given)
    assert answer.status_code == 422
    assert "field-error" in answer.content.decode() or "form-errors" in answer.content.decode()
    assert rows() == before


def test_a_person_is_one_button_away(client, asked, page_of):
    path = page_of(asked)
    for _ in range(2):
        assert client.post(path, {"person": "1", "text": "Call me"}).status_code == 302
    assert list(Case.objects.values_list("kind", "detail")) == [("person", "Call me")]
    assert not Answer.objects.exists()
    page = client.get(path).content.decode()
    assert "A person will look after you by Wednesday, 11 March, 17:00 (Europe/Vienna)" in page


def test_a_closed_question_says_so_and_still_leads_to_a_person(client, asked, page_of):
    path = page_of(asked)
    Invitation.objects.update(closes_at=NOW)
    page = client.get(path).content.decode()
    assert "This question has closed" in page
    assert 'type="radio"' not in page
    refused = client.post(path, {"score": "3"})
    assert refused.status_code == 422
    assert "This question has closed, so the answer was not changed." in refused.content.decode()
    assert not Answer.objects.exists()
    client.post(path, {"person": "1"})
    assert Case.objects.get().kind == "person"


def test_an_expired_link_says_what_to_do(client, asked, page_of):
    path, before = page_of(asked), rows()
    with time_machine.travel(NOW + timedelta(days=61), tick=False):
        for answer in (client.get(path), client.post(path, {"score": "3"})):
            assert answer.status_code == 410
            assert "This link has expired" in answer.content.decode()
            assert "reply to any message of ours" in answer.content.decode()
    assert rows() == before


@pytest.mark.parametrize("purpose", [LinkPurpose.STOP, LinkPurpose.WHY])
def test_a_link_for_something_else_does_not_open_the_question(client, asked, purpose):
    before = rows()
    path = reverse("feedback:answer", args=[token_for(purpose, str(asked.public_id))])
    for answer in (client.get(path), client.post(path, {"score": "3"})):
        assert answer.status_code == 404
        assert "This link is not complete" in answer.content.decode()
    assert rows() == before


@pytest.mark.parametrize("token", ["x", "a:b:c", "%00", "ü" * 50, "Im5vbmUi:1abc:xyz"])
def test_a_forged_link_says_what_to_do(client, db, token):
    answer = client.get(reverse("feedback:answer", args=[token]))
    assert answer.status_code == 404
    assert "Open it again from the message" in answer.content.decode()


def test_a_link_about_nothing_is_no_server_error(client, db):
    token = token_for(LinkPurpose.SURVEY, "00000000-0000-4000-8000-000000000000")
    assert client.get(reverse("feedback:answer", args=[token])).status_code == 410


def test_a_form_of_another_site_is_refused(asked, page_of):
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(page_of(asked), {"score": "3"}).status_code == 403
    assert not Answer.objects.exists()


def test_the_customer_s_page_offers_the_newest_open_question(asked, client):
    found = queries.open_questions([asked.customer_id], NOW)[asked.customer_id]
    assert found.question == "How likely are you to recommend us to a friend?"
    assert client.get(found.url.removeprefix("http://127.0.0.1:8000")).status_code == 200
    answering.answer(invitation=asked, score=9, text="", now=NOW)
    assert queries.open_questions([asked.customer_id], NOW) == {}
    assert queries.open_questions([asked.customer_id], asked.closes_at) == {}


# --- The pages of cases ---------------------------------------------------------------------------


@pytest.fixture
def case(asked) -> Case:
    answering.answer(invitation=asked, score=3, text="The queue was long", now=NOW)
    return Case.objects.get()


def paths(case: Case) -> dict[str, str]:
    return {
        name: reverse(f"feedback:case-{name}", args=[case.pk])
        for name in ("detail", "note", "assign", "solve")
    }


def test_the_list_says_what_is_open_and_what_is_late(mira_client, case, mira):
    CaseFactory(
        customer__name="Jonas Weiß", kind="person", due_at=NOW - timedelta(hours=1), owner=mira
    )
    page = mira_client.get(reverse("feedback:case-list")).content.decode()
    assert page.index("Jonas Weiß asks for a person") < page.index("Dolores Reyes gave a 3")
    assert "Overdue since Tue 10 Mar, 06:05" in page
    assert "“The queue was long” Nobody has it yet." in page
    assert "Mira has it." in page
    assert "Due Wed 11 Mar, 17:00" in page


def test_solved_cases_have_a_list_of_their_own(mira_client, case):
    cases.solve(case=case, resolution="Called", by="staff:1", now=NOW)
    assert "No case is open" in mira_client.get(reverse("feedback:case-list")).content.decode()
    solved = mira_client.get(reverse("feedback:case-list") + "?state=solved").content.decode()
    assert "Dolores Reyes gave a 3" in solved


@pytest.mark.parametrize("number", ["99", "x", "-1"])
def test_a_page_that_is_not_there_shows_the_nearest(mira_client, case, number):
    page = mira_client.get(reverse("feedback:case-list"), {"page": number})
    assert "Dolores Reyes" in page.content.decode()


def test_the_list_takes_the_same_queries_for_any_length(mira_client, mira, case):
    with CaptureQueriesContext(connection) as for_one:
        mira_client.get(reverse("feedback:case-list"))
    for _ in range(6):
        CaseFactory(owner=mira)
    with CaptureQueriesContext(connection) as for_seven:
        mira_client.get(reverse("feedback:case-list"))
    assert len(for_seven) == len(for_one)


def test_a_case_shows_everything_before_a_word_is_said(mira_client, case, asked):
    CaseFactory(customer=asked.customer, kind="complaint")
    page = mira_client.get(paths(case)["detail"]).content.decode()
    for words in (
        "Dolores Reyes",
        "Low score",
        "3 of 10",
        "The queue was long",
        "Answered 3 of 10",
        "Opened",
        "Wed 11 Mar 2026, 17:00",
        "Nobody yet",
        "Main Street",
        "Other cases",
        "Complaint",
    ):
        assert words in page, words


def test_a_note_is_kept_with_who_wrote_it(mira_client, case, mira):
    answer = mira_client.post(paths(case)["note"], {"text": "Rang, nobody there"})
    assert (answer.status_code, answer["Location"]) == (302, paths(case)["detail"])
    event = CaseEvent.objects.get(kind="noted")
    assert (event.actor, event.note.text) == (f"staff:{mira.pk}", "Rang, nobody there")
    page = mira_client.get(paths(case)["detail"]).content.decode()
    assert "Rang, nobody there" in page
    assert "Mira" in page


@pytest.mark.parametrize("name", ["note", "solve"])
def test_without_words_nothing_is_kept(mira_client, case, name):
    before = rows()
    answer = mira_client.post(paths(case)[name], {"text": " ", "resolution": " "})
    assert answer.status_code == 422
    assert "field-error" in answer.content.decode()
    assert rows() == before
    case.refresh_from_db()
    assert case.state == "open"


def test_a_case_is_taken(mira_client, case, mira):
    assert mira_client.post(paths(case)["assign"]).status_code == 302
    case.refresh_from_db()
    assert case.owner == mira
    assert "Given to Mira" in mira_client.get(paths(case)["detail"]).content.decode()


def test_a_case_is_solved(mira_client, case, mira):
    answer = mira_client.post(paths(case)["solve"], {"resolution": "Called and said sorry"})
    assert (answer.status_code, answer["Location"]) == (302, reverse("feedback:case-list"))
    case.refresh_from_db()
    assert (case.state, case.solved_by) == ("solved", f"staff:{mira.pk}")
    page = mira_client.get(paths(case)["detail"]).content.decode()
    assert "Called and said sorry" in page
    assert "Take this case" not in page


def test_what_was_solved_meanwhile_is_said(mira_client, case):
    cases.solve(case=case, resolution="Called", by="staff:1", now=NOW)
    refused = mira_client.post(paths(case)["solve"], {"resolution": "Refunded"})
    assert refused.status_code == 422
    assert "solved before" in refused.content.decode()
    mira_client.post(paths(case)["assign"])
    case.refresh_from_db()
    assert (case.resolution, case.owner_id) == ("Called", None)


@pytest.mark.parametrize(
    "actor", ["staff:counter", "staff:", "staff:²", "staff:" + 30 * "9", "till"]
)
def test_a_case_opens_whoever_acted_in_it(mira_client, case, actor):
    CaseEvent.objects.create(
        case=case, customer_id=case.customer_id, kind="noted", actor=actor, occurred_at=NOW
    )
    answer = mira_client.get(reverse("feedback:case-detail", args=[case.pk]))
    assert answer.status_code == 200
    assert {line.who for line in answer.context["page"].history if line.title == "Note"} == {
        "The house"
    }


def test_a_solved_case_says_who_solved_it_and_not_that_nobody_has_it(mira_client, case, mira):
    cases.solve(case=case, resolution="Called back.", by=f"staff:{mira.pk}", now=NOW)
    page = mira_client.get(reverse("feedback:case-detail", args=[case.pk])).content.decode()
    assert "<dt>Solved by</dt><dd>Mira</dd>" in " ".join(page.split())
    assert "Nobody yet" not in page
    listed = mira_client.get(reverse("feedback:case-list") + "?state=solved").context["rows"]
    assert listed[0].sub.endswith("Solved by Mira.")


def test_a_case_is_named_by_the_score_its_words_were_said_with(mira_client, asked):
    answering.answer(invitation=asked, score=2, text="The milk was off.", now=NOW)
    answering.answer(invitation=asked, score=9, text="All is well.", now=NOW + timedelta(minutes=5))
    row = mira_client.get(reverse("feedback:case-list")).context["rows"][0]
    assert (row.title, row.sub) == (
        "Dolores Reyes gave a 2, and later a 9",
        "“The milk was off.” Nobody has it yet.",
    )


def test_a_case_page_takes_the_same_queries_for_any_history(case, mira, django_assert_num_queries):
    for number in range(6):
        by = f"staff:{mira.pk}"
        cases.add_note(case=case, text=f"Note {number}", by=by, now=NOW)
        CaseFactory(customer=case.customer)
    with django_assert_num_queries(7):
        page = queries.case_page(case.pk, NOW)
    assert (len(page.history), len(page.other_cases)) == (8, 6)


@pytest.mark.parametrize(
    ("permissions", "seen", "changed"),
    [((), 403, 403), (("view_case",), 200, 403), (("view_case", "change_case"), 200, 302)],
)
def test_who_may_see_and_change_cases(case, permissions, seen, changed):
    client = Client()
    client.force_login(staff("jo", *permissions))
    assert client.get(reverse("feedback:case-list")).status_code == seen
    page = client.get(paths(case)["detail"])
    assert page.status_code == seen
    if seen == 200:
        assert ("Solve the case" in page.content.decode()) is (changed == 302)
    assert client.post(paths(case)["note"], {"text": "x"}).status_code == changed
    assert client.post(paths(case)["assign"]).status_code == changed
    assert client.post(paths(case)["solve"], {"resolution": "x"}).status_code == changed


def test_who_is_not_logged_in_is_sent_to_the_log_in(client, case):
    for path in [reverse("feedback:case-list"), paths(case)["detail"]]:
        assert client.get(path)["Location"].startswith(reverse("login"))
    assert User.objects.count() == 0


def test_looking_never_changes_a_case(mira_client, case):
    before = rows()
    for name in ("note", "assign", "solve"):
        assert mira_client.get(paths(case)[name]).status_code == 405
    assert rows() == before


def test_a_case_that_is_not_there(mira_client):
    assert mira_client.get(reverse("feedback:case-detail", args=[9])).status_code == 404
    note = reverse("feedback:case-note", args=[9])
    assert mira_client.post(note, {"text": "x"}).status_code == 404
