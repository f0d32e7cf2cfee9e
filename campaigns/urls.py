"""Routes of campaigns."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path

from campaigns.api import decisions
from campaigns.api.minding import MindingView
from campaigns.views import (
    guidance,
    mailbox,
    minding,
    moments,
    offers,
    public,
    rehearsals,
    templates,
)

app_name = "campaigns"
_DECISION = "api/v1/decisions/<uuid:decision_id>/"
urlpatterns = [
    path(
        "api/v1/decisions/",
        login_not_required(decisions.DecisionsView.as_view()),
        name="api-decisions",
    ),
    path(
        "api/v1/decisions/mind-least/",
        login_not_required(MindingView.as_view()),
        name="api-mind-least",
    ),
    path(_DECISION, login_not_required(decisions.DecisionView.as_view()), name="api-decision"),
    path(
        f"{_DECISION}outcomes/",
        login_not_required(decisions.OutcomesView.as_view()),
        name="api-outcomes",
    ),
    path(
        f"{_DECISION}outcomes/<int:outcome_id>/",
        login_not_required(decisions.OutcomeView.as_view()),
        name="api-outcome",
    ),
    path("why/<str:token>/", public.why_me, name="why"),
    path("buy/<str:token>/", public.buy, name="buy"),
    path("stop/<str:token>/", public.stop, name="stop"),
    path("stop/<str:token>/start-again/", public.start_again, name="start-again"),
    path("mailbox/", mailbox.mailbox, name="mailbox"),
    path("mailbox/<int:message_id>/", mailbox.mailbox, name="mailbox-message"),
    path("mailbox/<int:message_id>/html/", mailbox.message_html, name="mailbox-html"),
    path("mind-least/", minding.who_minds_least, name="mind-least"),
    path("moments/", moments.moment_list, name="moment-list"),
    path("moments/new/", moments.moment_new, name="moment-new"),
    path("moments/<int:definition_id>/", moments.moment_detail, name="moment-detail"),
    path("moments/<int:definition_id>/change/", moments.moment_change, name="moment-change"),
    path("moments/<int:definition_id>/switch/", moments.moment_switch, name="moment-switch"),
    path("moments/<int:definition_id>/answer/", moments.moment_answer, name="moment-answer"),
    path("messages/", templates.template_list, name="template-list"),
    path("messages/preview/", templates.template_preview, name="template-preview"),
    path("messages/customers/", templates.customer_choices, name="template-customers"),
    path(
        "messages/<int:campaign_id>/<str:language>/", templates.template_edit, name="template-edit"
    ),
    path("guidance/", guidance.path_list, name="path-list"),
    path("guidance/new/", guidance.path_new, name="path-new"),
    path("guidance/<int:path_id>/", guidance.path_edit, name="path-edit"),
    path("guidance/<int:path_id>/switch/", guidance.path_switch, name="path-switch"),
    path("rules/", offers.rule_list, name="rule-list"),
    path("rules/new/", offers.rule_new, name="rule-new"),
    path("rules/<int:rule_id>/", offers.rule_detail, name="rule-detail"),
    path("rules/<int:rule_id>/change/", offers.rule_change, name="rule-change"),
    path("rules/<int:rule_id>/switch/", offers.rule_switch, name="rule-switch"),
    path("offers/", offers.offer_list, name="offer-list"),
    path("offers/new/", offers.offer_new, name="offer-new"),
    path("offers/<int:offer_id>/", offers.offer_detail, name="offer-detail"),
    path("offers/<int:offer_id>/change/", offers.offer_change, name="offer-change"),
    path("offers/<int:offer_id>/switch/", offers.offer_switch, name="offer-switch"),
    path("rehearsals/", rehearsals.rehearsal_list, name="rehearsal-list"),
    path("rehearsals/new/", rehearsals.rehearsal_new, name="rehearsal-new"),
    path("rehearsals/<int:rehearsal_id>/", rehearsals.rehearsal_detail, name="rehearsal-detail"),
]
