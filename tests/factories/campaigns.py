"""Habits that are due, consents and campaigns for tests: no chance, everything stated."""

from __future__ import annotations

from datetime import UTC, date, datetime

import factory
from factory.django import DjangoModelFactory

from campaigns.models import SendingPolicy
from campaigns.services import composing, fencing
from profiles.models import ConsentEntry, ConsentWording, Customer, Habit, Identifier, Product
from profiles.rules.names import Channel, ConsentState, IdentifierKind, Purpose
from tests.factories.profiles import IdentifierFactory, ProfileFactory

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


class HabitFactory(DjangoModelFactory):
    """A monthly habit last bought on 10 February 2026, to be reminded of on 7 March."""

    class Meta:
        model = "profiles.Habit"

    customer = factory.SubFactory("tests.factories.profiles.CustomerFactory")
    product = factory.SubFactory("tests.factories.profiles.ProductFactory")
    purchase_days = 6
    first_on = date(2025, 9, 10)
    last_on = date(2026, 2, 10)
    rhythm_days = 30.0
    mu = 3.4
    sigma = 0.1
    p_active = 0.95
    expected_on = date(2026, 3, 12)
    earliest_on = date(2026, 3, 8)
    latest_on = date(2026, 3, 17)
    remind_on = date(2026, 3, 7)
    window_probability = 0.8
    doubt = ""
    learned_at = datetime(2026, 2, 11, tzinfo=UTC)


def wording(purpose: Purpose = Purpose.REMINDERS) -> ConsentWording:
    """Return the wording of a purpose."""
    return ConsentWording.objects.get_or_create(
        purpose=purpose,
        language="en",
        version=1,
        defaults={"text": f"You may write about {purpose}."},
    )[0]


def consent(
    customer: Customer,
    state: ConsentState = ConsentState.GRANTED,
    purpose: Purpose = Purpose.REMINDERS,
    at: datetime = LONG_AGO,
) -> ConsentEntry:
    """Let a customer say yes or no."""
    return ConsentEntry.objects.create(
        customer=customer,
        origin_profile=customer.profiles.get(),
        purpose=purpose,
        channel=Channel.EMAIL,
        state=state,
        occurred_at=at,
        door="page",
        actor="customer",
        wording=wording(purpose),
    )


def reachable_customer(name: str = "Dolores Reyes", **fields: object) -> Customer:
    """Create a customer with an address and consent to reminders."""
    profile = ProfileFactory(
        customer__name=name, **{f"customer__{k}": v for k, v in fields.items()}
    )
    IdentifierFactory(origin_profile=profile, kind=IdentifierKind.EMAIL)
    consent(profile.customer)
    return profile.customer


def due_habit(customer: Customer, product: Product | None = None, **fields: object) -> Habit:
    """Give a customer a habit that is due on 10 March 2026."""
    extra = {"product": product} if product else {}
    return HabitFactory(customer=customer, **extra, **fields)


def address_of(customer: Customer) -> str:
    """Return the customer's e-mail address."""
    return Identifier.objects.get(customer=customer, kind=IdentifierKind.EMAIL).value


def ready_house(*, control_share: float = 0.0) -> None:
    """Set the house up so that it may send."""
    composing.ensure_defaults()
    fencing.adopt_new_database()
    SendingPolicy.objects.update(control_share=control_share)
