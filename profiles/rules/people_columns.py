"""Which columns a file about people has: customers, calls, mentions in public, consents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from profiles.rules.names import ImportKind
from profiles.rules.orders import (
    DATE_ORDER,
    SYNONYMS,
    DateOrder,
    Field,
    MappingProblem,
    clean_header,
    compact,
)

#: Before the code of an attribute: the column holds a fact of that kind.
FACT = "fact_"


@dataclass(frozen=True)
class Column:
    """What a column can be; ``synonyms`` are headers by which it is known, compact, the surest first."""

    code: str
    label: str
    synonyms: tuple[str, ...]
    help: str = ""


@dataclass(frozen=True)
class Shape:
    """What a file of a kind holds: each of ``required``, and at least one of ``one_of``.

    ``times`` are the columns with moments, ``days`` those with days.
    """

    kind: ImportKind
    columns: tuple[Column, ...]
    required: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    days: tuple[str, ...] = ()


def _column(code: str, label: str, synonyms: str, help: str = "") -> Column:
    return Column(code, label, tuple(synonyms.split()), help)


_CUSTOMER = Column(
    "customer_id",
    "Customer number",
    (*SYNONYMS[Field.CUSTOMER], "externalid", "crmid", "contactid", "id"),
    "By which the system that the file comes from tells its customers apart.",
)
_EMAIL = Column("email", "E-mail", SYNONYMS[Field.EMAIL])
_PHONE = Column(
    "phone",
    "Phone",
    (
        *SYNONYMS[Field.PHONE],
        "caller",
        "callerid",
        "callernumber",
        "number",
        "anrufer",
        "rufnummer",
    ),
)
_CARD = _column(
    "card",
    "Loyalty card",
    "card cardnumber cardno loyaltycard loyaltycardnumber karte kartennummer kundenkarte"
    " kundenkartennummer",
)
_NETWORK = _column(
    "network",
    "Network",
    "network socialnetwork platform site netzwerk plattform portal",
    "Such as instagram. Without it, the name of where the file comes from.",
)
_HANDLE = _column(
    "handle",
    "Handle",
    "handle username user screenname author account nickname nutzername benutzername profil autor",
)
_URL = _column("url", "Link to its origin", "url link permalink href address recording ticketurl")
_TIME = (
    "time timestamp datetime date at createdat occurredat zeit zeitpunkt datumuhrzeit datum uhrzeit"
)
# Names by which systems call the attributes that an installation begins with.
_FACT_SYNONYMS = {
    "birthday": "dateofbirth birthdate dob born bornon geburtsdatum geburtstag geboren".split(),
    "diet": "ernaehrung ernahrung kost".split(),
    "newspaper": ["zeitung"],
    "city": "town ort stadt wohnort".split(),
    "address": "streetaddress street adresse anschrift strasse".split(),
}

CUSTOMERS = Shape(
    ImportKind.CUSTOMERS,
    (
        _CUSTOMER,
        _column(
            "name",
            "Name",
            "name fullname customername displayname kundenname vollername personname",
        ),
        _column("first_name", "First name", "firstname givenname forename vorname"),
        _column("last_name", "Last name", "lastname surname familyname nachname familienname"),
        _EMAIL,
        _PHONE,
        _CARD,
        _column("language", "Language", "language lang locale sprache", "Such as de or en-GB."),
        _NETWORK,
        _HANDLE,
        _column(
            "updated_at",
            "As of",
            "updatedat modifiedat changedat lastmodified lastchange asof geaendertam geandertam stand",
            "When this was known. Without it, when the file was first sent.",
        ),
    ),
    one_of=("customer_id", "email", "phone", "card"),
    times=("updated_at",),
)
CALLS = Shape(
    ImportKind.CALLS,
    (
        _column(
            "call_id",
            "Number of the call",
            "callid callno callnumber callkey conversationid ticketid ticket anrufid anrufnummer id",
            "Without it, equal rows are one call.",
        ),
        Column("customer_id", _CUSTOMER.label, _CUSTOMER.synonyms[:-1], _CUSTOMER.help),
        _PHONE,
        _EMAIL,
        _column("called_at", "Time", f"calledat calltime calldate startedat start beginn {_TIME}"),
        _column(
            "direction",
            "Direction",
            "direction calldirection inout richtung",
            "In or out. Without it, the customer called.",
        ),
        _column(
            "topic", "Topic", "topic reason subject category about thema grund anliegen betreff"
        ),
        _column("outcome", "Outcome", "outcome result resolution status ergebnis erledigung"),
        _column("agent", "Who took it", "agent agentname operator employee mitarbeiter bearbeiter"),
        _column(
            "duration",
            "Length",
            "duration length seconds durationseconds callduration dauer gespraechsdauer gesprachsdauer",
            "In seconds, or as 4:05 or 0:04:05.",
        ),
        _URL,
    ),
    required=("called_at",),
    one_of=("customer_id", "phone", "email"),
    times=("called_at",),
)
MENTIONS = Shape(
    ImportKind.MENTIONS,
    (
        _column(
            "mention_id",
            "Number of the post",
            "mentionid postid reviewid messageid tweetid beitragid id",
            "Without it, equal rows are one post.",
        ),
        _NETWORK,
        _HANDLE,
        _column("posted_at", "Time", f"postedat publishedat postdate reviewdate {_TIME}"),
        _column("text", "Text", "text content message body review post comment inhalt beitrag"),
        _column("rating", "Rating", "rating stars score bewertung sterne", "0 to 10."),
        _URL,
    ),
    required=("handle", "posted_at", "text"),
    times=("posted_at",),
)
CONSENTS = Shape(
    ImportKind.CONSENTS,
    (
        _CUSTOMER,
        _EMAIL,
        _PHONE,
        _column(
            "purpose",
            "What for",
            "purpose topic list subscription consentpurpose zweck liste",
            "Reminders, offers (or newsletter, marketing), location.",
        ),
        _column("channel", "By which way", "channel medium kanal", "E-mail. Without it, e-mail."),
        _column(
            "state",
            "Yes or no",
            "state status consent optin granted agreed einwilligung zustimmung antwort",
        ),
        _column("said_at", "Time", f"saidat consentedat consentdate optindate grantedat {_TIME}"),
        _column(
            "wording",
            "The text that was shown",
            "wording text consenttext statement shown wortlaut einwilligungstext",
            "A yes is taken in with the text, or with the version of one that stands here.",
        ),
        _column("wording_version", "Version of the text", "version wordingversion textversion"),
        _column("language", "Language of the text", "language lang locale sprache"),
        _column(
            "confirmed",
            "Confirmed",
            "confirmed confirmedat doubleoptin doi doidate verified bestaetigt bestatigt",
            "Yes, or when: the link in the mail was opened (double opt-in).",
        ),
    ),
    required=("purpose", "state", "said_at"),
    one_of=("customer_id", "email", "phone"),
    times=("said_at",),
)
SHAPES = {shape.kind: shape for shape in (CUSTOMERS, CALLS, MENTIONS, CONSENTS)}


def with_facts(shape: Shape, attributes: Sequence[tuple[str, str, bool]]) -> Shape:
    """Add a column for each attribute: its code, its name, and whether it is a day."""
    facts = tuple(
        Column(
            FACT + code,
            name,
            tuple(dict.fromkeys([compact(code), compact(name), *_FACT_SYNONYMS.get(code, ())])),
        )
        for code, name, _ in attributes
    )
    days = tuple(FACT + code for code, _, is_day in attributes if is_day)
    return Shape(
        shape.kind, (*shape.columns, *facts), shape.required, shape.one_of, shape.times, days
    )


def proposed(shape: Shape, headers: Sequence[str]) -> dict[str, str]:
    """Guess which column is what by its header; each column is used once, and none by force.

    >>> proposed(CALLS, ["Rufnummer", "Beginn", "Thema"])
    {'phone': 'Rufnummer', 'called_at': 'Beginn', 'topic': 'Thema'}
    """
    free = {compact(header): clean_header(header) for header in reversed(headers)}
    found: dict[str, str] = {}
    for column in shape.columns:
        known = next((name for name in column.synonyms if name in free), None)
        if known is not None:
            found[column.code] = free.pop(known)
    return found


def problem(
    shape: Shape, mapping: Mapping[str, str], headers: Sequence[str]
) -> MappingProblem | None:
    """Find the first thing that keeps a mapping from being used on a file with these headers.

    >>> problem(CALLS, {"called_at": "When"}, ["When", "Phone"])
    MappingProblem(code='nobody_named', names=('customer_id', 'phone', 'email'))
    """
    columns = {code: header for code, header in mapping.items() if code != DATE_ORDER and header}
    known = {column.code for column in shape.columns}
    if unknown := tuple(code for code in columns if code not in known):
        return MappingProblem("unknown_field", unknown)
    if (order := mapping.get(DATE_ORDER, "")) not in set(DateOrder):
        return MappingProblem("unknown_date_order", (order,))
    if missing := tuple(code for code in shape.required if code not in columns):
        return MappingProblem("column_missing", missing)
    if shape.one_of and not any(code in columns for code in shape.one_of):
        return MappingProblem("nobody_named", shape.one_of)
    used, there = Counter(columns.values()), Counter(headers)
    for code, names in (
        ("column_twice", tuple(header for header, times in used.items() if times > 1)),
        ("column_absent", tuple(header for header in used if header not in there)),
        ("header_twice", tuple(header for header in used if there[header] > 1)),
    ):
        if names:
            return MappingProblem(code, names)
    return None
