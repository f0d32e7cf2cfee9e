"""Moments, decisions, messages, deliveries and rehearsals."""

from campaigns.models.campaigns import Campaign, MessageTemplate
from campaigns.models.decisions import Decision, Moment, Outcome, PlanBatch, PlanRun, SilentDay
from campaigns.models.deliveries import Delivery, Message, SandboxMessage
from campaigns.models.guidance import LearningPath, PathFollowing, PathPart
from campaigns.models.offers import Offer, OfferVersion, Rule, RuleVersion
from campaigns.models.policy import SendingPolicy
from campaigns.models.rehearsals import Rehearsal

__all__ = [
    "Campaign",
    "Decision",
    "Delivery",
    "LearningPath",
    "Message",
    "MessageTemplate",
    "Moment",
    "Offer",
    "OfferVersion",
    "Outcome",
    "PathFollowing",
    "PathPart",
    "PlanBatch",
    "PlanRun",
    "Rehearsal",
    "Rule",
    "RuleVersion",
    "SandboxMessage",
    "SendingPolicy",
    "SilentDay",
]
