"""What was learned, in words for staff: rhythms, chances, doubts, amounts."""

from __future__ import annotations

from decimal import Decimal

from profiles.rules.cadence import Unsure
from profiles.rules.cells import minor_digits

DOUBT = {
    Unsure.SURE: "sure enough to say it",
    Unsure.TOO_FEW: "not sure: bought too few times to tell a rhythm",
    Unsure.STOPPED: "not sure: probably no longer bought",
    Unsure.IRREGULAR: "not sure: the gaps differ too much",
}


def doubt_in_words(code: str) -> str:
    """Say why we are not sure; an unknown code is said as it is.

    >>> doubt_in_words("too_few")
    'not sure: bought too few times to tell a rhythm'
    """
    return DOUBT[Unsure(code)] if code in set(Unsure) else f"not sure: {code.replace('_', ' ')}"


def rhythm_in_words(days: float) -> str:
    """Say a rhythm in the unit that people use for it.

    >>> rhythm_in_words(6.9), rhythm_in_words(33.4), rhythm_in_words(61)
    ('about every 7 days', 'about every 5 weeks', 'about every 2 months')
    """
    if days < 1.5:
        return "about every day"
    if days < 20:
        return f"about every {round(days)} days"
    if days < 56:
        return f"about every {round(days / 7)} weeks"
    return f"about every {round(days / 30.44)} months"


def chance_in_words(chance: float) -> str:
    """Say a chance as so many in ten.

    >>> chance_in_words(0.34), chance_in_words(0.03), chance_in_words(0.99)
    ('3 in 10', 'less than 1 in 10', 'more than 9 in 10')
    """
    if chance < 0.095:
        return "less than 1 in 10"
    if chance > 0.95:
        return "more than 9 in 10"
    return f"{round(10 * chance)} in 10"


def amount_in_words(minor: int | Decimal, currency: str) -> str:
    """Write an amount of minor units (cents).

    >>> amount_in_words(-1450, "EUR"), amount_in_words(1200, "JPY")
    ('−14.50 EUR', '1,200 JPY')
    """
    sign, digits = "−" if minor < 0 else "", minor_digits(currency)
    return f"{sign}{abs(Decimal(minor)).scaleb(-digits):,.{digits}f} {currency}"
