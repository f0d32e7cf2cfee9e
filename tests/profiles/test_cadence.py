"""Reorder rhythms: what is learned of gaps between purchase days, and when it is worth saying."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profiles.rules import cadence, timing
from profiles.rules.cadence import (
    Habits,
    Purchases,
    Shared,
    chance_within,
    fit_shared,
    learn,
    restate,
)
from profiles.rules.diary import open_diary
from profiles.rules.rhythms import NO_RHYTHMS, Rhythms, fit_rhythms
from profiles.rules.timing import DAYS, EDGES, Growth
from profiles.rules.traits import median_of

REGULAR = Shared(rhythms=replace(NO_RHYTHMS, within=0.02, between=0.4, alive=(0.9,) * 7))
Line = tuple[int, int, int, float]


def bought(*lines: Line) -> Purchases:
    customer, item, day, quantity = zip(*lines, strict=True)
    return Purchases(
        np.array(customer), np.array(item), np.array(day), np.array(quantity, dtype=np.float64)
    )


def every(days: int, times: int, customer: int = 1, item: int = 1, first: int = 0) -> list[Line]:
    return [(customer, item, first + days * k, 1.0) for k in range(times)]


def same(one: Habits, other: Habits) -> None:
    for f in fields(Habits):
        np.testing.assert_array_equal(getattr(one, f.name), getattr(other, f.name), err_msg=f.name)


@pytest.fixture(scope="module")
def shop() -> Purchases:
    """120 customers with six items each, every item with its own rhythm, some customers lost."""
    chance = np.random.default_rng(7)
    lines: list[Line] = []
    for customer in range(120):
        gone = chance.integers(60, 600)
        for item in range(6):
            day = int(chance.integers(0, 20))
            while day < min(gone, 300):
                lines.append((customer, item, day, 1.0))
                day += max(1, int(np.exp(chance.normal(np.log(6 + 5 * item), 0.3))))
    return bought(*lines)


class TestRegularPair:
    def test_six_purchases_every_28_days_expect_the_next_after_28(self) -> None:
        habit = learn(bought(*every(28, 6)), REGULAR, 140)
        assert habit.purchase_days.tolist() == [6]
        assert habit.last_on.tolist() == [140]
        assert habit.own_median_gap.tolist() == [28.0]
        assert abs(int(habit.expected_on[0]) - 168) <= 1
        assert 140 + 22 <= habit.earliest_on[0] < habit.latest_on[0] <= 140 + 35
        assert habit.rhythm_days[0] == pytest.approx(28.0, abs=0.3)

    def test_the_reminder_comes_a_few_days_before_and_is_sure(self) -> None:
        habit = learn(bought(*every(28, 6)), REGULAR, 140)
        assert 168 - 6 <= habit.remind_on[0] <= 168 - 1
        assert habit.sure.tolist() == [True]
        assert habit.reason.tolist() == [""]
        assert habit.window_probability[0] > 0.75

    def test_a_rhythm_of_half_a_year_is_met_as_well(self) -> None:
        habit = learn(bought(*every(182, 6)), REGULAR, 910)
        assert abs(int(habit.expected_on[0]) - (910 + 182)) <= 7

    def test_gaps_without_rhythm_give_a_wide_interval_and_silence(self) -> None:
        days = (0, 3, 60, 64, 150, 155)
        habit = learn(bought(*[(1, 1, d, 1.0) for d in days]), REGULAR, 155)
        assert habit.latest_on[0] - habit.earliest_on[0] > 50
        assert habit.sure.tolist() == [False]
        assert habit.reason.tolist() == ["irregular"]


class TestEvidence:
    def test_two_purchases_are_too_few(self) -> None:
        habit = learn(bought((1, 1, 0, 1.0), (1, 1, 28, 1.0)), Shared(), 28)
        assert habit.sure.tolist() == [False]
        assert habit.reason.tolist() == ["too_few"]

    def test_one_purchase_has_a_row_with_the_shops_rhythm(self) -> None:
        habit = learn(bought((1, 1, 5, 1.0)), Shared(), 5)
        assert habit.rhythm_days[0] == pytest.approx(30.0)
        assert np.isnan(habit.own_median_gap[0])

    def test_pairs_with_less_evidence_can_be_left_out(self) -> None:
        habit = learn(bought(*every(28, 3), (1, 2, 0, 1.0)), Shared(), 60, fewest=2)
        assert habit.item.tolist() == [1]

    def test_no_purchases_give_no_rows(self) -> None:
        empty = np.zeros(0, dtype=np.int64)
        assert len(learn(Purchases(empty, empty, empty, np.zeros(0)), Shared(), 10)) == 0

    def test_one_gap_lies_between_own_and_the_items_rhythm(self) -> None:
        items = replace(
            REGULAR.rhythms, items=np.array([1]), mean=np.array([np.log(40.0)]),
            spread=np.array([0.4]), again=np.full((1, 3), 0.3), trend=np.zeros(1), sold=np.zeros(1),
        )  # fmt: skip
        habit = learn(bought((1, 1, 0, 1.0), (1, 1, 10, 1.0)), Shared(rhythms=items), 10)
        # variance between pairs = variance of one gap: half own, half the item's, on the log scale
        assert habit.rhythm_days[0] == pytest.approx(20.0)

    def test_more_gaps_of_ones_own_count_more(self) -> None:
        few = learn(bought(*every(10, 3)), Shared(), 20).rhythm_days[0]
        many = learn(bought(*every(10, 12)), Shared(), 110).rhythm_days[0]
        assert 10.0 < many < few < 30.0

    def test_what_comes_later_than_the_day_asked_about_is_not_seen(self) -> None:
        early, all_ = bought(*every(28, 4)), bought(*every(28, 9))
        same(learn(early, REGULAR, 84), learn(all_, REGULAR, 84))


class TestQuantity:
    def test_a_double_pack_lasts_longer(self) -> None:
        shared = Shared(rhythms=replace(REGULAR.rhythms, quantity_power=1.0))
        lines = every(28, 6)
        usual = learn(bought(*lines), shared, 140)
        double = learn(bought(*lines[:-1], (1, 1, 140, 2.0)), shared, 140)
        # log 2 less its own sixth in the mean quantity: 28 * 2 ** (5/6)
        assert double.rhythm_days[0] / usual.rhythm_days[0] == pytest.approx(2 ** (5 / 6))
        assert double.expected_on[0] > usual.expected_on[0] + 14

    def test_lines_of_one_day_are_one_purchase(self) -> None:
        split = learn(bought(*every(28, 6), (1, 1, 140, 1.0)), REGULAR, 140)
        whole = learn(bought(*every(28, 5), (1, 1, 140, 2.0)), REGULAR, 140)
        same(split, whole)

    def test_the_power_is_learned_where_the_data_shows_it(self) -> None:
        lines: list[Line] = []
        for customer in range(40):
            day = 0
            for k in range(8):
                quantity = 1.0 + (k + customer) % 2
                lines.append((customer, 1, day, quantity))
                day += 20 * int(quantity)
        rhythms = fit_rhythms(open_diary(bought(*lines), 999), 1000)
        assert rhythms.quantity_power == pytest.approx(1.0)

    def test_the_power_is_nought_where_quantity_says_nothing(self, shop: Purchases) -> None:
        assert fit_rhythms(open_diary(shop, 299), 300).quantity_power == 0.0


class TestStopped:
    def test_the_longer_the_silence_the_less_she_is_expected_back(self) -> None:
        lines = bought(*every(28, 6))
        active = [float(learn(lines, REGULAR, 140 + wait).p_active[0]) for wait in (0, 40, 60, 120)]
        assert active == sorted(active, reverse=True)
        assert active[0] == pytest.approx(0.9, abs=0.01)
        assert active[-1] < 0.1

    def test_one_who_stopped_is_not_reminded(self) -> None:
        habit = learn(bought(*every(28, 6)), REGULAR, 140 + 120)
        assert habit.sure.tolist() == [False]
        assert habit.reason.tolist() == ["stopped"]

    def test_the_expected_day_is_always_to_come(self) -> None:
        habit = learn(bought(*every(28, 6)), REGULAR, 190)
        assert habit.expected_on[0] > 190
        assert habit.remind_on[0] > 190


class TestStatedInterval:
    def test_her_word_outranks_what_was_learned(self) -> None:
        learned = learn(bought(*every(28, 6)), REGULAR, 140)
        habit = restate(learned, np.array([42]), 140)
        assert habit.expected_on.tolist() == [182]
        assert 176 <= habit.remind_on[0] <= 181
        assert habit.rhythm_days.tolist() == [42.0]
        assert habit.sure.tolist() == [True]
        assert habit.reason.tolist() == [""]
        assert habit.own_median_gap.tolist() == [28.0]

    def test_it_counts_from_the_last_purchase_not_from_today(self) -> None:
        learned = learn(bought(*every(28, 6)), REGULAR, 160)
        assert restate(learned, np.array([42]), 160).expected_on.tolist() == [182]

    def test_a_day_that_has_passed_is_due_at_once(self) -> None:
        learned = learn(bought(*every(28, 6)), REGULAR, 190)
        habit = restate(learned, np.array([42]), 190)
        assert habit.expected_on.tolist() == [191]
        assert habit.remind_on.tolist() == [191]

    def test_a_word_kept_silent_for_three_intervals_is_not_acted_on(self) -> None:
        learned = learn(bought(*every(28, 6)), REGULAR, 140 + 127)
        habit = restate(learned, np.array([42]), 140 + 127)
        assert habit.sure.tolist() == [False]
        assert habit.reason.tolist() == ["stopped"]

    def test_without_a_word_nothing_changes(self) -> None:
        learned = learn(bought(*every(28, 6)), REGULAR, 140)
        same(restate(learned, np.array([0]), 140), learned)


class TestLaterMornings:
    def test_the_chance_is_small_early_and_large_when_due(self) -> None:
        habit = learn(bought(*every(28, 6)), REGULAR, 140)
        early, due = chance_within(habit, 142, 7), chance_within(habit, 165, 7)
        assert early[0] < 0.02
        assert due[0] > 0.6

    def test_it_is_the_share_of_the_curve(self) -> None:
        habit = learn(bought(*every(28, 6)), REGULAR, 140)
        at = {int(day): k for k, day in enumerate(EDGES)}
        left = habit.curve[0].astype(float)
        expected = 1 - left[at[28]] / left[at[21]]
        assert chance_within(habit, 162, 7)[0] == pytest.approx(expected)


class TestBatches:
    def test_one_customer_gets_the_same_as_in_a_batch(self, shop: Purchases) -> None:
        shared = fit_shared(shop, 250, Growth(trees=8))
        assert shared.forest is not None
        together = learn(shop, shared, 260)
        alone = learn(shop.where(shop.customer == 17), shared, 260)
        same(together.take(together.customer == 17), alone)

    def test_slices_do_not_matter(self, shop: Purchases, monkeypatch: pytest.MonkeyPatch) -> None:
        shared = fit_shared(shop, 250, Growth(trees=4))
        whole = learn(shop, shared, 260)
        monkeypatch.setattr(cadence, "SLICE", 37)
        same(learn(shop, shared, 260), whole)

    def test_a_row_asked_in_a_longer_diary_knows_nothing_later(self, shop: Purchases) -> None:
        shared = fit_shared(shop, 250, Growth(trees=8))
        diary = open_diary(shop, 299)
        rows = diary.rows_on(262)
        then = cadence.learn_rows(diary, shared, rows, np.full(len(rows), 262))
        same(then, learn(shop, shared, 262))

    def test_what_is_shared_knows_nothing_of_the_day_and_later(self, shop: Purchases) -> None:
        known = fit_shared(shop.until(199), 200, Growth(trees=3))
        assert known.to_dict() == fit_shared(shop, 200, Growth(trees=3)).to_dict()

    @settings(max_examples=25, deadline=None)
    @given(st.data())
    def test_the_order_of_lines_does_not_matter(self, data: st.DataObject) -> None:
        line = st.tuples(
            st.integers(0, 2),
            st.integers(0, 2),
            st.integers(0, 90),
            st.sampled_from([1.0, 2.0, 3.0]),
        )
        lines = data.draw(st.lists(line, min_size=1, max_size=30))
        shuffled = data.draw(st.permutations(lines))
        same(learn(bought(*lines), REGULAR, 95), learn(bought(*shuffled), REGULAR, 95))

    @settings(max_examples=25, deadline=None)
    @given(
        st.lists(st.tuples(st.integers(2, 5), st.integers(0, 4), st.integers(0, 400)), max_size=20)
    )
    def test_other_customers_change_nothing_of_mine(
        self, others: list[tuple[int, int, int]]
    ) -> None:
        mine = every(21, 5)
        with_others = learn(bought(*mine, *[(*o, 1.0) for o in others]), REGULAR, 401)
        same(with_others.take(with_others.customer == 1), learn(bought(*mine), REGULAR, 401))


class TestShared:
    def test_it_survives_json(self, shop: Purchases) -> None:
        shared = fit_shared(shop, 250, Growth(trees=5))
        text = json.dumps(shared.to_dict())
        back = Shared.from_dict(json.loads(text))
        assert json.dumps(back.to_dict()) == text
        one, other = learn(shop, back, 260), learn(shop, shared, 260)
        np.testing.assert_allclose(one.window_probability, other.window_probability, atol=0.01)

    def test_it_is_the_same_twice(self, shop: Purchases) -> None:
        one, other = (fit_shared(shop, 250, Growth(trees=5)).to_dict() for _ in range(2))
        assert one == other

    def test_a_small_shop_gets_rhythms_without_a_forest(self) -> None:
        shared = fit_shared(bought(*every(28, 6)), 150)
        assert shared.forest is None
        assert shared.rhythms.items.tolist() == [1]

    def test_an_empty_shop_gets_the_defaults(self) -> None:
        empty = np.zeros(0, dtype=np.int64)
        shared = fit_shared(Purchases(empty, empty, empty, np.zeros(0)), 10)
        assert shared.to_dict() == Shared(fitted_before=10).to_dict()

    def test_every_item_finds_its_own_rhythm(self, shop: Purchases) -> None:
        rhythms: Rhythms = fit_rhythms(open_diary(shop, 299), 300)
        np.testing.assert_allclose(np.exp(rhythms.mean), [6, 11, 16, 21, 26, 31], rtol=0.1)

    def test_what_it_promises_is_kept(self, shop: Purchases) -> None:
        shared = fit_shared(shop, 230, Growth(trees=60))
        diary = open_diary(shop, 299)
        rows = np.flatnonzero((diary.day >= 230) & (diary.day < 260) & (diary.nth >= 2))
        habit = cadence.learn_rows(diary, shared, rows, diary.day[rows])
        next_on = np.where(diary.next_day[rows] > 0, diary.next_day[rows], 10**6)
        met = (next_on >= habit.remind_on - 3) & (next_on <= habit.remind_on + 7)
        assert met.mean() == pytest.approx(habit.window_probability.mean(), abs=0.03)


class TestArithmetic:
    def test_medians_leave_out_what_is_missing(self) -> None:
        nan = np.nan
        rows = np.array([[3.0, 1.0, nan], [4.0, 2.0, 9.0], [nan, nan, nan], [5.0, nan, nan]])
        np.testing.assert_array_equal(median_of(rows), [2.0, 4.0, np.nan, 5.0])

    def test_an_interval_counts_only_when_all_of_it_was_seen(self) -> None:
        event, risk = timing.targets(np.array([3, 0, 1]), np.array([100, 2, 0]))
        assert event[0, :4].tolist() == [False, False, True, False]
        assert risk[0, :4].tolist() == [True, True, True, False]
        assert risk[1, :4].tolist() == [True, True, False, False]
        assert not risk[2].any()

    def test_a_reminder_has_its_purchase_in_the_window(self) -> None:
        # all purchases on day 20 ahead: every send day from 13 to 23 is as good
        curve = np.where(DAYS < 20, 1.0, 0.0).astype(np.float32)[None, :]
        remind, chance = cadence.best_reminder(curve)
        assert 13 <= remind[0] <= 23
        assert chance.tolist() == [1.0]

    def test_curves_without_correction_are_the_log_normal_rhythm(self) -> None:
        mean, deviation, alive = np.log([20.0]), np.array([0.5]), np.array([0.8])
        elapsed = np.array([0])
        logits = timing.base_logits(mean, deviation, alive, elapsed)
        curve = timing.curves(mean, deviation, alive, elapsed, logits)
        # log(20.5 / 20) / 0.5 = 0.0494 deviations: 1 - 0.8 * 0.5197
        assert curve[0, 20] == pytest.approx(0.5842, abs=0.002)
