"""Where somebody is: which parts of an event say so, and how it looks without them.

Kept only with the customer's consent; the rule asks the names of properties, not their values, and takes out
too much rather than too little.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

_NAMES = frozenset(
    """
    lat lng lon latitude longitude altitude coordinates coords geo geoip geohash geolocation gps
    location locationid locationname place placeid placecode placename store storeid storecode
    storename ip ipaddress
    """.split()
)
_BEGINNINGS = ("geofence", "beacon", "ibeacon", "location", "latitude", "longitude", "gps")
_NOT_LETTERS = re.compile(r"[^a-z]")
# An event whose very name is about a place says nothing without it.
_ABOUT_A_PLACE = re.compile(r"\b(geo[ _-]?fence|i?beacon|(geo[ _-]?)?location)", re.IGNORECASE)
# Where an order was placed is part of the order, as it is on a receipt.
_OF_AN_ORDER = frozenset("store storeid storecode storename place placeid placecode".split())
_PARTS = ("context", "properties", "traits")


def is_about_a_place(name: str) -> bool:
    """Tell whether an event is about nothing but a place.

    >>> is_about_a_place("Geofence Entered"), is_about_a_place("Product Viewed")
    (True, False)
    """
    return _ABOUT_A_PLACE.search(name) is not None


def says_where(payload: dict[str, Any], *, is_order: bool = False) -> bool:
    """Tell whether anything in an event says where somebody is."""
    kept = _OF_AN_ORDER if is_order else frozenset()
    return any(_finds(payload.get(part), kept) for part in _PARTS)


def without_whereabouts(payload: dict[str, Any], *, is_order: bool = False) -> dict[str, Any]:
    """Return the event without what says where somebody is.

    >>> without_whereabouts({"event": "Opened", "context": {"location": {"city": "Graz"}, "locale": "de"}})
    {'event': 'Opened', 'context': {'locale': 'de'}}
    """
    kept = _OF_AN_ORDER if is_order else frozenset()
    return {
        key: _stripped(value, kept) if key in _PARTS else value for key, value in payload.items()
    }


@lru_cache(maxsize=4096)
def _is_where(key: str, kept: frozenset[str]) -> bool:
    name = _NOT_LETTERS.sub("", key.lower())
    return name not in kept and (name in _NAMES or name.startswith(_BEGINNINGS))


def _finds(value: Any, kept: frozenset[str]) -> bool:
    if isinstance(value, dict):
        return any(_is_where(key, kept) or _finds(each, kept) for key, each in value.items())
    return isinstance(value, list) and any(_finds(each, kept) for each in value)


def _stripped(value: Any, kept: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {k: _stripped(v, kept) for k, v in value.items() if not _is_where(k, kept)}
    if isinstance(value, list):
        return [_stripped(each, kept) for each in value]
    return value
