"""Lines that are added and dropped one by one, without a script: a form each, in a form that holds them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django import forms
from django.http import QueryDict

from profiles.forms_guards import MOST_LINES, LineForm, line_form
from profiles.rules.condition_words import Vocabulary

Line = TypeVar("Line", bound=forms.Form)


@dataclass(frozen=True)
class LineSet(Generic[Line]):
    """How the lines of one kind are posted. ``make`` gives the form of a line, None for what is not asked.

    A line is posted as ``{prefix}-{n}-…`` with what it asks about in ``…what``. ``add`` and ``drop`` are the names
    of the buttons, ``what`` that of the choice beside "add".
    """

    make: Callable[..., Line | None]
    prefix: str = "line"
    add: str = "add"
    what: str = "what"
    drop: str = "drop"

    def posted(self, posted: QueryDict) -> Sequence[Line]:
        """The lines as posted, with one more or one less where that was asked for.

        They are judged only where the whole is to be saved.
        """
        judged = "save" in posted
        lines: list[Line] = []
        for n in range(MOST_LINES):
            what = posted.get(f"{self.prefix}-{n}-what", "")
            if not what or str(n) == posted.get(self.drop, ""):
                continue
            given: dict[str, Any] = (
                {"data": posted} if judged else {"initial": self._values(posted, n)}
            )
            line = self.make(what, prefix=f"{self.prefix}-{n}", **given)
            lines += [line] if line else []
        if self.add in posted and len(lines) < MOST_LINES:
            line = self.make(posted.get(self.what, ""))
            lines += [line] if line else []
        return lines if judged else self._numbered(lines)

    def stored(self, said: Sequence[tuple[str, Mapping[str, Any]]]) -> Sequence[Line]:
        """The lines of what stands; what cannot be asked any more is left out."""
        lines = [self.make(what, initial=dict(values)) for what, values in said]
        return self._numbered([line for line in lines if line])

    def _values(self, posted: QueryDict, n: int) -> dict[str, str]:
        start = f"{self.prefix}-{n}-"
        return {
            name.removeprefix(start): str(value)
            for name, value in posted.items()
            if name.startswith(start)
        }

    def _numbered(self, lines: Sequence[Line]) -> Sequence[Line]:
        for n, line in enumerate(lines):
            line.prefix = f"{self.prefix}-{n}"
        return lines


def lines_posted(posted: QueryDict, vocabulary: Vocabulary) -> Sequence[LineForm]:
    """The lines of a condition as posted, with one more or one less where that was asked for."""
    return _of_condition(vocabulary).posted(posted)


def lines_stored(
    said: Sequence[tuple[str, Mapping[str, Any]]], vocabulary: Vocabulary
) -> Sequence[LineForm]:
    """The lines of a condition as it stands; what cannot be asked any more is left out."""
    return _of_condition(vocabulary).stored(said)


def _of_condition(vocabulary: Vocabulary) -> LineSet[LineForm]:
    return LineSet(lambda what, **kwargs: line_form(what, vocabulary, **kwargs))
