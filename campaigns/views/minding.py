"""Who would mind least: staff ask it of a list of customers, and get a few names with reasons."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from campaigns.forms_minding import MindingForm, weighted
from campaigns.queries.minding import Criterion, criterion_of, least_minding, named_customers
from cxportal.lib.http import StaffRequest, note_shown
from profiles.forms_guards import MOST_LINES, LineForm, offered
from profiles.forms_lines import lines_posted
from profiles.models import Product
from profiles.queries.conditions import whole_vocabulary
from profiles.rules.conditions import Wrong
from profiles.rules.names import ProductKind

PRODUCTS_OFFERED = 300


@require_http_methods(["GET", "POST"])
@permission_required("profiles.view_customer", raise_exception=True)
@never_cache
def who_minds_least(request: StaffRequest) -> HttpResponse:
    """Rank the customers of a list; nothing is stored, and nobody is written to."""
    vocabulary = whole_vocabulary()
    is_judged = "save" in request.POST
    initial = {} if is_judged else request.POST.dict()
    form = MindingForm(request.POST if is_judged else None, request.FILES or None, initial=initial)
    lines = weighted(lines_posted(request.POST, vocabulary))
    context: dict[str, object] = {}
    if is_judged and all([form.is_valid(), *(line.is_valid() for line in lines)]):
        context = _answered(request, form, lines)
    goods = Product.objects.filter(kind=ProductKind.GOODS).exclude(name="")
    context |= {
        "form": form,
        "lines": lines,
        "offered": offered(vocabulary),
        "may_add": len(lines) < MOST_LINES,
        "products": goods.order_by("name", "pk")[:PRODUCTS_OFFERED],
    }
    is_wrong = form.errors or any(line.errors for line in lines)
    return render(request, "campaigns/minding.html", context, status=422 if is_wrong else 200)


def _answered(
    request: StaffRequest, form: MindingForm, lines: Sequence[LineForm]
) -> dict[str, object]:
    criteria = _criteria(form, lines)
    if criteria is None:
        return {}
    customers, nobody = named_customers(form.cleaned_data["named"])
    found = least_minding(
        customers=customers, criteria=criteria, most=form.cleaned_data["most"], now=timezone.now()
    )
    note_shown(request, *(one.customer_id for one in found.ranked), found=found.asked)
    return {"ranking": found, "nobody": nobody, "asks": form.cleaned_data["offer"]}


def _criteria(form: MindingForm, lines: Sequence[LineForm]) -> Sequence[Criterion] | None:
    """What speaks for it and against; None where something must not be asked, which the form then says."""
    found = []
    for line in lines:
        try:
            found.append(criterion_of(line.condition(), int(line.cleaned_data["weight"])))
        except Wrong as error:
            form.add_error(None, error.words)
    return None if form.errors else found
