"""The fence: a restored or copied database sends nothing until a person says so.

A database is known by its cluster, its own id and its recovery timeline. A dump restored elsewhere, a clone and a
recovery to a point in time each change one of them (PostgreSQL manual, pg_control_system, "Timelines");
without the fence yesterday's backup would send yesterday's messages again.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.contrib.auth.models import User
from django.db import connection, transaction

from campaigns.models import SendingPolicy
from campaigns.queries.policy import sending_policy
from cxportal.lib.history import record_change


def fingerprint() -> str:
    """Compute what tells this database from any copy of it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.system_identifier, d.oid, c.timeline_id FROM pg_control_system() s,"
            " pg_control_checkpoint() c, pg_database d WHERE d.datname = current_database()"
        )
        parts = cursor.fetchone()
    return hashlib.sha256(":".join(map(str, parts)).encode()).hexdigest()


def is_fenced() -> bool:
    """Tell whether this database is another than the one that was allowed to send."""
    return sending_policy().fingerprint != fingerprint()


def adopt(*, by: User, now: datetime) -> SendingPolicy:
    """Allow sending from this database: a person looked, and knows that no other copy sends."""
    with transaction.atomic():
        policy = _adopted()
        record_change(
            target=policy, words="sending from this database: fenced → allowed", by=by, now=now
        )
    return policy


def adopt_new_database() -> None:
    """Allow sending from a database that was never used: the first start, and nothing else."""
    with transaction.atomic():
        if not sending_policy().fingerprint:
            _adopted()


def _adopted() -> SendingPolicy:
    sending_policy()
    policy = SendingPolicy.objects.select_for_update().get(id=1)
    policy.fingerprint = fingerprint()
    policy.save(update_fields=["fingerprint"])
    return policy
