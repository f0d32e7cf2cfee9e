"""What doors show of one customer: who it is, what was bought last, what was agreed to, which rhythms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import F

from profiles.models import (
    ConsentEntry,
    ConsentWording,
    ContactPreference,
    Customer,
    Habit,
    Identifier,
    ReorderSchedule,
)
from profiles.queries.due import explain
from profiles.queries.purchases import bought_on
from profiles.rules.names import Channel, ConsentState, ProductKind, Purpose, recognised
from profiles.rules.purposes import CHANNEL, MESSAGES, purpose_in_words, state_in_words


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
    """Where one purpose and channel stand; ``wording`` is what the customer saw or would see."""

    purpose: str
    channel: str
    state: str
    occurred_at: datetime | None
    door: str
    wording_id: int | None
    wording: str

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
    def words(self) -> str:
        """The whole in one phrase, for staff."""
        return f"{self.purpose_words} by {self.channel_words}: {state_in_words(self.state)}"


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


def consents(customer_id: int, language: str, now: datetime) -> Sequence[Consent]:
    """Tell for each purpose and channel where it stands, and the wording that holds or would be shown.

    Without a ``language`` no wording is offered: for a door that only reads.
    """
    newest = (
        ConsentEntry.objects.filter(customer_id=customer_id, occurred_at__lte=now)
        .order_by("purpose", "channel", "-occurred_at", "-pk")
        .distinct("purpose", "channel")
        .select_related("wording")
    )
    entries = {(entry.purpose, entry.channel): entry for entry in newest}
    offered = _offered_wordings(language) if language else {}
    return [
        _consent(purpose, channel, entries.get((purpose, channel)), offered.get(purpose))
        for purpose, channel in MESSAGES
    ]


def _offered_wordings(language: str) -> Mapping[str, ConsentWording]:
    """The newest wording of each purpose in the customer's language, else in English."""
    rows = ConsentWording.objects.filter(language__in=[language, "en"]).order_by("version")
    by_language = sorted(rows, key=lambda wording: wording.language == language)
    return {wording.purpose: wording for wording in by_language}


def _consent(
    purpose: Purpose, channel: Channel, entry: ConsentEntry | None, offered: ConsentWording | None
) -> Consent:
    granted = entry is not None and entry.state == ConsentState.GRANTED
    wording = entry.wording if entry and granted else offered
    return Consent(
        purpose=purpose,
        channel=channel,
        state=entry.state if entry else "",
        occurred_at=entry.occurred_at if entry else None,
        door=entry.door if entry else "",
        wording_id=wording.pk if wording else None,
        wording=wording.text if wording else "",
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
