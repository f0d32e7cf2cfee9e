"""The plan of a morning: decide for everybody awaited, and write moments, decisions and deliveries.

A plan is a row, unique by day, and lays out rows of some thousand customers each. As many workers as there are
take these: a batch is one transaction with what comes of it and goes with it, so that a killed worker loses
nothing, and two never decide about the same customer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from heapq import merge
from itertools import groupby, islice
from typing import Any

from django.db import connection, transaction

from campaigns.models import (
    Campaign,
    Decision,
    Delivery,
    MessageTemplate,
    Moment,
    PlanBatch,
    PlanRun,
)
from campaigns.queries import eligibility
from campaigns.queries.moments import known_moments, moments_kept
from campaigns.queries.policy import sending_policy
from campaigns.queries.rule_base import assortment_kept
from campaigns.queries.urgency import urgent
from campaigns.rules.codes import DeliveryState, Door, Refusal, RunState, Verdict
from campaigns.services import noticing
from campaigns.services.deciding import (
    NO_MOMENT,
    Choice,
    Context,
    Decided,
    decide_in_bulk,
)
from cxportal.lib.registry import registry
from profiles.models import Customer
from profiles.queries.company import company, company_day, company_zone
from profiles.queries.due import MOMENT as DUE_REORDER
from profiles.queries.purchases import bought_on
from profiles.rules.names import Channel

BATCH = 2_000
# The morning begins before anybody is written to, and after the night's files came in.
PLAN_FROM = time(4, 0)


def plan_morning(*, now: datetime) -> PlanRun | None:
    """Plan today's messages, once, or help whoever is at it; return the plan if this call ended it.

    ``None`` when it is too early, done already, or others are still at their part. Repeatable: a moment is acted
    upon once, whatever is run twice.
    """
    if now.astimezone(company_zone()).time() < PLAN_FROM:
        return None
    run = _laid_out(now)
    if run is None:
        return None
    while _plan_next(run, now):
        pass
    return _ended(run, now)


def _laid_out(now: datetime) -> PlanRun | None:
    """Return today's plan with its batches written, unless it is done or being laid out by another."""
    run, _ = PlanRun.objects.get_or_create(
        on=company_day(now), defaults={"state": RunState.QUEUED, "started_at": now}
    )
    if run.state == RunState.QUEUED:
        return _lay_out(run, now)
    return run if run.state == RunState.RUNNING else None


def _lay_out(run: PlanRun, now: datetime) -> PlanRun | None:
    with transaction.atomic():
        unheld = PlanRun.objects.select_for_update(skip_locked=True, no_key=True)
        held = unheld.filter(pk=run.pk, state=RunState.QUEUED).first()
        if held is not None:
            awaited = iter(_awaited(now))
            while customers := list(islice(awaited, BATCH)):
                PlanBatch.objects.create(run=held, customers=customers)
            held.state = RunState.RUNNING
            held.save(update_fields=["state"])
        return held


def _awaited(now: datetime) -> Iterable[int]:
    """Merge the customers that any moment awaits, ascending, each once."""
    live = set(Campaign.objects.filter(is_live=True).values_list("moment", flat=True))
    sources = [moment.awaited(now) for key, moment in known_moments().items() if key in live]
    return (customer for customer, _ in groupby(merge(*sources)))


def _plan_next(run: PlanRun, now: datetime) -> bool:
    """Plan one batch that nobody is at; tell whether there was one."""
    with moments_kept(), assortment_kept(), transaction.atomic():
        waiting = PlanBatch.objects.select_for_update(skip_locked=True).filter(run=run)
        batch = waiting.order_by("pk").first()
        if batch is None:
            return False
        _plan_batch(run, batch.customers, now)
        batch.delete()
        return True


def _plan_batch(run: PlanRun, customers: Sequence[int], now: datetime) -> None:
    decided = decide_in_bulk(customers=customers, context=Context(Door.EMAIL), now=now)
    store_choices(choices=decided.choices, door=Door.EMAIL, now=now)
    noticing.keep(noticing.wordless(customers=customers, now=now))
    # Last, since other workers wait for it until this batch is committed.
    held = PlanRun.objects.select_for_update(no_key=True).get(pk=run.pk)
    held.counts = dict(Counter(held.counts) + _counted(decided))
    held.save(update_fields=["counts"])


def _ended(run: PlanRun, now: datetime) -> PlanRun | None:
    """End the plan where nothing waits any more and nobody else is at it."""
    running = PlanRun.objects.filter(pk=run.pk, state=RunState.RUNNING, batches=None)
    if not running.update(state=RunState.DONE, finished_at=now):
        return None
    run.refresh_from_db()
    return run


def _counted(decided: Decided) -> Counter[str]:
    """Count by outcome: "speak", or the first reason of silence."""
    silent = Counter({str(refusal): count for refusal, count in decided.left_out.items()})
    return silent + Counter(
        "speak" if choice.verdict == Verdict.SPEAK else str(choice.reasons[0])
        for choice in decided.choices
    )


# What is silent for one of these reasons is no news: it was acted upon before, or is no moment.
_NOT_STORED = {Refusal.ALREADY_SAID, *NO_MOMENT}


def store_choices(*, choices: Sequence[Choice], door: Door, now: datetime) -> list[Decision]:
    """Write moments and decisions where the answer is new, and a delivery for each spoken one."""
    told = [c for c in choices if c.verdict == Verdict.SPEAK or c.reasons[0] not in _NOT_STORED]
    moments = _moments(told, now)
    latest = _latest(moments.values())
    fresh = [choice for choice in told if _is_news(choice, latest.get(moments[_key(choice)]), door)]
    bought = bought_on(
        [(c.customer_id, c.subject_id) for c in fresh if c.moment == DUE_REORDER], now
    )
    decisions = Decision.objects.bulk_create(
        [_decision(choice, moments[_key(choice)], door, bought, now) for choice in fresh]
    )
    if door == Door.EMAIL:
        _plan_deliveries([d for d in decisions if d.verdict == Verdict.SPEAK], fresh, now)
    return decisions


def _key(choice: Choice) -> tuple[int, str, int, date]:
    return choice.customer_id, choice.moment, choice.subject_id, choice.cycle


def _moments(choices: Sequence[Choice], now: datetime) -> dict[tuple[int, str, int, date], int]:
    """Get or create the moments' rows; return their ids by key.

    Most are there already: a moment stays open for days, and is asked about on each of them.
    """
    known = _moment_ids([_key(choice) for choice in choices])
    new = [choice for choice in choices if _key(choice) not in known]
    Moment.objects.bulk_create(
        [
            Moment(
                customer_id=c.customer_id,
                kind=c.moment,
                subject_id=c.subject_id,
                cycle=c.cycle,
                until=c.until,
                seen_at=now,
            )
            for c in new
        ],
        ignore_conflicts=True,
    )
    return known | _moment_ids([_key(choice) for choice in new])


def _moment_ids(
    keys: Sequence[tuple[int, str, int, date]],
) -> dict[tuple[int, str, int, date], int]:
    if not keys:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.customer_id, m.kind, m.subject_id, m.cycle, m.id FROM campaigns_moment m"
            " JOIN unnest(%s::bigint[], %s::text[], %s::bigint[], %s::date[]) AS k(c, k, s, y)"
            " ON m.customer_id = k.c AND m.kind = k.k AND m.subject_id = k.s AND m.cycle = k.y",
            [list(column) for column in zip(*keys, strict=True)],
        )
        return {row[:4]: row[4] for row in cursor.fetchall()}


def _latest(moment_ids: Iterable[int]) -> dict[int, Decision]:
    newest = (
        Decision.objects.filter(moment_id__in=list(moment_ids))
        .select_related("delivery")
        .order_by("moment_id", "-decided_at", "-pk")
        .distinct("moment_id")
    )
    return {decision.moment_id: decision for decision in newest}


def _is_news(choice: Choice, before: Decision | None, door: Door) -> bool:
    """Tell whether this was not decided before, or was and came to nothing."""
    if before is None or before.reasons != [str(reason) for reason in choice.reasons]:
        return True
    if choice.verdict == Verdict.SILENT or door != Door.EMAIL:
        return False
    # What kept the message back, such as an open case, has gone since, and it was never said.
    delivery = getattr(before, "delivery", None)
    return delivery is None or delivery.state == DeliveryState.SKIPPED


def _decision(
    choice: Choice,
    moment_id: int,
    door: Door,
    bought: dict[tuple[int, int], list[str]],
    now: datetime,
) -> Decision:
    facts = choice.facts | {"bought_on": bought.get((choice.customer_id, choice.subject_id), [])}
    facts |= _promised(choice.campaign)
    return Decision(
        customer_id=choice.customer_id,
        moment_id=moment_id,
        campaign=choice.campaign,
        product_id=choice.product_id,
        door=door,
        verdict=choice.verdict,
        arm=choice.arm,
        worth=choice.worth,
        likelihood=choice.likelihood,
        reasons=[str(reason) for reason in choice.reasons],
        facts=facts,
        considered=choice.considered,
        decided_at=now,
    )


def _promised(campaign: Campaign) -> dict[str, Any]:
    """What comes with it, as it stands now: a campaign that is changed later changes no promise."""
    action = registry.actions.get(campaign.action)
    if action is None:
        return {}
    return {
        "action": action.key,
        "parameters": campaign.parameters,
        "promise": action.promise(campaign.parameters),
    }


# --- deliveries -----------------------------------------------------------------------------------


def _plan_deliveries(spoken: Sequence[Decision], choices: Sequence[Choice], now: datetime) -> None:
    if not spoken:
        return
    choice_of = {(c.customer_id, c.campaign.pk, c.subject_id): c for c in choices}
    subject = dict(
        Moment.objects.filter(pk__in=[d.moment_id for d in spoken]).values_list("pk", "subject_id")
    )
    chosen = [choice_of[d.customer_id, d.campaign_id, subject[d.moment_id]] for d in spoken]
    at_once = urgent([c.customer_id for c in chosen], [c.moment for c in chosen], now)
    stands = eligibility.standings([d.customer_id for d in spoken], sending_policy(), now)
    templates = _templates_for(spoken)
    Delivery.objects.bulk_create(
        [
            _delivery(
                decision,
                choice,
                stands[decision.customer_id],
                templates[decision.customer_id, decision.campaign_id],
                is_urgent,
                now,
            )
            for decision, choice, is_urgent in zip(spoken, chosen, at_once, strict=True)
        ]
    )


def _templates_for(spoken: Sequence[Decision]) -> dict[tuple[int, int], MessageTemplate]:
    """Choose words by customer and campaign: in their language, else the house's, else the first."""
    versions = MessageTemplate.objects.filter(campaign__in={d.campaign_id for d in spoken})
    newest = versions.order_by("campaign_id", "language", "-version").distinct(
        "campaign_id", "language"
    )
    by_campaign: dict[int, dict[str, MessageTemplate]] = {}
    for template in sorted(newest, key=lambda one: one.pk):
        by_campaign.setdefault(template.campaign_id, {})[template.language] = template
    customers = Customer.objects.filter(pk__in=[d.customer_id for d in spoken])
    own = dict(customers.values_list("pk", "language"))
    house = company().language

    def chosen(words: dict[str, MessageTemplate], language: str) -> MessageTemplate:
        return words.get(language) or words.get(house) or next(iter(words.values()))

    return {
        (d.customer_id, d.campaign_id): chosen(by_campaign[d.campaign_id], own[d.customer_id])
        for d in spoken
    }


def _delivery(
    decision: Decision,
    choice: Choice,
    standing: eligibility.Standing,
    template: MessageTemplate,
    is_urgent: bool,
    now: datetime,
) -> Delivery:
    earliest = now
    if choice.opens:
        earliest = max(now, datetime.combine(choice.opens, time(0), tzinfo=standing.zone))
    due_at = standing.opens(earliest, is_urgent=is_urgent)
    midnight = datetime.combine(choice.until + timedelta(days=1), time(0), tzinfo=standing.zone)
    return Delivery(
        decision=decision,
        customer_id=decision.customer_id,
        campaign_id=decision.campaign_id,
        template=template,
        channel=Channel.EMAIL,
        due_at=due_at,
        # Whatever "until" says, a message may leave on the day that it was planned for.
        expires_at=max(midnight.astimezone(UTC), due_at + timedelta(hours=1)),
    )
