"""Guards: listed, written line by line, tried on the customers who are there, switched, with their history."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cxportal.lib.errors import DomainError
from cxportal.lib.http import StaffRequest, note_shown
from profiles.forms_guards import MOST_LINES, GuardForm, LineForm, as_lines, offered
from profiles.forms_lines import lines_posted, lines_stored
from profiles.models import Guard, GuardVersion, Product
from profiles.queries.company import company_zone
from profiles.queries.conditions import whole_vocabulary
from profiles.queries.guard_pages import guard_rows, history, rows_of
from profiles.queries.guard_trials import Trial, trial
from profiles.queries.guard_words import subject_name
from profiles.rules.condition_words import Vocabulary
from profiles.rules.conditions import read
from profiles.rules.guards import GuardKind, WhenUnknown
from profiles.rules.names import ProductKind
from profiles.services import guarding

# As many products are offered while typing; any other is named by its code.
PRODUCTS_OFFERED = 300


@require_GET
@permission_required("profiles.view_guard", raise_exception=True)
def guard_list(request: StaffRequest) -> HttpResponse:
    """List the guards, each in a sentence."""
    return render(request, "profiles/guard_list.html", {"rows": guard_rows()})


@require_http_methods(["GET", "POST"])
@permission_required("profiles.view_guard", raise_exception=True)
def guard_detail(request: StaffRequest, guard_id: int) -> HttpResponse:
    """Show a guard and its history; posted to, what it does to the customers who are there."""
    guard = get_object_or_404(Guard, pk=guard_id)
    rows = history(guard)
    tried = None
    if request.method == "POST":
        tried = _tried(request, rows[0].version)
    context = {
        "guard": guard,
        "row": rows[0],
        "history": rows,
        "trial": tried,
        "zone": company_zone(),
    }
    return render(request, "profiles/guard_detail.html", context)


def _tried(request: StaffRequest, version: GuardVersion) -> Trial:
    found = trial(
        kind=GuardKind(version.kind),
        condition=read(version.condition),
        when_unknown=WhenUnknown(version.when_unknown),
        now=timezone.now(),
    )
    shown = [one.customer_id for outcome in found.outcomes for one in outcome.examples]
    note_shown(request, *shown, found=found.tried)
    return found


@require_POST
@permission_required("profiles.change_guard", raise_exception=True)
def guard_switch(request: StaffRequest, guard_id: int) -> HttpResponse:
    """Switch a guard on or off."""
    guard = get_object_or_404(Guard, pk=guard_id)
    is_on = request.POST.get("to") == "on"
    try:
        guarding.switch(guard_id=guard.pk, is_on=is_on, by=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("profiles:guard-detail", guard.pk)


@require_http_methods(["GET", "POST"])
@permission_required("profiles.add_guard", raise_exception=True)
def guard_new(request: StaffRequest) -> HttpResponse:
    """Write a guard; it is kept switched off, to be tried first."""
    vocabulary = whole_vocabulary()
    form = GuardForm(request.POST or None, is_new=True)
    lines = lines_posted(request.POST, vocabulary)
    if "save" in request.POST and _are_valid(form, lines):
        try:
            guard = guarding.create(
                subject=form.subject(),
                wanted=form.wanted(lines),
                is_on=False,
                by=request.user,
                now=timezone.now(),
            )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            return redirect("profiles:guard-detail", guard.pk)
    return _form_page(request, _unjudged(request, form), lines, vocabulary, None)


@require_http_methods(["GET", "POST"])
@permission_required("profiles.change_guard", raise_exception=True)
def guard_change(request: StaffRequest, guard_id: int) -> HttpResponse:
    """Let a guard say something else; what it said is kept in its history."""
    guard = get_object_or_404(Guard, pk=guard_id)
    vocabulary = whole_vocabulary()
    newest = guard.versions.order_by("-number")[0]
    written = as_lines(read(newest.condition))
    if written is None:
        messages.error(request, "This guard nests deeper than lines can say. Write a new one.")
        return redirect("profiles:guard-detail", guard.pk)
    join, said = written
    names = ("kind", "when_unknown", "note")
    initial = {name: getattr(newest, name) for name in names} | {"join": join}
    form = GuardForm(request.POST or None, is_new=False, initial=initial)
    lines = (
        lines_posted(request.POST, vocabulary)
        if request.method == "POST"
        else lines_stored(said, vocabulary)
    )
    if "save" in request.POST and _are_valid(form, lines):
        try:
            guarding.change(
                guard_id=guard.pk, wanted=form.wanted(lines), by=request.user, now=timezone.now()
            )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            return redirect("profiles:guard-detail", guard.pk)
    return _form_page(request, _unjudged(request, form), lines, vocabulary, newest)


def _are_valid(form: GuardForm, lines: Sequence[LineForm]) -> bool:
    valid = [form.is_valid(), *(line.is_valid() for line in lines)]
    if not lines:
        form.add_error(None, "Add at least one line: what must be so, or must not.")
    return all(valid) and bool(lines)


def _unjudged(request: StaffRequest, form: GuardForm) -> GuardForm:
    """While lines are added or dropped, what else was typed stays, and nothing is found wrong with it."""
    if request.method == "GET" or "save" in request.POST:
        return form
    return GuardForm(is_new="product" in form.fields, initial=request.POST.dict())


def _form_page(
    request: StaffRequest,
    form: GuardForm,
    lines: Sequence[LineForm],
    vocabulary: Vocabulary,
    newest: GuardVersion | None,
) -> HttpResponse:
    goods = Product.objects.filter(kind=ProductKind.GOODS).exclude(name="")
    context = {
        "form": form,
        "lines": lines,
        "offered": offered(vocabulary),
        "may_add": len(lines) < MOST_LINES,
        "newest": newest,
        "name": subject_name(newest) if newest else "",
        "broken": rows_of([newest])[0].broken if newest else "",
        "products": goods.order_by("name", "pk")[:PRODUCTS_OFFERED],
    }
    is_wrong = form.errors or any(line.errors for line in lines)
    return render(request, "profiles/guard_form.html", context, status=422 if is_wrong else 200)
