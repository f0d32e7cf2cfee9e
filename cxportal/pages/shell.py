"""What every page of the back-office carries: navigation, role, and the state of the switch.

The context processor only offers functions; nothing is read for a page that shows none of it,
such as a customer's page or a mail.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.formats import date_format

from campaigns.queries.moments import moments_kept
from campaigns.queries.policy import sending_policy
from campaigns.services import fencing
from cxportal.pages.access import ROLE_LABEL, Role, role_of
from cxportal.pages.navigation import navigation
from profiles.queries.company import company, company_zone


@dataclass(frozen=True)
class Banner:
    """Why nothing leaves, in words for the top of every page."""

    label: str
    text: str


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor."""
    if getattr(request, "user", None) is None:
        return {}
    return {
        "company_name": cache(lambda: company().name),
        "home_url": "/",
        "user_role": cache(lambda: _role_label(request)),
        "nav": cache(lambda: navigation(role_of(request.user), request.path)),
        "sending_stopped": cache(lambda: _banner(request)),
        "sending_stopped_url": cache(lambda: _switch_url(request)),
    }


def _role_label(request: HttpRequest) -> str:
    role = role_of(request.user)
    return ROLE_LABEL[role] if role else ""


STOPPED = (
    "All sending is stopped since {when} ({zone}), by {who}. Nothing leaves until somebody starts "
    "it again; what is planned is kept, and what becomes too late meanwhile is not sent."
)
FENCED = (
    "This is a restored or copied database: another one was allowed to send. Nothing leaves from "
    "here until somebody who knows that no other copy sends allows it."
)


def banner() -> Banner | None:
    """Say why nothing leaves; None while messages may."""
    policy = sending_policy()
    if policy.stopped_at is not None:
        zone = company_zone()
        when = date_format(policy.stopped_at.astimezone(zone), "l j F, H:i")
        text = STOPPED.format(when=when, zone=zone.key, who=name_of(policy.stopped_by))
        return Banner("Sending is stopped", text)
    if policy.fingerprint != fencing.fingerprint():
        return Banner("A copy: nothing is sent", FENCED)
    return None


def name_of(user: User | None) -> str:
    """Name a member of staff as colleagues do."""
    return (user.get_full_name() or user.get_username()) if user else "someone"


def _banner(request: HttpRequest) -> Banner | None:
    return banner() if role_of(request.user) else None


def _switch_url(request: HttpRequest) -> str:
    """Where the switch is, for those who may see it."""
    may_see = role_of(request.user) in {Role.ADMINISTRATOR, Role.MANAGER}
    return reverse("settings") + "#sending" if may_see else ""


# --- The same in the admin's own frame ------------------------------------------------------------


def data_environment(request: HttpRequest) -> list[str] | None:
    """Say on every data page that nothing is being sent."""
    state = _banner(request)
    return [state.label, "danger"] if state else None


# Which tables stand together beside the data pages; a role sees those that it may view.
TABLES = {
    "People": {
        "profiles.customer": "Customers",
        "profiles.identifier": "Addresses and numbers",
        "profiles.consententry": "Consent",
        "profiles.purchase": "Purchases",
        "profiles.pickup": "Orders ahead and stays",
        "profiles.habit": "Habits",
        "profiles.reorderschedule": "Own schedules",
    },
    "Moments and messages": {
        "campaigns.moment": "Moments",
        "campaigns.delivery": "Deliveries",
        "campaigns.outcome": "Answers to messages",
        "campaigns.campaign": "Campaigns",
        "campaigns.messagetemplate": "Versions of words",
        "campaigns.planrun": "Mornings planned",
        "campaigns.rehearsal": "Rehearsals",
    },
    "Loyalty and feedback": {
        "loyalty.pointsentry": "Points",
        "loyalty.programme": "Programme",
        "loyalty.tier": "Tiers",
        "feedback.case": "Cases",
        "feedback.answer": "Answers",
        "feedback.invitation": "Questions asked",
        "feedback.survey": "Surveys",
    },
    "Catalogue and files": {
        "profiles.product": "Products",
        "profiles.category": "Categories",
        "profiles.characteristic": "Characteristics",
        "profiles.place": "Stores",
        "profiles.identifierrule": "Rules of identity",
        "profiles.importjob": "Imports",
        "profiles.importreject": "Rows kept aside",
        "profiles.consentwording": "Wordings of consent",
        "profiles.consentrule": "How consent is asked",
        "profiles.learnedmodel": "What is learned over all",
    },
    "House": {
        "auth.user": "Staff",
        "admin.logentry": "Changes of settings",
        "axes.accessattempt": "Refused log-ins",
    },
}


def data_sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """List the pages of the role above the tables that it may see."""
    data = reverse("admin:index")
    pages = navigation(role_of(request.user), "")
    return [
        {
            "title": "Pages",
            "items": [
                _side(item.label, item.url) for item in pages if not item.url.startswith(data)
            ],
        },
        *({"title": title, "items": _tables(request, named)} for title, named in TABLES.items()),
    ]


def _tables(request: HttpRequest, named: dict[str, str]) -> list[dict[str, str]]:
    found = []
    for name, label in named.items():
        options = apps.get_model(name)._meta
        may_view = request.user.has_perm(f"{options.app_label}.view_{options.model_name}")
        if may_view and admin.site.is_registered(apps.get_model(name)):
            view = f"admin:{options.app_label}_{options.model_name}_changelist"
            found.append(_side(label, reverse(view)))
    return found


def _side(title: str, link: str) -> dict[str, str]:
    return {"title": title, "link": link}


def data_index(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Group the tables of the first data page as in the sidebar, and by their plain names."""
    groups = [(title, _tables(request, named)) for title, named in TABLES.items()]
    shown = [
        {
            "name": title,
            "app_label": title,
            "models": [
                {"name": one["title"], "object_name": one["title"], "admin_url": one["link"]}
                for one in tables
            ],
        }
        for title, tables in groups
        if tables
    ]
    return context | {"app_list": shown, "title": "All data"}


def house_time(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: the data pages show times by the house's clock; all others name their zone."""
    data = reverse_lazy("admin:index")

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not (request.path.startswith(str(data)) and request.user.is_authenticated):
            return get_response(request)
        with timezone.override(company_zone()):
            return get_response(request)

    return middleware


def moments_read_once(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: a page that names many moments reads those that stand in rows once, or never."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with moments_kept():
            return get_response(request)

    return middleware
