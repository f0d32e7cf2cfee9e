"""How often something may be done: buckets that fill up again with time."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock


@dataclass
class _Bucket:
    level: float
    filled_at: float


class RateLimit:
    """Allow ``per_second`` of something for each key on average, and ``burst`` at once.

    Counts in this process alone: with several web processes a key may do as many times more. It guards
    against a client that runs wild, and is no account of use.
    """

    def __init__(self, *, per_second: float, burst: float, keys: int = 10_000) -> None:
        self._per_second = per_second
        self._burst = burst
        self._most_keys = keys
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = Lock()

    def wait_seconds(self, key: str, *, cost: float, at: float) -> int:
        """Take ``cost`` from the bucket of ``key`` and return 0, or whole seconds to wait, taking nothing.

        ``at`` is a monotonic clock's time. What costs more than a whole bucket waits until it is full.
        """
        with self._lock:
            bucket = self._buckets.pop(key, None) or _Bucket(self._burst, at)
            bucket.level = min(
                self._burst, bucket.level + (at - bucket.filled_at) * self._per_second
            )
            bucket.filled_at = at
            self._buckets[key] = bucket
            if len(self._buckets) > self._most_keys:
                self._buckets.popitem(last=False)
            missing = min(cost, self._burst) - bucket.level
            if missing > 0:
                return max(1, math.ceil(missing / self._per_second))
            bucket.level -= cost
            return 0
