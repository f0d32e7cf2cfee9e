"""Which profiles are one customer: the connected components over what joins them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


def settled(homes: Mapping[int, int], edges: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Return the customer of each profile.

    ``homes`` says with which customer a profile was made: profiles of one home belong together anyway.
    ``edges`` join two profiles. A component stands under the oldest of its homes, the one with the
    lowest key, so that the result depends on the edges alone and not on their order.

    >>> settled({1: 10, 2: 20, 3: 30, 4: 20}, [(1, 2)])
    {1: 10, 2: 10, 3: 30, 4: 10}
    """
    root = {home: home for home in homes.values()}

    def top(home: int) -> int:
        while root[home] != home:
            root[home] = root[root[home]]
            home = root[home]
        return home

    for one, other in edges:
        low, high = sorted((top(homes[one]), top(homes[other])))
        root[high] = low
    return {profile: top(home) for profile, home in homes.items()}


def path_between(edges: Sequence[tuple[int, int, int]], one: int, other: int) -> list[int]:
    """Return the edges (key, profile, profile) of a shortest way, or nothing when there is none.

    >>> path_between([(7, 1, 2), (8, 2, 3), (9, 1, 4)], 1, 3)
    [7, 8]
    """
    came: dict[int, tuple[int, int]] = {one: (0, 0)}
    waiting = [one]
    for here in waiting:
        for key, low, high in edges:
            for near, far in ((low, high), (high, low)):
                if near == here and far not in came:
                    came[far] = (key, here)
                    waiting.append(far)
    way: list[int] = []
    at = other
    while at in came and at != one:
        key, at = came[at]
        way.append(key)
    return way[::-1]
