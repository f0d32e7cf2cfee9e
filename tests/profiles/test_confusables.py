"""Addresses that look like another: letters of several scripts in one word, and words that only look Latin."""

from __future__ import annotations

import pytest

from profiles.rules.confusables import is_confusable


@pytest.mark.parametrize(
    "value",
    [
        "p\u0430ypal@example.com",  # Cyrillic a
        "dol\u03bfres@example.com",  # Greek omicron
        "mira@\u0430\u0440\u0440\u0435.com",  # looks like "appe"
        "x@xn--80ak6aa92e.com",  # the same trick, as it travels
        "\u0441\u043e\u0440@example.com",  # looks like "cop"
        "ivan\u043e\u0432@example.com",
    ],
)
def test_who_poses_is_seen(value):
    assert is_confusable("email", value)


@pytest.mark.parametrize(
    "value",
    [
        "dolores@example.com",
        "jos\u00e9@example.com",
        "m\u00fcller@b\u00fccher.example",
        "x@xn--bcher-kva.example",
        "\u0438\u0432\u0430\u043d@\u043f\u043e\u0447\u0442\u0430.\u0440\u0444",
        "\u0438\u0432\u0430\u043d@example.com",  # another script, and it looks it
        "\u7530\u4e2d\u3055\u3093@example.jp",
        "a.b+c@example.com",
        "x@xn--\u00fc.example",
        "@",
        "",
    ],
)
def test_who_writes_their_own_script_is_left_alone(value):
    assert not is_confusable("email", value)


def test_handles_are_looked_at_and_numbers_are_not():
    assert is_confusable("social", "d\u043elores")
    assert not is_confusable("social", "dolores")
    assert not is_confusable("device", "p\u0430ypal")
