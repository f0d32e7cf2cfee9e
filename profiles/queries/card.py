"""What doors show of one customer: who it is, what was bought last, what was agreed to, which rhythms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F

from profiles.models import (
    ConsentRule,
    ConsentWording,
    ContactPreference,
    Customer,
    Habit,
    Identifier,
    ReorderSchedule,
)
from profiles.queries.due import explain
from profiles.queries.purchases import bought_on
from profiles.querysets.consents import standing_sql
from profiles.rules.names import Channel, ConsentState, ProductKind, Purpose, recognised
from profiles.rules.purposes import (
    BOXES,
    CHANNEL,
    CONFIRM_WITHIN,
    MESSAGES,
    purpose_in_words,
    state_in_words,
)

About = tuple[Purpose, Channel]


@dataclass(frozen=True)
class RecentPurchase:
    """A purchase in one line; ``zone`` is that of the store, or the company's."""

    occurred_at: datetime
    zone: str
    place: str
    items: Sequence[str]
    is_return: bool

    @property
    def more(self) -> int:
        """How many articles there are beyond the three that one line has room for."""
        return max(0, len(self.items) - 3)


@dataclass(frozen=True)
class Consent:
    """Where one purpose and channel stand; ``wording`` is what the customer saw or would see.

    ``asked_at``: since when a yes waits for its confirmation; None where none does.
    """

    purpose: str
    channel: str
    state: str
    occurred_at: datetime | None
    door: str
    wording_id: int | None
    wording: str
    asked_at: datetime | None = None

    @property
    def is_granted(self) -> bool:
        return self.state == ConsentState.GRANTED

    @property
    def purpose_words(self) -> str:
        return purpose_in_words(self.purpose)

    @property
    def channel_words(self) -> str:
        return CHANNEL[Channel(self.channel)]

    @property
    def is_message(self) -> bool:
        """Tell whether it is about writing by some way, or about something else."""
        return self.channel != Channel.NONE

    @property
    def words(self) -> str:
        """The whole in one phrase, for staff."""
        state = ConsentState.ASKED if self.asked_at and not self.is_granted else self.state
        return f"{self.purpose_words} by {self.channel_words}: {state_in_words(state)}"


@dataclass(frozen=True)
class Rhythm:
    """A product's rhythm as its customer may see and change it.

    ``expected_on`` follows the customer's own interval where there is one. ``doubt`` is "" when we are
    sure. ``because`` is the reason in the customer's words.
    """

    product_id: int
    product: str
    url: str
    purchase_days: int
    rhythm_days: float
    last_on: date
    expected_on: date
    earliest_on: date
    latest_on: date
    remind_on: date
    doubt: str
    every_days: int | None
    not_before_on: date | None
    sooner_on: date | None
    is_paused: bool
    is_stopped: bool
    because: str

    @property
    def is_sure(self) -> bool:
        return not self.doubt or self.every_days is not None


def contacts(customer_id: int) -> Sequence[str]:
    """Return what a customer can be recognised by, masked, each with what it is, the verified first."""
    rows = Identifier.objects.filter(customer_id=customer_id).order_by(
        "-kind", F("verified_at").desc(nulls_last=True), "pk"
    )
    return [recognised(kind, value) for kind, value in rows.values_list("kind", "value")]


_RECENT = """
    SELECT b.occurred_at, COALESCE(NULLIF(s.time_zone, ''), ''), COALESCE(s.name, ''),
           array_agg(DISTINCT COALESCE(NULLIF(p.name, ''), p.code)), bool_and(l.quantity < 0)
    FROM (SELECT * FROM profiles_purchase
          WHERE customer_id = %(customer)s AND occurred_at <= %(now)s
          ORDER BY occurred_at DESC, id DESC LIMIT %(limit)s) b
    JOIN profiles_purchaseline l ON l.purchase_id = b.id
    JOIN profiles_product p ON p.id = l.product_id AND p.kind = 'goods'
    LEFT JOIN profiles_place s ON s.id = b.place_id
    GROUP BY b.id, b.occurred_at, s.time_zone, s.name ORDER BY b.occurred_at DESC, b.id DESC
"""


def recent_purchases(
    customer_id: int, now: datetime, *, company_zone: str, limit: int = 5
) -> Sequence[RecentPurchase]:
    """Return the newest purchases of a customer, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_RECENT, {"customer": customer_id, "now": now, "limit": limit})
        return [
            RecentPurchase(at, zone or company_zone, place, items, is_return)
            for at, zone, place, items, is_return in cursor.fetchall()
        ]


# --- consent --------------------------------------------------------------------------------------


_CONSENTS = f"""
    SELECT coalesce(s.purpose, a.purpose), coalesce(s.channel, a.channel),
        s.state, s.occurred_at, s.door, s.wording_id, w.text, a.asked_at
    FROM ({standing_sql("e.customer_id = %(customer)s")}) s
    LEFT JOIN profiles_consentwording w ON w.id = s.wording_id
    FULL JOIN (SELECT q.purpose, q.channel, max(q.occurred_at) AS asked_at
               FROM profiles_consententry q JOIN profiles_consentrequest r ON r.entry_id = q.id
               WHERE q.customer_id = %(customer)s AND r.confirmed_at IS NULL
                 AND q.occurred_at BETWEEN %(now)s - %(waits)s AND %(now)s
               GROUP BY 1, 2) a ON a.purpose = s.purpose AND a.channel = s.channel
"""


@dataclass(frozen=True)
class _Held:
    """What the ledger says of one purpose and channel; "" where only a yes waits."""

    state: str
    occurred_at: datetime | None
    door: str
    wording_id: int | None
    wording: str
    asked_at: datetime | None


def consents(
    customer_id: int, language: str, now: datetime, about: Sequence[About] = MESSAGES
) -> Sequence[Consent]:
    """Tell for each purpose and channel where it stands, and the wording that holds or would be shown.

    Without a ``language`` no wording is offered: for a door that only reads.
    """
    held = _held(customer_id, now)
    offered = offered_wordings(language) if language else {}
    return [
        _consent(purpose, channel, held.get((purpose, channel), _NOTHING), offered.get(purpose))
        for purpose, channel in about
    ]


_NOTHING = _Held("", None, "", None, "", None)


def _held(customer_id: int, now: datetime) -> Mapping[tuple[str, str], _Held]:
    params: dict[str, Any] = {"customer": customer_id, "now": now, "waits": CONFIRM_WITHIN}
    with connection.cursor() as cursor:
        cursor.execute(_CONSENTS, params)
        return {
            (purpose, channel): _Held(
                state or "", at, door or "", wording_id, text or "", _waits_since(asked, at)
            )
            for purpose, channel, state, at, door, wording_id, text, asked in cursor.fetchall()
        }


def _waits_since(asked_at: datetime | None, stands_since: datetime | None) -> datetime | None:
    """When the yes was said that still waits: a later yes or no has settled it."""
    return asked_at if asked_at and (stands_since is None or asked_at > stands_since) else None


def offered_wordings(language: str) -> Mapping[str, ConsentWording]:
    """The newest wording of each purpose in this language, else in English."""
    rows = ConsentWording.objects.filter(language__in=[language, "en"]).order_by("version")
    by_language = sorted(rows, key=lambda wording: wording.language == language)
    return {wording.purpose: wording for wording in by_language}


def offered_to_newcomers(language: str) -> Sequence[ConsentWording]:
    """The newest wordings that stand beside a box where people come in, in the order of the purposes."""
    asked = ConsentRule.objects.filter(is_asked_at_joining=True).values_list("purpose", flat=True)
    wanted, offered = set(asked), offered_wordings(language)
    return [offered[p] for p, _ in BOXES if p in wanted and p in offered]


def _consent(
    purpose: Purpose, channel: Channel, held: _Held, offered: ConsentWording | None
) -> Consent:
    holds = held.state == ConsentState.GRANTED
    shown_id = offered.pk if offered else None
    shown = offered.text if offered else ""
    return Consent(
        purpose=purpose,
        channel=channel,
        state=held.state,
        occurred_at=held.occurred_at,
        door=held.door,
        wording_id=held.wording_id if holds else shown_id,
        wording=held.wording if holds else shown,
        asked_at=held.asked_at,
    )


def wording_shown(one: Consent) -> ConsentWording:
    """Return the wording that a door showed for a consent.

    Raises:
        ConsentWording.DoesNotExist: none was shown, so nobody can agree to it.
    """
    return ConsentWording.objects.get(pk=one.wording_id or 0)


def preference(customer: Customer) -> ContactPreference | None:
    """Return what a customer said of how often and when, if anything."""
    return ContactPreference.objects.filter(customer=customer).first()


# --- rhythms --------------------------------------------------------------------------------------


def rhythms(customer_id: int, now: datetime) -> Sequence[Rhythm]:
    """Return the rhythms of a customer's products with what the customer said of them, nearest first."""
    habits = Habit.objects.filter(
        customer_id=customer_id, product__isnull=False, product__kind=ProductKind.GOODS
    ).select_related("product")
    rows = list(habits)
    said = {row.product_id: row for row in ReorderSchedule.objects.filter(customer_id=customer_id)}
    days = bought_on([(customer_id, row.product_id) for row in rows if row.product_id], now)
    found = [
        _rhythm(row, said.get(row.product_id), days.get((customer_id, row.product_id), []))
        for row in rows
        if row.product_id is not None
    ]
    return sorted(found, key=lambda rhythm: (rhythm.expected_on, rhythm.product_id))


def rhythm_of(customer_id: int, product_id: int, now: datetime) -> Rhythm | None:
    """Return one product's rhythm, None where nothing was learned of it."""
    return next((one for one in rhythms(customer_id, now) if one.product_id == product_id), None)


def _rhythm(habit: Habit, said: ReorderSchedule | None, days: Sequence[str]) -> Rhythm:
    product = habit.product
    every = said.every_days if said else None
    facts = {"rhythm_days": habit.rhythm_days, "every_days": every, "bought_on": list(days)}
    return Rhythm(
        product_id=product.pk if product else 0,
        product=(product.name or product.code) if product else "",
        url=product.url if product else "",
        purchase_days=habit.purchase_days,
        rhythm_days=habit.rhythm_days,
        last_on=habit.last_on,
        expected_on=habit.last_on + timedelta(days=every) if every else habit.expected_on,
        earliest_on=habit.earliest_on,
        latest_on=habit.latest_on,
        remind_on=habit.remind_on,
        doubt=habit.doubt,
        every_days=every,
        not_before_on=said.not_before_on if said else None,
        sooner_on=_still_asked(said.sooner_on, habit.last_on) if said else None,
        is_paused=bool(said and said.paused_at),
        is_stopped=bool(said and said.stopped_at),
        because=explain(facts, "customer"),
    )


def _still_asked(sooner_on: date | None, last_on: date) -> date | None:
    """Say whether "sooner" still stands: it is done with by the next purchase."""
    return sooner_on if sooner_on and sooner_on > last_on else None
