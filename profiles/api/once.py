"""The header ``Idempotency-Key``: a request that creates something may be sent again and does nothing twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from cxportal.lib.api import Refusal
from profiles.models import ApiKey
from profiles.services import repeating
from profiles.services.repeating import Answered

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST = 200
Handler = Callable[..., Response]


def once(handler: Handler) -> Handler:
    """Let a POST be repeated under its ``Idempotency-Key``; without one it is answered as it is.

    Only what succeeded is kept: a refusal changed nothing, and is decided anew.
    """

    @wraps(handler)
    def answered(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER, "")
        if not key:
            return handler(view, request, *args, **kwargs)
        if len(key) > LONGEST or not key.isascii() or not key.isprintable():
            message = f"{HEADER}: at most {LONGEST} printable ASCII characters."
            raise Refusal(400, "idempotency_key_malformed", message)
        api_key = request.auth
        assert isinstance(api_key, ApiKey)  # the permission lets nobody else in

        def perform() -> Answered:
            given = handler(view, request, *args, **kwargs)
            return Answered(given.status_code, json.loads(JSONRenderer().render(given.data)))

        try:
            answer = repeating.answer_once(
                api_key=api_key,
                key=key,
                digest=_digest(request),
                perform=perform,
                now=timezone.now(),
            )
        except repeating.KeyReused as error:
            raise Refusal(422, error.code, error.message) from error
        if answer.is_repeated:
            view.saw_again(answer.body)
        headers = {REPLAYED: "true"} if answer.is_repeated else {}
        return Response(answer.body, status=answer.status, headers=headers)

    answered.is_once = True  # type: ignore[attr-defined]
    return answered


def _digest(request: Request) -> str:
    """Hash what is asked: the same JSON is the same request, however it is spaced."""
    said = json.dumps(request.data, sort_keys=True)
    return hashlib.sha256(f"{request.method} {request.path}\n{said}".encode()).hexdigest()
