"""What holds for every request, so that no page can forget it."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.utils.cache import add_never_cache_headers

Answering = Callable[[HttpRequest], HttpResponseBase]


def never_stored(get_response: Answering) -> Answering:
    """Middleware: no browser and no proxy keeps a page; the next to log in must not find it by "back"."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        answer = get_response(request)
        add_never_cache_headers(answer)
        return answer

    return middleware


def nothing_with_nul(get_response: Answering) -> Answering:
    """Middleware: an address with a NUL leads nowhere; no column of text could hold what it asks for."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        query = request.META.get("QUERY_STRING", "")
        if "\0" in request.path_info or b"\0" in unquote_to_bytes(query):
            raise Http404
        return get_response(request)

    return middleware


class LoginRequired(LoginRequiredMiddleware):
    """Remembers over a log-in which page was asked for, and not what was searched for on it.

    A query may hold a name or an address, which would stand in the address of the log-in page too.
    """

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseRedirect:
        return redirect_to_login(
            request.path, self.get_login_url(view_func), self.get_redirect_field_name(view_func)
        )
