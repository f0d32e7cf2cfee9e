"""How households are said in words: who lives there, and what must be minded."""

from __future__ import annotations

from datetime import date

from profiles.rules.names import Allergen

ALLERGEN = {
    Allergen.GLUTEN: "gluten",
    Allergen.CRUSTACEANS: "crustaceans",
    Allergen.EGGS: "eggs",
    Allergen.FISH: "fish",
    Allergen.PEANUTS: "peanuts",
    Allergen.SOYA: "soya",
    Allergen.MILK: "milk",
    Allergen.NUTS: "nuts",
    Allergen.CELERY: "celery",
    Allergen.MUSTARD: "mustard",
    Allergen.SESAME: "sesame",
    Allergen.SULPHITES: "sulphites",
    Allergen.LUPIN: "lupin",
    Allergen.MOLLUSCS: "molluscs",
}


def age_on(born_on: date, day: date) -> int:
    """Return the full years of somebody; on 29 February born, a year older from 1 March.

    >>> age_on(date(2020, 2, 29), date(2026, 2, 28)), age_on(date(2020, 2, 29), date(2026, 3, 1))
    (5, 6)
    """
    had_birthday = (day.month, day.day) >= (born_on.month, born_on.day)
    return day.year - born_on.year - (0 if had_birthday else 1)


def warning_in_words(allergen: str, text: str) -> str:
    """Say what must be minded; both where there are both.

    >>> warning_in_words("nuts", ""), warning_in_words("nuts", "also traces")
    ('Nuts', 'Nuts: also traces')
    """
    what = ALLERGEN[Allergen(allergen)].capitalize() if allergen else ""
    return ": ".join(part for part in (what, text) if part)


def person_in_words(name: str, born_on: date | None, day: date) -> str:
    """Name somebody, with the age where it is known.

    >>> person_in_words("Aiden", date(2019, 5, 4), date(2026, 3, 10))
    'Aiden (6)'
    """
    return f"{name} ({age_on(born_on, day)})" if born_on else name
