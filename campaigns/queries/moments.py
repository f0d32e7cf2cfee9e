"""Every moment that can be seen now: those that apps register, and those that stand in rows.

The one way to a moment by its key. Rows are read once for everything that is asked inside ``moments_kept``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from cxportal.lib.registry import Moment, registry

Moments = Mapping[str, Moment]


class _Kept:
    """What was read, once it was asked for."""

    moments: Moments | None = None


_kept: ContextVar[_Kept | None] = ContextVar("moments", default=None)


@contextmanager
def moments_kept() -> Iterator[None]:
    """Read the rows at most once inside, and anew for each such block."""
    token = _kept.set(_Kept())
    try:
        yield
    finally:
        _kept.reset(token)


def known_moments() -> Moments:
    """Return every moment by its key, the registered ones first."""
    kept = _kept.get()
    if kept is None:
        return _read()
    if kept.moments is None:
        kept.moments = _read()
    return kept.moments


def moment_of(kind: str) -> Moment | None:
    """Return one moment; nothing is read for one that is registered, or whose key no source could have."""
    sources = registry.moment_sources.values()
    if kind in registry.moments or not any(kind.startswith(source.prefix) for source in sources):
        return registry.moments.get(kind)
    return known_moments().get(kind)


def _read() -> Moments:
    read = {
        moment.key: moment
        for source in registry.moment_sources.values()
        for moment in source.load()
    }
    return registry.moments | read
