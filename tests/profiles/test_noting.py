"""Writing facts down: refused with a reason and nothing stored, the same again stored once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from profiles.models import Attribute, ConsentEntry, FactValue
from profiles.queries import facts
from profiles.rules.names import Channel, Manner, Purpose
from profiles.rules.purposes import special_wording
from profiles.services import consenting, noting, telling
from tests.factories.facts import AttributeFactory, attribute, note, tell, told
from tests.factories.profiles import ProfileFactory, SourceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def profile():
    return ProfileFactory()


@pytest.fixture
def said(profile, now):
    """A statement by the customer."""
    return noting.Statement(
        profile_id=profile.pk,
        attribute="newspaper",
        value="The Times",
        manner=Manner.TOLD,
        actor="customer",
        occurred_at=now,
    )


@pytest.fixture
def agreement(profile, now):
    """A standing yes to the use of "losing weight"."""
    one = attribute("losing_weight")
    wording = consenting.publish_wording(
        purpose=Purpose.SPECIAL, language="en", text=special_wording(one.name, one.purpose)
    )
    return _grant(profile, wording, now)


def _grant(profile, wording, now):
    return consenting.grant(
        customer=profile.customer,
        purpose=Purpose.SPECIAL,
        channel=Channel.NONE,
        wording=wording,
        door="page",
        actor="customer",
        occurred_at=now,
    )


def believed(profile, now):
    return facts.known([profile.customer_id], now).get(profile.customer_id, {})


# --- one ------------------------------------------------------------------------------------------


def test_keeps_value_source_time_and_who_said_it(said, profile, now):
    source = SourceFactory()
    kept = noting.note(statement=replace(said, source_id=source.pk), now=now)
    assert (kept.value, kept.manner, kept.confidence, kept.actor) == (
        "The Times",
        "told",
        1.0,
        "customer",
    )
    assert (kept.source, kept.occurred_at, kept.origin_profile) == (source, now, profile)
    assert believed(profile, now) == {"newspaper": "The Times"}


def test_the_same_again_is_the_same_version(said, now):
    first = noting.note(statement=said, now=now)
    again = noting.note(statement=said, now=now)
    later = noting.note(
        statement=replace(said, occurred_at=now + timedelta(hours=2)), now=now + timedelta(days=1)
    )
    assert first.pk == again.pk == later.pk
    assert FactValue.objects.count() == 1


def test_the_same_after_something_else_is_said_anew(said, profile, now):
    for hour, value in enumerate(["The Times", "Le Monde", "The Times"]):
        later = now + timedelta(hours=hour)
        noting.note(statement=replace(said, value=value, occurred_at=later), now=later)
    assert FactValue.objects.count() == 3
    assert believed(profile, now + timedelta(hours=3)) == {"newspaper": "The Times"}


def test_what_holds_for_a_time_is_renewed_by_saying_it_again(said, profile, now):
    car = replace(said, attribute="owns_car", value=True)
    noting.note(statement=car, now=now)
    later = now + timedelta(days=600)
    noting.note(statement=replace(car, occurred_at=later), now=later)
    assert FactValue.objects.count() == 2
    assert believed(profile, now + timedelta(days=1000)) == {"owns_car": True}


def test_a_clock_a_little_ahead_means_now(said, now):
    kept = noting.note(statement=replace(said, occurred_at=now + timedelta(hours=3)), now=now)
    assert kept.occurred_at == now


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"attribute": "unheard-of"}, noting.AttributeUnknown),
        ({"profile_id": 999_999_999}, noting.CustomerUnknown),
        ({"value": "a\0b"}, noting.ValueMalformed),
        ({"value": "a" * 501}, noting.ValueMalformed),
        ({"attribute": "owns_car", "value": "maybe"}, noting.ValueMalformed),
        ({"value": None, "actor": "file:9"}, noting.DeletionOnlyInPerson),
        ({"value": None, "manner": Manner.CONCLUDED}, noting.DeletionOnlyInPerson),
        ({"confidence": 0.5}, noting.ConfidenceImpossible),
        ({"manner": Manner.SEEN, "confidence": 0.0}, noting.ConfidenceImpossible),
        ({"manner": Manner.SEEN, "confidence": float("nan")}, noting.ConfidenceImpossible),
        ({"occurred_at": datetime(2026, 3, 1)}, noting.TimeImpossible),  # noqa: DTZ001
        ({"occurred_at": datetime(1, 1, 1, tzinfo=UTC)}, noting.TimeImpossible),
        ({"occurred_at": datetime(9999, 12, 31, tzinfo=UTC)}, noting.TimeImpossible),
        ({"attribute": "losing_weight", "value": True}, noting.SpecialNeedsConsent),
        (
            {"attribute": "losing_weight", "value": True, "manner": Manner.CONCLUDED},
            noting.SpecialOnlyTold,
        ),
        (
            {"attribute": "losing_weight", "value": True, "manner": Manner.SEEN},
            noting.SpecialOnlyTold,
        ),
    ],
)
def test_what_cannot_be_kept_is_refused_and_nothing_is_stored(said, now, changes, refusal):
    with pytest.raises(refusal):
        noting.note(statement=replace(said, **changes), now=now)
    assert not FactValue.objects.exists()


def test_nothing_is_told_of_an_attribute_out_of_use_but_it_can_be_deleted(said, profile, now):
    noting.note(statement=said, now=now)
    Attribute.objects.filter(code="newspaper").update(is_active=False)
    with pytest.raises(noting.AttributeUnknown):
        noting.note(statement=replace(said, value="Le Monde"), now=now)
    noting.note(statement=replace(said, value=None), now=now)
    shown = [one for one in facts.sheet(profile.customer_id, now) if one.version]
    assert shown == []


# --- special categories ---------------------------------------------------------------------------


def test_a_special_category_stands_on_its_consent(said, profile, agreement, now):
    weight = replace(said, attribute="losing_weight", value=True, consent_id=agreement.pk)
    kept = noting.note(statement=weight, now=now)
    assert kept.consent == agreement
    assert believed(profile, now) == {"losing_weight": True}


def test_a_withdrawn_consent_takes_the_belief_with_it_for_good(said, profile, agreement, now):
    weight = replace(said, attribute="losing_weight", value=True, consent_id=agreement.pk)
    noting.note(statement=weight, now=now)
    later = now + timedelta(hours=1)
    telling.withdraw_agreement(told=told(profile.customer, later))
    assert believed(profile, later) == {}
    with pytest.raises(noting.SpecialNeedsConsent):
        noting.note(statement=replace(weight, occurred_at=later), now=later)
    _grant(profile, agreement.wording, later + timedelta(hours=1))
    assert believed(profile, later + timedelta(hours=2)) == {}


def test_consent_to_another_use_is_none(said, profile, now):
    other = consenting.publish_wording(
        purpose=Purpose.SPECIAL, language="en", text=special_wording("Faith", "to greet you")
    )
    consent = _grant(profile, other, now)
    weight = replace(said, attribute="losing_weight", value=True, consent_id=consent.pk)
    with pytest.raises(noting.SpecialNeedsConsent):
        noting.note(statement=weight, now=now)


def test_consent_of_somebody_else_is_none(said, agreement, now):
    weight = replace(
        said,
        profile_id=ProfileFactory().pk,
        attribute="losing_weight",
        value=True,
        consent_id=agreement.pk,
    )
    with pytest.raises(noting.SpecialNeedsConsent):
        noting.note(statement=weight, now=now)
    assert not FactValue.objects.exists()


def test_a_yes_without_a_value_that_fits_is_not_kept(profile, now):
    one = attribute("losing_weight")
    sentence = special_wording(one.name, one.purpose)
    with pytest.raises(noting.ValueMalformed):
        telling.tell_fact(
            told=told(profile.customer, now, agreed_to=sentence), attribute=one, value="perhaps"
        )
    assert not ConsentEntry.objects.exists()


@pytest.mark.parametrize("sentence", ["", "Yes to everything."])
def test_without_the_yes_to_this_sentence_nothing_is_kept(profile, now, sentence):
    with pytest.raises(telling.NotAgreed):
        telling.tell_fact(
            told=told(profile.customer, now, agreed_to=sentence),
            attribute=attribute("losing_weight"),
            value=True,
        )
    assert not ConsentEntry.objects.exists()
    assert not FactValue.objects.exists()


# --- many -----------------------------------------------------------------------------------------


def test_many_at_once_with_a_fixed_number_of_queries(said, now, django_assert_num_queries):
    said_of_many = [
        replace(said, profile_id=ProfileFactory().pk, manner=Manner.SEEN, actor="file:9")
        for _ in range(30)
    ]
    with django_assert_num_queries(7):
        noted = noting.note_all(statements=said_of_many, now=now)
    assert noted.new == frozenset(range(30))
    assert FactValue.objects.count() == 30


def test_one_that_is_refused_stops_no_other(said, now):
    noted = noting.note_all(
        statements=[said, replace(said, value="a\0b"), replace(said, attribute="x"), said], now=now
    )
    assert {place: error.code for place, error in noted.refused.items()} == {
        1: "value_malformed",
        2: "attribute_unknown",
    }
    assert noted.refused[1].data == {"attribute": "newspaper", "reason": "unreadable"}
    assert noted.new == frozenset({0})
    assert noted.versions[0] == noted.versions[3]


def test_the_same_file_twice_is_once(said, now):
    rows = [
        replace(said, value=value, actor="file:9", occurred_at=now - timedelta(days=days))
        for days, value in ((3, "a"), (2, "b"), (1, "a"))
    ]
    assert len(noting.note_all(statements=rows, now=now).new) == 3
    assert noting.note_all(statements=rows, now=now + timedelta(days=1)).new == frozenset()
    assert FactValue.objects.count() == 3


def test_nothing_said_costs_nothing(now):
    assert noting.note_all(statements=[], now=now).versions == {}


# --- taking back ----------------------------------------------------------------------------------


def test_taken_back_it_is_as_before(profile, now):
    note(profile.customer, "owns_car", True, now - timedelta(days=1))
    deletion = tell(profile.customer, "owns_car", None, now)
    assert believed(profile, now) == {}
    for _ in range(2):
        noting.take_back(
            customer=profile.customer, version_id=deletion.pk, actor="customer", now=now
        )
    assert believed(profile, now) == {"owns_car": True}
    assert FactValue.objects.count() == 2


def test_only_who_said_it_takes_it_back(profile, now):
    guess = note(profile.customer, "owns_car", True, now)
    own = tell(profile.customer, "newspaper", "The Times", now)
    for customer, version, actor in (
        (profile.customer, guess, "customer"),
        (ProfileFactory().customer, own, "customer"),
        (profile.customer, own, "staff:4"),
    ):
        with pytest.raises(noting.StatementUnknown):
            noting.take_back(customer=customer, version_id=version.pk, actor=actor, now=now)
    assert not FactValue.objects.filter(taken_back_at__isnull=False).exists()


# --- what the database refuses --------------------------------------------------------------------


def refused_by(constraint: str):
    return pytest.raises(IntegrityError, match=constraint)


def _row(profile, code, **changes):
    values = {
        "attribute": attribute(code),
        "customer": profile.customer,
        "origin_profile": profile,
        "manner": "told",
        "value": True,
        "actor": "customer",
        "occurred_at": datetime(2026, 3, 1, tzinfo=UTC),
    }
    return FactValue(**(values | changes))


@pytest.mark.parametrize("manner", ["seen", "concluded", "told"])
def test_the_database_keeps_nothing_special_that_was_not_agreed_to(profile, manner):
    rows = [_row(profile, "owns_car"), _row(profile, "losing_weight", manner=manner)]
    with (
        refused_by("a special-category fact is told, and agreed to"),
        transaction.atomic(),
    ):
        FactValue.objects.bulk_create(rows)
    assert not FactValue.objects.exists()


@pytest.mark.parametrize("manner", ["seen", "concluded"])
def test_the_database_keeps_nothing_special_that_was_concluded(profile, agreement, manner):
    with refused_by("a special-category fact is told"), transaction.atomic():
        _row(profile, "losing_weight", manner=manner, consent=agreement).save()


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"confidence": 0}, "profiles_fact_confidence"),
        ({"confidence": 1.1}, "profiles_fact_confidence"),
        ({"manner": "guessed"}, "profiles_fact_manner"),
        ({"manner": "seen", "value": None}, "profiles_fact_deletion_told"),
    ],
)
def test_the_database_refuses_what_is_no_version(profile, changes, constraint):
    with refused_by(constraint), transaction.atomic():
        FactValue.objects.bulk_create([_row(profile, "owns_car", **changes)])


@pytest.mark.parametrize("change", [{"value": False}, {"manner": "seen"}, {"actor": "staff:1"}])
def test_the_database_rewrites_no_version(profile, now, change):
    kept = tell(profile.customer, "owns_car", True, now)
    with refused_by("never rewritten"), transaction.atomic():
        FactValue.objects.filter(pk=kept.pk).update(**change)


@pytest.mark.parametrize(
    ("code", "change", "words"),
    [
        ("newspaper", {"type": "number"}, "values of this type and unit"),
        ("newspaper", {"unit": "kg"}, "values of this type and unit"),
        ("newspaper", {"sensitivity": "special"}, "nobody agreed to"),
        ("losing_weight", {"purpose": "to sell more"}, "customers agreed to this use"),
        ("losing_weight", {"sensitivity": "ordinary"}, "customers agreed to this use"),
    ],
)
def test_what_values_say_is_not_changed_under_them(profile, now, code, change, words):
    tell(profile.customer, code, "yes", now)
    with refused_by(words), transaction.atomic():
        Attribute.objects.filter(code=code).update(**change)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"holds_days": 0}, "profiles_attribute_holds"),
        ({"holds_days": 36_501}, "profiles_attribute_holds"),
        ({"type": "choice"}, "profiles_attribute_has_choices"),
        ({"type": "colour"}, "profiles_attribute_type"),
        ({"sensitivity": "secret"}, "profiles_attribute_sensitivity"),
    ],
)
def test_the_database_refuses_attributes_that_make_no_sense(change, constraint):
    one = AttributeFactory()
    with refused_by(constraint), transaction.atomic():
        Attribute.objects.filter(pk=one.pk).update(**change)
