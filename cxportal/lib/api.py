"""One shape for every error of the API: ``{code, message, data}``."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from typing import Any

from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_handler

from cxportal.lib.errors import DomainError

logger = logging.getLogger(__name__)


class Refusal(exceptions.APIException):
    """A request that an interface refuses by itself: with the status and code of its answer."""

    def __init__(
        self, status: int, code: str, message: str, *, data: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message, code)
        self.status_code = status
        self.code = code
        self.message = message
        self.data = dict(data or {})


def exception_handler(error: Exception, context: dict[str, Any]) -> Response:
    """Translate what a request ran into; what nobody foresaw is a 500, and its kind is logged."""
    if isinstance(error, DomainError):
        return _answer(409, error.code, error.message, error.data)
    answer = drf_handler(error, context)
    if answer is None:
        return _unforeseen(error, context)
    kept = {name: answer[name] for name in ("WWW-Authenticate", "Retry-After") if name in answer}
    if isinstance(error, Refusal):
        return _answer(error.status_code, error.code, error.message, error.data, kept)
    code = error.default_code if isinstance(error, exceptions.APIException) else "not_found"
    data = answer.data if isinstance(error, exceptions.ValidationError) else {}
    message = "Invalid input." if data else str(error) or "Not found."
    return _answer(answer.status_code, code, message, data, kept)


def _unforeseen(error: Exception, context: Mapping[str, Any]) -> Response:
    # What an error says may hold what a person says: the log gets its kind and place alone.
    place = traceback.extract_tb(error.__traceback__)[-1]
    door = type(context.get("view")).__name__
    logger.error("%s: %s at %s:%s", door, type(error).__name__, place.filename, place.lineno)
    return _answer(500, "internal_error", "Something went wrong. Nothing was stored.", {})


def _answer(
    status: int, code: str, message: str, data: Any, headers: Mapping[str, str] | None = None
) -> Response:
    body = {"code": code, "message": message, "data": data}
    return Response(body, status=status, headers=dict(headers or {}))
