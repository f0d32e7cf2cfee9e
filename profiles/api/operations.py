"""What every operation of the REST API shares: who may, how often, whose record it is, and the record of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.http.response import HttpResponseBase
from django.utils import timezone
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from cxportal.lib.api import Refusal
from cxportal.lib.errors import DomainError
from cxportal.lib.http import client_address
from cxportal.lib.rates import RateLimit
from profiles.api.authentication import ApiKeyAuthentication, Caller, needs_scope
from profiles.api.json_bodies import JsonBody
from profiles.models import ApiKey, Customer, Place, Profile, Source
from profiles.rules.names import AccessAct
from profiles.rules.scopes import Scope
from profiles.services import access

Shape = TypeVar("Shape", bound=serializers.Serializer[Any])
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class KeyRate(BaseThrottle):
    """So many requests a second for each key."""

    _seconds = 0

    def allow_request(self, request: Request, view: APIView) -> bool:
        key = str(request.auth.pk) if isinstance(request.auth, ApiKey) else ""
        limit = _limit(settings.API_REQUESTS_PER_SECOND)
        self._seconds = limit.wait_seconds(key, now=timezone.now())
        return not self._seconds

    def wait(self) -> float:
        return self._seconds


@cache
def _limit(per_second: int) -> RateLimit:
    return RateLimit("api", per_second=per_second, burst=4 * per_second)


class AlwaysJson(BaseContentNegotiation):
    """There is one form of an answer, whatever a client says that it would accept."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        said = request.content_type.partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == said), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class Operation(APIView):
    """An address of the REST API.

    GET needs the scope "read", everything else "write"; with ``only_reads`` a POST reads, too, and ``scope``
    asks for another one. Whom an operation names or shows is written down with its answer (``saw``), as looks
    of staff are. ``topic`` gathers operations in the description.
    """

    authentication_classes = (ApiKeyAuthentication,)
    throttle_classes = (KeyRate,)
    parser_classes = (JsonBody,)
    content_negotiation_class = AlwaysJson
    topic = "customers"
    only_reads = False
    scope: Scope | None = None
    act = AccessAct.LOOKED
    _seen: set[int]
    _found: int | None

    def get_permissions(self) -> Sequence[BasePermission]:
        is_reading = self.only_reads or self.request.method in _READING
        return [needs_scope(self.scope or (Scope.READ if is_reading else Scope.WRITE))()]

    @property
    def source(self) -> Source:
        """Where the rows of this key come from."""
        return self._caller.key.source

    @property
    def actor(self) -> str:
        return self._caller.actor

    @property
    def _caller(self) -> Caller:
        caller = self.request.user
        assert isinstance(caller, Caller)  # the permission lets nobody else in
        return caller

    # --- who looked at whom -----------------------------------------------------------------------

    def saw(self, *customer_ids: int, found: int | None = None) -> None:
        """Say whom the answer names; ``found``: how many a search had."""
        self._seen |= set(customer_ids)
        self._found = found if found is not None else self._found

    def saw_again(self, answer: Any) -> None:
        """Say whom an answer names that was given before."""
        named = answer.get("customer") or answer.get("id") if isinstance(answer, dict) else None
        asked = [str(one) for one in (self.kwargs.get("public_id"), named) if _is_uuid(one)]
        found = Customer.objects.filter(public_id__in=asked).select_related("merged_into")
        self.saw(*(customer.present.pk for customer in found))

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self._seen = set()
        self._found = None
        answer = super().dispatch(request, *args, **kwargs)
        if answer.status_code >= 400 or not (self._seen or self._found is not None):
            return answer
        try:
            self._write_down()
        except Exception as error:  # what cannot be written down is not shown
            answer = self.finalize_response(self.request, self.handle_exception(error))
        return answer

    def _write_down(self) -> None:
        changed = not self.only_reads and self.request.method not in _READING
        match = self.request.resolver_match
        access.record(
            actor=self.actor,
            act=AccessAct.CHANGED if changed else self.act,
            door=match.view_name if match else type(self).__name__,
            customer_ids=sorted(self._seen),
            detail="" if self._found is None else f"found {self._found}",
            ip_address=client_address(self.request._request),
            now=timezone.now(),
        )

    # --- reading what was asked -------------------------------------------------------------------

    def read(self, shape: type[Shape], request: Request) -> dict[str, Any]:
        """Return what the body says, or for GET the query."""
        said = request.query_params if request.method in _READING else request.data
        given = shape(data=said)
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)

    def customer(self, public_id: UUID) -> Customer:
        """Return the present customer of an id, with their home store; they are on record from here.

        Raises:
            Refusal: 404 for nobody, 410 for who was erased.
        """
        rows = Customer.objects.select_related("home_place", "merged_into__home_place")
        found = rows.filter(public_id=public_id).first()
        if found is None:
            raise not_found("There is no such customer.")
        if found.erased_at or found.present.erased_at:
            raise Refusal(410, "erased", "This customer was erased.")
        self.saw(found.present.pk)
        return found.present

    def profile_of(self, customer: Customer) -> Profile:
        """Return the profile that this key's rows belong to: its source's own, else the first."""
        profiles = list(customer.profiles.order_by("pk"))
        own = [profile for profile in profiles if profile.source_id == self.source.pk]
        if not profiles:
            raise Refusal(409, "profile_missing", "This customer has no profile.")
        return (own or profiles)[0]


def _is_uuid(value: Any) -> bool:
    try:
        return bool(UUID(str(value)))
    except ValueError:
        return False


@contextmanager
def absent(*unknown: type[DomainError]) -> Iterator[None]:
    """Answer 404 where the address names what a service does not know."""
    try:
        yield
    except unknown as error:
        raise not_found(error.message) from error


def not_found(message: str) -> Refusal:
    """What an address names is not there."""
    return Refusal(404, "not_found", message)


def place_of(code: str | None) -> Place | None:
    """Return the store or channel of a code, None for none.

    Raises:
        Refusal: 409, there is no such place.
    """
    if not code:
        return None
    place = Place.objects.filter(code=code).first()
    if place is None:
        raise Refusal(409, "place_unknown", "There is no store of that code.")
    return place


def shown(shape: type[serializers.Serializer[Any]], what: Any, *, status: int = 200) -> Response:
    """Answer with one thing; a mapping or an object."""
    return Response(shape(what).data, status=status)


def listed(
    shape: type[serializers.Serializer[Any]], what: Sequence[Any], next_: str | None
) -> Response:
    """Answer with a page: ``shape`` has ``items`` and ``next``."""
    page: Mapping[str, Any] = {"items": what, "next": next_}
    return Response(shape(page).data)
