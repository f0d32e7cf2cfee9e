"""Reads files about people of any size as a stream: customers, calls, mentions in public, consents.

Rows that cannot be taken come out as ``Reject``, with line number and reason. A row with one value that cannot
be read is kept aside whole: mended and loaded again, it goes in whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from profiles.models import Attribute
from profiles.queries.facts import schema_of
from profiles.rules import cells, names, people_cells, people_columns
from profiles.rules.facts import Malformed, Schema, normal_value
from profiles.rules.identity import EXTERNAL, Rules
from profiles.rules.names import (
    AttributeType,
    ConsentState,
    IdentifierKind,
    ImportKind,
    Sensitivity,
    TouchpointKind,
)
from profiles.rules.orders import DateOrder, RejectReason
from profiles.rules.people_cells import said
from profiles.rules.people_columns import FACT, Shape
from profiles.services.order_layouts import (
    Layout,
    checked_zone,
    date_order_of,
    mapping_wrong,
    recognise,
)
from profiles.services.order_records import Progress, Records, Reject

Cells = Mapping[str, str]


class Row(NamedTuple):
    """A line that can go in: by what the person is known (normalised), when, and what is said of them."""

    line_number: int
    customer: str
    email: str
    phone: str
    card: str
    network: str
    handle: str
    at: datetime | None
    said: Mapping[str, Any]
    raw: str


@dataclass(frozen=True)
class House:
    """What rows are read by: how identifiers are judged and numbers dialled, which facts there are.

    ``network`` is that of handles without one; rows after ``latest`` are kept aside.
    """

    rules: Rules
    region: str
    schemas: Mapping[str, Schema]
    network: str
    latest: datetime


class _Refused(Exception):
    def __init__(self, reason: RejectReason) -> None:
        self.reason = reason


def attributes() -> list[Attribute]:
    """The attributes that files may bring: in use, and of no special category, which is told in person."""
    kept = Attribute.objects.filter(is_active=True).exclude(sensitivity=Sensitivity.SPECIAL)
    return list(kept.order_by("name", "pk"))


def shape_of(kind: ImportKind) -> Shape:
    """Which columns a file of this kind may have; customers have one for each attribute."""
    shape = people_columns.SHAPES[kind]
    if kind != ImportKind.CUSTOMERS:
        return shape
    facts = [(one.code, one.name, one.type == AttributeType.DATE) for one in attributes()]
    return people_columns.with_facts(shape, facts)


def schemas() -> dict[str, Schema]:
    """How the values of each attribute that files may bring are written."""
    return {one.code: schema_of(one) for one in attributes()}


def check(*, layout: Layout, shape: Shape, mapping: Mapping[str, str], time_zone: str) -> None:
    """Refuse what reading would fail on at once.

    Raises:
        MappingWrong, DatesAmbiguous, TimeZoneUnknown
    """
    problem = people_columns.problem(shape, mapping, layout.headers)
    if problem is not None:
        labels = {column.code: column.label.lower() for column in shape.columns}
        needed = " or ".join(labels.get(name, name) for name in problem.names)
        raise mapping_wrong(problem, layout.headers, needed)
    date_order_of(layout, mapping, [*shape.times, *shape.days])
    checked_zone(time_zone)


def read_rows(
    path: Path,
    *,
    kind: ImportKind,
    mapping: Mapping[str, str],
    time_zone: str,
    house: House,
    progress: Progress | None = None,
) -> Iterator[Row | Reject]:
    """Read a file about people: every row once, in the file's order, as ``Row`` or as ``Reject``.

    Raises:
        OrderFileError: the file as a whole cannot be read, or the mapping does not fit it.
    """
    layout, shape = recognise(path), shape_of(kind)
    check(layout=layout, shape=shape, mapping=mapping, time_zone=time_zone)
    order = date_order_of(layout, mapping, [*shape.times, *shape.days])
    zone = checked_zone(time_zone)
    records = Records(path, layout, progress)
    index = {
        column.code: records.headers.index(header)
        for column in shape.columns
        if (header := mapping.get(column.code))
    }
    reader = _Reader(house, order, lambda text: cells.parsed_time(text, zone, order))
    for number, record in enumerate(records):
        if isinstance(record, Reject):
            yield record
        elif number:
            line, values = record
            try:
                yield reader.row(kind, line, {c: said(values[at]) for c, at in index.items()})(
                    records.raw()
                )
            except _Refused as refused:
                yield Reject(line, refused.reason, records.raw())


class _Reader:
    """Turns the cells of a record into a row."""

    def __init__(
        self, house: House, order: DateOrder, time_of: Callable[[str], datetime | None]
    ) -> None:
        self._house = house
        self._order = order
        self._time_of = time_of

    def row(self, kind: ImportKind, line: int, cell: Cells) -> Callable[[str], Row]:
        """Read a record; what comes back takes its text."""
        who = self._who(cell)
        if not any(who[:4]) and not (kind == ImportKind.MENTIONS and who[5]):
            raise _Refused(RejectReason.NOBODY)
        at, words = _READ[kind](self, cell)
        return lambda raw: Row(line, *who, at, words, raw)

    def _who(self, cell: Cells) -> tuple[str, str, str, str, str, str]:
        get, rules = cell.get, self._house.rules
        number = get("customer_id", "")
        if len(number) > cells.CODE_LENGTH:
            raise _Refused(RejectReason.TOO_LONG)
        phone = get("phone", "")
        if "e+" in phone.lower():  # a spreadsheet has rounded it: 4.36E+11
            raise _Refused(RejectReason.BAD_PHONE)
        handle = names.normal_handle(get("handle", ""))
        network = names.folded(get("network", ""))[:60] or self._house.network
        return (
            "" if rules[EXTERNAL].blocks(number) else number,
            self._known(IdentifierKind.EMAIL, get("email", ""), RejectReason.BAD_EMAIL),
            self._known(IdentifierKind.PHONE, phone, RejectReason.BAD_PHONE),
            self._known(IdentifierKind.CARD, get("card", ""), RejectReason.BAD_VALUE),
            network if handle else "",
            "" if rules[IdentifierKind.SOCIAL].blocks(handle) else handle,
        )

    def _known(self, kind: IdentifierKind, text: str, reason: RejectReason) -> str:
        if not text or self._house.rules[kind].blocks(text):
            return ""
        normal = names.normal_identifier(kind, text, self._house.region)
        if not normal or len(normal) > 254:
            raise _Refused(reason)
        return "" if self._house.rules[kind].blocks(normal) else normal

    def _moment(self, text: str) -> datetime | None:
        if not text:
            return None
        at = self._time_of(text)
        if at is None:
            raise _Refused(RejectReason.BAD_TIME)
        if at > self._house.latest:
            raise _Refused(RejectReason.IN_FUTURE)
        return at

    def _needed_moment(self, text: str) -> datetime:
        at = self._moment(text)
        if at is None:
            raise _Refused(RejectReason.NO_TIME)
        return at

    def customer(self, cell: Cells) -> tuple[datetime | None, Mapping[str, Any]]:
        get = cell.get
        name = get("name", "") or f"{get('first_name', '')} {get('last_name', '')}"
        language = people_cells.parsed_language(get("language", ""))
        if get("language", "") and not language:
            raise _Refused(RejectReason.BAD_VALUE)
        facts = {
            code.removeprefix(FACT): self._fact(code.removeprefix(FACT), text)
            for code, text in cell.items()
            if text and code.startswith(FACT)
        }
        words = {"name": _word(name), "language": language, "facts": facts}
        return self._moment(get("updated_at", "")), words

    def _fact(self, code: str, text: str) -> Any:
        schema = self._house.schemas[code]
        try:
            return normal_value(_plain(text, schema.type, self._order), schema)
        except Malformed as error:
            raise _Refused(RejectReason.BAD_VALUE) from error

    def call(self, cell: Cells) -> tuple[datetime, Mapping[str, Any]]:
        get = cell.get
        direction = people_cells.parsed_direction(get("direction", "in"))
        if get("direction", "") and not direction:
            raise _Refused(RejectReason.BAD_DIRECTION)
        seconds = people_cells.parsed_seconds(get("duration", ""))
        if get("duration", "") and seconds is None:
            raise _Refused(RejectReason.BAD_DURATION)
        data = {
            "direction": direction or "in",
            "outcome": _word(get("outcome", "")),
            "agent": _word(get("agent", "")),
            "seconds": seconds,
        }
        said = _happened(TouchpointKind.CALL, cell, _word(get("topic", "")), data)
        return self._needed_moment(get("called_at", "")), said

    def mention(self, cell: Cells) -> tuple[datetime, Mapping[str, Any]]:
        get = cell.get
        text = get("text", "")
        if not text:
            raise _Refused(RejectReason.NO_TEXT)
        if len(text) > people_cells.LONGEST_TEXT:
            raise _Refused(RejectReason.TOO_LONG)
        rating = people_cells.parsed_rating(get("rating", ""))
        if get("rating", "") and rating is None:
            raise _Refused(RejectReason.BAD_RATING)
        network = names.folded(get("network", ""))[:60] or self._house.network
        data = {"text": text, "rating": rating}
        said = _happened(TouchpointKind.MENTION, cell, network, data)
        return self._needed_moment(get("posted_at", "")), said

    def consent(self, cell: Cells) -> tuple[datetime, Mapping[str, Any]]:
        get = cell.get
        purpose = people_cells.parsed_purpose(get("purpose", ""))
        if purpose is None:
            raise _Refused(RejectReason.BAD_PURPOSE)
        channel = people_cells.parsed_channel(get("channel", ""), purpose)
        if channel is None:
            raise _Refused(RejectReason.BAD_CHANNEL)
        answer = people_cells.parsed_state(get("state", ""))
        confirmed = people_cells.says_yes(get("confirmed", "")) if get("confirmed") else False
        if answer is None or confirmed is None:
            raise _Refused(RejectReason.BAD_STATE)
        state, says_confirmed = answer
        wording, version = get("wording", ""), get("wording_version", "")
        if state == ConsentState.GRANTED and not (wording or version):
            raise _Refused(RejectReason.NO_WORDING)
        if len(wording) > people_cells.LONGEST_TEXT:
            raise _Refused(RejectReason.TOO_LONG)
        words = {
            "purpose": purpose,
            "channel": channel,
            "state": state,
            "wording": wording,
            "version": version,
            "language": people_cells.parsed_language(get("language", "")).partition("-")[0],
            "is_confirmed": confirmed or says_confirmed,
        }
        return self._needed_moment(get("said_at", "")), words


_READ: dict[ImportKind, Callable[[_Reader, Cells], tuple[datetime | None, Mapping[str, Any]]]] = {
    ImportKind.CUSTOMERS: _Reader.customer,
    ImportKind.CALLS: _Reader.call,
    ImportKind.MENTIONS: _Reader.mention,
    ImportKind.CONSENTS: _Reader.consent,
}


def _word(text: str) -> str:
    return names.one_line(text)[: people_cells.LONGEST_WORD].rstrip()


def _happened(
    kind: TouchpointKind, cell: Cells, name: str, data: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "kind": kind.value,
        "number": cell.get(f"{kind}_id", ""),
        "name": name,
        "data": {key: value for key, value in data.items() if value not in ("", None)},
        "url": people_cells.parsed_address(cell.get("url", "")),
    }


def _plain(text: str, kind: AttributeType, order: DateOrder) -> Any:
    """Bring a cell into a form that the rules of facts read; what cannot be read goes on as it is."""
    if kind == AttributeType.DATE:
        return people_cells.parsed_day(text, order)
    if kind == AttributeType.YES_NO:
        return people_cells.says_yes(text)
    if kind == AttributeType.NUMBER and "," in text and "." not in text:
        return text.replace(",", ".")
    if kind == AttributeType.CHOICES:
        return [part.strip() for part in text.replace("|", ";").split(";")]
    return text
