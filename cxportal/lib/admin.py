"""What the data pages share: rows that nobody edits, links, and a looser content policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib.admin import ShowFacets
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, TabularInline
from unfold.views import ChangeList

# The admin's scripts are Alpine components, which are evaluated from attributes, and its widgets
# set styles of their own. Still nothing inline and nothing from elsewhere.
DATA_POLICY = {
    "script-src": ["'self'", "'unsafe-eval'"],
    "style-src": ["'self'", "'unsafe-inline'"],
    "style-src-attr": ["'unsafe-inline'"],
}


def data_policy(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: loosen the content policy for the admin, and for nothing else."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        answer = get_response(request)
        if request.resolver_match and "admin" in request.resolver_match.app_names:
            answer._csp_update = DATA_POLICY  # type: ignore[attr-defined]
        return answer

    return middleware


class ReadOnlyMixin:
    """Rows that rules own: shown to whoever may view them, changed by nobody."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ShownList(ChangeList):
    """A list that offers all of its rows only where it was narrowed, since else they are all there."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not (self.query or self.has_active_filters):
            self.full_result_count = self.result_count


class ReadOnlyAdmin(ReadOnlyMixin, ModelAdmin):
    """A large table of rows that rules own: never counted in full, never changed here."""

    show_full_result_count = False
    list_per_page = 50
    list_filter_submit = False
    actions: ClassVar[Sequence[str] | None] = None
    show_facets = ShowFacets.NEVER

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ShownList


class ReadOnlyInline(ReadOnlyMixin, TabularInline):
    """Parts of such a row."""

    extra = 0
    can_delete = False
    hide_title = True

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """All of them, also those that no form could hold."""
        return tuple(self.fields or ())


def list_url(model: str, **filters: Any) -> str:
    """Address of another model's list (``"profiles.habit"``), narrowed to some rows.

    >>> list_url("profiles.habit", customer=7)
    '/data/profiles/habit/?customer=7'
    """
    app, name = model.split(".")
    query = f"?{urlencode(filters, doseq=True)}" if filters else ""
    return reverse(f"admin:{app}_{name}_changelist") + query


def links(pairs: Iterable[tuple[str, str]]) -> SafeString:
    """Links with these labels and addresses, in one line."""
    link = '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>'
    return format_html_join(" · ", link, ((url, label) for label, url in pairs))
