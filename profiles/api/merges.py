"""Who is the same person, over the API: joined, undone, kept apart."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from profiles.api.once import once
from profiles.api.operations import Operation, not_found, shown
from profiles.models import Profile, ProfileEdge
from profiles.rules.identity import UNNUMBERED
from profiles.rules.names import EdgeKind
from profiles.services import merging

_RULE = "api"


class EndOutput(serializers.Serializer[Any]):
    """One of the two records, and whose it is now."""

    customer = serializers.UUIDField()
    source = serializers.CharField(  # type: ignore[assignment]
    )
    number = serializers.CharField(allow_blank=True)


class EdgeOutput(serializers.Serializer[Any]):
    """Two records are the same person, or are not, whatever a rule says."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=[str(kind) for kind in EdgeKind])
    ends = EndOutput(many=True)
    rule = serializers.CharField(help_text="email, phone, alias, person, duplicate, undo, api …")
    evidence = serializers.DictField()
    made_at = serializers.DateTimeField()
    made_by = serializers.CharField()
    removed_at = serializers.DateTimeField(allow_null=True)
    removed_by = serializers.CharField()


class EdgesOutput(serializers.Serializer[Any]):
    """Oldest first, also those that were undone."""

    items = EdgeOutput(many=True)


class TwoInput(serializers.Serializer[Any]):
    """Two customers."""

    one = serializers.UUIDField()
    other = serializers.UUIDField()


class UndoInput(serializers.Serializer[Any]):
    whole_way = serializers.BooleanField(
        default=False, help_text="undo other merges with it that join the two as well"
    )


class MergesView(Operation):
    """List what joins the records of a customer, and from whom they are kept apart."""

    topic = "merges"

    @extend_schema(responses=EdgesOutput)
    def get(self, request: Request, public_id: UUID) -> Response:
        customer = self.customer(public_id)
        profiles = Profile.objects.filter(customer=customer).values("pk")
        edges = _edges().filter(Q(low__in=profiles) | Q(high__in=profiles))
        found = list(edges.order_by("made_at", "pk"))
        self.saw(*(end.customer_id for edge in found for end in (edge.low, edge.high)))
        return shown(EdgesOutput, {"items": [_edge(edge) for edge in found]})


class _OfTwo(Operation):
    topic = "merges"

    def profiles(self, request: Request) -> tuple[Profile, Profile]:
        """A record of each of the two customers."""
        asked = self.read(TwoInput, request)
        one, other = self.customer(asked["one"]), self.customer(asked["other"])
        return self.profile_of(one), self.profile_of(other)

    def answer(self, edge: ProfileEdge, status: int = 200) -> Response:
        whole = _edges().get(pk=edge.pk)
        self.saw(whole.low.customer_id, whole.high.customer_id)
        return shown(EdgeOutput, _edge(whole), status=status)


class JoinView(_OfTwo):
    """Make two customers one. It loses nothing and can be undone."""

    @extend_schema(request=TwoInput, responses={201: EdgeOutput})
    @once
    def post(self, request: Request) -> Response:
        one, other = self.profiles(request)
        edge = merging.join(one=one, other=other, rule=_RULE, actor=self.actor, now=timezone.now())
        return self.answer(edge, 201)


class KeepApartView(_OfTwo):
    """Say that two customers are not the same person: no rule joins them. Repeatable."""

    @extend_schema(request=TwoInput, responses={201: EdgeOutput})
    @once
    def post(self, request: Request) -> Response:
        one, other = self.profiles(request)
        edge = merging.keep_apart(one=one, other=other, by=self.actor, now=timezone.now())
        return self.answer(edge, 201)


class UndoneMergeView(_OfTwo):
    """Undo a merge: every row goes back, and the two are kept apart. Of "kept apart", take it back.

    Answers with the edge that keeps them apart, or the one that was taken back.
    """

    @extend_schema(request=UndoInput, responses=EdgeOutput)
    @once
    def post(self, request: Request, edge_id: int) -> Response:
        asked, now = self.read(UndoInput, request), timezone.now()
        edge = ProfileEdge.objects.filter(pk=edge_id).first()
        if edge is None:
            raise not_found("There is no such merge.")
        if edge.kind == EdgeKind.APART:
            merging.take_back(edge=edge, by=self.actor, now=now)
            return self.answer(edge)
        apart = merging.part(edge=edge, by=self.actor, now=now, whole_way=asked["whole_way"])
        return self.answer(apart)


def _edges() -> Any:
    return ProfileEdge.objects.select_related(
        "low__customer", "low__source", "high__customer", "high__source"
    )


def _edge(edge: ProfileEdge) -> dict[str, Any]:
    return {
        "id": edge.pk,
        "kind": edge.kind,
        "ends": [_end(edge.low), _end(edge.high)],
        "rule": edge.rule,
        "evidence": edge.evidence,
        "made_at": edge.made_at,
        "made_by": edge.actor,
        "removed_at": edge.removed_at,
        "removed_by": edge.removed_by,
    }


def _end(profile: Profile) -> dict[str, Any]:
    is_numbered = not profile.external_id.startswith(UNNUMBERED)
    return {
        "customer": profile.customer.public_id,
        "source": profile.source.code,
        "number": profile.external_id if is_numbered else "",
    }
