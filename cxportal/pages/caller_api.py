"""The door of the call centre's system: it asks by number while the phone rings.

The number stands in the body: in an address it would be kept by every log on the way.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cxportal.pages.caller import who_is_calling
from profiles.api.operations import Operation, shown
from profiles.rules.scopes import Scope


class NumberInput(serializers.Serializer[Any]):
    number = serializers.CharField(max_length=40)


class ConnectOutput(serializers.Serializer[Any]):
    """Whom to connect; ``staff_id`` and ``place_id`` are 0 where it is neither."""

    desk = serializers.CharField()
    name = serializers.CharField()
    staff_id = serializers.IntegerField()
    place_id = serializers.IntegerField()


class CaseOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    about = serializers.CharField(source="label")
    priority = serializers.CharField()
    opened_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()


class CallerOutput(serializers.Serializer[Any]):
    """A customer of this number; ``household``: who else of our customers lives there."""

    customer = serializers.CharField(source="public_id")
    name = serializers.CharField()
    cases = CaseOutput(many=True)
    priority = serializers.CharField()
    connect = ConnectOutput()
    summary = serializers.CharField()
    household = serializers.ListField(child=serializers.CharField())


class AnswerOutput(serializers.Serializer[Any]):
    """Who calls; ``callers`` is empty for an unknown number, and has several for a number of many."""

    callers = CallerOutput(many=True)
    priority = serializers.CharField()
    connect = ConnectOutput()
    summary = serializers.CharField()


class CallersView(Operation):
    """Ask who is calling."""

    topic = "callers"
    only_reads = True
    scope = Scope.CALLERS

    @extend_schema(request=NumberInput, responses=AnswerOutput)
    def post(self, request: Request) -> Response:
        asked = self.read(NumberInput, request)
        answer = who_is_calling(number=asked["number"], now=timezone.now())
        self.saw(*(one.customer_id for one in answer.callers))
        return shown(AnswerOutput, answer)


CALLERS = login_not_required(CallersView.as_view())
