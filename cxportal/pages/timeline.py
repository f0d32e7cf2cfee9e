"""The back-office's timeline of one customer: everything, newest first, with where it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from cxportal.lib.http import StaffRequest, render_page
from cxportal.pages.access import Role, role_required
from cxportal.pages.people import customer_or_404
from profiles.models import Source
from profiles.queries.company import company_zone
from profiles.queries.timeline import Filters, Happening, kinds, timeline
from profiles.rules.happenings import position_of

ROLES = (Role.MANAGER, Role.SUPERVISOR)
# How the component marks what a row is about.
_MARK = {
    "purchase": "purchase",
    "pickup": "purchase",
    "message": "message",
    "answer": "message",
    "case": "case",
    "survey": "case",
}


@dataclass(frozen=True)
class Line:
    """One happening as the page shows it; ``is_outside``: its link leads to another system."""

    mark: str
    when: str
    source: str
    title: str
    text: str
    href: str
    is_outside: bool


class FilterForm(forms.Form):
    """What is shown; days are those of the house, both included."""

    kind = forms.ChoiceField(label="What", required=False)
    source = forms.TypedChoiceField(
        label="From where", required=False, coerce=int, empty_value=None
    )
    since = forms.DateField(
        label="From",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    until = forms.DateField(
        label="To",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sources = Source.objects.order_by("name", "pk").values_list("pk", "name")
        self._offer("kind", [("", "everything"), *kinds()])
        self._offer("source", [("", "everywhere"), *sources])

    def _offer(self, name: str, choices: Sequence[tuple[Any, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        asked = self.cleaned_data
        if asked.get("since") and asked.get("until") and asked["since"] > asked["until"]:
            self.add_error("until", "Choose a day that is not before the first.")
        return asked


@require_GET
@role_required(*ROLES)
@never_cache
def customer_timeline(request: StaffRequest, customer_id: int) -> HttpResponse:
    """Show one page of the timeline, or its next rows where htmx asks for them."""
    customer = customer_or_404(pk=customer_id)
    if customer.pk != customer_id:
        return redirect("customer-timeline", customer.pk)
    zone, form = company_zone(), FilterForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    after = position_of(request.GET["after"]) if "after" in request.GET else None
    if "after" in request.GET and after is None:
        raise Http404
    page = timeline(customer.pk, filters=_filters(asked, zone), after=after)
    lines = [_line(one, zone, timezone.now()) for one in page.happenings]
    context = {
        "customer": customer,
        "form": form,
        "lines": lines,
        "earlier_url": _earlier(request, customer.pk, str(page.after)) if page.after else "",
        "is_later_page": after is not None,
        "zone": zone.key,
    }
    return render_page(request, "cxportal/timeline.html", context, part="lines")


def _filters(asked: dict[str, Any], zone: ZoneInfo) -> Filters:
    since, until = asked.get("since"), asked.get("until")
    return Filters(
        kind=asked.get("kind", ""),
        source_id=asked.get("source"),
        since=_midnight(since, zone) if since else None,
        until=_midnight(until + timedelta(days=1), zone) if until and until < date.max else None,
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), zone)


def _line(one: Happening, zone: ZoneInfo, now: datetime) -> Line:
    item = one.item
    return Line(
        mark=_MARK.get(one.kind, ""),
        when=_when(item.occurred_at, zone, now),
        source=item.source,
        title=item.title,
        text=item.text,
        href=item.href,
        is_outside=item.href.startswith("http"),
    )


def _when(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Name the moment by the house's clock; the year where it is another one."""
    try:
        local = at.astimezone(zone)
    except OverflowError:  # at either end of all time there is no other zone
        local = at
    return date_format(local, "D j M, H:i" if local.year == now.year else "D j M Y, H:i")


def _earlier(request: StaffRequest, customer_id: int, after: str) -> str:
    kept = {name: value for name, value in request.GET.items() if name in FilterForm.base_fields}
    return (
        f"{reverse('customer-timeline', args=[customer_id])}?{urlencode(kept | {'after': after})}"
    )
