"""How often something may be done: buckets that fill up again with time, counted over all processes.

A bucket is one row of an unlogged table: the moment at which it will be full again. It outlives a restart of
whatever asks, and not a crash of the database; it guards against a client that runs wild, and is no book-keeping.
Source of the arithmetic: the generic cell rate algorithm (ITU-T I.371), which is a leaky bucket in one number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from django.db import connection
from django.utils.crypto import salted_hmac

# One statement for a request that may pass; two processes at once wait for each other at the row, briefly.
_TAKE = """
    INSERT INTO cxportal_rate AS r (key, full_at) VALUES (%(key)s, %(now)s + %(cost)s)
    ON CONFLICT (key) DO UPDATE SET full_at = GREATEST(r.full_at, %(now)s) + %(cost)s
    WHERE GREATEST(r.full_at, %(now)s) + %(needed)s <= %(now)s + %(burst)s
    RETURNING 1
"""


@dataclass(frozen=True)
class RateLimit:
    """Allow ``per_second`` of something for each key on average, and ``burst`` at once.

    ``name`` tells one limit's keys from another's. ``ahead``: a process that needs less than this takes so much
    more where it is there, and asks again when that is spent; for what comes too often to ask each time.
    """

    name: str
    per_second: float
    burst: float
    ahead: float = 0
    _in_hand: dict[str, float] = field(default_factory=dict, init=False, repr=False, compare=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    def wait_seconds(self, key: str, *, cost: float = 1, now: datetime) -> int:
        """Take ``cost`` from the bucket of ``key`` and return 0, or whole seconds to wait, taking nothing.

        What costs more than a whole bucket waits until it is full. Not for use inside a transaction: the row
        would stay locked until its end.
        """
        if cost <= self.ahead and self._is_in_hand(key, cost, now):
            return 0
        return self._take(key, cost, now)

    def _is_in_hand(self, key: str, cost: float, now: datetime) -> bool:
        """Pay from what this process took before, or takes now; False where that is too little."""
        if self._spent(key, cost):
            return True
        if self._take(key, cost + self.ahead, now):
            return False
        with self._lock:
            self._in_hand[key] = self._in_hand.get(key, 0) + self.ahead
        return True

    def _spent(self, key: str, cost: float) -> bool:
        with self._lock:
            left = self._in_hand.get(key, 0) - cost
            if left >= 0:
                self._in_hand[key] = left
        return left >= 0

    def _take(self, key: str, cost: float, now: datetime) -> int:
        needed, burst = self._lasts(min(cost, self.burst)), self._lasts(self.burst)
        params: dict[str, Any] = {
            "key": self._hidden(key),
            "now": now,
            "cost": self._lasts(cost),
            "needed": needed,
            "burst": burst,
        }
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, params)
            if cursor.fetchone():
                return 0
            cursor.execute("SELECT full_at FROM cxportal_rate WHERE key = %(key)s", params)
            row = cursor.fetchone()
        full_at: datetime = row[0] if row else now  # it was swept away in between
        return max(1, math.ceil((full_at + needed - burst - now).total_seconds()))

    def _lasts(self, amount: float) -> timedelta:
        """How long it takes to fill up so much; rounded down, so that a whole bucket always fits."""
        return timedelta(microseconds=int(amount / self.per_second * 1_000_000))

    def _hidden(self, key: str) -> bytes:
        """A key may be somebody's address, which no table shall hold for this."""
        return salted_hmac(f"rate.{self.name}", key, algorithm="sha256").digest()[:16]


def sweep(*, now: datetime) -> int:
    """Delete the buckets that are full again; return how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM cxportal_rate WHERE full_at <= %s", [now])
        return cursor.rowcount
