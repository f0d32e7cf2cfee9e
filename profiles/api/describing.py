"""How the REST API is described in OpenAPI: by the docstrings and serializers of its operations."""

from __future__ import annotations

import re
from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")


class ErrorOutput(serializers.Serializer[Any]):
    """What every refusal looks like: a stable code, a sentence, and what else there is to know."""

    code = serializers.CharField()
    message = serializers.CharField()
    data = serializers.JSONField(  # type: ignore[assignment]
        help_text="of invalid input: what is wrong, by field"
    )


ERRORS = {
    "400": "the request cannot be read, or a value is not possible",
    "401": "no key, or one that does not hold",
    "403": "the key may not do this",
    "404": "what the address names is not there",
    "409": "what stands does not allow it; nothing was changed",
    "410": "the customer was erased",
    "413": "the body is larger than 1 MB",
    "415": "the body is not called application/json",
    "422": "the idempotency key came before with another request",
    "429": "too many requests; Retry-After says how many seconds to wait",
}


class Described(AutoSchema):
    """Adds to each operation its errors, its topic and, where it creates, the idempotency key."""

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "topic", "") or self.path.split("/")[3]]

    def get_operation_id(self) -> str:
        words = _WORDS.sub("_", type(self.view).__name__.removesuffix("View")).lower()
        return f"{self.method.lower()}_{words}"

    def get_summary(self) -> str:
        return self._said()[0]

    def get_description(self) -> str:  # type: ignore[override]
        return self._said()[1]

    def _said(self) -> tuple[str, str]:
        """The first sentence of the docstring, and the rest."""
        handler = getattr(self.view, self.method.lower())
        text = handler.__doc__ or type(self.view).__doc__ or ""
        first, _, rest = text.strip().partition("\n")
        return first.rstrip("."), " ".join(rest.split())

    def get_override_parameters(self) -> list[Any]:
        given = list(super().get_override_parameters())
        if self._is_once():
            given.append(
                OpenApiParameter(
                    "Idempotency-Key",
                    {"type": "string", "maxLength": 200, "pattern": "^[ -~]+$"},
                    OpenApiParameter.HEADER,
                    description="sent again with the same body: the first answer, and nothing done twice",
                )
            )
        return given

    def _is_once(self) -> bool:
        return getattr(getattr(self.view, self.method.lower()), "is_once", False)

    def _get_response_bodies(
        self, direction: Literal["request", "response"] = "response"
    ) -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status in self._refusals():
            refusal = OpenApiResponse(ErrorOutput, ERRORS[status])
            bodies.setdefault(status, self._get_response_for_code(refusal, status))
        return bodies

    def _refusals(self) -> list[str]:
        found = ["400", "401", "403", "404", "409", "429"]
        if "{public_id}" in self.path or "{decision_id}" in self.path:
            found.append("410")
        if self.method != "GET":
            found += ["413", "415"]
        if self._is_once():
            found.append("422")
        return found


class KeyScheme(OpenApiAuthenticationExtension):
    """``Authorization: Bearer KEY``."""

    target_class = "profiles.api.authentication.ApiKeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
