"""One shape for every error of the API: ``{code, message, data}``."""

from __future__ import annotations

from typing import Any

from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_handler

from cxportal.lib.errors import DomainError


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Translate domain errors and DRF's own; anything else stays a 500 and is logged."""
    if isinstance(error, DomainError):
        return _answer(409, error.code, error.message, error.data)
    answer = drf_handler(error, context)
    if answer is None:
        return None
    code = error.default_code if isinstance(error, exceptions.APIException) else "not_found"
    data = answer.data if isinstance(error, exceptions.ValidationError) else {}
    return _answer(answer.status_code, code, str(error) if not data else "Invalid input.", data)


def _answer(status: int, code: str, message: str, data: Any) -> Response:
    return Response({"code": code, "message": message, "data": data}, status=status)
