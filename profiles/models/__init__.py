"""Who the customer is, what was bought and done, what was learned from it."""

from profiles.models.catalogue import Category, Product
from profiles.models.company import Company, Place
from profiles.models.consents import ConsentEntry, ConsentEvidence, ConsentWording
from profiles.models.customers import ContactPreference, Customer, Profile
from profiles.models.habits import Habit, LearnedModel, ReorderSchedule, ReorderStatement
from profiles.models.identities import Identifier
from profiles.models.purchases import Purchase, PurchaseLine
from profiles.models.sources import ImportJob, ImportReject, Source

__all__ = [
    "Category",
    "Company",
    "ConsentEntry",
    "ConsentEvidence",
    "ConsentWording",
    "ContactPreference",
    "Customer",
    "Habit",
    "Identifier",
    "ImportJob",
    "ImportReject",
    "LearnedModel",
    "Place",
    "Product",
    "Profile",
    "Purchase",
    "PurchaseLine",
    "ReorderSchedule",
    "ReorderStatement",
    "Source",
]
