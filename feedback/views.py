"""The customer's page of one question, and the pages of cases for staff."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required, permission_required
from django.core.paginator import Paginator
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cxportal.lib.errors import DomainError
from cxportal.lib.http import StaffRequest
from cxportal.lib.links import LinkExpired, LinkGone, LinkInvalid
from feedback import queries
from feedback.forms import AnswerForm, NoteForm, SolveForm
from feedback.models import Case, Invitation
from feedback.rules import SCORES
from feedback.services import answering, cases
from profiles.queries.company import company_zone

ROWS_PER_PAGE = 50


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """Show one question, or keep the answer to it; opening the link stores nothing."""
    try:
        asked = queries.invitation_of(token)
    except LinkExpired:
        context = {"is_expired": True, "token": token}
        return render(request, "feedback/link_lost.html", context, status=410)
    except LinkGone:
        return render(request, "gone.html", status=410)
    except LinkInvalid:
        return render(request, "feedback/link_lost.html", {"is_expired": False}, status=404)
    if request.method != "POST":
        return _question(request, asked, AnswerForm(initial=_initial(request, asked)))
    form = AnswerForm(request.POST)
    if _attempt(form, lambda given: _keep(request, asked, given)):
        return redirect("feedback:answer", token)
    return _question(request, asked, form, status=422)


def _initial(request: HttpRequest, asked: Invitation) -> dict[str, Any]:
    """Preselect what was answered before, or the number that the link in a message carries."""
    given = getattr(asked, "answer", None)
    if given:
        return {"score": given.score, "text": given.text}
    tapped = request.GET.get("score", "")
    return {"score": tapped} if tapped in {str(score) for score in SCORES} else {}


def _keep(request: HttpRequest, asked: Invitation, given: dict[str, Any]) -> None:
    now = timezone.now()
    if "person" in request.POST:
        answering.ask_for_person(invitation=asked, text=given["text"], now=now)
    else:
        answering.answer(invitation=asked, score=given["score"], text=given["text"], now=now)


def _question(
    request: HttpRequest, asked: Invitation, form: AnswerForm, *, status: int = 200
) -> HttpResponse:
    page = queries.answer_page(asked, timezone.now())
    return render(request, "feedback/answer.html", {"page": page, "form": form}, status=status)


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    is_current: bool
    count: int = 0


@require_GET
@permission_required("feedback.view_case", raise_exception=True)
def case_list(request: StaffRequest) -> HttpResponse:
    """List the open cases, the most urgent first, or the solved ones, the newest first."""
    solved = request.GET.get("state") == "solved"
    waiting = Case.objects.open().by_urgency()
    rows = Case.objects.solved().order_by("-solved_at", "-pk") if solved else waiting
    rows = rows.select_related("customer", "owner", "invitation__answer")
    page = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    here = reverse("feedback:case-list")
    context = {
        "page": page,
        "rows": queries.case_rows(page.object_list, timezone.now()),
        "zone": company_zone(),
        "is_solved": solved,
        "tabs": [
            Tab("Open", here, not solved, waiting.count() if solved else page.paginator.count),
            Tab("Solved", f"{here}?state=solved", solved),
        ],
    }
    return render(request, "feedback/case_list.html", context)


@require_GET
@permission_required("feedback.view_case", raise_exception=True)
def case_detail(request: StaffRequest, case_id: int) -> HttpResponse:
    """Show a case with its history."""
    return _case(request, case_id)


@require_POST
@permission_required("feedback.change_case", raise_exception=True)
def case_note(request: StaffRequest, case_id: int) -> HttpResponse:
    """Write a note."""
    case, form = get_object_or_404(Case, pk=case_id), NoteForm(request.POST)
    if _attempt(
        form,
        lambda given: cases.add_note(
            case=case, text=given["text"], by=_actor(request), now=timezone.now()
        ),
    ):
        messages.success(request, "The note was kept.")
        return redirect("feedback:case-detail", case_id)
    return _case(request, case_id, note_form=form, status=422)


@require_POST
@permission_required("feedback.change_case", raise_exception=True)
def case_assign(request: StaffRequest, case_id: int) -> HttpResponse:
    """Take the case oneself."""
    case = get_object_or_404(Case, pk=case_id)
    try:
        cases.assign(case=case, owner=request.user, by=_actor(request), now=timezone.now())
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "The case is yours.")
    return redirect("feedback:case-detail", case_id)


@require_POST
@permission_required("feedback.change_case", raise_exception=True)
def case_solve(request: StaffRequest, case_id: int) -> HttpResponse:
    """Solve the case."""
    case, form = get_object_or_404(Case, pk=case_id), SolveForm(request.POST)
    if _attempt(
        form,
        lambda given: cases.solve(
            case=case, resolution=given["resolution"], by=_actor(request), now=timezone.now()
        ),
    ):
        messages.success(request, "The case is solved.")
        return redirect("feedback:case-list")
    return _case(request, case_id, solve_form=form, status=422)


def _case(
    request: StaffRequest,
    case_id: int,
    *,
    note_form: NoteForm | None = None,
    solve_form: SolveForm | None = None,
    status: int = 200,
) -> HttpResponse:
    try:
        page = queries.case_page(case_id, timezone.now())
    except Case.DoesNotExist as error:
        raise Http404 from error
    context = {
        "page": page,
        "note_form": note_form or NoteForm(),
        "solve_form": solve_form or SolveForm(),
        "may_change": request.user.has_perm("feedback.change_case"),
    }
    return render(request, "feedback/case_detail.html", context, status=status)


def _attempt(form: Form, call: Callable[[dict[str, Any]], object]) -> bool:
    """Call with what a valid form holds; what the domain refuses becomes the form's error."""
    if not form.is_valid():
        return False
    try:
        call(form.cleaned_data)
    except DomainError as error:
        form.add_error(None, error.message)
        return False
    return True


def _actor(request: StaffRequest) -> str:
    return f"staff:{request.user.pk}"
