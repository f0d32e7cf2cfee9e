"""The rule in SQL agrees with the pure one, for any history and for many customers at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiles.models import Attribute, ConsentEntry, ConsentWording, FactValue
from profiles.queries import facts
from profiles.rules.facts import Version, present
from profiles.rules.names import Manner
from tests.factories.facts import AttributeFactory, note, tell
from tests.factories.profiles import ProfileFactory, SourceFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 6, 5, tzinfo=UTC)
ACTORS = {
    Manner.TOLD: ["customer", "staff:4", "file:9"],
    Manner.SEEN: ["file:9", "api:3"],
    Manner.CONCLUDED: ["rule:baskets"],
}
SOURCES = ["", "crm", "shop", "till"]
# Hours before now; few, so that versions meet at the same instant.
hours = st.sampled_from([-5, 0, 1, 24, 24 * 30, 24 * 30 + 1, 24 * 40])


@st.composite
def versions(draw, is_special: bool):
    manner = Manner.TOLD if is_special else draw(st.sampled_from(list(Manner)))
    actor = draw(st.sampled_from(ACTORS[manner]))
    may_delete = manner == Manner.TOLD and actor != "file:9"
    values = ["a", "b", None] if may_delete else ["a", "b"]
    return {
        "manner": manner,
        "actor": actor,
        "value": draw(st.sampled_from(values)),
        "hours": draw(hours),
        "source": draw(st.sampled_from(SOURCES)),
        "is_taken_back": draw(st.integers(0, 4)) == 0,
        "consent": draw(st.integers(0, 1)),
    }


histories = st.tuples(
    st.lists(versions(is_special=False), max_size=6),
    st.lists(versions(is_special=False), max_size=6),
    st.lists(versions(is_special=True), max_size=6),
    st.none() | hours,
)


@pytest.fixture
def attributes():
    return [
        AttributeFactory(code="ranked", outranks=["crm", "shop"]),
        AttributeFactory(code="fading", holds_days=30),
        AttributeFactory(code="delicate", sensitivity="special", outranks=["shop"]),
    ]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(drawn=st.lists(histories, min_size=1, max_size=4))
def test_sql_believes_what_the_rule_believes(attributes, drawn):
    customers, expected = [], {}
    for *of_attributes, withdrawn in drawn:
        profile = ProfileFactory()
        consents = _consents(profile, withdrawn)
        customers.append(profile.customer_id)
        for attribute, history in zip(attributes, of_attributes, strict=True):
            rows = [_row(profile, attribute, said, consents) for said in history]
            FactValue.objects.bulk_create(row for row, _ in rows)
            known = [_version(row, is_agreed) for row, is_agreed in rows]
            best = present(known, facts.schema_of(attribute), NOW)
            if best is not None:
                expected.setdefault(profile.customer_id, {})[attribute.code] = best.value
    assert facts.known(customers, NOW) == expected
    for customer in customers:
        shown = {one.code: one.version.value for one in facts.sheet(customer, NOW) if one.version}
        assert shown == expected.get(customer, {})


def _consents(profile, withdrawn: int | None):
    """Two agreements of one person, and when they withdrew; each with whether it stands."""
    wording = ConsentWording.objects.get_or_create(
        purpose="special", language="en", version=1, defaults={"text": "x"}
    )[0]
    said = {
        "customer": profile.customer,
        "origin_profile": profile,
        "purpose": "special",
        "channel": "none",
        "door": "page",
        "actor": "customer",
    }
    agreed = [
        ConsentEntry.objects.create(
            **said, state="granted", wording=wording, occurred_at=NOW - timedelta(hours=back)
        )
        for back in (24 * 50, 12)
    ]
    if withdrawn is not None:
        ConsentEntry.objects.create(
            **said, state="withdrawn", occurred_at=NOW - timedelta(hours=withdrawn)
        )
    ended = withdrawn if withdrawn is not None and withdrawn >= 0 else None
    return [
        (agreed[0], ended is None or ended > 24 * 50),
        (agreed[1], ended is None or ended > 12),
    ]


def _row(profile, attribute, said, consents):
    consent, stands = consents[said["consent"]]
    source = SourceFactory(code=said["source"]) if said["source"] else None
    is_special = attribute.sensitivity == "special"
    row = FactValue(
        attribute=attribute,
        customer=profile.customer,
        origin_profile=profile,
        manner=said["manner"],
        value=said["value"],
        source=source,
        actor=said["actor"],
        consent=consent if is_special else None,
        occurred_at=NOW - timedelta(hours=said["hours"]),
        taken_back_at=NOW if said["is_taken_back"] else None,
    )
    return row, stands


def _version(row: FactValue, is_agreed: bool) -> Version:
    return Version(
        row.pk,
        row.value,
        Manner(row.manner),
        row.actor,
        row.occurred_at,
        source=row.source.code if row.source else "",
        is_agreed=is_agreed,
        is_taken_back=row.taken_back_at is not None,
    )


# --- reading --------------------------------------------------------------------------------------


def test_many_customers_cost_one_query(django_assert_num_queries, now):
    customers = [ProfileFactory().customer for _ in range(5)]
    for customer in customers:
        tell(customer, "newspaper", "The Times", now)
    with django_assert_num_queries(1):
        found = facts.known([customer.pk for customer in customers], now)
    assert found == {customer.pk: {"newspaper": "The Times"} for customer in customers}


def test_an_attribute_out_of_use_is_shown_to_the_customer_and_used_no_more(now):
    customer = ProfileFactory().customer
    tell(customer, "newspaper", "The Times", now)
    Attribute.objects.filter(code="newspaper").update(is_active=False)
    assert facts.known([customer.pk], now) == {}
    shown = [one for one in facts.sheet(customer.pk, now) if one.version]
    assert [(one.code, one.is_active) for one in shown] == [("newspaper", False)]


def test_staff_are_told_what_was_told_and_never_what_was_concluded(now):
    customer = ProfileFactory().customer
    note(customer, "diet", "vegan", now)
    assert facts.for_staff(customer.pk, now) == []
    tell(customer, "diet", "vegetarian", now)
    tell(customer, "owns_car", "yes", now)
    assert [(one.code, one.words) for one in facts.for_staff(customer.pk, now)] == [
        ("diet", "vegetarian")
    ]
