"""Moments in which somebody needs looking after: these sell nothing, so what is open does not silence them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from cxportal.lib.registry import Days, Found, Longs, Occurrences
from feedback.models import Case
from feedback.rules import (
    CARE_LIKELIHOOD,
    CARE_VALUE,
    CONTACTS_TOO_MANY,
    CONTACTS_WITHIN,
    STILL_UNHAPPY_FOR,
    CaseEventKind,
    CaseKind,
    CaseState,
)
from profiles.queries.company import company_zone

THIRD_CONTACT, STILL_UNHAPPY = "third_contact", "still_unhappy"

# The first contact opened the case; then what was said again, and each call while it was open.
_CONTACTS = f"""
    SELECT k.customer_id, k.id, k.kind, k.opened_at, n.contacts, n.newest_at
    FROM feedback_case k
    CROSS JOIN LATERAL (
        SELECT count(*) AS contacts, max(at) AS newest_at FROM (
            SELECT k.opened_at AS at
            UNION ALL
            SELECT e.occurred_at FROM feedback_caseevent e
            WHERE e.case_id = k.id AND e.kind = '{CaseEventKind.AGAIN}'
            UNION ALL
            SELECT t.occurred_at FROM profiles_touchpoint t
            WHERE t.customer_id = k.customer_id AND t.kind = 'call' AND t.occurred_at > k.opened_at
        ) c WHERE at > %(now)s - make_interval(days => {CONTACTS_WITHIN.days}) AND at <= %(now)s
    ) n
    WHERE k.state = '{CaseState.OPEN}' AND n.contacts >= {CONTACTS_TOO_MANY} {{narrowed}}
    ORDER BY k.customer_id, k.id
"""
# The newest answer since it was called solved is a bad one.
_UNHAPPY = f"""
    SELECT k.customer_id, k.id, k.kind, k.solved_at, a.score, a.changed_at
    FROM feedback_case k
    CROSS JOIN LATERAL (
        SELECT x.score, x.changed_at, s.low_score_at_most FROM feedback_answer x
        JOIN feedback_invitation i ON i.id = x.invitation_id JOIN feedback_survey s ON s.id = i.survey_id
        WHERE x.customer_id = k.customer_id AND x.changed_at > k.solved_at AND x.changed_at <= %(now)s
          AND x.score IS NOT NULL
        ORDER BY x.changed_at DESC, x.id DESC LIMIT 1
    ) a
    WHERE k.state = '{CaseState.SOLVED}'
      AND k.solved_at > %(now)s - make_interval(days => {STILL_UNHAPPY_FOR.days})
      AND k.solved_at <= %(now)s AND a.score <= a.low_score_at_most {{narrowed}}
    ORDER BY k.customer_id, k.id
"""


def third_contacts(customer_ids: Sequence[int], now: datetime) -> Occurrences:
    """Find open cases about which somebody had to come back twice within a week."""
    return _care([_contact(row) for row in _read(_CONTACTS, now, customer_ids)])


def awaiting_third_contact(now: datetime) -> Iterable[int]:
    """Yield whose case has three contacts, ascending, each once."""
    return sorted({row[0] for row in _read(_CONTACTS, now)})


def still_unhappy(customer_ids: Sequence[int], now: datetime) -> Occurrences:
    """Find solved cases whose customer has given a low score since."""
    return _care([_unhappy(row) for row in _read(_UNHAPPY, now, customer_ids)])


def awaiting_still_unhappy(now: datetime) -> Iterable[int]:
    """Yield who is unhappy with what we called solved, ascending, each once."""
    return sorted({row[0] for row in _read(_UNHAPPY, now)})


def third_contact_over(
    customers: Longs, cases: Longs, cycles: Days, now: datetime
) -> NDArray[np.str_]:
    """Say which cases were solved since."""
    return _over(customers, cases, third_contacts, now)


def still_unhappy_over(
    customers: Longs, cases: Longs, cycles: Days, now: datetime
) -> NDArray[np.str_]:
    """Say who has given a better score since."""
    return _over(customers, cases, still_unhappy, now)


def case_names(ids: Sequence[int]) -> Mapping[int, str]:
    """Name cases for people, by kind and day."""
    zone = company_zone()
    return {
        case.pk: f"{case.get_kind_display()} of {_day(case.opened_at.astimezone(zone).date())}"
        for case in Case.objects.filter(pk__in=ids)
    }


def _care(found: Sequence[Found]) -> Occurrences:
    return Occurrences.of(found, likelihood=CARE_LIKELIHOOD, value=CARE_VALUE)


def _contact(row: tuple[Any, ...]) -> Found:
    customer, case, kind, opened_at, contacts, newest_at = row
    zone = company_zone()
    return Found(
        customer_id=customer,
        subject_id=case,
        cycle=opened_at.astimezone(zone).date(),
        until=(newest_at + CONTACTS_WITHIN).astimezone(zone).date(),
        facts={"case_kind": kind, "contacts": contacts},
    )


def _unhappy(row: tuple[Any, ...]) -> Found:
    customer, case, kind, solved_at, score, _ = row
    zone = company_zone()
    solved_on = solved_at.astimezone(zone).date()
    until = (solved_at + STILL_UNHAPPY_FOR).astimezone(zone).date()
    facts = {"case_kind": kind, "solved_on": solved_on.isoformat(), "score": score}
    return Found(customer, case, solved_on, until, facts)


def _read(
    query: str, now: datetime, customer_ids: Sequence[int] | None = None
) -> list[tuple[Any, ...]]:
    narrowed, scope = "", dict[str, Any](now=now)
    if customer_ids is not None:
        narrowed, scope["ids"] = "AND k.customer_id = ANY(%(ids)s)", list(customer_ids)
    with connection.cursor() as cursor:
        cursor.execute(query.format(narrowed=narrowed), scope)
        return cursor.fetchall()


def _over(
    customers: Longs,
    cases: Longs,
    detect: Callable[[Sequence[int], datetime], Occurrences],
    now: datetime,
) -> NDArray[np.str_]:
    found = detect(customers.tolist(), now)
    waiting = set(found.subject_id.tolist())
    return np.array(
        ["" if case in waiting else "put_right" for case in cases.tolist()], dtype=np.str_
    )


# --- in words -------------------------------------------------------------------------------------

_ABOUT = {
    CaseKind.LOW_SCORE: "a low score",
    CaseKind.PERSON: "wanting to talk to a person",
    CaseKind.COMPLAINT: "a complaint",
}


def contact_because(facts: Mapping[str, Any], reader: str) -> str:
    """Say how often somebody had to come back.

    >>> contact_because({"case_kind": "complaint", "contacts": 3}, "staff")
    'the customer had to come to us 3 times in a week about a complaint that is still open'
    """
    who = "you" if reader == "customer" else "the customer"
    about = _ABOUT[CaseKind(facts["case_kind"])]
    times = f"{facts['contacts']} times in a week"
    return f"{who} had to come to us {times} about {about} that is still open"


def unhappy_because(facts: Mapping[str, Any], reader: str) -> str:
    """Say that what we called solved is not.

    >>> unhappy_because({"case_kind": "complaint", "solved_on": "2026-03-03", "score": 2}, "staff")
    'we called a complaint solved on 3 March, and the customer has given a 2 of 10 since'
    """
    who, have = ("you", "have") if reader == "customer" else ("the customer", "has")
    on = _day(date.fromisoformat(facts["solved_on"]))
    about = _ABOUT[CaseKind(facts["case_kind"])]
    return (
        f"we called {about} solved on {on}, and {who} {have} given a {facts['score']} of 10 since"
    )


def _day(day: date) -> str:
    return f"{day.day} {day:%B}"
