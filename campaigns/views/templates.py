"""The words of messages: edited in Liquid, tried on a real customer, kept version by version."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from campaigns.forms import TemplateForm
from campaigns.models import Campaign, MessageTemplate
from campaigns.queries.moments import moment_of
from campaigns.services import composing
from campaigns.services.composing import TemplateInvalid
from campaigns.views.mailbox import as_mail
from cxportal.lib.http import StaffRequest
from profiles.models import Customer, Habit
from profiles.queries.company import company, company_zone
from profiles.queries.finding import matching

FOUND = 8
# What a template can say; each name is checked by the preview.
VARIABLES = (
    ("customer.first_name", "Dolores"),
    ("customer.name", "Dolores Reyes"),
    ("product.name", "Whole-bean hazelnut, 500 g"),
    ("product.url", "the product’s address in the shop"),
    ("last_purchase.on", "the day of the last purchase"),
    ("rhythm", "5 weeks"),
    ("reason", "why now, in words"),
    ("company.name", "who writes"),
    ("links.plenty", "“I still have plenty”"),
    ("links.preferences", "the customer’s own page"),
    ("links.why", "why me, why now"),
    ("links.person", "a person"),
    ("links.stop", "stop"),
)


@require_GET
@permission_required("campaigns.add_messagetemplate", raise_exception=True)
def template_list(request: StaffRequest) -> HttpResponse:
    """List the campaigns with the newest version of their words in each language, or without any."""
    newest = (
        MessageTemplate.objects.order_by("campaign__name", "campaign_id", "language", "-version")
        .distinct("campaign__name", "campaign_id", "language")
        .select_related("campaign", "created_by")
    )
    wordless = Campaign.objects.filter(templates=None).order_by("name", "pk")
    context = {
        "templates": list(newest),
        "wordless": list(wordless),
        "language": company().language,
        "zone": company_zone(),
    }
    return render(request, "campaigns/template_list.html", context)


@require_http_methods(["GET", "POST"])
@permission_required("campaigns.add_messagetemplate", raise_exception=True)
def template_edit(request: StaffRequest, campaign_id: int, language: str) -> HttpResponse:
    """Edit the words; saving makes the next version."""
    campaign = get_object_or_404(Campaign, pk=campaign_id)
    newest = _versions(campaign, language).first()
    if newest is None and (language != company().language or campaign.templates.exists()):
        raise Http404
    parts = {name: getattr(newest, name) for name in ("subject", "text", "html")} if newest else {}
    form = TemplateForm(request.POST or None, initial=parts)
    if request.method == "POST" and form.is_valid() and _save(request, campaign, language, form):
        return redirect("campaigns:template-edit", campaign_id, language)
    context = {
        "campaign": campaign,
        "newest": newest,
        "language": language,
        "versions": _versions(campaign, language).select_related("created_by")[:10],
        "form": form,
        "customers": _chosen(request.POST) or _example_customers(),
        "variables": [*VARIABLES, *_own_variables(campaign)],
        "zone": company_zone(),
    }
    status = 422 if form.errors else 200
    return render(request, "campaigns/template_edit.html", context, status=status)


def _own_variables(campaign: Campaign) -> list[tuple[str, str]]:
    """What a moment that stands in rows brings, each with an example."""
    moment = moment_of(campaign.moment)
    brought = moment.sample.items() if moment else ()
    return [(f"facts.{name}", f"such as “{value}”") for name, value in brought if value != ""]


def _versions(campaign: Campaign, language: str) -> QuerySet[MessageTemplate]:
    return MessageTemplate.objects.filter(campaign=campaign, language=language).order_by("-version")


def _save(request: StaffRequest, campaign: Campaign, language: str, form: TemplateForm) -> bool:
    try:
        saved = composing.save_template(
            campaign=campaign, language=language, by=request.user, **form.cleaned_data
        )
    except TemplateInvalid as error:
        part = error.data.get("part")
        form.add_error(part if part in form.fields else None, error.message)
        return False
    messages.success(request, f"Saved as version {saved.version}. Messages planned keep their own.")
    return True


def _chosen(given: QueryDict) -> list[Customer]:
    return list(Customer.objects.present().filter(pk=_number(given.get("customer"))))


def _example_customers() -> list[Customer]:
    """Offer customers of whom something is known well enough to be said."""
    sure = Habit.objects.filter(doubt="", product__isnull=False).order_by("-pk")
    found = Customer.objects.present().filter(
        pk__in=list(sure.values_list("customer_id", flat=True)[:50])
    )
    return list(found.order_by("name", "pk")[:FOUND])


@require_GET
@permission_required("campaigns.add_messagetemplate", raise_exception=True)
def customer_choices(request: StaffRequest) -> HttpResponse:
    """Answer the search for a customer to try the words on."""
    term = request.GET.get("q", "")
    found = Customer.objects.filter(matching(term)).order_by("name", "pk")[:FOUND] if term else []
    context = {"customers": list(found) if term else _example_customers(), "term": term}
    return render(request, "campaigns/_customer_choices.html", context)


@require_http_methods(["GET", "POST"])
@permission_required("campaigns.add_messagetemplate", raise_exception=True)
def template_preview(request: StaffRequest) -> HttpResponse:
    """Show words as a customer would get them; nothing is stored or sent.

    By POST the words of the editor, by GET those of a version that is stored.
    """
    given = request.POST or request.GET
    customer = Customer.objects.present().filter(pk=_number(given.get("customer"))).first()
    if customer is None:
        return _frame(request, problems=["Choose a customer to see the message for."])
    form = TemplateForm(request.POST or _stored_parts(_number(given.get("template"))))
    if not form.is_valid():
        return _frame(request, problems=_told(form))
    try:
        words = composing.preview(
            customer=customer, campaign=_campaign_of(given), now=timezone.now(), **form.cleaned_data
        )
    except TemplateInvalid as error:
        return _frame(request, problems=[error.message])
    return _frame(request, words=words, customer=customer)


def _campaign_of(given: QueryDict) -> Campaign | None:
    stored = MessageTemplate.objects.filter(pk=_number(given.get("template"))).first()
    number = stored.campaign_id if stored else _number(given.get("campaign"))
    return Campaign.objects.filter(pk=number).first()


def _told(form: TemplateForm) -> list[str]:
    """Say each error with the name of its field."""
    errors = form.errors.items()
    return [f"{form[name].label}: {error}" for name, each in errors for error in each]


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 19 else 0


def _stored_parts(template_id: int) -> dict[str, str]:
    stored = get_object_or_404(MessageTemplate, pk=template_id)
    return {"subject": stored.subject, "text": stored.text, "html": stored.html}


def _frame(request: StaffRequest, **context: object) -> HttpResponse:
    return as_mail(render(request, "campaigns/preview_frame.html", context))
