"""Products: searched and compared by what they are like, and described."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from cxportal.lib.errors import DomainError
from cxportal.lib.http import StaffRequest
from profiles.forms_products import DescriptionForm, SearchForm
from profiles.models import Product
from profiles.queries.product_terms import traits
from profiles.queries.products import Described, described, search
from profiles.rules.characteristics import Trait, said
from profiles.rules.conditions import Wrong
from profiles.rules.facts import value_in_words
from profiles.rules.names import ProductKind
from profiles.services import describing

MOST_SHOWN = 50
MOST_COMPARED = 5


@require_GET
@permission_required("profiles.view_product", raise_exception=True)
def product_list(request: StaffRequest) -> HttpResponse:
    """Search products by name, category and characteristics."""
    known = traits()
    form = SearchForm(known, request.GET or None)
    found = None
    asked: Mapping[str, str] = {}
    if not form.is_bound or form.is_valid():
        given = form.cleaned_data if form.is_bound else {}
        asked = form.asked() if form.is_bound else {}
        category = given.get("category")
        try:
            found = search(
                text=given.get("q", ""),
                category=category.name if category else "",
                asked=asked,
                most=MOST_SHOWN,
            )
        except Wrong as error:
            form.add_error(None, str(error))
    context = {
        "form": form,
        "rows": [_row(one, known) for one in found.products] if found else [],
        "total": found.total if found else 0,
        "is_narrowed": bool(asked or request.GET.get("q") or request.GET.get("category")),
        "has_traits": bool(known),
    }
    return render(request, "profiles/product_list.html", context, status=200 if found else 422)


def _row(one: Described, known: Mapping[str, Trait]) -> Mapping[str, Any]:
    words = [said(known[code], value) for code, value in one.values.items() if code in known]
    return {"product": one, "like": " · ".join(words)}


@require_GET
@permission_required("profiles.view_product", raise_exception=True)
def product_compare(request: StaffRequest) -> HttpResponse:
    """Lay some products side by side, a line for each characteristic that one of them has."""
    keys = [int(key) for key in request.GET.getlist("p") if key.isdecimal() and len(key) < 19]
    goods = Product.objects.filter(kind=ProductKind.GOODS, pk__in=keys).select_related("category")
    products = described(list(goods.order_by("name", "pk")[:MOST_COMPARED]))
    context = {
        "products": products,
        "lines": _lines(products),
        "is_cut": len(set(keys)) > MOST_COMPARED,
        "most": MOST_COMPARED,
    }
    return render(request, "profiles/product_compare.html", context)


def _lines(products: Sequence[Described]) -> Sequence[Mapping[str, Any]]:
    return [
        {
            "name": trait.name,
            "cells": [
                value_in_words(one.values[trait.code], trait.schema)
                if trait.code in one.values
                else "–"
                for one in products
            ],
        }
        for trait in traits().values()
        if any(trait.code in one.values for one in products)
    ]


@require_http_methods(["GET", "POST"])
@permission_required("profiles.view_product", raise_exception=True)
def product_detail(request: StaffRequest, product_id: int) -> HttpResponse:
    """Show what a product is like; whoever may change products says it here."""
    goods = Product.objects.filter(kind=ProductKind.GOODS).select_related("category")
    product = get_object_or_404(goods, pk=product_id)
    (one,) = described([product])
    known = traits()
    may_change = request.user.has_perm("profiles.change_product")
    form = DescriptionForm(known, one.values, request.POST or None)
    if request.method == "POST":
        if not may_change:
            return HttpResponse(status=403)
        if form.is_valid():
            try:
                describing.describe(product=product, values=form.cleaned_data)
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                messages.success(request, "Saved.")
                return redirect("profiles:product-detail", product.pk)
    context = {
        "product": one,
        "facts": [
            (known[code].name, value_in_words(value, known[code].schema))
            for code, value in one.values.items()
        ],
        "form": form,
        "may_change": may_change,
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "profiles/product_detail.html", context, status=status)
