"""The ledger of sending: what is due leaves once, and everything else has its reason."""

from __future__ import annotations

import smtplib
from datetime import UTC, datetime, time, timedelta
from email.utils import parseaddr
from uuid import uuid4

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign, Decision, Delivery, Message, SandboxMessage, SendingPolicy
from campaigns.queries.received import why
from campaigns.rules.codes import DeliveryState
from campaigns.sandbox import SandboxBackend
from campaigns.services import delivering, planning
from loyalty.models import PointsEntry
from profiles.models import ContactPreference, Identifier, Product
from profiles.rules.names import ConsentState
from profiles.services import scheduling
from tests.factories.campaigns import (
    LONG_AGO,
    address_of,
    consent,
    due_habit,
    reachable_customer,
    ready_house,
)
from tests.factories.profiles import IdentifierFactory, PurchaseFactory, PurchaseLineFactory

pytestmark = pytest.mark.django_db

MORNING = datetime(2026, 3, 10, 5, 0, tzinfo=UTC)
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.fixture
def planned() -> Delivery:
    ready_house()
    due_habit(reachable_customer())
    planning.plan_morning(now=MORNING)
    return Delivery.objects.get()


def lose_the_worker() -> None:
    """Let every lease have run out, as if the worker had been killed long ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE campaigns_delivery SET lease_until = now() - interval '1 minute' WHERE state = 'claimed'"
        )


def test_a_due_message_arrives_once_with_its_headers(planned):
    assert delivering.deliver_due(now=NOON) == {"sent": 1}
    assert delivering.deliver_due(now=NOON) == {}

    message = SandboxMessage.objects.get()
    assert message.recipient == address_of(planned.customer)
    assert message.message_id == f"<{planned.public_id}@example.com>"
    assert message.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message.headers["List-Unsubscribe"].startswith("<http://127.0.0.1:8000/stop/")
    assert message.headers["Date"] == "Tue, 10 Mar 2026 12:00:00 +0000"
    assert message.received_at == NOON
    planned.refresh_from_db()
    assert (planned.state, planned.reason, planned.attempt) == ("sent", "", 1)
    assert planned.finished_at == NOON


def test_a_message_more_costs_few_statements_more():
    """Commits and savepoints counted; the house and its policy are read once for a batch."""
    ready_house()
    for _ in range(5):
        due_habit(reachable_customer())
    planning.plan_morning(now=MORNING)
    costs = []
    for limit in (1, 4):
        with CaptureQueriesContext(connection) as statements:
            assert delivering.deliver_due(now=NOON, limit=limit) == {"sent": limit}
        costs.append(len(statements))
    assert (costs[1] - costs[0]) / 3 <= 8


def test_the_words_name_customer_product_day_and_reason(planned):
    product = planned.decision.moment.subject_id
    delivering.deliver_due(now=NOON)
    words = Message.objects.get()
    name = f"Product {words.subject.split()[1].rstrip(':')}"
    assert words.subject == f"{name}: about time again"
    assert "Hello Dolores," in words.text
    assert "was on 10 February" in words.text
    assert product


def test_nothing_leaves_in_quiet_hours(planned):
    assert planned.due_at == datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
    assert delivering.deliver_due(now=planned.due_at - timedelta(minutes=1)) == {}
    assert SandboxMessage.objects.count() == 0


def test_quiet_hours_that_were_widened_since_put_it_off(planned):
    SendingPolicy.objects.update(quiet_from=time(20, 0), quiet_until=time(14, 0))
    assert delivering.deliver_due(now=NOON) == {"planned": 1}
    planned.refresh_from_db()
    assert (planned.state, planned.due_at) == ("planned", datetime(2026, 3, 10, 14, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("own", "now", "opens"),
    [
        # The house's are 20:00 to 09:00. A rest at noon of their own takes nothing from that.
        ((time(12), time(13)), "2026-03-11T05:00", "2026-03-11T09:00"),
        ((time(12), time(13)), "2026-03-11T12:15", "2026-03-11T13:00"),
        ((time(8), time(11)), "2026-03-11T05:00", "2026-03-11T11:00"),
    ],
)
def test_quiet_hours_of_the_customer_are_added_to_those_of_the_house(planned, own, now, opens):
    Delivery.objects.update(expires_at=datetime(2026, 3, 14, tzinfo=UTC))
    SendingPolicy.objects.update(quiet_from=time(20), quiet_until=time(9))
    ContactPreference.objects.create(
        customer=planned.customer, quiet_from=own[0], quiet_until=own[1], updated_at=NOON
    )
    at = datetime.fromisoformat(f"{now}+00:00")
    assert delivering.deliver_due(now=at) == {"planned": 1}
    planned.refresh_from_db()
    assert planned.due_at == datetime.fromisoformat(f"{opens}+00:00")
    assert SandboxMessage.objects.count() == 0


def test_a_purchase_after_planning_wins(planned):
    moment = planned.decision.moment
    line = PurchaseLineFactory(
        purchase=PurchaseFactory(
            customer=planned.customer,
            origin_profile=planned.customer.profiles.get(),
            occurred_at=datetime(2026, 3, 10, 8, 0, tzinfo=UTC),
        ),
        product_id=moment.subject_id,
        product=None,
    )
    assert line.product_id == moment.subject_id
    assert delivering.deliver_due(now=NOON) == {"skipped": 1}
    planned.refresh_from_db()
    assert (planned.state, planned.reason) == ("skipped", "bought_since")
    assert SandboxMessage.objects.count() == 0


def test_a_withdrawal_after_planning_wins(planned):
    consent(planned.customer, ConsentState.WITHDRAWN, at=MORNING + timedelta(hours=1))
    assert delivering.deliver_due(now=NOON) == {"skipped": 1}
    planned.refresh_from_db()
    assert planned.reason == "no_consent"


def test_a_withdrawal_between_claim_and_handing_over_wins(planned):
    claimed, _ = delivering.claim(now=NOON, limit=10)
    consent(planned.customer, ConsentState.WITHDRAWN, at=NOON)
    assert delivering._sent(claimed, NOON) == {"returned": 1}
    assert SandboxMessage.objects.count() == 0
    planned.refresh_from_db()
    assert planned.state == "planned"


def test_still_have_plenty_after_planning_wins(planned):
    product = planned.decision.moment.subject_id
    said = scheduling.Said(planned.customer, Product.objects.get(pk=product), "page", MORNING)
    scheduling.still_have_plenty(said=said)
    assert delivering.deliver_due(now=NOON) == {"skipped": 1}
    planned.refresh_from_db()
    assert planned.reason == "customer_said_later"


def test_the_switch_stops_everything_and_loses_nothing(planned):
    SendingPolicy.objects.update(stopped_at=MORNING)
    assert delivering.deliver_due(now=NOON) == {}
    planned.refresh_from_db()
    assert planned.state == "planned"
    SendingPolicy.objects.update(stopped_at=None)
    assert delivering.deliver_due(now=NOON) == {"sent": 1}


def test_the_switch_holds_back_what_is_claimed_already(planned):
    claimed, _ = delivering.claim(now=NOON, limit=10)
    SendingPolicy.objects.update(stopped_at=NOON)
    assert delivering._sent(claimed, NOON) == {"returned": 1}
    assert SandboxMessage.objects.count() == 0


def test_a_copied_database_sends_nothing(planned):
    SendingPolicy.objects.update(fingerprint="of another database")
    assert delivering.deliver_due(now=NOON) == {}
    planned.refresh_from_db()
    assert planned.state == "planned"


def test_what_comes_too_late_is_missed_not_sent(planned):
    assert delivering.deliver_due(now=planned.expires_at) == {"missed": 1}
    planned.refresh_from_db()
    assert (planned.state, planned.reason) == ("missed", "too_late")
    assert SandboxMessage.objects.count() == 0


def test_a_worker_killed_before_handing_over_loses_nothing(planned):
    delivering.claim(now=NOON, limit=10)
    lose_the_worker()
    assert delivering.deliver_due(now=NOON) == {"returned": 1, "sent": 1}
    assert SandboxMessage.objects.count() == 1
    planned.refresh_from_db()
    assert planned.attempt == 2


def test_a_worker_killed_while_handing_over_leaves_it_uncertain(planned):
    claimed, _ = delivering.claim(now=NOON, limit=10)
    (mail,) = delivering._composed(claimed, NOON, delivering.Counter())
    assert delivering._may_leave(mail, NOON)
    lose_the_worker()
    assert delivering.deliver_due(now=NOON) == {"uncertain": 1}
    planned.refresh_from_db()
    assert (planned.state, planned.reason) == ("uncertain", "worker_lost")
    assert SandboxMessage.objects.count() == 0


def test_a_transactional_message_goes_again_under_its_own_name(planned):
    Delivery.objects.update(is_transactional=True)
    claimed, _ = delivering.claim(now=NOON, limit=10)
    (mail,) = delivering._composed(claimed, NOON, delivering.Counter())
    assert delivering._may_leave(mail, NOON)
    lose_the_worker()
    assert delivering.deliver_due(now=NOON) == {"returned": 1, "sent": 1}
    assert SandboxMessage.objects.get().message_id == f"<{planned.public_id}@example.com>"


def test_a_worker_that_slept_over_its_lease_changes_nothing(planned):
    asleep, _ = delivering.claim(now=NOON, limit=10)
    lose_the_worker()
    delivering.deliver_due(now=NOON)
    assert delivering._sent(asleep, NOON) == {"taken_over": 1}
    assert SandboxMessage.objects.count() == 1
    assert Delivery.objects.get().state == DeliveryState.SENT


def test_a_template_that_cannot_be_filled_in_fails_with_its_reason(planned):
    planned.template.text = "{{ nobody.knows }}"
    planned.template.save()
    assert delivering.deliver_due(now=NOON) == {"failed": 1}
    planned.refresh_from_db()
    assert (planned.state, planned.reason) == ("failed", "template_invalid")


def test_planning_twice_speaks_once(planned):
    assert planning.plan_morning(now=MORNING) is None
    planning.plan_morning(now=MORNING + timedelta(days=1))
    assert Delivery.objects.count() == 1
    assert Decision.objects.count() == 1


def test_somebody_without_a_name_is_greeted_without_one():
    ready_house()
    due_habit(reachable_customer(""))
    planning.plan_morning(now=MORNING)
    delivering.deliver_due(now=NOON)
    assert Message.objects.get().text.startswith("Hello,\n")


@pytest.fixture
def two_planned() -> tuple[Delivery, Delivery]:
    """Two messages for two customers, the first of them due first."""
    ready_house()
    for name in ("Ada Alder", "Ben Birch"):
        due_habit(reachable_customer(name))
    planning.plan_morning(now=MORNING)
    first, second = Delivery.objects.order_by("pk")
    return first, second


def states() -> list[tuple[str, str]]:
    return list(Delivery.objects.order_by("pk").values_list("state", "reason"))


def test_a_message_whose_promise_cannot_be_kept_holds_no_other_up(two_planned):
    first, _ = two_planned
    unkept = Decision.objects.get(pk=first.decision_id)
    unkept.pk, unkept.public_id = None, uuid4()
    unkept.facts |= {"action": "bonus_points", "parameters": {}}
    unkept.save(force_insert=True)
    Delivery.objects.filter(pk=first.pk).update(decision=unkept)
    assert delivering.deliver_due(now=NOON) == {"failed": 1, "sent": 1}
    assert states() == [("failed", "action_impossible"), ("sent", "")]
    assert Message.objects.filter(delivery=first).count() == 0


def test_what_was_promised_is_given_whatever_the_campaign_says_since():
    ready_house()
    reorder = Campaign.objects.filter(code="reorder")
    reorder.update(action="bonus_points", parameters={"points": 20})
    due_habit(reachable_customer())
    planning.plan_morning(now=MORNING)
    reorder.update(parameters={"points": 500})
    assert delivering.deliver_due(now=NOON) == {"sent": 1}
    assert list(PointsEntry.objects.values_list("points", flat=True)) == [20]
    assert why(Delivery.objects.get()).promise == "20 bonus points"


def test_a_message_that_promised_nothing_says_so_whatever_the_campaign_says_since(planned):
    delivering.deliver_due(now=NOON)
    Campaign.objects.update(action="bonus_points", parameters={"points": 50})
    assert why(Delivery.objects.get()).promise == ""
    assert PointsEntry.objects.count() == 0


def test_a_message_whose_address_is_gone_holds_no_other_up(two_planned):
    first, _ = two_planned
    claimed, _ = delivering.claim(now=NOON, limit=10)
    Identifier.objects.filter(customer=first.customer).delete()
    assert delivering._sent(claimed, NOON) == {"skipped": 1, "sent": 1}
    assert states() == [("skipped", "no_address"), ("sent", "")]


def test_of_two_addresses_the_one_verified_last_is_written_to(planned):
    profile = planned.customer.profiles.get()
    verified = {"b@example.com": MORNING, "c@example.com": LONG_AGO, "d@example.com": None}
    for value, verified_at in verified.items():
        IdentifierFactory(origin_profile=profile, value=value, verified_at=verified_at)
    delivering.deliver_due(now=NOON)
    assert SandboxMessage.objects.get().recipient == "b@example.com"


class HangsUpOnce(SandboxBackend):
    """A server that hangs up during the first message; the connection is dead until it is closed."""

    state = "new"
    opens_again = True

    def open(self) -> None:
        if self.state == "closed":
            if not self.opens_again:
                raise ConnectionRefusedError
            self.state = "new connection"

    def close(self) -> None:
        if self.state == "dead":
            self.state = "closed"

    def send_messages(self, email_messages):
        if self.state in {"new", "dead"}:
            self.state = "dead"
            raise smtplib.SMTPServerDisconnected
        return super().send_messages(email_messages)


class HangsUpForGood(HangsUpOnce):
    opens_again = False


def test_after_a_broken_connection_the_next_message_leaves_on_a_new_one(two_planned, settings):
    settings.EMAIL_BACKEND = f"{__name__}.HangsUpOnce"
    assert delivering.deliver_due(now=NOON) == {"uncertain": 1, "sent": 1}
    assert states() == [("uncertain", "connection_lost"), ("sent", "")]


def test_a_server_that_is_gone_leaves_the_rest_planned(two_planned, settings):
    settings.EMAIL_BACKEND = f"{__name__}.HangsUpForGood"
    assert delivering.deliver_due(now=NOON) == {"uncertain": 1, "returned": 1}
    assert states() == [("uncertain", "connection_lost"), ("planned", "")]


def test_a_lease_that_runs_out_during_the_settling_is_not_in_doubt(planned):
    delivering.claim(now=NOON, limit=10)
    seen = []

    def lose_it_after_the_first(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if "UPDATE" in sql and not seen:
            seen.append(sql)
            lose_the_worker()
        return result

    with connection.execute_wrapper(lose_it_after_the_first):
        delivering.settle_leases(now=NOON)
    assert states() == [("claimed", "")]
    assert delivering.settle_leases(now=NOON) == {"returned": 1}


@pytest.mark.parametrize(
    ("name", "sender"),
    [
        ('Joe "Best" Coffee', '"Joe \\"Best\\" Coffee" <hello@example.com>'),
        ("Alder\r\nBcc: all@example.com", '"Alder Bcc: all@example.com" <hello@example.com>'),
    ],
)
def test_any_name_of_the_house_can_stand_in_the_sender(planned, name, sender):
    SendingPolicy.objects.update(sender_name=name)
    assert delivering.deliver_due(now=NOON) == {"sent": 1}
    message = SandboxMessage.objects.get()
    assert message.sender == sender
    as_sent = EmailMessage(from_email=message.sender, to=["dolores@example.com"]).message()
    assert parseaddr(str(as_sent["From"])) == (" ".join(name.split()), "hello@example.com")


class CannotWriteTheFirst(SandboxBackend):
    has_failed = False

    def send_messages(self, email_messages):
        if not self.has_failed:
            self.has_failed = True
            raise ValueError("Invalid address")
        return super().send_messages(email_messages)


def test_what_makes_no_letter_fails_and_holds_no_other_up(two_planned, settings):
    settings.EMAIL_BACKEND = f"{__name__}.CannotWriteTheFirst"
    assert delivering.deliver_due(now=NOON) == {"failed": 1, "sent": 1}
    assert states() == [("failed", "not_a_letter"), ("sent", "")]


def test_what_is_planned_of_a_campaign_that_was_switched_off_stays_here(two_planned):
    Campaign.objects.update(is_live=False)
    assert delivering.deliver_due(now=NOON) == {"skipped": 2}
    assert states() == [("skipped", "campaign_not_live")] * 2
    assert SandboxMessage.objects.count() == 0
