"""The customer's own page, by signed link: what is next, points, messages, consents, a person.

A link is no log-in: it shows no full contact data. Every change is a POST that is answered by a redirect
(or by the changed card, for htmx), and can be undone; opening the page changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from campaigns.rules.windows import leave_an_hour
from cxportal.lib.errors import DomainError
from cxportal.lib.http import HtmxRequest
from cxportal.lib.links import LinkExpired, LinkInvalid, LinkPurpose, subject_of
from cxportal.pages.joining_forms import evidence_of
from cxportal.pages.my_page_content import MyPage, my_page, next_round, schedule, weeks_offered
from cxportal.pages.people import customer_or_404
from cxportal.pages.privacy_content import my_privacy
from feedback.rules import CaseKind
from feedback.services import cases
from profiles.models import Customer, Product
from profiles.queries.card import Consent, Rhythm, consents, rhythm_of, wording_shown
from profiles.queries.company import company, company_day, company_kept
from profiles.rules.names import Channel, ConsentState, Purpose
from profiles.rules.purposes import BOXES
from profiles.rules.reordering import asked_span, day_words
from profiles.services import consenting, preferring, scheduling

View = Callable[..., HttpResponse]
DOOR = "page"
STOPPED: dict[str, str] = {Purpose.LOCATION: "nothing new is kept of where you are"}
STOPPED_ALL = (
    "Stopped: no reminders, no offers, and nothing of where you are. Your page stays here."
)
ACTOR = "customer"


def by_link_for(purpose: LinkPurpose, *, expired: str, gone: str) -> Callable[[View], View]:
    """Hand the view the customer that a link of this purpose names; explain a link that does not work.

    ``expired`` and ``gone`` are the pages for a link that is too old, and for one whose customer was erased.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def opened(request: HttpRequest, token: str, **parts: Any) -> HttpResponse:
            try:
                public_id = subject_of(purpose, token)
            except LinkExpired:
                return render(request, expired, {"token": token}, status=410)
            except LinkInvalid:
                return render(request, "cxportal/my_page_lost.html", status=404)
            try:
                customer = customer_or_404(public_id=public_id)
            except Http404:  # a whole link of ours: whom it was for was erased
                return render(request, gone, status=410)
            return view(request, token, customer, **parts)

        return login_not_required(never_cache(opened))

    return decorate


by_link = by_link_for(
    LinkPurpose.MY_PAGE, expired="cxportal/my_page_expired.html", gone="gone.html"
)


@require_safe
@by_link
def page(request: HtmxRequest, token: str, customer: Customer) -> HttpResponse:
    """Show the page."""
    return _page(request, token, customer)


def _page(request: HttpRequest, token: str, customer: Customer, **extra: Any) -> HttpResponse:
    just = request.GET.dict()
    with company_kept():
        content = my_page(customer=customer, token=token, now=timezone.now(), just=just)
    context = {
        "page": content,
        "token": token,
        "contact_form": ContactForm(content, initial=ContactForm.of(content)),
        "person_form": PersonForm(),
        "privacy": my_privacy(customer=customer, now=timezone.now()),
    }
    status = 422 if extra else 200
    return render(request, "cxportal/my_page.html", context | extra, status=status)


def _back(token: str, part: str) -> HttpResponse:
    """Lead back to a part of the page."""
    return redirect(f"{reverse('my-page', args=[token])}#{part}")


# --- rhythms --------------------------------------------------------------------------------------


@require_POST
@by_link
def reorder(
    request: HtmxRequest, token: str, customer: Customer, product_id: int, said: str
) -> HttpResponse:
    """Take what the customer says of one product's rhythm."""
    now = timezone.now()
    known = rhythm_of(customer.pk, product_id, now)
    if known is None or said not in SAYINGS:
        raise Http404
    words = scheduling.Said(
        customer=customer, product=Product.objects.get(pk=product_id), door=DOOR, now=now
    )
    try:
        told = SAYINGS[said](words, known, request)
    except (DomainError, ValueError) as error:
        return _not_taken(request, token, product_id, error)
    if not request.htmx:
        messages.success(request, told)
        return redirect(
            f"{reverse('my-page', args=[token])}?changed={product_id}#schedule-{product_id}"
        )
    changed = rhythm_of(customer.pk, product_id, now) or known
    context = {"s": schedule(changed, token, company_day(now)), "told": told, "oob": True}
    return render(request, "cxportal/_my_schedule.html", context)


def _not_taken(request: HtmxRequest, token: str, product_id: int, error: Exception) -> HttpResponse:
    words = error.message if isinstance(error, DomainError) else "Choose one of the intervals."
    messages.error(request, words)
    address = f"{reverse('my-page', args=[token])}#schedule-{product_id}"
    if request.htmx:
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(address)


def _every(said: scheduling.Said, known: Rhythm, request: HttpRequest) -> str:
    weeks = int(request.POST.get("weeks", ""))
    if weeks == 0:
        scheduling.as_learned(said=said)
        return f"{known.product}: we go by what we learn again."
    if weeks not in weeks_offered(known):
        raise ValueError("not among what is offered")
    scheduling.buy_every(said=said, days=7 * weeks)
    return f"{known.product}: we remind you {asked_span(7 * weeks)}."


def _skip(said: scheduling.Said, known: Rhythm, request: HttpRequest) -> str:
    until = next_round(known)
    scheduling.skip(said=said, until=until)
    return f"{known.product}: left out this time. Nothing before {day_words(until)}."


def _sooner(said: scheduling.Said, known: Rhythm, request: HttpRequest) -> str:
    scheduling.sooner(said=said)
    return f"{known.product}: we write as soon as we may."


def _plenty(said: scheduling.Said, known: Rhythm, request: HttpRequest) -> str:
    kept = scheduling.still_have_plenty(said=said)
    until = f" before {day_words(kept.not_before_on)}" if kept.not_before_on else ""
    return f"{known.product}: you still have plenty. Nothing{until}."


def _pause(said: scheduling.Said, known: Rhythm, request: HttpRequest) -> str:
    scheduling.pause(said=said)
    return f"{known.product}: paused, until you start it again."


def _stop(said: scheduling.Said, known: Rhythm, request: HttpRequest) -> str:
    scheduling.stop(said=said)
    return f"{known.product}: stopped. No more reminders for it."


def _resume(said: scheduling.Said, known: Rhythm, request: HttpRequest) -> str:
    scheduling.resume(said=said)
    return f"{known.product}: reminders are on again."


def _undo(said: scheduling.Said, known: Rhythm, request: HttpRequest) -> str:
    scheduling.undo(said=said)
    return f"{known.product}: as it was before."


SAYINGS: dict[str, Callable[[scheduling.Said, Rhythm, HttpRequest], str]] = {
    "every": _every,
    "skip": _skip,
    "sooner": _sooner,
    "plenty": _plenty,
    "pause": _pause,
    "stop": _stop,
    "resume": _resume,
    "undo": _undo,
}


# --- consent --------------------------------------------------------------------------------------


@require_POST
@by_link
def consent(request: HtmxRequest, token: str, customer: Customer) -> HttpResponse:
    """Give or withdraw consent for one purpose and channel, or withdraw all."""
    language = customer.language or company().language
    known = consents(customer.pk, language, timezone.now(), BOXES)
    if request.POST.get("scope") == "all":
        for granted in known:
            _withdraw(request, customer, granted)
        messages.success(request, STOPPED_ALL)
        return _back(token, "channels")
    one = _asked_for(request, known)
    if request.POST.get("state") == ConsentState.WITHDRAWN:
        _withdraw(request, customer, one)
        what = STOPPED.get(one.purpose, f"no more {one.purpose_words}")
        messages.success(request, f"Stopped: {what}. Starting is as near.")
    elif one.is_granted:  # said in another tab
        messages.success(request, f"You agreed to {one.purpose_words} before. It stays so.")
    elif not _agreed(request, one):
        return _page(request, token, customer, must_tick=one.purpose)
    else:
        messages.success(request, _grant(request, customer, one))
    return _back(token, "where" if one.purpose == Purpose.LOCATION else "channels")


def _asked_for(request: HttpRequest, known: Sequence[Consent]) -> Consent:
    asked = (request.POST.get("purpose", ""), request.POST.get("channel", ""))
    found = next((one for one in known if (one.purpose, one.channel) == asked), None)
    if found is None:
        raise Http404
    return found


def _agreed(request: HttpRequest, one: Consent) -> bool:
    """Ticked, under the wording that stands on the page now."""
    return request.POST.get("agreed") == "yes" and request.POST.get("wording") == str(
        one.wording_id
    )


def _withdraw(request: HttpRequest, customer: Customer, one: Consent) -> None:
    if one.is_granted or one.asked_at:
        consenting.withdraw(**_statement(request, customer, one))


def _grant(request: HttpRequest, customer: Customer, one: Consent) -> str:
    """Take a yes, and say what follows from it."""
    if not one.is_granted:
        said = consenting.grant(**_statement(request, customer, one), wording=wording_shown(one))
        if said.state == ConsentState.ASKED:
            return f"Nearly: a mail asks you to confirm {one.purpose_words}. It counts once you do."
    return f"Started: {one.purpose_words}. Stopping is as near."


def _statement(request: HttpRequest, customer: Customer, one: Consent) -> dict[str, Any]:
    """Who says it, where and when, with the proof that can be erased."""
    return {
        "customer": customer,
        "purpose": Purpose(one.purpose),
        "channel": Channel(one.channel),
        "door": DOOR,
        "actor": ACTOR,
        "occurred_at": timezone.now(),
        "evidence": evidence_of(request),
    }


# --- how often, and a person ----------------------------------------------------------------------


class ContactForm(forms.Form):
    """How often and when; empty fields leave it to the house."""

    max_per_week = forms.TypedChoiceField(
        label="Messages a week, at most", required=False, coerce=int, empty_value=None
    )
    quiet_from = forms.TimeField(
        label="Quiet from",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    quiet_until = forms.TimeField(
        label="Quiet until",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )

    def __init__(self, content: MyPage, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        house = content.policy.max_per_week
        fewer = [(n, "none" if n == 0 else str(n)) for n in range(house + 1)]
        field = self.fields["max_per_week"]
        field.choices = [("", f"as the house does: {house}"), *fewer]  # type: ignore[attr-defined]
        self.house_hours = (content.policy.quiet_from, content.policy.quiet_until)

    def clean(self) -> dict[str, Any]:
        """Refuse hours that would, with the house's, leave none: that is what "none a week" says."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        start, end = given.get("quiet_from"), given.get("quiet_until")
        if start is None or end is None or start == end:
            return given
        if not leave_an_hour([self.house_hours, (start, end)]):
            self.add_error(
                "quiet_until",
                "With the hours in which we never write, none is left. To hear nothing, choose none a week.",
            )
        return given

    @staticmethod
    def of(content: MyPage) -> dict[str, Any]:
        """Start from what was said before."""
        said = content.preference
        limit = said.max_per_week if said else None
        return {
            "max_per_week": "" if limit is None else min(limit, content.policy.max_per_week),
            "quiet_from": said.quiet_from if said else None,
            "quiet_until": said.quiet_until if said else None,
        }


class PersonForm(forms.Form):
    text = forms.CharField(
        label="What is it about?",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@require_POST
@by_link
def contact(request: HtmxRequest, token: str, customer: Customer) -> HttpResponse:
    """Keep how often and when the customer wants to hear of us."""
    content = my_page(customer=customer, token=token, now=timezone.now())
    form = ContactForm(content, request.POST)
    if not form.is_valid():
        return _page(request, token, customer, contact_form=form)
    try:
        wishes = preferring.Wishes(**form.cleaned_data)
        preferring.prefer(customer=customer, wishes=wishes, now=timezone.now())
    except DomainError as error:
        form.add_error("quiet_until", error.message)
        return _page(request, token, customer, contact_form=form)
    messages.success(request, "Saved. It holds from the next decision on.")
    return _back(token, "often")


@require_POST
@by_link
def write_again(request: HtmxRequest, token: str, customer: Customer) -> HttpResponse:
    """Take up writing as before, where we had become quieter."""
    preferring.hear_again(customer=customer, now=timezone.now())
    messages.success(request, "We write to you as before.")
    return _back(token, "often")


@require_POST
@by_link
def person(request: HtmxRequest, token: str, customer: Customer) -> HttpResponse:
    """Open a case for somebody to get back to the customer."""
    form = PersonForm(request.POST)
    if not form.is_valid():
        return _page(request, token, customer, person_form=form)
    cases.open_case(
        customer=customer,
        kind=CaseKind.PERSON,
        source_ref="page",
        detail=form.cleaned_data["text"] or "Asked for a person on their page.",
        opened_by=ACTOR,
        now=timezone.now(),
    )
    messages.success(request, "Somebody reads this and gets back to you.")
    return _back(token, "person")
