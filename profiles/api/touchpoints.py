"""What happened with a customer, over the API: their touchpoints, and everything in one timeline."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from profiles.api.cursors import PageInput, cursor_of, newest_first, position
from profiles.api.fields import MomentField, NextField, PlaceField
from profiles.api.once import once
from profiles.api.operations import Operation, listed, place_of, shown
from profiles.models import Source, Touchpoint
from profiles.queries.timeline import Filters, kinds, timeline
from profiles.rules.happenings import origin_of
from profiles.rules.names import TouchpointKind
from profiles.services import touching

# Who somebody is, and to which group they belong, events say: they change more than the timeline.
_RECORDED = [
    str(kind)
    for kind in TouchpointKind
    if kind not in (TouchpointKind.IDENTIFY, TouchpointKind.GROUP)
]


class TouchpointInput(serializers.Serializer[Any]):
    """One thing that happened between the customer and us, other than a purchase."""

    kind = serializers.ChoiceField(choices=_RECORDED)
    name = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    data = serializers.DictField(  # type: ignore[assignment]
        required=False, default=dict, help_text="what else there is to say"
    )
    origin_url = serializers.CharField(
        max_length=500, required=False, default="", help_text="where it can be read in your system"
    )
    place = PlaceField(required=False, default=None)
    occurred_at = MomentField()

    def validate_origin_url(self, value: str) -> str:
        if value and not origin_of(value):
            raise serializers.ValidationError(
                "Write an address that begins with https:// or http://."
            )
        return value


class TouchpointOutput(serializers.Serializer[Any]):
    """A touchpoint as it is kept; without consent to location, without where it was."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=[str(kind) for kind in TouchpointKind])
    name = serializers.CharField()
    data = serializers.DictField(  # type: ignore[assignment]
    )
    origin_url = serializers.CharField()
    source = serializers.CharField(  # type: ignore[assignment]
        source="source.code"
    )
    place = serializers.CharField(source="place.code", default=None, allow_null=True)
    occurred_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()


class TouchpointsOutput(serializers.Serializer[Any]):
    items = TouchpointOutput(many=True)
    next = NextField()


class FilterInput(PageInput):
    """Which of them; ``since`` is included, ``until`` is not."""

    source = serializers.SlugField(  # type: ignore[assignment]
        max_length=60, required=False, help_text="code of the system"
    )
    since = MomentField(required=False)
    until = MomentField(required=False)


class TouchpointsInput(FilterInput):
    kind = serializers.ChoiceField(choices=[str(kind) for kind in TouchpointKind], required=False)


class TimelineInput(FilterInput):
    kind = serializers.CharField(
        max_length=20, required=False, help_text="such as purchase, touchpoint, consent, case"
    )


class HappeningOutput(serializers.Serializer[Any]):
    """Anything that happened, in plain words."""

    kind = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    source = serializers.CharField(  # type: ignore[assignment]
    )
    title = serializers.CharField()
    text = serializers.CharField()


class TimelineOutput(serializers.Serializer[Any]):
    items = HappeningOutput(many=True)
    next = NextField()


class TouchpointsView(Operation):
    topic = "touchpoints"

    @extend_schema(parameters=[TouchpointsInput], responses=TouchpointsOutput)
    def get(self, request: Request, public_id: UUID) -> Response:
        """List touchpoints, newest first."""
        asked = self.read(TouchpointsInput, request)
        customer = self.customer(public_id)
        rows = Touchpoint.objects.filter(customer=customer).select_related("source", "place")
        for name, column in _COLUMNS.items():
            if name in asked:
                rows = rows.filter(**{column: asked[name]})
        found, next_ = newest_first(rows, asked)
        return listed(TouchpointsOutput, found, next_)

    @extend_schema(request=TouchpointInput, responses={201: TouchpointOutput})
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Record a call, a visit, a note, a mention. Send an idempotency key: it is not numbered.

        Where the customer was is kept only with their consent to location; else it is left out.
        """
        asked = self.read(TouchpointInput, request)
        customer = self.customer(public_id)
        stored = touching.record_touchpoint(
            source=self.source,
            profile=self.profile_of(customer),
            touch=touching.Touch(
                kind=TouchpointKind(asked["kind"]),
                name=asked["name"],
                data=asked["data"],
                occurred_at=asked["occurred_at"],
                origin_url=asked["origin_url"],
                place=place_of(asked["place"]),
            ),
            now=timezone.now(),
        )
        return shown(TouchpointOutput, stored, status=201)


_COLUMNS = {
    "kind": "kind",
    "source": "source__code",
    "since": "occurred_at__gte",
    "until": "occurred_at__lt",
}


class TimelineView(Operation):
    """Read everything that happened with a customer, of all kinds, newest first, in plain words."""

    topic = "touchpoints"

    @extend_schema(parameters=[TimelineInput], responses=TimelineOutput)
    def get(self, request: Request, public_id: UUID) -> Response:
        asked = self.read(TimelineInput, request)
        after, filters = position(asked), _filters(asked)
        customer = self.customer(public_id)
        page = timeline(customer.pk, filters=filters, after=after, limit=asked["limit"])
        items = [
            {
                "kind": one.kind,
                "occurred_at": one.item.occurred_at,
                "source": one.item.source,
                "title": one.item.title,
                "text": one.item.text,
            }
            for one in page.happenings
        ]
        return listed(TimelineOutput, items, cursor_of(page.after) if page.after else None)


def _filters(asked: dict[str, Any]) -> Filters:
    known = [key for key, _ in kinds()]
    if asked.get("kind", known[0]) not in known:
        raise serializers.ValidationError({"kind": [f"Choose one of: {', '.join(known)}."]})
    source_id = None
    if "source" in asked:
        codes = Source.objects.filter(code=asked["source"])
        # No source has the key 0: of one that is not known, nothing came.
        source_id = codes.values_list("pk", flat=True).first() or 0
    return Filters(
        kind=asked.get("kind", ""),
        source_id=source_id,
        since=asked.get("since"),
        until=asked.get("until"),
    )
