"""Answers once: a request that comes again under the same key gets the first answer, and does nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from cxportal.lib.errors import DomainError
from profiles.models import ApiKey, IdempotencyRecord


class KeyReused(DomainError):
    """The same key came before with another request."""

    code = "idempotency_key_reused"


class RequestUnderWay(DomainError):
    """The first request under this key is being answered at this moment."""

    code = "request_under_way"


@dataclass(frozen=True)
class Answered:
    """An answer as it was given; ``is_repeated``: at an earlier request."""

    status: int
    body: Any
    is_repeated: bool = False


def answer_once(
    *,
    api_key: ApiKey,
    key: str,
    digest: str,
    perform: Callable[[], Answered],
    now: datetime,
) -> Answered:
    """Answer a request, or return the answer that it got before; ``digest`` is that of the whole request.

    What is done and its answer are stored in one transaction: a process that dies leaves neither. What
    ``perform`` raises leaves nothing either, so that the request may be sent again under its key.

    Raises:
        KeyReused, RequestUnderWay: nothing was done.
    """
    with transaction.atomic():
        if not _held(f"{api_key.pk}:{key}"):
            raise RequestUnderWay("The same request is being answered. Try again in a moment.")
        before = IdempotencyRecord.objects.filter(api_key=api_key, key=key).first()
        if before is None:
            given = perform()
            IdempotencyRecord.objects.create(
                api_key=api_key,
                key=key,
                request_digest=digest,
                status=given.status,
                body=given.body,
                created_at=now,
            )
            return given
        if before.request_digest != digest:
            raise KeyReused("This key came before with another request. Choose a new one.")
        return Answered(before.status or 200, before.body, is_repeated=True)


def _held(name: str) -> bool:
    """Lock a name until this transaction is over, without waiting."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        return bool(cursor.fetchone()[0])
