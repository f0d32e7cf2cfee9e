"""Moments, decisions, messages, deliveries and rehearsals."""

from campaigns.models.campaigns import Campaign, MessageTemplate
from campaigns.models.decisions import Decision, Moment, Outcome, PlanBatch, PlanRun, SilentDay
from campaigns.models.deliveries import Delivery, Message, SandboxMessage
from campaigns.models.policy import SendingPolicy
from campaigns.models.rehearsals import Rehearsal

__all__ = [
    "Campaign",
    "Decision",
    "Delivery",
    "Message",
    "MessageTemplate",
    "Moment",
    "Outcome",
    "PlanBatch",
    "PlanRun",
    "Rehearsal",
    "SandboxMessage",
    "SendingPolicy",
    "SilentDay",
]
