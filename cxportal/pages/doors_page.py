"""The doors that people come in by themselves: the QR code of each store, and the checkouts of shops."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import segno
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET, require_http_methods

from cxportal.lib.errors import DomainError
from cxportal.lib.http import StaffRequest
from cxportal.lib.links import absolute
from cxportal.pages.access import Role, role_of, role_required
from profiles.models import Place, Source
from profiles.rules.names import SourceKind
from profiles.services import checkouts, joining

ROLES = (Role.ADMINISTRATOR, Role.MANAGER)


@dataclass(frozen=True)
class Shop:
    """A shop's checkout: from where it may ask, and the one tag it embeds."""

    code: str
    name: str
    origins: Sequence[str]
    tag: str
    url: str

    @property
    def origin_lines(self) -> str:
        return "\n".join(self.origins)


class ShopForm(forms.Form):
    use_required_attribute = False
    name = forms.CharField(max_length=120)
    code = forms.SlugField(
        max_length=20, help_text="Short, in the shop’s pages: web-shop. It stays as it is."
    )
    origins = forms.CharField(
        label="Pages that may ask",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text="One origin a line, such as https://shop.example.com. Empty: it may not ask.",
    )


@require_http_methods(["GET", "POST"])
@role_required(*ROLES)
def doors(request: StaffRequest) -> HttpResponse:
    """Show the doors; administrators open and change the checkouts."""
    may_change = role_of(request.user) is Role.ADMINISTRATOR
    if request.method != "POST":
        return _page(request, ShopForm(), may_change)
    if not may_change:
        return HttpResponse(status=403)
    form = ShopForm(request.POST)
    if form.is_valid() and _saved(request, form):
        messages.success(request, "Saved.")
        return redirect(reverse("settings-doors") + "#checkouts")
    return _page(request, form, may_change, status=422)


@require_GET
@role_required(*ROLES)
def qr_sheet(request: StaffRequest, place_id: int) -> HttpResponse:
    """One sheet to print: the code of a store with a line of words."""
    place = get_object_or_404(Place, pk=place_id)
    context = {"place": place, "url": _sign_up(place), "qr": _qr(_sign_up(place))}
    return render(request, "cxportal/qr_sheet.html", context)


def _saved(request: StaffRequest, form: ShopForm) -> bool:
    known = Source.objects.filter(code=form.cleaned_data["code"], kind=SourceKind.PAGE).first()
    # One that asks no more is opened again by its code; one that still asks is another shop's.
    is_shut = known is not None and not known.origins and known.code != joining.SIGN_UP
    try:
        checkouts.settle_checkout(
            source=known if is_shut or "change" in request.POST else None,
            code=form.cleaned_data["code"],
            name=form.cleaned_data["name"],
            origins=form.cleaned_data["origins"].split(),
            by=request.user,
            now=timezone.now(),
        )
    except DomainError as error:
        field = "origins" if isinstance(error, checkouts.OriginMalformed) else "code"
        form.add_error(field, error.message)
        return False
    return True


def _page(
    request: StaffRequest, form: ShopForm, may_change: bool, *, status: int = 200
) -> HttpResponse:
    stores = [(place, _sign_up(place), _qr(_sign_up(place))) for place in _places()]
    context: dict[str, Any] = {
        "stores": stores,
        "shops": _shops(),
        "form": form,
        "is_refused": status != 200,
        "may_change": may_change,
    }
    return render(request, "cxportal/doors.html", context, status=status)


def _places() -> Sequence[Place]:
    return list(Place.objects.order_by("kind", "name", "pk"))


def _shops() -> Sequence[Shop]:
    sources = Source.objects.exclude(origins=[]).order_by("name", "pk")
    return [
        Shop(
            source.code,
            source.name,
            source.origins,
            _tag(source),
            absolute("checkout", source.code),
        )
        for source in sources
    ]


def _tag(source: Source) -> str:
    script = settings.SITE_URL + static("js/consent.js")
    return f'<script src="{script}" data-shop="{source.code}" async></script>'


def _sign_up(place: Place) -> str:
    return absolute("sign-up", place.code)


def _qr(url: str) -> SafeString:
    """Draw the code as SVG, as large as its place; of our own address, so nothing in it needs escaping."""
    drawn = io.BytesIO()
    segno.make_qr(url, error="m").save(
        drawn, kind="svg", border=4, xmldecl=False, omitsize=True, dark="#000", light="#fff"
    )
    return mark_safe(drawn.getvalue().decode())
