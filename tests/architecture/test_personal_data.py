"""Every table that can hold something of a person says so: how it is shown, erased and how it grows old."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from cxportal.lib.registry import Erasing, registry
from profiles.models import Customer, RetentionRule
from profiles.services import retaining

# Tables that can hold free content, or have a way to a customer, and still nothing of a person. Why:
NOT_PERSONAL = {
    "auth.Group": "our roles",
    "auth.Permission": "what roles may do",
    "auth.User": "staff, not customers",
    "axes.AccessAttempt": "log-ins of staff",
    "axes.AccessFailureLog": "log-ins of staff; switched off",
    "axes.AccessLog": "log-ins of staff",
    "contenttypes.ContentType": "names of tables",
    "sessions.Session": "log-ins of staff; customers have none",
    "campaigns.Campaign": "written for all customers",
    "campaigns.LearningPath": "written for all customers",
    "campaigns.MessageTemplate": "words for all customers, with places for theirs",
    "campaigns.PathPart": "written for all customers",
    "campaigns.PlanBatch": "keys of customers, until the morning is planned",
    "campaigns.Offer": "rules of the house",
    "campaigns.OfferVersion": "rules of the house",
    "campaigns.Rule": "rules of the house",
    "campaigns.RuleVersion": "rules of the house",
    "campaigns.PlanRun": "counts of a morning",
    "campaigns.SilentDay": "counts of a day",
    "campaigns.SendingPolicy": "rules of the house",
    "feedback.Survey": "a question to all customers",
    "loyalty.AwardCursor": "how far purchases were looked at",
    "loyalty.Programme": "rules of the house",
    "loyalty.Tier": "rules of the house",
    "profiles.ApiKey": "other systems",
    "profiles.Attribute": "what can be known, not what is",
    "profiles.Category": "the catalogue",
    "profiles.Characteristic": "the catalogue",
    "profiles.Company": "the house",
    "profiles.ConsentRule": "rules of the house",
    "profiles.ConsentWording": "texts that all customers see",
    "profiles.EventKey": "hashes of message ids, which name nobody",
    "profiles.GuardVersion": "rules of the house",
    "profiles.Household": "holds nothing but when it was made; its members are registered",
    "profiles.IdentifierRule": "patterns that name nobody",
    "profiles.ImportLook": "what looking for files came to, in words of ours",
    "profiles.ImportSchedule": "folders and addresses of other systems",
    "profiles.ImportedRow": "keys of rows",
    "profiles.LearnedModel": "figures over all customers",
    "profiles.MomentDefinition": "rules of the house",
    "profiles.MomentVersion": "rules of the house",
    "profiles.NameWord": "single words of names that living customers bear; the database drops the rest",
    "profiles.Place": "stores",
    "profiles.Product": "the catalogue",
    "profiles.ProductValue": "the catalogue",
    "profiles.ProfileEdge": "keys of profiles and codes; evidence holds no personal data",
    "profiles.RetentionRule": "rules of the house",
    "profiles.SavedMapping": "headers of columns",
    "profiles.Source": "other systems",
    "profiles.Suppression": "keyed digests, which lead to nobody",
}
# Columns of free content in tables that outlive an erasure, which say nothing of who it was. Why:
HARMLESS = {
    "actor": "customer, or the key of a member of staff",
    "arm": "a code",
    "campaigns.Decision.considered": "keys and codes",
    "campaigns.Decision.facts": "days and rhythms of purchases, which stay; keys of rows that go",
    "campaigns.Decision.reasons": "codes",
    "campaigns.Delivery.reason": "a code",
    "campaigns.Moment.kind": "a code",
    "door": "a code",
    "feedback.Case.opened_by": "customer, or the key of a member of staff",
    "feedback.Case.solved_by": "customer, or the key of a member of staff",
    "feedback.CaseEvent.facts": "keys and numbers",
    "loyalty.PointsEntry.source_ref": "keys of purchases and decisions",
    "profiles.AccessRecord.detail": "codes and numbers",
    "profiles.AccessRecord.ip_address": "of staff",
    "profiles.ConsentEntry.evidence_hash": "a hash of address and browser together, both deleted",
    "profiles.PrivacyRequest.error": "a code",
    "profiles.PrivacyRequest.path": "our own name of a file, which an erasure deletes",
    "profiles.ReorderStatement.before": "days and intervals",
    "profiles.ReorderStatement.kind": "a code",
}
FREE = (
    models.TextField,
    models.CharField,
    models.JSONField,
    models.GenericIPAddressField,
    models.FileField,
    models.BinaryField,
    ArrayField,
)


def declared():
    return {**registry.holdings, **registry.mentions}


def every_model():
    return [m for m in apps.get_models() if m._meta.managed and not m._meta.proxy]


def free_columns(model):
    return [
        field.name
        for field in model._meta.concrete_fields
        if isinstance(field, FREE) and not field.choices
    ]


def leads_to_a_customer(model, steps=3):
    targets = {f.related_model for f in model._meta.concrete_fields if f.is_relation}
    if Customer in targets:
        return True
    return steps > 1 and any(leads_to_a_customer(t, steps - 1) for t in targets if t is not model)


@pytest.mark.parametrize("model", every_model(), ids=lambda model: model._meta.label)
def test_a_table_that_may_hold_something_of_a_person_is_registered(model):
    may = bool(free_columns(model)) or leads_to_a_customer(model)
    known = model._meta.label in declared() or model._meta.label in NOT_PERSONAL
    assert known or not may, f"register {model._meta.label} in holdings.py, or say why it is not"


def test_no_table_is_both_registered_and_excused():
    assert NOT_PERSONAL.keys() & declared().keys() == set()
    assert NOT_PERSONAL.keys() - {model._meta.label for model in every_model()} == set()


def resolve(model, path):
    """Follow a path of fields, forwards and backwards; the field at its end."""
    field = None
    for name in path.split("__"):
        field = model._meta.get_field(name)
        model = field.related_model or model
    return field


@pytest.mark.parametrize("label", sorted(declared()))
def test_what_is_declared_of_a_table_is_there(label):
    of = declared()[label]
    model = apps.get_model(label)
    paths = [*of.shown, *of.personal]
    if label in registry.holdings:
        paths += [*of.renamed, *(p for p in (of.customer, of.also, of.near) if p)]
    paths += [p for p in (of.ages_by, getattr(of, "source", "")) if p]
    missing = []
    for path in paths:
        try:
            resolve(model, path)
        except FieldDoesNotExist:
            missing.append(path)
    assert missing == []


@pytest.mark.parametrize("label", sorted(registry.holdings))
def test_a_holding_leads_to_a_customer(label):
    holding = registry.holdings[label]
    if holding.customer:
        assert resolve(apps.get_model(label), holding.customer).related_model is Customer
    else:
        assert apps.get_model(label) is Customer


def outlives(label):
    return label in registry.holdings and registry.holdings[label].erasing != Erasing.DELETE


@pytest.mark.parametrize("label", sorted(filter(outlives, registry.holdings)))
def test_no_free_content_outlives_an_erasure_unsaid(label):
    holding = registry.holdings[label]
    emptied = {*holding.personal, *holding.renamed} if holding.erasing == Erasing.BLANK else set()
    left = {
        name
        for name in free_columns(apps.get_model(label))
        if name not in emptied and name not in HARMLESS and f"{label}.{name}" not in HARMLESS
    }
    assert left == set(), "empty it, or say why it is harmless"


@pytest.mark.parametrize("label", sorted(registry.mentions))
def test_all_free_content_of_a_mention_is_searched_or_no_words(label):
    ours = {"path", "sha256", "time_zone", "mapping", "counts", "progress", "report", "sender"}
    ours |= {"object_id", "reason", "request_digest", "columns", "headers", "delimiter"}
    left = set(free_columns(apps.get_model(label))) - set(registry.mentions[label].searched) - ours
    assert left == set()


def test_every_kind_that_grows_old_has_a_rule_and_every_rule_a_kind(db):
    assert set(RetentionRule.objects.values_list("kind", flat=True)) == set(retaining.kinds())
