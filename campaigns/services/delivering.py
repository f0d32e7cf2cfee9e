"""Delivering: the ledger's rows are the queue, and a worker may die at any instant.

A batch is claimed in one statement with everything asked again, committed, and only then handed over, message by
message: hand over (commit), call, record (commit). The attempt fences each step. What was handed over and never
recorded is ``uncertain``: a marketing message is not sent again, since nobody knows whether it arrived; a
transactional one is, under the same Message-ID.
"""

from __future__ import annotations

import logging
import smtplib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from email.utils import format_datetime

from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import DataError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from campaigns.models import Delivery, Message, SendingPolicy
from campaigns.queries import asked_again, eligibility
from campaigns.queries.eligibility import Standing
from campaigns.queries.moments import moments_kept
from campaigns.queries.policy import sending_policy, sending_policy_kept
from campaigns.queries.spacing import has_its_day_taken
from campaigns.queries.urgency import urgent
from campaigns.rules import bounces
from campaigns.rules.codes import REFUSAL_BIT, DeliveryState, Refusal, refusals_in
from campaigns.services import fencing, promising
from campaigns.services.composing import Composed, TemplateInvalid, compose
from campaigns.services.deciding import ignored_by
from campaigns.services.offering import OutOfStock
from cxportal.lib.errors import DomainError
from profiles.models import Identifier
from profiles.queries.company import company_kept
from profiles.querysets.consents import standing_sql
from profiles.rules.names import IdentifierKind
from profiles.services import bouncing

logger = logging.getLogger(__name__)

BATCH = 50
# Longer than a provider's time-out for every message of a batch would be: a live worker renews it.
LEASE = timedelta(seconds=90)
RETRY_AFTER = timedelta(minutes=5)
MOST_ATTEMPTS = 5

# One statement decides whether this message may leave at this very instant: the claim is still
# ours, the switch is on, and what the customer said is yes.
_HAND_OVER = f"""
    UPDATE campaigns_delivery d
    SET handed_at = clock_timestamp(), lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
    FROM campaigns_campaign k
    WHERE d.id = %(id)s AND d.attempt = %(attempt)s AND d.state = 'claimed' AND k.id = d.campaign_id
      AND NOT EXISTS (SELECT 1 FROM campaigns_sendingpolicy p WHERE p.stopped_at IS NOT NULL)
      AND (d.is_transactional OR 'granted' = (SELECT s.state FROM (
          {standing_sql("e.customer_id = d.customer_id AND e.channel = d.channel AND e.purpose = k.purpose")}) s))
"""


@dataclass(frozen=True)
class Mail:
    """One message ready to be handed over."""

    delivery: Delivery
    recipient: str
    composed: Composed


def deliver_due(*, now: datetime, limit: int = 1_000) -> dict[str, int]:
    """Send what is due, in batches; return counts by state. Safe to run in many workers at once."""
    counts: Counter[str] = Counter(settle_leases(now=now))
    handled = 0
    while handled < limit:
        if fencing.is_fenced():
            break
        claimed, decided = claim(now=now, limit=min(BATCH, limit - handled))
        counts.update(decided)
        if not claimed and not decided:
            break
        handled += len(claimed) + sum(decided.values())
        with company_kept(), sending_policy_kept(), moments_kept():
            counts.update(_sent(claimed, now))
    return dict(counts)


def settle_leases(*, now: datetime) -> dict[str, int]:
    """Settle claims whose worker is gone: back to the plan if not handed over, else uncertain."""
    stale = Delivery.objects.filter(state=DeliveryState.CLAIMED, lease_until__lt=Now())
    back = stale.filter(handed_at=None).update(state=DeliveryState.PLANNED, lease_until=None)
    again = stale.filter(is_transactional=True).update(
        state=DeliveryState.PLANNED, lease_until=None, handed_at=None
    )
    # A lease may run out between these statements: only what was handed over is in doubt.
    uncertain = stale.filter(handed_at__isnull=False).update(
        state=DeliveryState.UNCERTAIN, lease_until=None, finished_at=now, reason="worker_lost"
    )
    return {k: n for k, n in (("returned", back + again), ("uncertain", uncertain)) if n}


# --- claiming -------------------------------------------------------------------------------------


def claim(*, now: datetime, limit: int) -> tuple[list[Delivery], Counter[str]]:
    """Claim what is due and still right; skip, put off or give up the rest, each with its reason."""
    with moments_kept(), transaction.atomic():
        policy = _policy_shared()
        if policy.stopped_at is not None:
            return [], Counter()
        due = list(
            Delivery.objects.filter(state=DeliveryState.PLANNED, due_at__lte=now)
            .order_by("due_at", "pk")
            .select_for_update(skip_locked=True, of=("self",), no_key=True)
            .select_related(
                "campaign", "decision__moment", "decision__campaign", "customer", "template"
            )[:limit]
        )
        if not due:
            return [], Counter()
        return _sorted_out(due, policy, now)


def _policy_shared() -> SendingPolicy:
    """Hold the switch where it is until this claim is committed."""
    sending_policy()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM campaigns_sendingpolicy FOR SHARE")
    return SendingPolicy.objects.get(id=1)


def _sorted_out(
    due: Sequence[Delivery], policy: SendingPolicy, now: datetime
) -> tuple[list[Delivery], Counter[str]]:
    stands = eligibility.standings([d.customer_id for d in due], policy, now)
    ended = asked_again.ended(due, now)
    refused = asked_again.refusals(due, now)
    taken = has_its_day_taken(due, stands, now)
    at_once = urgent([d.customer_id for d in due], [d.decision.moment.kind for d in due], now)
    written_to: set[tuple[int, str]] = set()
    claimed: list[Delivery] = []
    counts: Counter[str] = Counter()
    for delivery, why_ended, mask, is_urgent in zip(due, ended, refused, at_once, strict=True):
        standing = stands[delivery.customer_id]
        kind = delivery.decision.moment.kind
        mask |= ~ignored_by(kind) & standing.refusals(
            purpose=delivery.campaign.purpose, campaign_id=delivery.campaign_id
        )
        if not delivery.campaign.is_live:
            mask |= REFUSAL_BIT[Refusal.NOT_LIVE]
        reason = why_ended or next((str(refusal) for refusal in refusals_in(mask)), "")
        if standing.said > standing.allowance and not reason:
            reason = str(standing.spent(counted=1))
        if delivery.is_transactional:
            reason = ""
        opens = standing.opens(now, is_urgent=is_urgent)
        door = (delivery.customer_id, delivery.channel)
        must_wait = delivery.pk in taken or door in written_to
        if must_wait and not (reason or delivery.is_transactional):
            opens, reason = _another_day(delivery, standing, opens, now)
        state = _claim_one(delivery, reason, opens, now)
        if state == DeliveryState.CLAIMED:
            claimed.append(delivery)
            if not delivery.is_transactional:
                written_to.add(door)
        else:
            counts[state] += 1
    return claimed, counts


def _another_day(
    delivery: Delivery, standing: Standing, opens: datetime, now: datetime
) -> tuple[datetime, str]:
    """Put a second message of the day off to the next morning; past its time it is one too many."""
    tomorrow = datetime.combine(
        now.astimezone(standing.zone).date() + timedelta(days=1), time(0), tzinfo=standing.zone
    )
    morning = standing.opens(tomorrow)
    if morning < delivery.expires_at:
        return morning, ""
    return opens, str(Refusal.BUDGET)


def _claim_one(delivery: Delivery, reason: str, opens: datetime, now: datetime) -> DeliveryState:
    if max(now, opens) >= delivery.expires_at or reason == Refusal.TOO_LATE:
        return _closed(delivery, DeliveryState.MISSED, str(Refusal.TOO_LATE), now)
    if reason:
        return _closed(delivery, DeliveryState.SKIPPED, reason, now)
    if opens > now:
        Delivery.objects.filter(pk=delivery.pk).update(due_at=opens)
        return DeliveryState.PLANNED
    Delivery.objects.filter(pk=delivery.pk).update(
        state=DeliveryState.CLAIMED, lease_until=Now() + LEASE, attempt=F("attempt") + 1
    )
    delivery.attempt += 1
    return DeliveryState.CLAIMED


def _closed(delivery: Delivery, state: DeliveryState, reason: str, now: datetime) -> DeliveryState:
    Delivery.objects.filter(pk=delivery.pk).update(state=state, reason=reason, finished_at=now)
    return state


# --- handing over ---------------------------------------------------------------------------------


def _sent(claimed: Sequence[Delivery], now: datetime) -> Counter[str]:
    counts: Counter[str] = Counter()
    mails = list(_composed(claimed, now, counts))
    if not mails:
        return counts
    backend = get_connection()
    try:
        for at, mail in enumerate(mails):
            try:
                backend.open()  # nothing happens where it is open
            except OSError:
                # The rest was not handed over yet: it goes back, and comes again later.
                counts["returned"] += _returned([each.delivery for each in mails[at:]], now)
                break
            counts[_hand_over(backend, mail, now)] += 1
    finally:
        backend.close()
    return counts


def _composed(claimed: Sequence[Delivery], now: datetime, counts: Counter[str]) -> Iterator[Mail]:
    """Write each message; one that cannot be written is closed, and holds no other up."""
    addresses = _addresses([delivery.customer_id for delivery in claimed])
    for delivery in claimed:
        address = addresses.get(delivery.customer_id)
        if address is None:
            reason = str(Refusal.NO_ADDRESS)
            counts[_record(delivery, DeliveryState.SKIPPED, reason, now)] += 1
            continue
        try:
            yield Mail(delivery, address, compose(delivery=delivery))
        except TemplateInvalid:
            counts[_record(delivery, DeliveryState.FAILED, "template_invalid", now)] += 1


def _addresses(customer_ids: Iterable[int]) -> dict[int, str]:
    """Return one address for each customer: the one verified last, else the newest; none that bounced."""
    found = Identifier.objects.filter(
        kind=IdentifierKind.EMAIL, customer_id__in=customer_ids, bounced_at=None
    )
    rows = found.order_by(F("verified_at").asc(nulls_first=True), "pk")
    return dict(rows.values_list("customer_id", "value"))  # of several, the last one stays


def _hand_over(backend: BaseEmailBackend, mail: Mail, now: datetime) -> DeliveryState | str:
    """Hand one message over and record what became of it."""
    try:
        may_leave = _may_leave(mail, now)
    except OutOfStock:
        return _record(mail.delivery, DeliveryState.SKIPPED, str(Refusal.OUT_OF_STOCK), now)
    except (DomainError, LookupError, TypeError, ValueError, DataError):
        # The promise cannot be kept, so nothing was written; the messages behind this one go on.
        logger.exception("the action of delivery %s failed", mail.delivery.pk)
        return _record(mail.delivery, DeliveryState.FAILED, "action_impossible", now)
    if not may_leave:
        return _released(mail.delivery, now)
    try:
        backend.send_messages([_as_email(mail, now)])
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as error:
        return _refused(mail, error, now)
    except ValueError:
        # No letter could be made of it (a header, an address), so nothing left.
        logger.exception("delivery %s cannot be put into an envelope", mail.delivery.pk)
        return _record(mail.delivery, DeliveryState.FAILED, "not_a_letter", now)
    except OSError:
        # The connection broke: this message may have arrived. The next one needs a new connection,
        # else it would fail on the dead one and be in doubt too.
        with suppress(OSError):
            backend.close()
        return _record(mail.delivery, DeliveryState.UNCERTAIN, "connection_lost", now)
    return _record(mail.delivery, DeliveryState.SENT, "", now)


def _may_leave(mail: Mail, now: datetime) -> bool:
    """Write down that it leaves, with the words as they leave and what was promised in them."""
    delivery, words = mail.delivery, mail.composed.words
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                _HAND_OVER,
                {
                    "id": delivery.pk,
                    "attempt": delivery.attempt,
                    "lease": LEASE.total_seconds(),
                    "now": now,
                },
            )
            if not cursor.rowcount:
                return False
        written = Message(
            delivery=delivery,
            recipient=mail.recipient,
            subject=words.subject,
            text=words.text,
            html=words.html,
            rendered_at=now,
        )
        Message.objects.bulk_create(
            [written],
            update_conflicts=True,
            unique_fields=["delivery"],
            update_fields=["recipient", "subject", "text", "html", "rendered_at"],
        )
        promising.keep_in_message(delivery=delivery, now=now)
    return True


def message_id(delivery: Delivery, sender: str) -> str:
    """Name a message the same way at every attempt, so that a receiver can drop a second copy."""
    return f"<{delivery.public_id}@{sender.rpartition('@')[2]}>"


def _as_email(mail: Mail, now: datetime) -> EmailMultiAlternatives:
    policy = sending_policy()
    words, stop_url = mail.composed.words, mail.composed.stop_url
    message = EmailMultiAlternatives(
        subject=words.subject,
        body=words.text,
        from_email=policy.sender,
        to=[mail.recipient],
        headers={
            "Date": format_datetime(now.astimezone(UTC)),
            "Message-ID": message_id(mail.delivery, policy.sender_email),
            # RFC 8058, section 3.1: one HTTPS address that takes a bare POST.
            "List-Unsubscribe": f"<{stop_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )
    message.attach_alternative(words.html, "text/html")
    return message


def _record(
    delivery: Delivery, state: DeliveryState, reason: str, now: datetime
) -> DeliveryState | str:
    """Close a delivery if it is still ours."""
    mine = Delivery.objects.filter(
        pk=delivery.pk, attempt=delivery.attempt, state=DeliveryState.CLAIMED
    )
    done = mine.update(state=state, reason=reason, finished_at=now, lease_until=None)
    return state if done else "taken_over"


def _refused(mail: Mail, error: Exception, now: datetime) -> DeliveryState | str:
    """Tell a refusal for good (5xx) from one for now (4xx; RFC 5321, section 4.2.1)."""
    delivery, said = mail.delivery, bounces.refusals(error)
    codes = [code for code, _ in said] or [getattr(error, "smtp_code", 550)]
    temporary = all(400 <= code < 500 for code in codes)
    if temporary and delivery.attempt < MOST_ATTEMPTS:
        _returned([delivery], now)
        return "returned"
    recorded = _record(delivery, DeliveryState.FAILED, f"refused_{codes[0]}", now)
    if any(bounces.is_no_mailbox(code, words) for code, words in said):
        bouncing.bounced(address=mail.recipient, now=now)
    return recorded


def _returned(deliveries: Sequence[Delivery], now: datetime) -> int:
    """Put claims back that were certainly not delivered, for a later try."""
    return sum(
        Delivery.objects.filter(
            pk=delivery.pk, attempt=delivery.attempt, state=DeliveryState.CLAIMED
        ).update(
            state=DeliveryState.PLANNED,
            lease_until=None,
            handed_at=None,
            due_at=now + RETRY_AFTER * delivery.attempt,
            expires_at=_later_of(delivery, now),
        )
        for delivery in deliveries
    )


def _later_of(delivery: Delivery, now: datetime) -> datetime:
    """Keep the window open for the retry it was put back for, and no longer."""
    return max(delivery.expires_at, now + RETRY_AFTER * delivery.attempt + RETRY_AFTER)


def _released(delivery: Delivery, now: datetime) -> DeliveryState | str:
    """A claim that may not leave after all: put back; the next claim says why."""
    back = Delivery.objects.filter(
        pk=delivery.pk, attempt=delivery.attempt, state=DeliveryState.CLAIMED
    ).update(state=DeliveryState.PLANNED, lease_until=None)
    return "returned" if back else "taken_over"
