"""decide: one code for one and for many, and a reason for each silence."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign, Decision, Delivery, Moment, PlanRun, SendingPolicy
from campaigns.queries.received import why
from campaigns.rules.codes import Door, OutcomeKind, Refusal, Verdict
from campaigns.services import answering, composing, delivering, noticing, planning
from campaigns.services.deciding import Context, decide
from feedback.services import cases
from profiles.models import ContactPreference, Customer, Identifier
from profiles.rules.names import ConsentState
from profiles.services import scheduling
from tests.factories.campaigns import consent, due_habit, reachable_customer, ready_house

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 5, 0, tzinfo=UTC)
MAIL = Context(Door.EMAIL)


@pytest.fixture(autouse=True)
def house():
    ready_house()


@pytest.fixture
def dolores() -> Customer:
    return reachable_customer()


def only(customer: Customer, context: Context = MAIL, now: datetime = NOW):
    (choice,) = decide(customers=[customer.pk], context=context, now=now)
    return choice


def test_a_due_habit_is_spoken_of(dolores):
    habit = due_habit(dolores)
    choice = only(dolores)
    assert (choice.verdict, choice.reasons) == (Verdict.SPEAK, [])
    assert (choice.subject_id, choice.cycle) == (habit.product_id, date(2026, 2, 10))
    assert choice.worth == pytest.approx(0.35)
    assert choice.facts["rhythm_days"] == 30.0


def test_a_reminder_is_set_ahead_for_its_day(dolores):
    due_habit(dolores, remind_on=date(2026, 3, 12), expected_on=date(2026, 3, 15))
    planning.plan_morning(now=NOW)
    assert Delivery.objects.get().due_at == datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
    assert delivering.deliver_due(now=NOW.replace(hour=12)) == {}
    assert delivering.deliver_due(now=datetime(2026, 3, 12, 12, 0, tzinfo=UTC)) == {"sent": 1}


def test_what_is_further_ahead_is_no_moment_yet(dolores):
    due_habit(dolores, remind_on=date(2026, 3, 14), expected_on=date(2026, 3, 17))
    assert decide(customers=[dolores.pk], context=MAIL, now=NOW) == []
    assert list(planning._awaited(NOW)) == []


def test_after_its_time_nobody_speaks(dolores):
    due_habit(dolores, remind_on=date(2026, 2, 20), expected_on=date(2026, 2, 25))
    assert decide(customers=[dolores.pk], context=answering.COUNTER, now=NOW) == []


def test_a_moment_that_is_known_is_not_written_again(dolores):
    consent(dolores, ConsentState.WITHDRAWN, at=NOW - timedelta(days=1))
    due_habit(dolores)
    planning.plan_morning(now=NOW)
    moment = Moment.objects.get()
    with CaptureQueriesContext(connection) as statements:
        planning.plan_morning(now=NOW + timedelta(days=1))
    assert PlanRun.objects.count() == 2
    assert [one["sql"] for one in statements if 'INTO "campaigns_moment"' in one["sql"]] == []
    assert Moment.objects.get().pk == moment.pk


def silence(customer: Customer) -> list[Refusal]:
    choice = only(customer)
    assert choice.verdict == Verdict.SILENT
    return choice.reasons


def test_without_consent_silence(dolores):
    due_habit(dolores)
    consent(dolores, ConsentState.WITHDRAWN, at=NOW - timedelta(days=1))
    assert silence(dolores) == [Refusal.NO_CONSENT]


def test_without_address_silence(dolores):
    due_habit(dolores)
    Identifier.objects.all().delete()
    assert silence(dolores) == [Refusal.NO_ADDRESS]


def test_the_counter_needs_neither(dolores):
    due_habit(dolores)
    consent(dolores, ConsentState.WITHDRAWN, at=NOW - timedelta(days=1))
    Identifier.objects.all().delete()
    assert only(dolores, answering.COUNTER).verdict == Verdict.SPEAK


def test_an_open_case_silences_every_door(dolores):
    due_habit(dolores)
    cases.open_case(
        customer=dolores, kind="complaint", source_ref="call:1", detail="torn", opened_by="staff:1", now=NOW
    )  # fmt: skip
    assert silence(dolores) == [Refusal.OPEN_CASE]
    assert only(dolores, answering.COUNTER).reasons == [Refusal.OPEN_CASE]


def test_what_is_bought_every_few_days_needs_no_reminder(dolores):
    due_habit(dolores, rhythm_days=4.0)
    assert silence(dolores) == [Refusal.TOO_FREQUENT]


def test_what_hardly_helps_is_not_worth_disturbing_for(dolores):
    due_habit(dolores, window_probability=0.25)
    assert silence(dolores) == [Refusal.UNLIKELY]


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (scheduling.pause, Refusal.SCHEDULE_PAUSED),
        (scheduling.stop, Refusal.SCHEDULE_STOPPED),
    ],
)
def test_the_customers_word_silences(dolores, statement, reason):
    habit = due_habit(dolores)
    statement(said=scheduling.Said(dolores, habit.product, "page", NOW))
    assert silence(dolores) == [reason]


def test_resuming_speaks_again(dolores):
    habit = due_habit(dolores)
    said = scheduling.Said(dolores, habit.product, "page", NOW)
    scheduling.stop(said=said)
    scheduling.resume(said=said)
    assert only(dolores).verdict == Verdict.SPEAK


def test_undo_takes_back_what_was_said_last(dolores):
    habit = due_habit(dolores)
    said = scheduling.Said(dolores, habit.product, "page", NOW)
    scheduling.stop(said=said)
    scheduling.undo(said=said)
    assert only(dolores).verdict == Verdict.SPEAK


def test_an_impossible_interval_is_refused_and_nothing_changes(dolores):
    habit = due_habit(dolores)
    with pytest.raises(scheduling.IntervalImpossible):
        scheduling.buy_every(said=scheduling.Said(dolores, habit.product, "page", NOW), days=0)
    assert dolores.schedules.count() == 0


def test_one_message_a_morning_the_worthiest(dolores):
    weak = due_habit(dolores, window_probability=0.5)
    strong = due_habit(dolores, window_probability=0.9)
    first, second = decide(customers=[dolores.pk], context=MAIL, now=NOW)
    assert (first.subject_id, first.verdict) == (strong.product_id, Verdict.SPEAK)
    assert (second.subject_id, second.reasons) == (weak.product_id, [Refusal.OUTBID])
    assert first.considered == [
        [first.campaign.pk, weak.product_id, second.worth, ["something_else_helps_more"]]
    ]


def second_reorder(value: float) -> Campaign:
    """Another campaign that answers the same moment."""
    reorder = Campaign.objects.get(code="reorder")
    second = Campaign.objects.create(
        code="reorder-2",
        name="Another",
        moment=reorder.moment,
        purpose=reorder.purpose,
        value=value,
    )
    composing.save_template(
        campaign=second, language="en", subject="S", text="T", html="H", by=None
    )
    return second


def test_campaigns_of_one_moment_compete_inside_it(dolores):
    second = second_reorder(1.5)
    habit = due_habit(dolores)
    choice = only(dolores, answering.COUNTER)
    assert (choice.campaign, choice.worth) == (second, pytest.approx(1.0))
    first = Campaign.objects.get(code="reorder")
    assert choice.considered == [[first.pk, habit.product_id, 0.6, ["something_else_helps_more"]]]


def test_a_silent_moment_is_one_decision_on_every_morning(dolores):
    consent(dolores, ConsentState.WITHDRAWN, at=NOW - timedelta(days=1))
    second = second_reorder(1.5)
    due_habit(dolores)
    planning.plan_morning(now=NOW)
    planning.plan_morning(now=NOW + timedelta(days=1))
    decision = Decision.objects.get()
    assert (decision.campaign, decision.reasons) == (second, ["no_consent"])
    assert [row[3] for row in decision.considered] == [["no_consent"]]


def test_the_weeks_attention_ends_over_all_campaigns(dolores):
    for _ in range(4):
        due_habit(dolores)
    days = [NOW + timedelta(days=number) for number in range(3)]
    for day in days:
        planning.plan_morning(now=day)
        delivering.deliver_due(now=day.replace(hour=12))
    assert [d.finished_at.day for d in Delivery.objects.order_by("pk")] == [10, 11]
    assert {
        tuple(c.reasons) for c in decide(customers=[dolores.pk], context=MAIL, now=days[2])
    } == {
        (Refusal.ALREADY_SAID,),
        (Refusal.BUDGET,),
    }


def test_a_customers_own_limit_is_stricter_never_looser(dolores):
    due_habit(dolores)
    ContactPreference.objects.create(customer=dolores, max_per_week=0)
    assert silence(dolores) == [Refusal.BUDGET]
    ContactPreference.objects.update(max_per_week=30)
    SendingPolicy.objects.update(max_per_week=0)
    assert silence(dolores) == [Refusal.BUDGET]


def test_the_control_group_is_chosen_like_everybody_and_stays_silent(dolores):
    due_habit(dolores)
    SendingPolicy.objects.update(control_share=0.5)
    others = [reachable_customer(f"Customer {n}") for n in range(40)]
    for other in others:
        due_habit(other)
    planning.plan_morning(now=NOW)
    silent = Decision.objects.filter(arm="control")
    assert 8 <= silent.count() <= 33
    assert {tuple(d.reasons) for d in silent} == {("control_group",)}
    assert Delivery.objects.count() == 41 - silent.count()
    # Decided once: neither arm comes up again in this cycle.
    planning.plan_morning(now=NOW + timedelta(days=1))
    assert Decision.objects.count() == 41


def test_one_and_many_get_the_same_answer():
    customers = [reachable_customer(f"Customer {n}") for n in range(12)]
    for number, customer in enumerate(customers):
        due_habit(customer, window_probability=0.2 + number * 0.06)
        due_habit(customer, window_probability=0.9 - number * 0.06)
    ids = [customer.pk for customer in customers]
    together = decide(customers=ids, context=MAIL, now=NOW)
    apart = [choice for pk in ids for choice in decide(customers=[pk], context=MAIL, now=NOW)]
    assert together == apart


def test_deciding_costs_the_same_queries_for_one_and_for_many(django_assert_num_queries):
    customers = [reachable_customer(f"Customer {n}") for n in range(5)]
    for customer in customers:
        due_habit(customer)
    with django_assert_num_queries(19):
        decide(customers=[customers[0].pk], context=MAIL, now=NOW)
    with django_assert_num_queries(19):
        decide(customers=[customer.pk for customer in customers], context=MAIL, now=NOW)


def test_deciding_writes_nothing(dolores):
    due_habit(dolores)
    only(dolores)
    assert (Moment.objects.count(), Decision.objects.count()) == (0, 0)


# --- answers at every door ------------------------------------------------------------------------


def at_counter(customer: Customer, kind: OutcomeKind, now: datetime = NOW):
    choice = only(customer, answering.COUNTER, now)
    return answering.record_at_counter(
        customer=customer,
        choice=(choice.moment, choice.subject_id),
        kind=kind,
        actor="staff:7",
        now=now,
    )


def test_said_at_the_counter_is_not_said_again_by_mail(dolores):
    due_habit(dolores)
    at_counter(dolores, OutcomeKind.SAID)
    assert silence(dolores) == [Refusal.ALREADY_SAID]


def test_said_at_the_counter_after_planning_stops_the_mail(dolores):
    due_habit(dolores)
    planning.plan_morning(now=NOW)
    decision = Decision.objects.get()
    answering.record_outcome(
        decision=decision, kind=OutcomeKind.SAID, door=Door.COUNTER, actor="staff:7", now=NOW
    )
    assert delivering.deliver_due(now=NOW.replace(hour=12)) == {"skipped": 1}
    assert Delivery.objects.get().reason == "already_said"


def test_not_now_holds_for_a_week_at_every_door(dolores):
    due_habit(dolores, expected_on=date(2026, 3, 25))
    at_counter(dolores, OutcomeKind.NOT_NOW)
    assert silence(dolores) == [Refusal.NOT_YET]
    assert only(dolores, now=NOW + timedelta(days=7)).verdict == Verdict.SPEAK


def test_not_for_them_holds_for_good(dolores):
    due_habit(dolores)
    at_counter(dolores, OutcomeKind.NOT_RELEVANT)
    assert silence(dolores) == [Refusal.DISMISSED]


def test_a_suggestion_that_is_gone_cannot_be_answered(dolores):
    habit = due_habit(dolores)
    at_counter(dolores, OutcomeKind.NOT_RELEVANT)
    with pytest.raises(answering.NothingToAnswer):
        answering.record_at_counter(
            customer=dolores,
            choice=("due_reorder", habit.product_id),
            kind=OutcomeKind.SAID,
            actor="staff:7",
            now=NOW,
        )
    assert Decision.objects.get().outcomes.count() == 1


def test_the_same_answer_twice_is_one(dolores):
    due_habit(dolores)
    outcome = at_counter(dolores, OutcomeKind.NOT_NOW)
    again = answering.record_outcome(
        decision=outcome.decision,
        kind=OutcomeKind.NOT_NOW,
        door=Door.COUNTER,
        actor="staff:7",
        now=NOW,
    )
    assert again == outcome


@pytest.mark.parametrize(
    ("kind", "days"),
    [(OutcomeKind.NOT_NOW, 7), (OutcomeKind.PLENTY, 14), (OutcomeKind.LESS, 90)],
)
def test_an_answer_for_a_time_counts_anew_when_it_is_given_again(dolores, kind, days):
    habit = due_habit(dolores)
    planning.plan_morning(now=NOW)
    decision = Decision.objects.get()

    def answer(now: datetime):
        return answering.record_outcome(
            decision=decision, kind=kind, door=Door.PAGE, actor="customer", now=now
        )

    first = answer(NOW)
    assert answer(NOW + timedelta(hours=3)) == first
    later = NOW + timedelta(days=30)
    assert answer(later) != first
    assert list(decision.outcomes.order_by("pk").values_list("until", flat=True)) == [
        date(2026, 3, 10) + timedelta(days=days),
        date(2026, 4, 9) + timedelta(days=days),
    ]
    if kind == OutcomeKind.PLENTY:
        assert dolores.schedules.get(product=habit.product).not_before_on == date(2026, 4, 23)
    assert [one.until for one in why(decision.delivery).answers] == [later.date() + timedelta(days)]


def test_plenty_is_over_when_the_customer_takes_it_back(dolores):
    habit = due_habit(dolores, expected_on=date(2026, 3, 25))
    planning.plan_morning(now=NOW)
    answering.record_outcome(
        decision=Decision.objects.get(),
        kind=OutcomeKind.PLENTY,
        door=Door.PAGE,
        actor="customer",
        now=NOW,
    )
    assert decide(customers=[dolores.pk], context=MAIL, now=NOW) == []
    scheduling.undo(said=scheduling.Said(dolores, habit.product, "page", NOW))
    Delivery.objects.update(state="skipped", finished_at=NOW)
    assert only(dolores).verdict == Verdict.SPEAK


def test_stop_withdraws_the_consent_it_stood_on(dolores):
    due_habit(dolores)
    planning.plan_morning(now=NOW)
    answering.stop_delivery(delivery=Delivery.objects.get(), door="email", now=NOW)
    answering.stop_delivery(delivery=Delivery.objects.get(), door="email", now=NOW)
    assert list(dolores.consents.order_by("pk").values_list("state", flat=True)) == [
        "granted",
        "withdrawn",
    ]
    assert delivering.deliver_due(now=NOW.replace(hour=12)) == {"skipped": 1}


def test_less_of_this_silences_the_campaign_for_a_quarter(dolores):
    due_habit(dolores)
    planning.plan_morning(now=NOW)
    answering.record_outcome(
        decision=Decision.objects.get(),
        kind=OutcomeKind.LESS,
        door=Door.PAGE,
        actor="customer",
        now=NOW,
    )
    due_habit(dolores)
    reasons = {
        choice.reasons[0] for choice in decide(customers=[dolores.pk], context=MAIL, now=NOW)
    }
    assert reasons == {Refusal.DISMISSED}


# --- the plan -------------------------------------------------------------------------------------


def test_too_early_no_plan(dolores):
    assert planning.plan_morning(now=NOW.replace(hour=3)) is None
    assert not PlanRun.objects.exists()


def test_a_plan_counts_what_it_found(dolores):
    due_habit(dolores)
    due_habit(dolores, window_probability=0.6)
    run = planning.plan_morning(now=NOW)
    assert run is not None
    assert (run.state, run.counts) == ("done", {"speak": 1, "something_else_helps_more": 1})


def test_a_plan_cut_off_goes_on_where_it_was(dolores, monkeypatch):
    second = reachable_customer("Second")
    due_habit(dolores)
    due_habit(second)
    monkeypatch.setattr(planning, "BATCH", 1)
    keep = noticing.keep

    def killed_on_the_second(moments):
        if Delivery.objects.count() == 2:
            raise KeyboardInterrupt
        keep(moments)

    monkeypatch.setattr(noticing, "keep", killed_on_the_second)
    with pytest.raises(KeyboardInterrupt):
        planning.plan_morning(now=NOW)
    run = PlanRun.objects.get()
    assert (run.state, run.counts, Delivery.objects.count()) == ("running", {"speak": 1}, 1)
    assert [batch.customers for batch in run.batches.all()] == [[second.pk]]
    monkeypatch.setattr(noticing, "keep", keep)
    run = planning.plan_morning(now=NOW)
    assert (run.state, run.counts, Delivery.objects.count()) == ("done", {"speak": 2}, 2)
    assert not run.batches.exists()


def test_a_plan_without_anybody_awaited_is_done_at_once():
    run = planning.plan_morning(now=NOW)
    assert (run.state, run.counts) == ("done", {})
    assert planning.plan_morning(now=NOW) is None


def test_silence_is_written_once_while_its_reason_stays_the_same(dolores):
    due_habit(dolores, expected_on=date(2026, 3, 14))
    consent(dolores, ConsentState.WITHDRAWN, at=NOW - timedelta(days=1))
    for number in range(3):
        planning.plan_morning(now=NOW + timedelta(days=number))
    assert Decision.objects.count() == 1
    consent(dolores, ConsentState.GRANTED, at=NOW + timedelta(days=2))
    planning.plan_morning(now=NOW + timedelta(days=3))
    assert list(Decision.objects.order_by("pk").values_list("verdict", flat=True)) == [
        "silent",
        "speak",
    ]


def test_a_campaign_without_words_stops_no_plan(dolores):
    due_habit(dolores)
    Campaign.objects.create(
        code="new", name="New", moment="due_reorder", purpose="reminders", value=9
    )
    planning.plan_morning(now=NOW)
    assert Delivery.objects.get().campaign.code == "reorder"


def test_what_an_open_case_held_back_is_said_once_the_case_is_solved(dolores):
    due_habit(dolores, expected_on=date(2026, 3, 14))
    planning.plan_morning(now=NOW)
    case = cases.open_case(
        customer=dolores, kind="complaint", source_ref="call:1", detail="torn", opened_by="staff:1", now=NOW
    )  # fmt: skip
    assert delivering.deliver_due(now=NOW.replace(hour=12)) == {"skipped": 1}
    cases.solve(case=case, resolution="sent a new one", by="staff:1", now=NOW.replace(hour=15))
    tomorrow = NOW + timedelta(days=1)
    planning.plan_morning(now=tomorrow)
    assert delivering.deliver_due(now=tomorrow.replace(hour=12)) == {"sent": 1}
    planning.plan_morning(now=tomorrow + timedelta(days=1))
    assert Delivery.objects.count() == 2


@pytest.mark.parametrize(
    ("spoken", "written"), [("de", "Hallo"), ("en", "Hello"), ("fr", "Hello"), ("", "Hello")]
)
def test_words_are_chosen_in_the_customers_language_else_the_houses(spoken, written):
    due_habit(reachable_customer(language=spoken))
    reorder = Campaign.objects.get(code="reorder")
    for language, hello in (("en", "Hello"), ("de", "Hello"), ("de", "Hallo")):
        composing.save_template(
            campaign=reorder, language=language, subject="S", text=hello, html=hello, by=None
        )
    planning.plan_morning(now=NOW)
    assert Delivery.objects.get().template.text == written
