"""A path of guidance for the demo's customers to begin on their own page."""

from __future__ import annotations

from datetime import datetime

from campaigns.rules.guidance import Part
from campaigns.services import guiding

NAME = "Make better coffee at home"
_SUMMARY = "Four short messages: the water, the grind, the dose, and how to keep beans."
_PARTS = (
    Part(
        "The water",
        "Most of a cup is water. Let it run cold and fresh, and take it off the boil for half a minute before "
        "you pour. If your kettle grows white, a filter jug makes the cup clearer.",
    ),
    Part(
        "The grind",
        "Bitter? Grind coarser. Sour or thin? Grind finer. Change one step at a time, and keep the dose as it is "
        "while you do.",
    ),
    Part(
        "The dose",
        "Start with 60 g to a litre, and weigh it once: a spoon lies by a third. From there go up or down by "
        "5 g until it is yours.",
    ),
    Part(
        "Keeping beans",
        "Beans are best from one to five weeks after roasting. Keep them closed, dry and dark, not in the fridge, "
        "and grind what you need.",
    ),
)


def write_paths(*, now: datetime) -> None:
    """Write the path and offer it."""
    path = guiding.write(
        path=None, name=NAME, summary=_SUMMARY, days_between=7, parts=_PARTS, now=now
    )
    guiding.switch(path=path, is_on=True)
