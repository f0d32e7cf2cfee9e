"""The one way to a moment: registered, or standing in rows that are read once for a block of work."""

from __future__ import annotations

import pytest

from campaigns.queries.moments import known_moments, moment_of, moments_kept
from campaigns.queries.naming import because, kind_in_words
from cxportal.lib.registry import Moment, MomentSource, Occurrences, registry


@pytest.fixture
def reads(monkeypatch):
    """How often the rows of a source were read; it has one moment."""
    times: list[str] = []
    own = Moment(
        key="row:rain",
        label="It rains",
        detect=lambda ids, now: Occurrences.of([], likelihood=0.5),
        awaited=lambda now: (),
        explain=lambda facts, reader: f"it rains at {facts['at']}",
    )

    def load():
        times.append("read")
        return [own]

    monkeypatch.setattr(registry, "moment_sources", {"rows": MomentSource("rows", "row:", load)})
    return times


def test_what_stands_in_rows_is_known_beside_what_is_registered(reads):
    assert list(known_moments()) == [*registry.moments, "row:rain"]
    assert kind_in_words("row:rain") == "It rains"
    assert because("row:rain", {"at": "noon"}, "staff") == "it rains at noon"


def test_nothing_is_read_for_a_key_that_no_source_could_have(reads):
    assert moment_of("birthday").label == "Birthday"
    assert moment_of("no_such_kind") is None
    assert because("no_such_kind", {}, "staff") == ""
    assert reads == []


def test_rows_are_read_once_inside_a_block_and_anew_in_the_next(reads):
    with moments_kept():
        assert reads == [], "a block that asks for none reads none"
        assert moment_of("row:rain").label == moment_of("row:rain").label == "It rains"
        assert reads == ["read"]
    with moments_kept():
        known_moments()
    assert reads == ["read", "read"]
