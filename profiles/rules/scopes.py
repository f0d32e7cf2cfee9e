"""What a key of another system may do."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Scope(StrEnum):
    """``events``: hand in events. ``read`` and ``write``: records of customers, by the REST API.

    ``callers:read``: ask who is calling, and nothing else. ``decisions``: ask what to say, hand in what was
    answered, and nothing else. ``products:read``: search the catalogue, which names no customer.
    """

    EVENTS = "events"
    READ = "read"
    WRITE = "write"
    CALLERS = "callers:read"
    DECISIONS = "decisions"
    PRODUCTS = "products:read"


SCOPE_IN_WORDS: dict[str, str] = {
    Scope.EVENTS: "hand in events",
    Scope.READ: "read records of customers",
    Scope.WRITE: "change records of customers",
    Scope.CALLERS: "ask who is calling",
    Scope.DECISIONS: "ask what to say, and hand in answers",
    Scope.PRODUCTS: "search products",
}


def may_stand_in_the_open(scopes: Iterable[str]) -> bool:
    """Tell whether a key with these scopes is no secret, such as a browser's write key.

    >>> may_stand_in_the_open(["events", "products:read"]), may_stand_in_the_open(["events", "read"])
    (True, False)
    """
    return set() < set(scopes) <= {Scope.EVENTS, Scope.PRODUCTS}
