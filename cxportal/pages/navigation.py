"""The navigation of the back-office: what each role finds there, in the order of a day's work."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from cxportal.pages.access import OFFICE_ROLES, Role, roles_with


@dataclass(frozen=True)
class Entry:
    """One line of the navigation: where it leads, which roles find it there, and under which heading."""

    label: str
    view: str
    icon: str
    roles: frozenset[Role]
    under: str = ""


@dataclass(frozen=True)
class NavItem:
    """A line of the navigation as one page shows it."""

    label: str
    url: str
    icon: str
    under: str
    is_current: bool


_HOUSE_ROLES = frozenset({Role.ADMINISTRATOR, Role.MANAGER})
_CUSTOMERS, _SAID, _DATA, _HOUSE = "Customers", "What we say", "Data", "House"

NAVIGATION = (
    Entry("Overview", "overview", "overview", frozenset({Role.MANAGER, Role.ANALYST})),
    Entry(
        "Counter", "counter", "counter", frozenset({Role.COUNTER, Role.SUPERVISOR, Role.MANAGER})
    ),
    Entry("Cases", "feedback:case-list", "cases", roles_with("feedback.view_case")),
    Entry(
        "Customers",
        "admin:profiles_customer_changelist",
        "customers",
        roles_with("profiles.view_customer"),
        _CUSTOMERS,
    ),
    Entry("Who to ask", "campaigns:mind-least", "search", roles_with("profiles.view_customer"), _CUSTOMERS),
    Entry("Duplicates", "duplicates", "person", roles_with("profiles.view_suspicion"), _CUSTOMERS),
    Entry("Clean data", "clean-data", "check", roles_with("profiles.view_finding"), _CUSTOMERS),
    Entry("Who looked", "looks", "search", roles_with("profiles.view_accessrecord"), _CUSTOMERS),
    Entry("Moments", "campaigns:moment-list", "moments", roles_with("profiles.view_momentdefinition"), _SAID),
    Entry("Offers", "campaigns:offer-list", "gift", roles_with("campaigns.view_offer"), _SAID),
    Entry("Rules", "campaigns:rule-list", "check", roles_with("campaigns.view_rule"), _SAID),
    Entry("Guards", "profiles:guard-list", "pause", roles_with("profiles.view_guard"), _SAID),
    Entry("Messages", "campaigns:template-list", "campaigns", roles_with("campaigns.add_messagetemplate"), _SAID),
    Entry("Guidance", "campaigns:path-list", "info", roles_with("campaigns.view_learningpath"), _SAID),
    Entry("Decisions", "decisions", "feedback", roles_with("campaigns.view_decision"), _SAID),
    Entry("Mailbox", "campaigns:mailbox", "mail", roles_with("campaigns.view_sandboxmessage"), _SAID),
    Entry("Products", "profiles:product-list", "bag", roles_with("profiles.view_product"), _DATA),
    Entry("Imports", "profiles:import-list", "imports", roles_with("profiles.view_importjob"), _DATA),
    Entry("Events", "profiles:event-list", "info", roles_with("profiles.view_inboundevent"), _DATA),
    Entry("Rehearsals", "campaigns:rehearsal-list", "rehearsal", roles_with("campaigns.view_rehearsal"), _DATA),
    Entry("Retention", "retention", "info", roles_with("profiles.view_retentionrule"), _DATA),
    Entry("All data", "admin:index", "menu", OFFICE_ROLES, _DATA),
    Entry("Staff", "admin:auth_user_changelist", "person", roles_with("auth.view_user"), _HOUSE),
    Entry("Ways in", "settings-doors", "plus", _HOUSE_ROLES, _HOUSE),
    Entry("Keys", "profiles:key-list", "check", roles_with("profiles.view_apikey"), _HOUSE),
    Entry("Settings", "settings", "settings", _HOUSE_ROLES, _HOUSE),
)  # fmt: skip


def navigation(role: Role | None, path: str) -> list[NavItem]:
    """List what a role may open; the longest address above ``path`` is the current one."""
    entries = [(entry, reverse(entry.view)) for entry in NAVIGATION if role in entry.roles]
    above = [url for _, url in entries if path.startswith(url)]
    current = max(above, key=len, default="")
    return [
        NavItem(entry.label, url, entry.icon, entry.under, url == current) for entry, url in entries
    ]
