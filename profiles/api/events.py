"""The doors of events, as clients of Segment and RudderStack knock at them.

Their contract, as measured: success is 200 and nothing else (a client of RudderStack sends again on 202 and
204, a redirect loses the body), every error is JSON with ``code`` and ``message``, and the answer comes before
anything is worked off. Addresses hold with and without their last slash.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import cache, wraps
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from kombu.exceptions import OperationalError as BrokerAway

from cxportal.lib.rates import RateLimit
from profiles.api.authentication import is_bearer, stated_key
from profiles.api.bodies import Unacceptable, read_text
from profiles.models import ApiKey
from profiles.rules.events import SHORT, EventType
from profiles.rules.scopes import Scope, may_stand_in_the_open
from profiles.rules.storable import Malformed, read_json
from profiles.services import keys, receiving
from profiles.tasks import process_events

logger = logging.getLogger(__name__)
# As Segment documents it.
MOST_EVENTS = 2500
_BATCH = ("batch", "b")
View = Callable[..., HttpResponse]


def _door(*methods: str) -> Callable[[View], View]:
    """Open a view to other systems: any origin, no session, and JSON whatever happens."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "OPTIONS":
                return _open_to_browsers(HttpResponse(), request, methods)
            try:
                if request.method not in methods:
                    raise Unacceptable(405, "method_not_allowed", f"Use {' or '.join(methods)}.")
                answer = view(request, *args, **kwargs)
            except Exception as error:
                answer = _error(error)
            if answer.status_code == 405:
                answer["Allow"] = ", ".join(methods)
            return _open_to_browsers(answer, request, methods)

        return csrf_exempt(login_not_required(guarded))

    return decorate


def _error(error: Exception) -> HttpResponse:
    if isinstance(error, Unacceptable):
        body = {"code": error.code, "message": error.message}
        answer = JsonResponse(body, status=error.status)
        if error.status == 401:
            answer["WWW-Authenticate"] = 'Basic realm="events"'
        if isinstance(error, TooMany):
            answer["Retry-After"] = str(error.seconds)
        return answer
    # What an error says may hold what an event says: the log gets its kind alone.
    logger.error("events could not be taken: %s", type(error).__name__)
    if isinstance(error, OperationalError | InterfaceError):
        body = {"code": "unavailable", "message": "Try again in a moment. Nothing was stored."}
        return JsonResponse(body, status=503, headers={"Retry-After": "2"})
    body = {"code": "internal_error", "message": "Something went wrong. Nothing was stored."}
    return JsonResponse(body, status=500)


def _open_to_browsers(
    answer: HttpResponse, request: HttpRequest, methods: tuple[str, ...]
) -> HttpResponse:
    answer["Access-Control-Allow-Origin"] = "*"
    answer["Access-Control-Expose-Headers"] = "Retry-After"
    if request.method == "OPTIONS":
        asked = request.headers.get("Access-Control-Request-Headers", "")
        answer["Access-Control-Allow-Methods"] = ", ".join((*methods, "OPTIONS"))
        answer["Access-Control-Allow-Headers"] = asked or "Authorization, Content-Type"
        answer["Access-Control-Max-Age"] = "86400"
        answer["Vary"] = "Access-Control-Request-Headers"
    return answer


class TooMany(Unacceptable):
    """The key sent more than its share."""

    def __init__(self, seconds: int) -> None:
        super().__init__(429, "too_many_requests", f"Try again in {seconds} seconds.")
        self.seconds = seconds


# --- taking events --------------------------------------------------------------------------------


@_door("POST")
def take(request: HttpRequest, door: str) -> HttpResponse:
    """Take one event, or a batch of them."""
    key = _key_of_header(request)
    try:
        said = read_json(read_text(request))
        if not isinstance(said, dict):
            raise Unacceptable(400, "not_an_object", "Send one JSON object.")
        key = key or _key_of_body(request, said)
        events = _batch(said) if door in _BATCH else [_single(said, door)]
        _check_rate(key, len(events))
        receiving.receive(
            events=events,
            message_ids=[str(uuid4()) for _ in events],
            source=key.source,
            now=timezone.now(),
        )
    except (Malformed, RecursionError) as error:
        raise Unacceptable(400, "invalid_json", "The body is no JSON.") from error
    _ring()
    return JsonResponse({"success": True})


def _key_of_header(request: HttpRequest) -> ApiKey | None:
    """Check the key of the header before anything of the body is read.

    A Bearer token may be another authority's, and the key in the body.
    """
    secret = stated_key(request)
    if not secret:
        return None
    key = keys.verify(secret=secret, now=timezone.now())
    if key is None and is_bearer(request):
        return None
    return _allowed(key)


def _key_of_body(request: HttpRequest, said: dict[str, Any]) -> ApiKey:
    secret = said.get("writeKey")
    if not isinstance(secret, str) or not secret:
        return _allowed(None)
    return _allowed(keys.verify(secret=secret, now=timezone.now()))


def _allowed(key: ApiKey | None) -> ApiKey:
    if key is None:
        raise Unacceptable(401, "unauthorized", "Send a write key that holds.")
    if Scope.EVENTS not in key.scopes:
        raise Unacceptable(403, "forbidden", "This key may not hand in events.")
    return key


def _batch(said: dict[str, Any]) -> list[Any]:
    """Return the events of a batch; what it says for all of them goes into each."""
    events = said.get("batch")
    if not isinstance(events, list):
        raise Unacceptable(400, "batch_missing", "A batch needs a list of events.")
    if len(events) > MOST_EVENTS:
        raise Unacceptable(413, "too_many_events", f"Send at most {MOST_EVENTS} events at once.")
    shared = said["context"] if isinstance(said.get("context"), dict) else {}
    return [_completed(event, said, shared) for event in events]


def _completed(event: Any, said: dict[str, Any], shared: dict[str, Any]) -> Any:
    if not isinstance(event, dict):
        return event
    if shared:
        own = event["context"] if isinstance(event.get("context"), dict) else {}
        event["context"] = {**shared, **own}
    if said.get("sentAt"):
        event["sentAt"] = said["sentAt"]
    return event


def _single(said: dict[str, Any], door: str) -> dict[str, Any]:
    return said | {"type": str(SHORT.get(door) or EventType(door))}


@cache
def _limit(per_second: int) -> RateLimit:
    burst = max(MOST_EVENTS, 2 * per_second)
    return RateLimit("events", per_second=per_second, burst=burst, ahead=burst / 40)


def _check_rate(key: ApiKey, events: int) -> None:
    limit = _limit(settings.EVENTS_PER_SECOND)
    seconds = limit.wait_seconds(str(key.pk), cost=max(1, events), now=timezone.now())
    if seconds:
        raise TooMany(seconds)


# The bell need not ring for each request: whoever it wakes works until nothing waits.
_RING_EVERY_SECONDS = 0.5
_AFTER_FAILURE_SECONDS = 30.0
_next_ring_at = [0.0]


def _ring() -> None:
    """Wake a worker; with the broker away, the next tick finds the events, and no request waits for it."""
    now = time.monotonic()
    if now < _next_ring_at[0]:
        return
    _next_ring_at[0] = now + _RING_EVERY_SECONDS
    try:
        process_events.apply_async(retry=False, expires=10)
    except (BrokerAway, OSError):
        _next_ring_at[0] = now + _AFTER_FAILURE_SECONDS


# --- what clients ask for -------------------------------------------------------------------------


@_door("GET", "HEAD")
def project_settings(request: HttpRequest, write_key: str) -> HttpResponse:
    """Tell the browser's client where to send events. Keys that are secrets have no business here."""
    key = keys.verify(secret=write_key, now=timezone.now())
    if key is None or not may_stand_in_the_open(key.scopes):
        raise Unacceptable(404, "not_found", "There is no such project.")
    return JsonResponse(
        {
            "integrations": {
                "Segment.io": {
                    "apiKey": write_key,
                    "apiHost": f"{request.get_host()}/v1",
                    "protocol": request.scheme,
                    "bundlingStatus": "bundled",
                    "unbundledIntegrations": [],
                    "addBundledMetadata": False,
                    "maybeBundledConfigIds": {},
                    "versionSettings": {"componentTypes": ["browser"]},
                }
            },
            "plan": {"track": {"__default": {"enabled": True, "integrations": {}}}},
            "edgeFunction": {},
            "analyticsNextEnabled": True,
            "middlewareSettings": {},
            "enabledMiddleware": {},
            "metrics": {"sampleRate": 0},
            "legacyVideoPluginsEnabled": False,
            "remotePlugins": [],
            "autoInstrumentationSettings": {"sampleRate": 0},
        },
        headers={"Cache-Control": "public, max-age=60"},
    )


@_door("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
def unknown(request: HttpRequest, rest: str) -> HttpResponse:
    """Answer what is no door."""
    raise Unacceptable(404, "not_found", "There is nothing at this address.")
