"""The addresses of the REST API, under ``/api/v1/``."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from profiles.api import (
    consents,
    customers,
    documents,
    facts,
    household,
    merges,
    products,
    purchases,
    touchpoints,
)
from profiles.api.operations import Operation

_CUSTOMER = "customers/<uuid:public_id>/"
_HOUSEHOLD = f"{_CUSTOMER}household/"


def _at(address: str, operation: type[Operation], name: str) -> URLPattern:
    """Open an address to whoever brings a key; the operation asks for it."""
    return path(address, login_not_required(operation.as_view()), name=f"api-{name}")


urlpatterns = [
    _at("customers/", customers.CustomersView, "customers"),
    _at("customers/search/", customers.SearchView, "search"),
    _at("customers/lookup/", customers.LookupView, "lookup"),
    _at(_CUSTOMER, customers.CustomerView, "customer"),
    _at(f"{_CUSTOMER}identifiers/", customers.IdentifiersView, "identifiers"),
    _at(f"{_CUSTOMER}identifiers/<int:identifier_id>/", customers.IdentifierView, "identifier"),
    _at(
        f"{_CUSTOMER}identifiers/<int:identifier_id>/verified/",
        customers.VerifiedIdentifierView,
        "identifier-verified",
    ),
    _at("attributes/", facts.AttributesView, "attributes"),
    _at(f"{_CUSTOMER}facts/", facts.FactsView, "facts"),
    _at(f"{_CUSTOMER}facts/<slug:attribute>/", facts.FactView, "fact"),
    _at("wordings/", consents.WordingsView, "wordings"),
    _at(f"{_CUSTOMER}consents/", consents.ConsentsView, "consents"),
    _at(f"{_CUSTOMER}consents/withdrawals/", consents.WithdrawalsView, "withdrawals"),
    _at(f"{_CUSTOMER}purchases/", purchases.PurchasesView, "purchases"),
    _at(f"{_CUSTOMER}returns/", purchases.ReturnsView, "returns"),
    _at(f"{_CUSTOMER}touchpoints/", touchpoints.TouchpointsView, "touchpoints"),
    _at(f"{_CUSTOMER}timeline/", touchpoints.TimelineView, "timeline"),
    _at(_HOUSEHOLD, household.HouseholdView, "household"),
    _at(f"{_HOUSEHOLD}members/", household.HouseholdMembersView, "members"),
    _at(f"{_HOUSEHOLD}members/<int:member_id>/", household.HouseholdMemberView, "member"),
    _at(f"{_HOUSEHOLD}members/<int:member_id>/back/", household.ReturnedMemberView, "member-back"),
    _at(f"{_HOUSEHOLD}warnings/", household.HouseholdWarningsView, "warnings"),
    _at(f"{_HOUSEHOLD}warnings/<int:warning_id>/", household.HouseholdWarningView, "warning"),
    _at(
        f"{_HOUSEHOLD}warnings/<int:warning_id>/back/",
        household.ReturnedWarningView,
        "warning-back",
    ),
    _at(f"{_CUSTOMER}merges/", merges.MergesView, "merges"),
    _at("products/", products.ProductsView, "products"),
    _at("products/characteristics/", products.CharacteristicsView, "characteristics"),
    _at("products/<path:code>/", products.ProductView, "product"),
    _at("merges/", merges.JoinView, "join"),
    _at("merges/apart/", merges.KeepApartView, "keep-apart"),
    _at("merges/<int:edge_id>/undo/", merges.UndoneMergeView, "undone-merge"),
    path("schema/", login_not_required(documents.schema), name="api-schema"),
    path("docs/", login_not_required(documents.page), name="api-docs"),
    # Whatever else: in the form of the API, and without asking who it is.
    path("", csrf_exempt(login_not_required(documents.unknown)), {"rest": ""}),
    path("<path:rest>", csrf_exempt(login_not_required(documents.unknown))),
]
