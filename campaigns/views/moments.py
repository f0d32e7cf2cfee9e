"""Moments: all that can be seen, and those that managers write, try, switch on and answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.queries.moment_list import answers_by_moment, listed_moments
from campaigns.services.answering_moments import answer_with_message
from cxportal.lib.errors import DomainError
from cxportal.lib.http import StaffRequest, note_shown
from profiles.forms_guards import MOST_LINES, LineForm, as_lines, offered
from profiles.forms_lines import lines_posted, lines_stored
from profiles.forms_moments import BEGINS, EVENT, MomentForm, begins_of, initial_of
from profiles.models import MomentDefinition, MomentVersion, Product
from profiles.queries.company import company, company_zone
from profiles.queries.conditions import whole_vocabulary
from profiles.queries.own_moment_pages import event_names, history
from profiles.queries.own_moment_trials import Trial, trial
from profiles.queries.own_moments import definition_of
from profiles.rules.conditions import read
from profiles.rules.names import ProductKind
from profiles.rules.own_moments import read_trigger
from profiles.rules.purposes import MESSAGES, purpose_in_words
from profiles.services import defining

# As many products are offered while typing; any other is named by its code.
PRODUCTS_OFFERED = 300


@require_GET
@permission_required("profiles.view_momentdefinition", raise_exception=True)
def moment_list(request: StaffRequest) -> HttpResponse:
    """List every moment with what became of it in 30 days."""
    return render(request, "campaigns/moment_list.html", {"rows": listed_moments(timezone.now())})


@require_http_methods(["GET", "POST"])
@permission_required("profiles.view_momentdefinition", raise_exception=True)
def moment_detail(request: StaffRequest, definition_id: int) -> HttpResponse:
    """Show a moment and its history; posted to, what it would have been these 30 days."""
    definition = get_object_or_404(MomentDefinition, pk=definition_id)
    tried = _tried(request, definition) if request.method == "POST" else None
    return _detail(request, definition, tried)


def _tried(request: StaffRequest, definition: MomentDefinition) -> Trial:
    newest = definition.versions.select_related("definition").order_by("-number")[0]
    found = trial(definition_of(newest), timezone.now())
    note_shown(request, *(one.customer_id for one in found.examples), found=found.tried)
    return found


def _detail(
    request: StaffRequest, definition: MomentDefinition, tried: Trial | None, *, asks: bool = False
) -> HttpResponse:
    rows = history(definition)
    context = {
        "definition": definition,
        "row": rows[0],
        "history": rows,
        "trial": tried,
        "asks_again": asks,
        "answers": answers_by_moment().get(definition.key, []),
        "purposes": [(str(one), purpose_in_words(one)) for one, _ in MESSAGES],
        "language": company().language,
        "zone": company_zone(),
    }
    return render(request, "campaigns/moment_detail.html", context)


@require_POST
@permission_required("profiles.change_momentdefinition", raise_exception=True)
def moment_switch(request: StaffRequest, definition_id: int) -> HttpResponse:
    """Switch a moment on or off; what looks wrong is said first, and asked once more."""
    definition = get_object_or_404(MomentDefinition, pk=definition_id)
    said = request.POST.get("to")
    if said == "on" and (tried := _tried(request, definition)).warnings:
        return _detail(request, definition, tried, asks=True)
    try:
        defining.switch(
            definition_id=definition.pk, is_on=said in {"on", "on-all-the-same"}, by=request.user,
            now=timezone.now(),
        )  # fmt: skip
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("campaigns:moment-detail", definition.pk)


@require_POST
@permission_required("campaigns.add_campaign", raise_exception=True)
def moment_answer(request: StaffRequest, definition_id: int) -> HttpResponse:
    """Make a campaign that answers it, and go on to its words."""
    definition = get_object_or_404(MomentDefinition, pk=definition_id)
    try:
        campaign = answer_with_message(
            kind=definition.key,
            name=request.POST.get("name", ""),
            purpose=request.POST.get("purpose", ""),
        )
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("campaigns:moment-detail", definition.pk)
    return redirect("campaigns:template-edit", campaign.pk, company().language)


@require_http_methods(["GET", "POST"])
@permission_required("profiles.add_momentdefinition", raise_exception=True)
def moment_new(request: StaffRequest) -> HttpResponse:
    """Write a moment; it is kept switched off, to be tried first."""
    begins = request.GET.get("begins", EVENT)
    return _edited(request, begins if begins in BEGINS else EVENT, None)


@require_http_methods(["GET", "POST"])
@permission_required("profiles.change_momentdefinition", raise_exception=True)
def moment_change(request: StaffRequest, definition_id: int) -> HttpResponse:
    """Let a moment be something else; what it was is kept in its history."""
    definition = get_object_or_404(MomentDefinition, pk=definition_id)
    newest = definition.versions.order_by("-number")[0]
    return _edited(request, begins_of(read_trigger(newest.trigger)), newest)


def _edited(request: StaffRequest, begins: str, newest: MomentVersion | None) -> HttpResponse:
    vocabulary = whole_vocabulary()
    stored = (
        as_lines(read(newest.audience)) if newest and newest.audience is not None else ("all", [])
    )
    if newest and stored is None:
        messages.error(
            request, "Its condition nests deeper than lines can say. Write a new moment."
        )
        return redirect("campaigns:moment-detail", newest.definition_id)
    join, said = stored or ("all", [])
    initial = (initial_of(newest) if newest else {}) | {"join": join}
    is_judged = "save" in request.POST
    form = MomentForm(
        request.POST if is_judged else None,
        initial=_typed(request) or initial,
        begins=begins,
        vocabulary=vocabulary,
    )
    posted = request.method == "POST"
    lines = lines_posted(request.POST, vocabulary) if posted else lines_stored(said, vocabulary)
    if is_judged and all([form.is_valid(), *(line.is_valid() for line in lines)]):
        saved = _saved(request, form, lines, newest)
        if saved is not None:
            return redirect("campaigns:moment-detail", saved)
    goods = Product.objects.filter(kind=ProductKind.GOODS).exclude(name="")
    context = {
        "form": form,
        "lines": lines,
        "offered": offered(vocabulary),
        "may_add": len(lines) < MOST_LINES,
        "newest": newest,
        "begins": BEGINS[begins],
        "tabs": _tabs(begins),
        "events": event_names() if begins == EVENT else [],
        "products": goods.order_by("name", "pk")[:PRODUCTS_OFFERED],
    }
    is_wrong = form.errors or any(line.errors for line in lines)
    return render(request, "campaigns/moment_form.html", context, status=422 if is_wrong else 200)


def _typed(request: StaffRequest) -> dict[str, Any]:
    """While lines are added or dropped, what else was typed stays, and nothing is found wrong with it."""
    return {} if "save" in request.POST else request.POST.dict()


def _tabs(begins: str) -> Sequence[dict[str, Any]]:
    return [
        {"label": label, "url": f"?begins={one}", "is_current": one == begins}
        for one, label in BEGINS.items()
    ]


def _saved(
    request: StaffRequest, form: MomentForm, lines: Sequence[LineForm], newest: MomentVersion | None
) -> int | None:
    wanted, by, now = form.wanted(lines), request.user, timezone.now()
    try:
        if newest is None:
            return defining.create(wanted=wanted, by=by, now=now).pk
        known = newest.definition_id
        defining.change(definition_id=known, wanted=wanted, by=by, now=now)
        return known
    except DomainError as error:
        where = error.data.get("where")
        form.add_error(where if where in form.fields else None, error.message)
        return None
