"""The report of a rehearsal as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from campaigns.models import Rehearsal
from campaigns.rules.codes import DeliveryState
from profiles.queries.imports import reason_text

_WIDTH = 54
_UNDER_WAY = {
    DeliveryState.PLANNED: "  still planned when the file ended",
    DeliveryState.CLAIMED: "  being sent when the file ended",
}


def table(rehearsal: Rehearsal) -> str:
    """Lay the report out for a terminal."""
    return "\n".join(_lines(rehearsal, rehearsal.report)) + "\n"


def _lines(rehearsal: Rehearsal, report: Mapping[str, Any]) -> Iterator[str]:
    yield f"Rehearsal on {rehearsal.file_name}, from {report['as_of']} to {report['last_day']}"
    yield ""
    yield from _part("Rows read", report["rows"]["read"])
    reasons = {reason_text(code): count for code, count in report["rows"]["reasons"].items()}
    yield from _part("  kept aside", report["rows"]["rejected"], reasons)
    yield from _part("Customers", report["customers"])
    habits = report["habits"]
    yield from _part("Habits, sure", habits["sure"])
    yield from _part("Habits, not sure", habits["not_sure"], habits["doubts"])
    yield from _part("Habits of product groups", habits["groups"])
    yield from _part("Moments", report["moments"])
    decisions = report["decisions"]
    yield from _part(
        "Decisions to stay silent", sum(decisions["silent"].values()), decisions["silent"]
    )
    yield from _part("Decisions to speak", decisions["speak"])
    yield from _messages(report)
    yield ""
    yield "Bought from 3 days before to 7 days after the reminder"
    yield f"{'':{_WIDTH}}{'ours':>30}{'always after 7 days':>30}"
    yield _beside("  all products", report["timing"]["all"])
    yield _beside("  products with a rhythm of 14 days or more", report["timing"]["slow"])
    yield _beside("  all, not bought before it left", report["timing"]["all_left"])
    yield _beside("  14 days or more, not bought before it left", report["timing"]["slow_left"])
    yield from (f"  {note}" for note in report["notes"])
    yield ""
    yield f"{'Step':{_WIDTH}}{'seconds':>12}{'peak memory, MB':>20}"
    for step in report["steps"]:
        yield f"  {step['name']:{_WIDTH - 2}}{step['seconds']:>12.1f}{step['peak_mb']:>20}"


def _messages(report: Mapping[str, Any]) -> Iterator[str]:
    """What became of the decisions to speak: the numbers add up to them."""
    yield from _part("  sent (to the sandbox)", report["messages"])
    yield from _part("  planned, then not sent", sum(report["skipped"].values()), report["skipped"])
    for state, label in _UNDER_WAY.items():
        if count := report["deliveries"].get(state, 0):
            yield from _part(label, count)


def _part(label: str, count: int, parts: Mapping[str, int] | None = None) -> Iterator[str]:
    yield f"{label:{_WIDTH}}{count:>12,}"
    for name, number in sorted((parts or {}).items(), key=lambda part: -part[1]):
        yield f"{'':4}{name.replace('_', ' '):{_WIDTH - 4}}{number:>12,}"


def _beside(label: str, judged: Mapping[str, Any]) -> str:
    return f"{label:{_WIDTH}}{_rate(judged['ours']):>30}{_rate(judged['after_7_days']):>30}"


def _rate(rate: Mapping[str, Any]) -> str:
    if not rate["n"]:
        return "none to judge"
    return f"{rate['rate']:.3f} of {rate['n']:,} [{rate['low']:.3f}, {rate['high']:.3f}]"
