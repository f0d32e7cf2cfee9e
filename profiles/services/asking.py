"""Takes what customers answer when they are asked about their own data: one question at a time."""

from __future__ import annotations

from django.db import transaction

from cxportal.lib.errors import DomainError
from profiles.models import AskedQuestion, Customer, Identifier
from profiles.rules.asking import Question, Said
from profiles.rules.cleanness import NAME, is_no_name
from profiles.rules.likeness import GAVE_THEIRS
from profiles.services import (
    bouncing,
    cleaning,
    correcting,
    identifying,
    suppressing,
    suspecting,
)
from profiles.services.joining import kind_of
from profiles.services.noting import CustomerUnknown
from profiles.services.telling import Told


class NameMissing(DomainError):
    """A name of nobody was given."""

    code = "name_missing"


def put_off(*, told: Told, question: Question) -> AskedQuestion:
    """Keep "not now": at no door is it asked again before the pause is over."""
    return _keep(told, question.subject, Said.LATER)


def never_ask(*, told: Told, question: Question) -> AskedQuestion:
    """Keep "don't ask": it is asked no more."""
    return _keep(told, question.subject, Said.NEVER)


def answered(*, told: Told, question: Question) -> AskedQuestion:
    """Keep that a question was answered, and look at the customer's data again."""
    with transaction.atomic():
        kept = _keep(told, question.subject, Said.ANSWERED)
        cleaning.find(customer_ids=[told.customer.pk], now=told.now)
    return kept


def tell_name(*, told: Told, question: Question, name: str) -> Customer:
    """Keep the name that the customer gave.

    Raises:
        NameMissing: nothing was written.
    """
    if question.subject != NAME or not name.strip() or is_no_name(name):
        raise NameMissing("Write a name, so that we know how to address you.")
    with transaction.atomic():
        customer = correcting.correct(customer=told.customer, values={"name": name})
        answered(told=told, question=question)
    return customer


def tell_address(*, told: Told, question: Question, contact: str) -> Identifier | None:
    """Keep the e-mail address or phone number that the customer gave; an old one of theirs is tried again.

    None where it is another customer's, or was of somebody who asked to be erased: whoever typed it must not
    learn that. It is not kept; a pair goes to the people who look at probable duplicates.

    Raises:
        IdentifierMalformed: nothing was written.
    """
    with transaction.atomic():
        held = _added(told, contact)
        if held is not None:
            bouncing.works(identifier=held, now=told.now)
        answered(told=told, question=question)
    return held


def _added(told: Told, contact: str) -> Identifier | None:
    profile = told.customer.profiles.order_by("pk").first()
    if profile is None:
        raise CustomerUnknown("This customer has no profile.", data={"id": told.customer.pk})
    try:
        with transaction.atomic():
            return identifying.add_identifier(
                profile=profile, kind=kind_of(contact), value=contact, now=told.now
            )
    except suppressing.ErasedPerson:
        return None
    except identifying.IdentifierTaken as error:
        other = Customer.objects.get(pk=error.data["customer"])
        suspecting.suspect_pair(one=told.customer, other=other, reason=GAVE_THEIRS, now=told.now)
        return None


def _keep(told: Told, subject: str, said: Said) -> AskedQuestion:
    return AskedQuestion.objects.create(
        customer=told.customer,
        subject=subject,
        said=said,
        door=told.door,
        actor=told.actor,
        said_at=told.now,
    )
