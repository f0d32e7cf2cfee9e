"""The report of a rehearsal, as its page shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from campaigns.models import Rehearsal
from campaigns.rules.telling import DELIVERY, refusal_in_words
from cxportal.lib.display import Bar, Column, percent
from profiles.queries.imports import reason_text
from profiles.rules.telling import doubt_in_words

Cells = list[str]


@dataclass(frozen=True)
class Table:
    """A caption, columns and rows of words."""

    caption: str
    columns: list[Column]
    rows: list[Cells]


@dataclass(frozen=True)
class Timing:
    """Our timing beside the baseline's, for some products."""

    title: str
    bars: list[Bar]
    note: str


@dataclass(frozen=True)
class ReportPage:
    """The whole report: a sentence, the timing, and what was read, learned, decided and spent."""

    as_of: date
    last_day: date
    verdict: str
    timings: list[Timing]
    tables: list[Table]
    notes: list[str]


def report_page(rehearsal: Rehearsal) -> ReportPage:
    """Read a finished rehearsal's report."""
    report = rehearsal.report
    return ReportPage(
        as_of=date.fromisoformat(report["as_of"]),
        last_day=date.fromisoformat(report["last_day"]),
        verdict=_verdict(report["timing"]["all"]),
        timings=[
            _timing("All products", report["timing"]["all"]),
            _timing("Products with a rhythm of 14 days or more", report["timing"]["slow"]),
        ],
        tables=[_decided(report), _learned(report), _read(report), _spent(report)],
        notes=list(report.get("notes", [])),
    )


def _verdict(timing: Mapping[str, Any]) -> str:
    ours, baseline = timing["ours"], timing["after_7_days"]
    if not ours["n"]:
        return "No reminder was due in this time, so there is nothing to judge."
    said = (
        f"Of {ours['n']:,} reminders, {_in_hundred(ours)} in 100 had their product bought in time."
    )
    if not baseline["n"]:
        return said
    return f"{said} “Always after 7 days” would have reached {_in_hundred(baseline)} in 100."


def _in_hundred(rate: Mapping[str, Any]) -> int:
    share: float = rate["rate"]
    return round(100 * share)


def _timing(title: str, timing: Mapping[str, Any]) -> Timing:
    ours, baseline = timing["ours"], timing["after_7_days"]
    bars = [_bar("Our timing", ours), _bar("Always after 7 days", baseline, is_baseline=True)]
    return Timing(title, bars, f"{_range('Ours', ours)} {_range('After 7 days', baseline)}")


def _bar(label: str, rate: Mapping[str, Any], *, is_baseline: bool = False) -> Bar:
    share = rate["rate"] or 0.0
    return Bar(label, 100 * share, percent(share) if rate["n"] else "–", is_baseline)


def _range(who: str, rate: Mapping[str, Any]) -> str:
    if not rate["n"]:
        return f"{who}: none."
    low, high = percent(rate["low"]), percent(rate["high"])
    return f"{who}: {rate['hit']:,} of {rate['n']:,}, between {low} and {high}."


def _counted(caption: str, rows: list[tuple[str, int]]) -> Table:
    columns = [Column(caption), Column("Number", is_number=True)]
    return Table(caption, columns, [[label, f"{count:,}"] for label, count in rows])


def _decided(report: Mapping[str, Any]) -> Table:
    decisions = report["decisions"]
    silent = Counter(decisions["silent"]).most_common()
    closed = {k: n for k, n in report.get("deliveries", {}).items() if k != "sent"}
    return _counted(
        "What was decided",
        [
            ("Moments", report["moments"]),
            ("Spoke", decisions["speak"]),
            *((f"Silent: {refusal_in_words(code)}", count) for code, count in silent),
            ("Messages sent, to the sandbox", report["messages"]),
            *((f"Messages {DELIVERY.get(code, code)}", count) for code, count in closed.items()),
        ],
    )


def _learned(report: Mapping[str, Any]) -> Table:
    habits = report["habits"]
    doubts = Counter(habits["doubts"]).most_common()
    return _counted(
        "What was learned",
        [
            ("Customers", report["customers"]),
            ("Habits we are sure of", habits["sure"]),
            ("Habits we are not sure of", habits["not_sure"]),
            *((_sentence(doubt_in_words(code)), count) for code, count in doubts),
        ],
    )


def _read(report: Mapping[str, Any]) -> Table:
    rows = report["rows"]
    reasons = Counter(rows["reasons"]).most_common()
    return _counted(
        "What was read",
        [
            ("Rows", rows["read"]),
            ("Rows kept aside", rows["rejected"]),
            *((f"Kept aside: {reason_text(code)}", count) for code, count in reasons),
        ],
    )


def _spent(report: Mapping[str, Any]) -> Table:
    columns = [
        Column("Step"),
        Column("Seconds", is_number=True),
        Column("Peak memory, MB", is_number=True),
    ]
    rows = [
        [_sentence(step["name"]), f"{step['seconds']:,.1f}", f"{step['peak_mb']:,.0f}"]
        for step in report["steps"]
    ]
    return Table("Time and memory", columns, rows)


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
