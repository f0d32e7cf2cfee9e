"""What a person reads where the database would say no."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.db.models import BaseConstraint

from cxportal.lib.admin import ReadOnlyMixin
from cxportal.lib.db import Singleton

EDITED = sorted(
    (
        model
        for model, page in admin.site._registry.items()
        if not isinstance(page, ReadOnlyMixin) and model.__module__.partition(".")[0] != "django"
    ),
    key=lambda model: model._meta.label,
)


def is_offered(model, constraint) -> bool:
    """Whether a form offers only what the constraint allows: choices, or the one row there is."""
    names = [name.partition("__")[0] for name, _ in _leaves(getattr(constraint, "condition", None))]
    return (names == ["id"] and issubclass(model, Singleton)) or (
        bool(names) and all(model._meta.get_field(name).choices for name in names)
    )


def _leaves(condition):
    for child in getattr(condition, "children", []):
        yield from [child] if isinstance(child, tuple) else _leaves(child)


@pytest.mark.parametrize("model", EDITED, ids=lambda model: model._meta.label)
def test_a_form_never_names_a_constraint(model):
    mute = [
        constraint.name
        for constraint in model._meta.constraints
        if constraint.violation_error_message == BaseConstraint.default_violation_error_message
        and not is_offered(model, constraint)
    ]
    assert mute == []
