"""What a customer is in the middle of: at a counter, arriving at a place, with something in the basket.

Each is an event of the last minutes. Names of events are those of the public e-commerce specification of
Segment; for places, what the makers of geofences and beacons call them ("Geofence Entered", "Beacon Ranged").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from profiles.rules.companions import companion_because
from profiles.rules.names import TouchpointKind
from profiles.rules.whereabouts import is_about_a_place

# For so long after the event the customer is taken to be there still, and awake. Ours: no source sets it.
VALID = timedelta(minutes=30)
# The chance that a word helps whoever is in the middle of it. Priors of ours until the control group says more:
# who stands at the counter talks to us anyway, who walks by may be going elsewhere, and a basket that is being
# filled is bought about as often as not.
VISIT_LIKELIHOOD, ARRIVAL_LIKELIHOOD, BASKET_LIKELIHOOD = 0.5, 0.5, 0.5

ADDED, REMOVED = "product added", "product removed"
BASKET = (ADDED, REMOVED)
_COMING = re.compile(r"\b(enter(ed)?|arriv(ed|al)|check(ed)?[ _-]?in)\b", re.IGNORECASE)
_LEAVING = re.compile(r"\b(exit(ed)?|left|leav(e|ing)|lost|check(ed)?[ _-]?out)\b", re.IGNORECASE)


def says_where(kind: str, name: str) -> bool:
    """Tell whether an event that names a place says that somebody came there or went."""
    if kind == TouchpointKind.VISIT or is_about_a_place(name):
        return True
    return bool(_COMING.search(name) or _LEAVING.search(name))


def is_arrival(name: str) -> bool:
    """Tell whether an event says that somebody came to a place.

    >>> [is_arrival(name) for name in ("Geofence Entered", "Beacon Ranged", "Store Entered", "Checked In")]
    [True, True, True, True]
    >>> [is_arrival(name) for name in ("Geofence Exited", "Store Left", "Product Viewed")]
    [False, False, False]
    """
    is_coming = is_about_a_place(name) or _COMING.search(name) is not None
    return is_coming and not _LEAVING.search(name)


def is_at_hand(kind: str, name: str, *, has_place: bool) -> bool:
    """Tell whether an event should be decided about at once.

    >>> is_at_hand("track", "Product Added", has_place=False), is_at_hand("page", "Beans", has_place=True)
    (True, False)
    >>> is_at_hand("visit", "", has_place=True), is_at_hand("track", "Geofence Entered", has_place=False)
    (True, False)
    """
    if kind == TouchpointKind.VISIT or is_arrival(name):
        return has_place
    return kind == TouchpointKind.TRACK and name.casefold() in BASKET


def is_fresh(
    kind: str, name: str, age: timedelta, awaited: Mapping[str, timedelta], *, has_place: bool
) -> bool:
    """Tell whether an event should be decided about when it comes in: what is at hand, or is waited for by name.

    ``awaited`` says for how long an event of that name matters.

    >>> low = {"allowance low": timedelta(days=3)}
    >>> [is_fresh("track", "Allowance Low", timedelta(hours=h), low, has_place=False) for h in (5, 90, -1)]
    [True, False, False]
    """
    if age < timedelta(0):
        return False
    at_hand = age < VALID and is_at_hand(kind, name, has_place=has_place)
    return at_hand or age < awaited.get(name.lower(), timedelta(0))


class Put(NamedTuple):
    """Something put into a basket or taken out, by the code of the product."""

    name: str
    code: str
    at: datetime


def in_basket(events: Iterable[Put]) -> list[Put]:
    """Return what lies in a basket after these events, what was put in last first.

    >>> noon = datetime(2026, 3, 10, 12)
    >>> lettuce, mayonnaise = Put(ADDED, "L", noon), Put(ADDED, "M", noon + timedelta(minutes=1))
    >>> [one.code for one in in_basket([lettuce, mayonnaise])]
    ['M', 'L']
    >>> in_basket([lettuce, Put(REMOVED, "L", noon + timedelta(minutes=2))])
    []
    """
    basket: dict[str, Put] = {}
    for one in sorted(events, key=lambda event: event.at):
        basket.pop(one.code, None)
        if one.code and one.name == ADDED:
            basket[one.code] = one
    return list(basket.values())[::-1]


def place_because(facts: Mapping[str, Any], reader: str) -> str:
    """Say where somebody is, and since when.

    >>> place_because({"place": "Main Street", "at": "07:05"}, "staff")
    'the customer came to Main Street at 07:05'
    """
    who = "you" if reader == "customer" else "the customer"
    return f"{who} came to {facts['place']} at {facts['at']}"


def basket_because(facts: Mapping[str, Any], reader: str) -> str:
    """Say what somebody is about to buy, and how often what goes with it was bought with it.

    >>> basket_because({"basket": ["Lettuce", "Mayonnaise"]}, "customer")
    'Lettuce and Mayonnaise are in your basket'
    >>> known = {"companion": "Chicken", "beside": "Lettuce", "together": 41, "baskets": 300}
    >>> basket_because({"basket": ["Lettuce"], **known}, "staff")
    "Lettuce is in the customer's basket, and Chicken was bought together with Lettuce in 41 of 300 baskets"
    """
    whose = "your" if reader == "customer" else "the customer's"
    names = facts["basket"]
    listed = ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]
    said = f"{listed} {'are' if len(names) > 1 else 'is'} in {whose} basket"
    return f"{said}, and {companion_because(facts)}" if facts.get("companion") else said
