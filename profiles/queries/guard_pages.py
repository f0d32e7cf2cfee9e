"""Guards as their pages show them: each in a sentence, and whether it still can be asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from profiles.models import Guard, GuardVersion
from profiles.queries.conditions import vocabulary_of
from profiles.queries.guard_words import subject_name
from profiles.rules.condition_words import Vocabulary, sentence, wrong_with
from profiles.rules.conditions import Condition, questions, read
from profiles.rules.guards import UNKNOWN, WhenUnknown, summary, use_of


@dataclass(frozen=True)
class GuardRow:
    """One version of a guard in words; ``broken`` says what it asks for and cannot any more."""

    version: GuardVersion
    subject: str
    is_category: bool
    says: str
    when_unknown: str
    broken: str
    who: str

    @property
    def state(self) -> tuple[str, str]:
        """Its state and the colour of its mark."""
        if self.broken:
            return "Broken", "warn"
        return ("On", "good") if self.version.is_on else ("Off", "")


def guard_rows() -> Sequence[GuardRow]:
    """All guards by what they are on, each as it stands now."""
    newest = _versions().order_by("guard_id", "-number").distinct("guard_id")
    rows = rows_of(list(newest))
    return sorted(rows, key=lambda row: (row.subject.casefold(), row.version.guard_id))


def history(guard: Guard) -> Sequence[GuardRow]:
    """Every version of a guard, the newest first."""
    return rows_of(list(_versions().filter(guard=guard).order_by("-number")))


def _versions() -> QuerySet[GuardVersion]:
    return GuardVersion.objects.select_related("guard__product", "guard__category", "written_by")


def rows_of(versions: Sequence[GuardVersion]) -> Sequence[GuardRow]:
    """Put versions into words, in a fixed number of queries."""
    conditions = [read(version.condition) for version in versions]
    vocabulary = vocabulary_of(one for each in conditions for one, _ in questions(each))
    return [
        _row(version, condition, vocabulary)
        for version, condition in zip(versions, conditions, strict=True)
    ]


def _row(version: GuardVersion, condition: Condition, vocabulary: Vocabulary) -> GuardRow:
    by = version.written_by
    return GuardRow(
        version=version,
        subject=subject_name(version),
        is_category=version.guard.category_id is not None,
        says=summary(version.kind, sentence(condition, vocabulary)),
        when_unknown=UNKNOWN[WhenUnknown(version.when_unknown)],
        broken=broken(version, condition, vocabulary),
        who=(by.get_full_name() or by.get_username()) if by else "first start",
    )


def broken(version: GuardVersion, condition: Condition, vocabulary: Vocabulary) -> str:
    """Say what of a condition cannot be asked any more; "" where all can."""
    use = use_of(version.kind)
    found = (
        wrong_with(one, vocabulary, use, turned=turned) for one, turned in questions(condition)
    )
    return " ".join(dict.fromkeys(problem.words for problem in found if problem))
