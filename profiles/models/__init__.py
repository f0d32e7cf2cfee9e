"""Who the customer is, what was bought and done, what was learned from it."""

from profiles.models.catalogue import Category, Product
from profiles.models.characteristics import Characteristic, ProductValue
from profiles.models.cleanness import AskedQuestion, Finding, SharedSighting
from profiles.models.company import Company, Place
from profiles.models.consents import (
    ConsentEntry,
    ConsentEvidence,
    ConsentRequest,
    ConsentRule,
    ConsentWording,
)
from profiles.models.customers import ContactPreference, Customer, Profile
from profiles.models.facts import Attribute, FactValue
from profiles.models.finding import NameWord
from profiles.models.guards import Guard, GuardVersion
from profiles.models.habits import (
    Habit,
    LearnedModel,
    ProductCompanion,
    ReorderSchedule,
    ReorderStatement,
    VisitRhythm,
)
from profiles.models.households import Household, HouseholdMember, HouseholdWarning
from profiles.models.identities import Identifier, IdentifierRule, ProfileEdge, Suspicion
from profiles.models.import_schedules import ImportLook, ImportSchedule, ScheduledFile
from profiles.models.keys import ApiKey, IdempotencyRecord
from profiles.models.own_moments import MomentDefinition, MomentVersion
from profiles.models.pickups import Pickup, PickupEvent, PickupLine
from profiles.models.privacy import AccessRecord, PrivacyRequest, RetentionRule, Suppression
from profiles.models.purchases import Purchase, PurchaseLine
from profiles.models.sources import (
    ImportedRow,
    ImportJob,
    ImportReject,
    SavedMapping,
    Source,
)
from profiles.models.touchpoints import EventKey, FreshTouch, InboundEvent, Touchpoint

__all__ = [
    "AccessRecord",
    "ApiKey",
    "AskedQuestion",
    "Attribute",
    "Category",
    "Characteristic",
    "Company",
    "ConsentEntry",
    "ConsentEvidence",
    "ConsentRequest",
    "ConsentRule",
    "ConsentWording",
    "ContactPreference",
    "Customer",
    "EventKey",
    "FactValue",
    "Finding",
    "FreshTouch",
    "Guard",
    "GuardVersion",
    "Habit",
    "Household",
    "HouseholdMember",
    "HouseholdWarning",
    "IdempotencyRecord",
    "Identifier",
    "IdentifierRule",
    "ImportJob",
    "ImportLook",
    "ImportReject",
    "ImportSchedule",
    "ImportedRow",
    "InboundEvent",
    "LearnedModel",
    "MomentDefinition",
    "MomentVersion",
    "NameWord",
    "Pickup",
    "PickupEvent",
    "PickupLine",
    "Place",
    "PrivacyRequest",
    "Product",
    "ProductCompanion",
    "ProductValue",
    "Profile",
    "ProfileEdge",
    "Purchase",
    "PurchaseLine",
    "ReorderSchedule",
    "ReorderStatement",
    "RetentionRule",
    "SavedMapping",
    "ScheduledFile",
    "SharedSighting",
    "Source",
    "Suppression",
    "Suspicion",
    "Touchpoint",
    "VisitRhythm",
]
