"""Foreign keys point downward, like imports; a lower app knows nothing of the ones above."""

from __future__ import annotations

import pytest
from django.apps import apps

OWN = {"profiles": 0, "loyalty": 1, "feedback": 1, "campaigns": 2}


def keys_between_apps():
    for model in apps.get_models():
        if model._meta.app_label not in OWN:
            continue
        for field in model._meta.get_fields(include_hidden=True):
            if field.concrete and field.is_relation and field.related_model._meta.app_label in OWN:
                yield model._meta.app_label, field


def test_keys_point_to_the_same_app_or_to_one_below():
    upward = [
        f"{field.model._meta.label}.{field.name}"
        for app, field in keys_between_apps()
        if (target := field.related_model._meta.app_label) != app and OWN[target] >= OWN[app]
    ]
    assert upward == []


def test_keys_between_apps_were_looked_at():
    found = {(app, field.related_model._meta.app_label) for app, field in keys_between_apps()}
    assert ("campaigns", "profiles") in found


@pytest.mark.parametrize("app", sorted(OWN))
def test_no_model_is_ordered_by_default(app):
    assert [m._meta.label for m in apps.get_app_config(app).get_models() if m._meta.ordering] == []
