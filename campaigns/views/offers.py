"""Rules and offers: listed, written line by line, tried on the customers who are there, switched, with history."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.forms_offers import OfferForm, RuleForm, offer_initial, rule_initial
from campaigns.models import Offer, Rule
from campaigns.queries.offer_pages import offer_history, offer_rows, rule_history, rule_rows
from campaigns.queries.rule_trials import OfferTrial, RuleTrial, offer_trial, rule_trial
from campaigns.services import offering, ruling
from cxportal.lib.errors import DomainError
from cxportal.lib.http import StaffRequest, note_shown
from profiles.forms_guards import MOST_LINES, as_lines, offered
from profiles.forms_lines import LineSet, lines_posted, lines_stored
from profiles.forms_terms import TermForm, as_term_lines, offered_terms, term_form
from profiles.models import Product
from profiles.queries.company import company_zone
from profiles.queries.conditions import whole_vocabulary
from profiles.queries.product_terms import traits
from profiles.rules import conditions, product_terms
from profiles.rules.names import ProductKind

PRODUCTS_OFFERED = 300
_TOO_DEEP = "It nests deeper than lines can say. Write a new one."
_NO_LINE = "Add at least one line about customers: for whom it is."
_NO_TERM = "Add at least one line about products: which they are."
Said = Sequence[tuple[str, Mapping[str, Any]]]


# --- rules ----------------------------------------------------------------------------------------


@require_GET
@permission_required("campaigns.view_rule", raise_exception=True)
def rule_list(request: StaffRequest) -> HttpResponse:
    """List the rules, each in a sentence."""
    return render(request, "campaigns/rule_list.html", {"rows": rule_rows()})


@require_http_methods(["GET", "POST"])
@permission_required("campaigns.view_rule", raise_exception=True)
def rule_detail(request: StaffRequest, rule_id: int) -> HttpResponse:
    """Show a rule and its history; posted to, for whom it would hold."""
    rule = get_object_or_404(Rule, pk=rule_id)
    rows = rule_history(rule)
    trial = None
    if request.method == "POST":
        trial = rule_trial(rows[0].version, timezone.now())
        _note(request, trial)
    context = {"rule": rule, "row": rows[0], "history": rows, "trial": trial, **_zone()}
    return render(request, "campaigns/rule_detail.html", context)


@require_POST
@permission_required("campaigns.change_rule", raise_exception=True)
def rule_switch(request: StaffRequest, rule_id: int) -> HttpResponse:
    """Switch a rule on or off."""
    rule, is_on = get_object_or_404(Rule, pk=rule_id), request.POST.get("to") == "on"
    try:
        ruling.switch(rule_id=rule.pk, is_on=is_on, by=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("campaigns:rule-detail", rule.pk)


@require_http_methods(["GET", "POST"])
@permission_required("campaigns.add_rule", raise_exception=True)
def rule_new(request: StaffRequest) -> HttpResponse:
    """Write a rule; it is kept switched off, to be tried first."""
    form, page = RuleForm(request.POST or None), _Page(request)
    if page.is_saved(form):
        wanted = form.wanted(page.lines, page.terms)
        made = _tried(
            form, lambda: ruling.create(wanted=wanted, is_on=False, by=request.user, now=timezone.now())
        )  # fmt: skip
        if made:
            return redirect("campaigns:rule-detail", made.pk)
    return page.render("campaigns/rule_form.html", page.unjudged(form, RuleForm))


@require_http_methods(["GET", "POST"])
@permission_required("campaigns.change_rule", raise_exception=True)
def rule_change(request: StaffRequest, rule_id: int) -> HttpResponse:
    """Let a rule say something else; what it said is kept in its history."""
    rule = get_object_or_404(Rule, pk=rule_id)
    newest = rule.versions.order_by("-number")[0]
    stored = _taken_apart(newest.condition, newest.terms)
    if stored is None:
        messages.error(request, _TOO_DEEP)
        return redirect("campaigns:rule-detail", rule.pk)
    form = RuleForm(request.POST or None, initial=rule_initial(newest) | stored.joins)
    page = _Page(request, stored)
    if page.is_saved(form):
        wanted = form.wanted(page.lines, page.terms)
        if _tried(
            form,
            lambda: ruling.change(rule_id=rule.pk, wanted=wanted, by=request.user, now=timezone.now()),
        ):  # fmt: skip
            return redirect("campaigns:rule-detail", rule.pk)
    return page.render("campaigns/rule_form.html", page.unjudged(form, RuleForm), newest)


# --- offers ---------------------------------------------------------------------------------------


@require_GET
@permission_required("campaigns.view_offer", raise_exception=True)
def offer_list(request: StaffRequest) -> HttpResponse:
    """List the offers, each with what it is about."""
    context = {"rows": offer_rows(timezone.now())}
    return render(request, "campaigns/offer_list.html", context)


@require_http_methods(["GET", "POST"])
@permission_required("campaigns.view_offer", raise_exception=True)
def offer_detail(request: StaffRequest, offer_id: int) -> HttpResponse:
    """Show an offer and its history; posted to, for whom something of it would fit."""
    offer = get_object_or_404(Offer, pk=offer_id)
    now = timezone.now()
    rows = offer_history(offer, now)
    trial = None
    if request.method == "POST":
        trial = offer_trial(rows[0].version, now)
        _note(request, trial)
    context = {"offer": offer, "row": rows[0], "history": rows, "trial": trial, **_zone()}
    return render(request, "campaigns/offer_detail.html", context)


@require_POST
@permission_required("campaigns.change_offer", raise_exception=True)
def offer_switch(request: StaffRequest, offer_id: int) -> HttpResponse:
    """Switch an offer on or off."""
    offer, is_on = get_object_or_404(Offer, pk=offer_id), request.POST.get("to") == "on"
    try:
        offering.switch(offer_id=offer.pk, is_on=is_on, by=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("campaigns:offer-detail", offer.pk)


@require_http_methods(["GET", "POST"])
@permission_required("campaigns.add_offer", raise_exception=True)
def offer_new(request: StaffRequest) -> HttpResponse:
    """Write an offer; it is kept switched off, to be tried first."""
    form = OfferForm(request.POST or None, initial={"starts_at": timezone.now()})
    page = _Page(request, needs_line=False)
    if page.is_saved(form):
        wanted, stock = form.wanted(page.lines, page.terms), form.cleaned_data["stock"]
        made = _tried(
            form,
            lambda: offering.create(
                wanted=wanted, stock=stock, is_on=False, by=request.user, now=timezone.now()
            ),
        )
        if made:
            return redirect("campaigns:offer-detail", made.pk)
    return page.render("campaigns/offer_form.html", page.unjudged(form, OfferForm))


@require_http_methods(["GET", "POST"])
@permission_required("campaigns.change_offer", raise_exception=True)
def offer_change(request: StaffRequest, offer_id: int) -> HttpResponse:
    """Let an offer say something else; what it said is kept in its history."""
    offer = get_object_or_404(Offer, pk=offer_id)
    newest = offer.versions.select_related("offer").order_by("-number")[0]
    stored = _taken_apart(newest.condition, newest.terms)
    if stored is None:
        messages.error(request, _TOO_DEEP)
        return redirect("campaigns:offer-detail", offer.pk)
    form = OfferForm(request.POST or None, initial=offer_initial(newest) | stored.joins)
    page = _Page(request, stored, needs_line=False)
    if page.is_saved(form):
        wanted, stock = form.wanted(page.lines, page.terms), form.cleaned_data["stock"]
        if _tried(
            form,
            lambda: offering.change(
                offer_id=offer.pk, wanted=wanted, stock=stock, by=request.user, now=timezone.now()
            ),
        ):
            return redirect("campaigns:offer-detail", offer.pk)
    return page.render("campaigns/offer_form.html", page.unjudged(form, OfferForm), newest)


# --- what both share ------------------------------------------------------------------------------


class _Stored:
    """What stands, taken apart into lines."""

    def __init__(self, join: str, lines: Said, term_join: str, terms: Said) -> None:
        self.joins = {"join": join, "term_join": term_join}
        self.lines, self.terms = lines, terms


def _taken_apart(condition: Any, terms: Any) -> _Stored | None:
    whom = ("all", []) if condition is None else as_lines(conditions.read(condition))
    what = as_term_lines(product_terms.read(terms))
    return _Stored(*whom, *what) if whom and what else None


class _Page:
    """The page of a rule or offer as it is written: its lines about customers and about products."""

    def __init__(
        self, request: StaffRequest, stored: _Stored | None = None, *, needs_line: bool = True
    ) -> None:
        self.request, self._needs_line = request, needs_line
        vocabulary, known = whole_vocabulary(), traits()
        self.offered, self.offered_terms = offered(vocabulary), offered_terms(known)
        terms: LineSet[TermForm] = LineSet(
            lambda what, **kw: term_form(what, known, **kw),
            prefix="term", add="add-term", what="what-term", drop="drop-term",
        )  # fmt: skip
        is_first = stored is not None and request.method != "POST"
        self.lines = (
            lines_stored(stored.lines, vocabulary)
            if stored and is_first
            else lines_posted(request.POST, vocabulary)
        )
        self.terms = (
            terms.stored(stored.terms) if stored and is_first else terms.posted(request.POST)
        )

    def is_saved(self, form: forms.Form) -> bool:
        """Tell whether it is to be saved and nothing is wrong with it."""
        if "save" not in self.request.POST:
            return False
        valid = [one.is_valid() for one in (form, *self.lines, *self.terms)]
        if self._needs_line and not self.lines:
            form.add_error(None, _NO_LINE)
        if not self.terms:
            form.add_error(None, _NO_TERM)
        return all(valid) and not form.errors

    def unjudged(self, form: forms.Form, kind: type[forms.Form]) -> forms.Form:
        """While lines are added or dropped, what else was typed stays, and nothing is found wrong with it."""
        posted = self.request.POST
        if self.request.method == "GET" or "save" in posted:
            return form
        several = {name: posted.getlist(name) for name in ("moments", "doors") if name in posted}
        return kind(initial=posted.dict() | several)

    def render(self, template: str, form: forms.Form, newest: Any = None) -> HttpResponse:
        goods = Product.objects.filter(kind=ProductKind.GOODS).exclude(name="")
        context = {
            "form": form,
            "lines": self.lines,
            "terms": self.terms,
            "offered": self.offered,
            "offered_terms": self.offered_terms,
            "may_add": len(self.lines) < MOST_LINES,
            "may_add_term": len(self.terms) < MOST_LINES,
            "newest": newest,
            "products": goods.order_by("name", "pk")[:PRODUCTS_OFFERED],
            **_zone(),
        }
        is_wrong = any(one.errors for one in (form, *self.lines, *self.terms))
        return render(self.request, template, context, status=422 if is_wrong else 200)


def _tried(form: forms.Form, write: Callable[[], Any]) -> Any:
    """Write it, or say on the form why not."""
    try:
        return write()
    except DomainError as error:
        where = error.data.get("where", "")
        form.add_error(where if where in form.fields else None, error.message)
    return None


def _note(request: StaffRequest, trial: RuleTrial | OfferTrial) -> None:
    shown = [one.customer_id for one in trial.examples]
    note_shown(request, *shown, found=trial.tried)


def _zone() -> Mapping[str, Any]:
    return {"zone": company_zone()}
