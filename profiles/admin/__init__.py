"""The data pages of profiles, one module per topic; importing them registers them."""

from profiles.admin import (
    catalogue,
    company,
    consents,
    customers,
    facts,
    habits,
    households,
    identities,
    pickups,
    purchases,
    sources,
)

__all__ = [
    "catalogue",
    "company",
    "consents",
    "customers",
    "facts",
    "habits",
    "households",
    "identities",
    "pickups",
    "purchases",
    "sources",
]
