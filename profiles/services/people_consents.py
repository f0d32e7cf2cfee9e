"""Writes into the ledger what was agreed to elsewhere, at the time at which it was said.

A yes needs the text that was shown, and where the purpose asks for double opt-in, that it was confirmed there:
nobody is mailed because of a file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Max

from profiles.models import ConsentEntry, ConsentRule, ConsentWording, Customer, Source
from profiles.queries.company import company
from profiles.rules.happenings import consented_in_words
from profiles.rules.names import ConsentState
from profiles.rules.orders import RejectReason
from profiles.services.order_records import Reject
from profiles.services.people_batches import Batch
from profiles.services.people_files import Row

DOOR = "file"
# Texts that other systems showed get a language of their own ("x-file" is for private use, BCP 47), so that no
# door of ours ever shows them.
_ELSEWHERE = "-x-file"


_Key = tuple[int, str, str, str, datetime | None, int | None]


@dataclass(frozen=True)
class _Said:
    place: int
    row: Row
    profile: int
    wording: ConsentWording | None

    @property
    def key(self) -> _Key:
        """What makes two statements one."""
        said = self.row.said
        about = said["purpose"].value, said["channel"].value, said["state"].value
        return self.profile, *about, self.row.at, self.wording.pk if self.wording else None


def store(batch: Batch) -> None:
    """Write each statement that is not in the ledger yet.

    A no is written for every profile of the customer that says yes, so that it outlives the undo of a merge. A
    yes is that of its own profile: while profiles are merged the strictest counts, and a file lifts nobody's no.
    """
    wordings, _ = _judged([row for row, _ in batch.rows])
    said = [
        _Said(place, row, profile, wording)
        for place, ((row, profile), wording) in enumerate(zip(batch.rows, wordings, strict=True))
    ]
    # What stands must not change between the look and the writing.
    customers = Customer.objects.select_for_update(no_key=True).filter(
        pk__in={batch.customers[one.profile] for one in said}
    )
    list(customers.order_by("pk").values_list("pk", flat=True))
    known = _known(said)
    fresh: dict[_Key, _Said] = {}
    for one in said:
        if one.key in known or fresh.setdefault(one.key, one) is not one:
            batch.done["rows_known"] += 1
    entries = ConsentEntry.objects.bulk_create(
        [_entry(batch, one) for one in fresh.values()], batch_size=1000
    )
    for one in fresh.values():
        row = one.row.said
        batch.note(one.place, consented_in_words(row["state"], row["purpose"], row["channel"]))
    made = [entry.pk for entry in entries]
    batch.done["consents_new"] = len(made)
    batch.made["profiles.ConsentEntry"] = made + _say_no_everywhere(batch, entries)


def _known(said: Sequence[_Said]) -> set[_Key]:
    """Of these statements, those that are in the ledger."""
    entries = ConsentEntry.objects.filter(
        origin_profile__in={one.profile for one in said},
        occurred_at__in={one.row.at for one in said},
    )
    return set(
        entries.values_list(
            "origin_profile_id", "purpose", "channel", "state", "occurred_at", "wording_id"
        )
    )


def _say_no_everywhere(batch: Batch, entries: Sequence[ConsentEntry]) -> list[int]:
    refusals = [entry.pk for entry in entries if entry.state == ConsentState.WITHDRAWN]
    if not refusals:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_OTHER_PROFILES, {"entries": refusals})
        return [pk for (pk,) in cursor.fetchall()]


_OTHER_PROFILES = """
    INSERT INTO profiles_consententry (customer_id, origin_profile_id, purpose, channel, state,
                                       occurred_at, recorded_at, door, actor, evidence_hash)
    SELECT DISTINCT ON (other.origin_profile_id, n.purpose, n.channel)
           n.customer_id, other.origin_profile_id, n.purpose, n.channel, n.state, n.occurred_at,
           n.recorded_at, n.door, n.actor, ''
      FROM profiles_consententry n
     CROSS JOIN LATERAL (
           SELECT DISTINCT ON (e.origin_profile_id) e.origin_profile_id, e.state
             FROM profiles_consententry e
            WHERE e.customer_id = n.customer_id AND e.purpose = n.purpose AND e.channel = n.channel
              AND e.state <> 'asked' AND e.occurred_at <= n.occurred_at
            ORDER BY e.origin_profile_id, e.occurred_at DESC, e.id DESC) other
     WHERE n.id = ANY(%(entries)s) AND other.state = 'granted'
       AND other.origin_profile_id <> n.origin_profile_id
     ORDER BY other.origin_profile_id, n.purpose, n.channel, n.occurred_at
 RETURNING id
"""


# --- wordings -------------------------------------------------------------------------------------


def refused(source: Source, rows: Sequence[Row]) -> list[Reject]:
    """Say which rows cannot go in: a yes whose text is not known, or that nobody confirmed where it must be."""
    return _judged(rows)[1]


def _judged(rows: Sequence[Row]) -> tuple[list[ConsentWording | None], list[Reject]]:
    """Find the wording of each row, or why the row cannot go in."""
    strict = set(
        ConsentRule.objects.filter(needs_confirmation=True).values_list("purpose", flat=True)
    )
    texts, versions = _texts(rows), _versions(rows)
    found: list[ConsentWording | None] = []
    rejects = []
    for row in rows:
        said, wording = row.said, None
        if said["state"] == ConsentState.GRANTED:
            if said["wording"]:
                wording = texts[said["purpose"], said["wording"]]
            else:
                wording = versions.get((said["purpose"], _language(row), said["version"]))
            if said["purpose"] in strict and not said["is_confirmed"]:
                rejects.append(Reject(row.line_number, RejectReason.NOT_CONFIRMED, row.raw))
            elif wording is None:
                rejects.append(Reject(row.line_number, RejectReason.UNKNOWN_WORDING, row.raw))
        found.append(wording)
    return found, rejects


def _versions(rows: Sequence[Row]) -> dict[tuple[str, str, str], ConsentWording]:
    numbers = {_number(row.said["version"]) for row in rows} - {0}
    stored = ConsentWording.objects.filter(version__in=numbers)
    return {(one.purpose, one.language, str(one.version)): one for one in stored}


def _number(version: str) -> int:
    is_number = version.isascii() and version.isdigit() and len(version) <= 9
    return int(version) if is_number else 0


def _language(row: Row) -> str:
    language: str = row.said["language"]
    return language or company().language


def _texts(rows: Sequence[Row]) -> Mapping[tuple[str, str], ConsentWording]:
    """The wording of each text that rows bring, as stored; what nobody here ever showed is stored now."""
    wanted = {
        (str(row.said["purpose"]), row.said["wording"]): _language(row)
        for row in rows
        if row.said["wording"] and row.said["state"] == ConsentState.GRANTED
    }
    if not wanted:
        return {}
    stored = ConsentWording.objects.filter(text__in={text for _, text in wanted})
    found = {(one.purpose, one.text): one for one in stored.order_by("-pk")}
    missing = [(key, language) for key, language in sorted(wanted.items()) if key not in found]
    if missing:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('profiles.wordings_elsewhere'))")
    for (purpose, text), language in missing:
        tag = language.partition("-")[0][:3] + _ELSEWHERE
        same = ConsentWording.objects.filter(purpose=purpose, language=tag)
        newest = same.aggregate(newest=Max("version"))["newest"] or 0
        found[purpose, text], _ = same.get_or_create(
            text=text,
            defaults={"purpose": purpose, "language": tag, "version": newest + 1},
        )
    return found


def _entry(batch: Batch, one: _Said) -> ConsentEntry:
    said = one.row.said
    return ConsentEntry(
        customer_id=batch.customers[one.profile],
        origin_profile_id=one.profile,
        purpose=said["purpose"],
        channel=said["channel"],
        state=said["state"],
        occurred_at=one.row.at or batch.now,
        recorded_at=batch.now,
        door=DOOR,
        actor=batch.actor,
        wording=one.wording,
    )
