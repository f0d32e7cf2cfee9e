"""The description of the REST API: as OpenAPI for machines, as a page for people; and what is no address."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

_METHODS = ("get", "post", "patch", "delete")


@dataclass(frozen=True)
class Described:
    """One operation, as the page shows it; ``example`` is a body in JSON, "" for none."""

    key: str
    method: str
    path: str
    summary: str
    text: str
    fields: Sequence[tuple[str, str, str]]
    answers: Sequence[tuple[str, str]]
    curl: str


@dataclass(frozen=True)
class Topic:
    name: str
    operations: Sequence[Described]


@cache
def description() -> Mapping[str, Any]:
    """The whole description; made once."""
    made: Mapping[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return made


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """Answer with the description in OpenAPI 3.1."""
    return JsonResponse(description())


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show every operation, with an example."""
    context = {"topics": topics(), "description": description()["info"]["description"]}
    return render(request, "profiles/api_docs.html", context)


def unknown(request: HttpRequest, rest: str) -> HttpResponse:
    """Answer an address that there is not, in the form of the API."""
    body = {"code": "not_found", "message": "There is no such address.", "data": {}}
    return JsonResponse(body, status=404)


@cache
def topics() -> Sequence[Topic]:
    """Gather the operations by topic, in the order in which the topics first come."""
    found: dict[str, list[Described]] = {}
    for path, methods in description()["paths"].items():
        for method in _METHODS:
            if said := methods.get(method):
                found.setdefault(said["tags"][0], []).append(_described(path, method, said))
    return [Topic(name, operations) for name, operations in found.items()]


def _described(path: str, method: str, said: Mapping[str, Any]) -> Described:
    body = _body_of(said)
    return Described(
        key=said["operationId"],
        method=method.upper(),
        path=path,
        summary=said.get("summary", ""),
        text=said.get("description", ""),
        fields=[*_asked_in_address(said), *_fields(body)],
        answers=[(status, _words(one)) for status, one in sorted(said["responses"].items())],
        curl=_curl(path, method, _example(body) if body else None),
    )


def _body_of(said: Mapping[str, Any]) -> Mapping[str, Any] | None:
    content = said.get("requestBody", {}).get("content", {})
    shape = content.get("application/json", {}).get("schema")
    return _resolved(shape) if shape else None


def _resolved(shape: Mapping[str, Any]) -> Mapping[str, Any]:
    name = shape.get("$ref", "").rpartition("/")[2]
    found: Mapping[str, Any] = description()["components"]["schemas"][name] if name else shape
    return found


def _asked_in_address(said: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    for one in said.get("parameters", []):
        if one["in"] != "path":
            yield one["name"], _type(one["schema"]), one.get("description", "")


def _fields(body: Mapping[str, Any] | None) -> Iterable[tuple[str, str, str]]:
    if body is None:
        return
    for name, shape in body.get("properties", {}).items():
        needed = "" if name in body.get("required", []) else ", may be left out"
        yield name, _type(shape) + needed, shape.get("description", "")


def _type(shape: Mapping[str, Any]) -> str:
    if "enum" in shape:
        return " | ".join(str(one) for one in shape["enum"] if one not in ("", None))
    if "$ref" in shape:
        return "object"
    stated = shape.get("type", "any")
    kinds = [stated] if isinstance(stated, str) else [kind for kind in stated if kind != "null"]
    return str(shape.get("format") or " or ".join(kinds))


def _words(answer: Mapping[str, Any]) -> str:
    return str(answer.get("description") or "done")


_SAMPLES = {
    "uuid": "3f2b6c1e-7a54-4d0e-9c39-1f1d2b8f4a10",
    "date-time": "2026-03-10T07:05:00Z",
    "date": "2019-05-01",
    "ip": "198.51.100.7",
    "ipv4": "198.51.100.7",
    "decimal": "1",
    "integer": 1,
    "number": 1,
    "boolean": False,
    "object": {},
    "any": "tea",
}


def _example(body: Mapping[str, Any]) -> Any:
    """A body with what has to be in it, in values that look like what they are."""
    shapes = body.get("properties", {})
    named = body.get("required") or list(shapes)[:1]
    return {name: _sample(name, shapes[name]) for name in named}


def _sample(name: str, shape: Mapping[str, Any]) -> Any:
    shape = _resolved(shape)
    if "enum" in shape:
        return next(one for one in shape["enum"] if one)
    if shape.get("type") == "array":
        return [_sample(name, shape["items"])]
    if shape.get("properties"):
        return _example(shape)
    return _SAMPLES.get(_type(shape), _NAMED.get(name, "text"))


_NAMED = {
    "number": "K-1001",
    "purchase": "O-7",
    "product": "latte",
    "attribute": "newspaper",
    "language": "en",
    "q": "Dolores",
    "value": "dolores@example.com",
}


def _curl(path: str, method: str, body: Any) -> str:
    filled = path.replace("{public_id}", str(_SAMPLES["uuid"]))
    address = "/".join("1" if part.startswith("{") else part for part in filled.split("/"))
    words = ["curl", f"-X {method.upper()}"] if method != "get" else ["curl"]
    lines = [" ".join([*words, '-H "Authorization: Bearer $KEY"', f'"$SITE{address}"'])]
    if body is not None:
        text = json.dumps(body, ensure_ascii=False)
        lines += ['  -H "Content-Type: application/json"', f"  -d '{text}'"]
    return " \\\n".join(lines)
