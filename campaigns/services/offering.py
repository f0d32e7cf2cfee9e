"""Offers: written, changed, switched on and off, counted down. What they say are versions that stay as they are.

An offer that is on has a campaign for each moment that it answers, which carries its words, its control group and
its results; the campaigns follow the offer, and are written by nobody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils.html import linebreaks

from campaigns.models import Campaign, MessageTemplate, Offer, OfferVersion
from campaigns.queries.moments import known_moments
from campaigns.rules.codes import Door
from campaigns.rules.offers import OfferKind
from campaigns.services.composing import TemplateInvalid, save_template, try_words
from campaigns.services.ruling import checked_condition, checked_terms
from cxportal.lib.errors import DomainError
from profiles.rules import conditions, product_terms
from profiles.rules.condition_words import Use
from profiles.rules.facts import Malformed, clean_text
from profiles.rules.names import Purpose

LANGUAGE = "en"
_LONGEST = {
    "name": 120,
    "exclusivity": 60,
    "counter_words": 300,
    "page_words": 300,
    "mail_subject": 200,
    "note": 300,
}
MOST_MAIL_TEXT = 20_000
LARGEST_VALUE = 1_000


class OfferRefused(DomainError):
    """The offer cannot be used; ``data["where"]`` names the part, ``data["reason"]`` is a stable code."""

    code = "offer_refused"


class OutOfStock(DomainError):
    """None is left of the offer; nothing was counted."""

    code = "out_of_stock"


@dataclass(frozen=True)
class Wanted:
    """What an offer shall say; ``terms`` and ``condition`` (None: the rule base says for whom) are JSON."""

    name: str
    kind: OfferKind
    terms: Any
    condition: Any
    moments: Sequence[str]
    doors: Sequence[Door]
    value_customer: float
    value_house: float
    cost: float
    starts_at: datetime
    ends_at: datetime | None = None
    exclusivity: str = ""
    counter_words: str = ""
    page_words: str = ""
    mail_subject: str = ""
    mail_text: str = ""
    note: str = ""


def create(
    *, wanted: Wanted, stock: int | None, is_on: bool, by: User | None, now: datetime
) -> Offer:
    """Write an offer.

    Raises:
        OfferRefused: nothing was written.
    """
    said = said_by(wanted)
    with transaction.atomic():
        offer = Offer.objects.create(stock=stock, created_at=now)
        _append(offer, 1, said, is_on=is_on, by=by, now=now)
    return offer


def change(
    *, offer_id: int, wanted: Wanted, stock: int | None, by: User | None, now: datetime
) -> OfferVersion:
    """Let an offer say something else from now on; said again, the version that says it is returned.

    Locks the offer. ``stock`` is what is left by now.

    Raises:
        OfferRefused: nothing was written.
    """
    said = said_by(wanted)
    with transaction.atomic():
        offer, newest = _locked(offer_id)
        if offer.stock != stock:
            offer.stock = stock
            offer.save(update_fields=["stock"])
        if all(getattr(newest, name) == value for name, value in said.items()):
            return newest
        return _append(offer, newest.number + 1, said, is_on=newest.is_on, by=by, now=now)


def switch(*, offer_id: int, is_on: bool, by: User | None, now: datetime) -> OfferVersion:
    """Switch an offer on or off, and its campaigns with it. Locks it. Repeatable.

    Raises:
        OfferRefused: what it asks for is gone or may not be used any more, so it cannot be switched on.
    """
    with transaction.atomic():
        offer, newest = _locked(offer_id)
        if newest.is_on == is_on:
            return newest
        wanted = wanted_of(newest)
        said = said_by(wanted) if is_on else {name: getattr(newest, name) for name in vars(wanted)}
        return _append(offer, newest.number + 1, said, is_on=is_on, by=by, now=now)


def wanted_of(version: OfferVersion) -> Wanted:
    """What a version says, as it could be asked for again."""
    return Wanted(**{one.name: getattr(version, one.name) for one in fields(Wanted)})


# --- how many are left ----------------------------------------------------------------------------


def take(*, offer_id: int) -> None:
    """Count one down, where an offer has a stock.

    Raises:
        OutOfStock
    """
    limited = Offer.objects.filter(pk=offer_id, stock__isnull=False)
    if not limited.filter(stock__gt=0).update(stock=F("stock") - 1) and limited.exists():
        raise OutOfStock("None is left of this offer.")


def put_back(*, offer_id: int) -> None:
    """Count one up again, where an offer has a stock."""
    Offer.objects.filter(pk=offer_id, stock__isnull=False).update(stock=F("stock") + 1)


# --- what it says ---------------------------------------------------------------------------------


def said_by(wanted: Wanted) -> dict[str, Any]:
    """Return the columns of an offer, every value in its stored form.

    Raises:
        OfferRefused
    """
    said = {one.name: getattr(wanted, one.name) for one in fields(Wanted)}
    for name, longest in _LONGEST.items():
        said[name] = _text(name, said[name], longest)
    said |= {
        "kind": str(wanted.kind),
        "doors": sorted(str(door) for door in wanted.doors),
        "moments": sorted(wanted.moments),
        "mail_text": wanted.mail_text.replace("\r\n", "\n").strip(),
        **_asked(wanted),
    }
    for where, reason, words in _problems(said):
        raise OfferRefused(words, data={"where": where, "reason": reason})
    if Door.EMAIL in said["doors"]:
        _try_mail(said["mail_subject"], said["mail_text"])
    return said


def _try_mail(subject: str, text: str) -> None:
    try:
        try_words(subject=subject, text=text, html=_html(text))
    except TemplateInvalid as error:
        data = {"where": "mail_text", "reason": "template"}
        raise OfferRefused(f"The e-mail: {error.message}", data=data) from error


def _html(text: str) -> str:
    """Not escaped, for it is a template; what comes of it is cleaned as it is framed."""
    return linebreaks(text, autoescape=False)


def _text(name: str, raw: str, longest: int) -> str:
    try:
        return clean_text(raw, longest)
    except Malformed as error:
        raise OfferRefused(str(error), data={"where": name, "reason": error.reason}) from error


def _asked(wanted: Wanted) -> dict[str, Any]:
    try:
        terms = product_terms.written(checked_terms(wanted.terms))
        whom = None
        if wanted.condition is not None:
            whom = conditions.written(checked_condition(wanted.condition, Use.CHOOSE))
    except conditions.Wrong as error:
        words = error.words if error.code in {"delicate", "gone"} else str(error)
        data = {"where": error.where, "reason": error.code}
        raise OfferRefused(words, data=data) from error
    return {"terms": terms, "condition": whom}


def _problems(said: dict[str, Any]) -> Sequence[tuple[str, str, str]]:
    """What is wrong with it, each with its field and code."""
    unknown = [kind for kind in said["moments"] if kind not in known_moments()]
    worth = said["value_customer"] + said["value_house"]
    values = [said[name] for name in ("value_customer", "value_house", "cost")]
    by_mail = Door.EMAIL in said["doors"]
    judged = (
        (not said["name"], "name", "empty", "Give the offer a name."),
        (not said["moments"], "moments", "empty", "Choose at least one moment that it answers."),
        (unknown, "moments", "gone", f"There is no moment “{''.join(unknown[:1])}”."),
        (not said["doors"], "doors", "empty", "Choose at least one door at which it may be said."),
        (not all(0 <= one <= LARGEST_VALUE for one in values), "value_customer", "out_of_range",
         f"Write values from 0 to {LARGEST_VALUE}."),
        (not said["value_customer"] > 0, "value_customer", "brings_nothing",
         "It has to bring the customer something."),
        (not said["cost"] < worth, "cost", "not_worth_it",
         "It costs as much as it brings, so nobody would ever be told."),
        (said["ends_at"] is not None and said["ends_at"] <= said["starts_at"], "ends_at",
         "empty_period", "It ends before it begins."),
        (by_mail and not (said["mail_subject"] and said["mail_text"]), "mail_text", "no_words",
         "Write the subject and the text of the e-mail."),
        (len(said["mail_text"]) > MOST_MAIL_TEXT, "mail_text", "too_long",
         "The text of the e-mail is too long."),
    )  # fmt: skip
    return [(where, reason, words) for wrong, where, reason, words in judged if wrong]


def _locked(offer_id: int) -> tuple[Offer, OfferVersion]:
    offer = Offer.objects.select_for_update(no_key=True).get(pk=offer_id)
    return offer, offer.versions.order_by("-number")[0]


def _append(
    offer: Offer, number: int, said: dict[str, Any], *, is_on: bool, by: User | None, now: datetime
) -> OfferVersion:
    version = OfferVersion.objects.create(
        offer=offer, number=number, is_on=is_on, written_by=by, written_at=now, **said
    )
    _lead(offer, version, by)
    return version


def _lead(offer: Offer, version: OfferVersion, by: User | None) -> None:
    """Let the campaigns of an offer say what it says now; one of a moment that it left is switched off."""
    offer.campaigns.exclude(moment__in=version.moments if version.is_on else []).update(
        is_live=False
    )
    if not version.is_on:
        return
    for moment in version.moments:
        campaign, _ = Campaign.objects.update_or_create(
            offer=offer,
            moment=moment,
            defaults={
                "code": f"offer-{offer.pk}-{moment}"[:60],
                "name": version.name,
                "purpose": Purpose.OFFERS,
                "value": version.worth,
                "is_live": True,
            },
        )
        if Door.EMAIL in version.doors:
            _word(campaign, version, by)


def _word(campaign: Campaign, version: OfferVersion, by: User | None) -> None:
    newest = MessageTemplate.objects.filter(campaign=campaign, language=LANGUAGE)
    known = newest.order_by("-version").first()
    if known and (known.subject, known.text) == (version.mail_subject, version.mail_text):
        return
    save_template(
        campaign=campaign,
        language=LANGUAGE,
        subject=version.mail_subject,
        text=version.mail_text,
        html=_html(version.mail_text),
        by=by,
    )
