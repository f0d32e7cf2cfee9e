"""Who may do what: five roles, each a group with the permissions written out here.

Deny by default: a page of an app asks for a Django permission, a page across apps for a role
(``role_required``), and navigation is built from the same two. Nobody is a superuser by role, so
that nothing is open by accident; one made by ``createsuperuser`` counts as an administrator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse

View = TypeVar("View", bound=Callable[..., HttpResponse])


class Role(StrEnum):
    """What somebody is here. Of several, the first in this order holds."""

    ADMINISTRATOR = "administrator"
    MANAGER = "manager"
    SUPERVISOR = "supervisor"
    ANALYST = "analyst"
    COUNTER = "counter"


ROLE_LABEL = {
    Role.ADMINISTRATOR: "Administrator",
    Role.MANAGER: "Manager",
    Role.SUPERVISOR: "Supervisor",
    Role.ANALYST: "Analyst",
    Role.COUNTER: "Counter staff",
}

# Counter staff have their counter and, of the back-office, the products.
OFFICE_ROLES = frozenset(Role) - {Role.COUNTER}


def _grants(app: str, verbs: str, models: str) -> frozenset[str]:
    """Spell permissions out.

    >>> sorted(_grants("auth", "add view", "user"))
    ['auth.add_user', 'auth.view_user']
    """
    return frozenset(f"{app}.{verb}_{model}" for verb in verbs.split() for model in models.split())


# The record of a person: who they are, what they bought, agreed to and were told.
RECORD = (
    _grants(
        "profiles", "view", "customer profile identifier contactpreference purchase purchaseline"
    )
    | _grants("profiles", "view", "habit reorderschedule reorderstatement")
    | _grants("profiles", "view", "consententry consentwording consentevidence")
    | _grants("profiles", "view", "attribute factvalue household householdmember householdwarning")
    | _grants("profiles", "view", "product category characteristic place source profileedge")
    | _grants("profiles", "view", "suspicion finding")
    | _grants("profiles", "view", "pickup pickupline pickupevent")
    | _grants("campaigns", "view", "moment decision outcome delivery message campaign")
    | _grants("loyalty", "view", "pointsentry programme tier")
    | _grants("feedback", "view", "case caseevent casenote survey invitation answer answerrevision")
)
# Acting for a customer who asks for their data, or wants to be erased.
PRIVACY = _grants("profiles", "view add", "privacyrequest")
# Saying who is one customer, and who are two.
IDENTITY = _grants("profiles", "add change", "profileedge suspicion")
# Saying that something in a customer's data is fine as it is, or works again.
CLEANING = _grants("profiles", "change", "finding")
# Working on what customers asked for.
CASEWORK = _grants("feedback", "add change", "case") | _grants("feedback", "add", "casenote")
# What a figure is made of, without a name, an address or a word to anybody.
FIGURES = _grants(
    "campaigns", "view", "campaign moment decision outcome delivery planrun"
) | _grants("campaigns", "view", "rehearsal")

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.ADMINISTRATOR: (
        _grants("auth", "view add change", "user")
        | _grants("profiles", "view change", "company")
        | _grants("profiles", "view add change", "place")
        | _grants("campaigns", "view change", "sendingpolicy")
        | _grants("admin", "view", "logentry")
        | _grants("axes", "view delete", "accessattempt")
        | _grants("profiles", "view change", "retentionrule")
        | _grants("profiles", "view add change", "apikey")
        | _grants("profiles", "view", "inboundevent")
    ),
    Role.MANAGER: (
        RECORD
        | IDENTITY
        | CLEANING
        | _grants("profiles", "view change", "identifierrule")
        | FIGURES
        | CASEWORK
        | PRIVACY
        | _grants("profiles", "view change", "retentionrule")
        | _grants("loyalty", "change", "programme")
        | _grants("loyalty", "add change", "tier")
        | _grants("feedback", "add change", "survey")
        | _grants("profiles", "add change", "product category characteristic attribute")
        | _grants("profiles", "view add change", "guard momentdefinition")
        | _grants("profiles", "view change", "consentrule")
        | _grants("profiles", "add", "consentwording")
        | _grants("profiles", "view", "company learnedmodel importreject")
        | _grants("profiles", "view add change", "importjob")
        | _grants("profiles", "view add change delete", "importschedule")
        | _grants("profiles", "view change delete", "inboundevent")
        | _grants("campaigns", "add change", "campaign")
        | _grants("campaigns", "view add change", "rule offer")
        | _grants("campaigns", "view add", "messagetemplate")
        | _grants("campaigns", "view add change", "learningpath")
        | _grants("campaigns", "add", "rehearsal")
        | _grants("campaigns", "change", "delivery")  # settling what is uncertain; no field is open
        | _grants("campaigns", "view", "sandboxmessage sendingpolicy")
    ),
    Role.SUPERVISOR: (
        RECORD
        | IDENTITY
        | CLEANING
        | CASEWORK
        | PRIVACY
        | _grants("profiles", "view", "accessrecord retentionrule")
    ),
    Role.ANALYST: FIGURES
    | _grants("profiles", "view", "momentdefinition")
    | _grants("profiles", "view", "importjob product category characteristic place"),
    # Which of two chairs is lighter: no page of a person.
    Role.COUNTER: _grants("profiles", "view", "product"),
}


def roles_with(permission: str) -> frozenset[Role]:
    """Name the roles that hold a permission."""
    return frozenset(role for role, held in PERMISSIONS.items() if permission in held)


def role_of(user: AbstractBaseUser | AnonymousUser) -> Role | None:
    """Tell the role of an account, or None; asked once per request and kept on the user."""
    if not isinstance(user, User):
        return None
    kept = vars(user)
    if "role" not in kept:
        kept["role"] = _stored_role(user)
    return kept["role"]


def _stored_role(user: User) -> Role | None:
    if user.is_superuser:
        return Role.ADMINISTRATOR
    groups = {group.name for group in user.groups.all()}
    return next((role for role in Role if role.value in groups), None)


def role_required(*roles: Role) -> Callable[[View], View]:
    """Open a page to these roles; for everybody else it answers 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if role_of(request.user) not in roles:
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return cast(View, guarded)

    return decorate


def ensure_roles() -> None:
    """Create the groups and give each exactly the permissions above; run after every migration.

    Raises:
        KeyError: a permission above does not exist.
    """
    stored = Permission.objects.values_list("content_type__app_label", "codename", "pk")
    known = {f"{app}.{codename}": pk for app, codename, pk in stored}
    for role, names in PERMISSIONS.items():
        group, _ = Group.objects.get_or_create(name=role.value)
        group.permissions.set(_keys(known, names))


def _keys(known: dict[str, int], names: Iterable[str]) -> list[int]:
    return [known[name] for name in names]


def assign_role(*, user: User, role: Role) -> None:
    """Give an account this role and no other; ``is_staff`` (may enter /data/) follows it."""
    with transaction.atomic():
        user.groups.set([Group.objects.get(name=role.value)])
        user.is_staff = role in OFFICE_ROLES
        user.save(update_fields=["is_staff"])
        vars(user)["role"] = role


def create_staff(
    username: str, role: Role, password: str, *, first_name: str = "", last_name: str = ""
) -> User:
    """Create an account that can log in with this role.

    Raises:
        IntegrityError: the name is taken.
    """
    with transaction.atomic():
        user = User.objects.create_user(
            username, password=password, first_name=first_name, last_name=last_name
        )
        assign_role(user=user, role=role)
    return user
