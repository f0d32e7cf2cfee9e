"""The record of looks: each page of staff that shows people, written down by a middleware before it is shown.

A page cannot forget it: every address of staff stands in ``LOOKS`` or, with a reason, in ``NOBODY``
(a test walks all of them), the data pages follow from what tables are registered to hold, and what is
in neither is written down all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch
from django.utils import timezone

from campaigns.models import Decision, Delivery, SandboxMessage
from cxportal.lib.http import Shown, client_address
from cxportal.lib.links import LinkExpired, LinkInvalid, LinkPurpose, subject_of
from cxportal.lib.registry import Holding, registry
from feedback.models import Case
from profiles.models import Customer, Finding, Identifier, Pickup, PrivacyRequest, Suspicion
from profiles.rules.names import AccessAct
from profiles.services import access

Parts = Mapping[str, Any]


@dataclass(frozen=True)
class Look:
    """What a page does: ``whom`` finds the customers by the parts of its address (none: a list).

    What is posted to it is a change, unless ``only_shows``.
    """

    act: AccessAct = AccessAct.LOOKED
    whom: Callable[[Parts], Sequence[int]] = lambda parts: ()
    only_shows: bool = False


def _customer(parts: Parts) -> Sequence[int]:
    return [parts["customer_id"]]


def _of_case(parts: Parts) -> Sequence[int]:
    cases = Case.objects.filter(pk=parts["case_id"])
    return list(cases.values_list("customer_id", flat=True))


def _of_pair(parts: Parts) -> Sequence[int]:
    return [parts["customer_id"], parts["other_id"]]


def _of_suspicion(parts: Parts) -> Sequence[int]:
    pairs = Suspicion.objects.filter(pk=parts["suspicion_id"])
    return [key for pair in pairs.values_list("low_id", "high_id") for key in pair]


def _of_finding(parts: Parts) -> Sequence[int]:
    found = Finding.objects.filter(pk=parts["finding_id"])
    return list(found.values_list("customer_id", flat=True))


def _of_pickup(parts: Parts) -> Sequence[int]:
    pickups = Pickup.objects.filter(pk=parts["pickup_id"])
    return list(pickups.values_list("customer_id", flat=True))


def _of_decision(parts: Parts) -> Sequence[int]:
    decisions = Decision.objects.filter(public_id=parts["decision_id"])
    return list(decisions.values_list("customer_id", flat=True))


def _of_message(parts: Parts) -> Sequence[int]:
    """Whose message of the sandbox it is: by the delivery that its id begins with, else by its address."""
    message = SandboxMessage.objects.filter(pk=parts["message_id"]).first()
    if message is None:
        return []
    try:
        public_id = UUID(message.message_id.strip("<>").partition("@")[0])
    except ValueError:
        theirs = Identifier.objects.filter(kind="email", value=message.recipient.lower())
        return list(theirs.values_list("customer_id", flat=True))
    return list(Delivery.objects.filter(public_id=public_id).values_list("customer_id", flat=True))


def _of_request(parts: Parts) -> Sequence[int]:
    requests = PrivacyRequest.objects.filter(public_id=parts["request_id"])
    return list(requests.values_list("customer_id", flat=True))


A_LIST = Look()
A_SEARCH = Look(AccessAct.SEARCHED)
OF_CUSTOMER = Look(whom=_customer)
OF_CASE = Look(whom=_of_case)

LOOKS: Mapping[str, Look] = {
    "counter": A_SEARCH,
    "counter-answer": OF_CUSTOMER,
    "counter-undo": OF_CUSTOMER,
    "counter-book": OF_CUSTOMER,
    "counter-coming": A_LIST,
    "counter-customer": OF_CUSTOMER,
    "counter-enrol": A_LIST,
    "counter-fact": OF_CUSTOMER,
    "counter-household": OF_CUSTOMER,
    "counter-household-say": OF_CUSTOMER,
    "counter-pickup": Look(whom=_of_pickup),
    "customer-consent-receipt": Look(AccessAct.EXPORTED, _customer),
    "customer-privacy": OF_CUSTOMER,
    "customer-timeline": OF_CUSTOMER,
    "customer-export": Look(AccessAct.EXPORTED, _customer),
    "customer-export-file": Look(AccessAct.EXPORTED, _of_request),
    "customer-erase": Look(AccessAct.ERASED, _customer),
    "clean-data": A_LIST,
    "clean-data-say": Look(whom=_of_finding),
    "counter-question": OF_CUSTOMER,
    "decision": Look(whom=_of_decision),
    "decisions": A_LIST,
    "duplicates": A_LIST,
    "duplicate": Look(whom=_of_suspicion),
    "looks": A_LIST,
    "what-if": A_LIST,
    "same-person": Look(whom=_customer, only_shows=True),
    "same-person-undo": OF_CUSTOMER,
    "same-person-take-back": OF_CUSTOMER,
    "same-person-with": Look(whom=_of_pair),
    "campaigns:mailbox": A_LIST,
    "campaigns:mailbox-html": Look(whom=_of_message),
    "campaigns:mailbox-message": Look(whom=_of_message),
    "campaigns:template-customers": A_LIST,
    "campaigns:template-edit": A_LIST,
    "campaigns:template-preview": Look(only_shows=True),
    "feedback:case-assign": OF_CASE,
    "feedback:case-detail": OF_CASE,
    "feedback:case-list": A_LIST,
    "feedback:case-note": OF_CASE,
    "feedback:case-solve": OF_CASE,
    "profiles:event-detail": A_LIST,
    "profiles:event-drop": A_LIST,
    "profiles:event-list": A_LIST,
    "profiles:event-replay": A_LIST,
    "campaigns:mind-least": Look(only_shows=True),
    "campaigns:moment-detail": Look(only_shows=True),
    "campaigns:offer-detail": Look(only_shows=True),
    "campaigns:rule-detail": Look(only_shows=True),
    "profiles:guard-detail": Look(only_shows=True),
    "profiles:import-columns": A_LIST,
    "profiles:import-new": A_LIST,
    "profiles:import-rejects": Look(AccessAct.EXPORTED),
}
# Pages of staff that show nobody. Why:
NOBODY: Mapping[str, str] = {
    "home": "leads on to the first page",
    "logout": "ends the session",
    "overview": "figures",
    "retention": "counts of rows",
    "settings": "rules of the house",
    "settings-company": "rules of the house",
    "settings-stores": "stores",
    "settings-sending": "rules of the house",
    "settings-doors": "ways in",
    "settings-qr": "a picture of an address",
    "sending-stop": "the switch",
    "sending-resume": "the switch",
    "sending-adopt": "the switch",
    "counter-store": "which store this counter is in",
    "styleguide": "samples",
    "campaigns:template-list": "words for all customers",
    "campaigns:moment-list": "rules of the house, and counts",
    "campaigns:moment-new": "rules of the house",
    "campaigns:moment-change": "rules of the house",
    "campaigns:moment-switch": "rules of the house",
    "campaigns:moment-answer": "words for all customers",
    "campaigns:path-list": "words for all customers",
    "campaigns:path-new": "words for all customers",
    "campaigns:path-edit": "words for all customers",
    "campaigns:path-switch": "words for all customers",
    "campaigns:rehearsal-list": "figures",
    "campaigns:rehearsal-new": "columns of a file",
    "campaigns:rehearsal-detail": "figures",
    "profiles:guard-change": "rules of the house",
    "campaigns:offer-change": "rules of the house",
    "campaigns:offer-list": "rules of the house",
    "campaigns:offer-new": "rules of the house",
    "campaigns:offer-switch": "rules of the house",
    "campaigns:rule-change": "rules of the house",
    "campaigns:rule-list": "rules of the house",
    "campaigns:rule-new": "rules of the house",
    "campaigns:rule-switch": "rules of the house",
    "profiles:guard-list": "rules of the house",
    "profiles:guard-new": "rules of the house",
    "profiles:guard-switch": "rules of the house",
    "profiles:product-compare": "the catalogue",
    "profiles:product-detail": "the catalogue",
    "profiles:product-list": "the catalogue",
    "profiles:key-list": "other systems",
    "profiles:key-revoke": "other systems",
    "profiles:import-list": "files, not what is in them",
    "profiles:import-detail": "counts of rows; of a dry run a few, masked",
    "profiles:import-run": "starts an import",
    "profiles:import-undo": "counts of rows",
    "profiles:schedule-again": "names a file",
    "profiles:schedule-change": "folders and addresses of files",
    "profiles:schedule-delete": "counts of imports",
    "profiles:schedule-detail": "files, not what is in them",
    "profiles:schedule-list": "folders and addresses of files",
    "profiles:schedule-look": "has a worker look",
    "profiles:schedule-new": "folders and addresses of files",
    "profiles:schedule-switch": "switches a schedule",
}
# Nothing was shown with these.
_UNSHOWN = {401, 403, 404, 405, 410}


def on_record(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: what cannot be written down is not shown."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        answer = get_response(request)
        # Another system that came in by a key is nobody of the staff: its doors write down what they show.
        if request.resolver_match and isinstance(request.user, User):
            is_shown = answer.status_code < 500 and answer.status_code not in _UNSHOWN
            look = _look(request.resolver_match) if is_shown else None
            if look and (look is not A_SEARCH or _typed(request)):
                _write(request, answer, look)
        return answer

    return middleware


def _look(match: ResolverMatch) -> Look | None:
    """What stands open to the world is no page of staff, but for the pages of a customer."""
    is_open = not getattr(match.func, "login_required", True)
    if is_open and not match.view_name.startswith("my-"):
        return None
    return look_at(match.view_name)


def look_at(view_name: str) -> Look | None:
    """What a page shows of people; None where it shows nobody."""
    if view_name in NOBODY:
        return None
    if view_name.startswith("admin:"):
        return _data_page(view_name)
    if view_name.startswith("my-"):
        return Look(whom=_of_own_page)
    return LOOKS.get(view_name) or Look(whom=lambda parts: _known(parts.get("customer_id")))


def _of_own_page(parts: Parts) -> Sequence[int]:
    """A page of a customer that a member of staff opened by its link."""
    try:
        public_id = subject_of(LinkPurpose.MY_PAGE, parts["token"])
    except (LinkExpired, LinkInvalid):
        return []
    return list(Customer.objects.filter(public_id=public_id).values_list("pk", flat=True))


def _known(customer_id: Any) -> Sequence[int]:
    return [customer_id] if isinstance(customer_id, int) else []


# --- the data pages -------------------------------------------------------------------------------


def _data_page(view_name: str) -> Look | None:
    """A page of the admin over a table that holds something of people, whatever the table."""
    table, _, page = view_name.removeprefix("admin:").rpartition("_")
    label = _tables().get(table)
    if label is None:
        return None
    holding = registry.holdings.get(label)
    if page in {"change", "history", "delete"} and holding is not None:
        return Look(whom=lambda parts: _of_row(holding, parts.get("object_id", "")))
    return A_LIST


def _tables() -> Mapping[str, str]:
    labels = [*registry.holdings, *registry.mentions]
    models = [(apps.get_model(label)._meta, label) for label in labels]
    return {f"{options.app_label}_{options.model_name}": label for options, label in models}


def _of_row(holding: Holding, key: str) -> Sequence[int]:
    if not key.isdecimal() or len(key) > 18:
        return []
    rows = apps.get_model(holding.model)._base_manager.filter(pk=int(key))
    paths = [path for path in (holding.customer or "pk", holding.also) if path]
    return sorted({key for row in rows.values_list(*paths) for key in row if key is not None})


# --- writing it down ------------------------------------------------------------------------------


def _write(request: HttpRequest, answer: HttpResponseBase, look: Look) -> None:
    match = request.resolver_match
    assert match is not None
    seen: Shown = vars(request).get("looked_at", Shown())
    customers = seen.customer_ids or look.whom(match.kwargs) or _narrowed_to(request)
    access.record(
        actor=f"staff:{request.user.pk}",
        user_id=request.user.pk,
        act=_act(request, look),
        door=match.view_name,
        customer_ids=sorted(set(customers)),
        detail=_detail(request, answer, seen),
        reason=request.POST.get("reason", ""),
        ip_address=client_address(request),
        now=timezone.now(),
    )


def _act(request: HttpRequest, look: Look) -> AccessAct:
    if request.method in {"GET", "HEAD"}:
        if look is A_LIST and _typed(request):
            return AccessAct.SEARCHED
        return AccessAct.LOOKED if look.act == AccessAct.ERASED else look.act
    is_change = look.act == AccessAct.LOOKED and not look.only_shows
    return AccessAct.CHANGED if is_change else look.act


def _typed(request: HttpRequest) -> str:
    """What was typed into the one box for searching."""
    return (request.POST.get("q") or request.GET.get("q") or "").strip()


def _narrowed_to(request: HttpRequest) -> Sequence[int]:
    """The one customer that a list was narrowed to."""
    given = request.GET.dict() | request.POST.dict()
    asked = str(given.get("customer__id__exact") or given.get("customer") or "")
    if not (asked.isdecimal() and len(asked) <= 18):
        return []
    return list(Customer.objects.filter(pk=int(asked)).values_list("pk", flat=True))


def _detail(request: HttpRequest, answer: HttpResponseBase, seen: Shown) -> str:
    """How long what was typed is, and how many were found: never what was typed."""
    words = []
    if typed := _typed(request):
        words.append(f"typed {len(typed)}")
    listed = (getattr(answer, "context_data", None) or {}).get("cl")
    found = seen.found if seen.found is not None else getattr(listed, "result_count", None)
    if found is not None:
        words.append(f"found {found}")
    return ", ".join(words)
