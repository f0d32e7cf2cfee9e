"""How often something may happen, counted in the cache: a brake on nuisance, no book-keeping."""

from __future__ import annotations

from django.core.cache import cache


def within(key: str, *, most: int, seconds: int) -> bool:
    """Count one more of ``key``; tell whether it is within ``most`` in the ``seconds`` since its first.

    With a cache of its own in every web process the limit holds for each of them.
    """
    name = f"limit:{key}"
    if cache.add(name, 1, seconds):
        return True
    try:
        return cache.incr(name) <= most
    except ValueError:  # it ran out in between
        cache.add(name, 1, seconds)
        return True
