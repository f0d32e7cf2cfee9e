"""The language of conditions: what is read, what is refused and why, and how it is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.rules.condition_words import (
    Term,
    Thing,
    Use,
    Vocabulary,
    checked,
    is_delicate,
    sentence,
)
from profiles.rules.conditions import (
    MOST_DEPTH,
    MOST_PARTS,
    Age,
    FactIs,
    Operator,
    Truth,
    Wrong,
    grounds,
    read,
    written,
)
from profiles.rules.facts import Schema
from profiles.rules.names import AttributeType, Sensitivity

SPECIAL = Sensitivity.SPECIAL
YES_NO = AttributeType.YES_NO
WORDS = Vocabulary(
    attributes={
        "coffee": Term("Drinks coffee", "to …", Schema(YES_NO)),
        "income": Term("Income", "to …", Schema(AttributeType.NUMBER, unit="EUR")),
        "diet": Term("Diet", "to …", Schema(AttributeType.CHOICE, choices=("all", "vegan"))),
        "likes": Term("Likes", "to …", Schema(AttributeType.CHOICES, choices=("sea", "ski"))),
        "since": Term("Here since", "to …", Schema(AttributeType.DATE)),
        "paper": Term("Newspaper", "to …", Schema()),
        "slim": Term("Losing weight", "to tempt you with nothing", Schema(YES_NO, sensitivity=SPECIAL), True),
        "faith": Term("Faith", "to know your feasts", Schema(AttributeType.TEXT, sensitivity=SPECIAL)),
    },
    products={7: Thing("Beans"), 8: Thing("Test strips", True)},
    categories={3: Thing("Coffee")},
    registered={"tier": {"gold": "has the tier Gold"}},
)  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "where", "code"),
    [
        (None, "", "not_a_condition"),
        ([], "", "not_a_condition"),
        ({}, "", "not_a_condition"),
        ({"unless": 1}, "", "unknown_kind"),
        ({"all": []}, "all", "empty"),
        ({"all": [{"fact": "a", "is": True}], "any": []}, "all", "unknown_part"),
        ({"all": [{"fact": "a", "is": 1}, {"fact": "b"}]}, "all[2].fact", "no_operator"),
        ({"fact": "a", "is": 1, "at_least": 2}, "fact", "no_operator"),
        ({"fact": 5, "is": 1}, "fact", "not_text"),
        ({"fact": "a", "is": None}, "fact.is", "not_a_value"),
        ({"fact": "a", "known": False}, "fact.known", "not_true"),
        ({"fact": "a", "one_of": []}, "fact.one_of", "empty"),
        ({"bought": {"product": 7, "category": 3}}, "bought", "no_subject"),
        ({"bought": {"product": True}}, "bought.product", "not_a_key"),
        ({"bought": {"product": 7, "times": 0}}, "bought.times", "out_of_range"),
        ({"bought": {"product": 7, "within_days": 1.5}}, "bought.within_days", "out_of_range"),
        ({"bought": {"product": 7, "soon": 1}}, "bought", "unknown_part"),
        ({"not": {"owns": {"product": "x"}}}, "not.owns.product", "not_a_key"),
        ({"age": {"of": "uncle", "under": 3}}, "age.of", "unknown_person"),
        ({"age": {"of": "child"}}, "age", "no_bound"),
        ({"age": {"of": "child", "at_least": 3, "under": 3}}, "age", "empty_range"),
        ({"minds": "cats"}, "minds", "unknown_allergen"),
        ({"registered": "tier"}, "registered", "no_operator"),
    ],
)
def test_what_cannot_be_read_names_the_part(raw, where, code):
    with pytest.raises(Wrong) as caught:
        read(raw)
    assert (caught.value.where, caught.value.code) == (where, code)


def nested(depth):
    condition = {"fact": "a", "is": True}
    for _ in range(depth - 1):
        condition = {"not": condition}
    return condition


def test_depth_and_size_have_their_limits():
    read(nested(MOST_DEPTH))
    with pytest.raises(Wrong, match="nest at most 4 deep"):
        read(nested(MOST_DEPTH + 1))
    one = {"fact": "a", "is": True}
    read({"all": [one] * MOST_PARTS})
    with pytest.raises(Wrong, match="at most 30 questions"):
        read({"all": [{"any": [one] * 16}, {"any": [one] * 15}]})
    with pytest.raises(Wrong, match="at most 30 questions"):
        read({"all": [one] * 31})


QUESTIONS = st.one_of(
    st.builds(lambda is_: {"fact": "coffee", "is": is_}, st.booleans()),
    st.just({"fact": "coffee", "known": True}),
    st.just({"fact": "diet", "one_of": ["all", "vegan"]}),
    st.builds(lambda n: {"fact": "income", "at_least": n}, st.integers(0, 9)),
    st.builds(
        lambda name, n, days: {"bought": {name: n, "times": 2, "within_days": days}},
        st.sampled_from(["product", "category"]),
        st.integers(1, 9),
        st.integers(1, 99),
    ),
    st.just({"owns": {"product": 7}}),
    st.builds(lambda n: {"age": {"of": "child", "under": n}}, st.integers(1, 9)),
    st.just({"minds": "nuts"}),
    st.just({"registered": "tier", "is": "gold"}),
)


@given(
    st.recursive(
        QUESTIONS,
        lambda inner: st.one_of(
            st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
            st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
            st.builds(lambda part: {"not": part}, inner),
        ),
        max_leaves=6,
    )
)
def test_what_is_read_is_written_as_it_was(raw):
    if depth_of(raw) > MOST_DEPTH:
        with pytest.raises(Wrong, match="nest at most"):
            read(raw)
    else:
        assert written(read(raw)) == raw


def depth_of(raw):
    inner = raw.get("all") or raw.get("any") or [part for part in [raw.get("not")] if part]
    return 1 + max(map(depth_of, inner), default=0)


def refusal(raw, use=Use.CHOOSE):
    with pytest.raises(Wrong) as caught:
        checked(read(raw), WORDS, use)
    return caught.value


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ({"fact": "gone", "is": True}, "gone"),
        ({"fact": "coffee", "at_least": 1}, "operator_misfits"),
        ({"fact": "coffee", "is": "perhaps"}, "not_yes_or_no"),
        ({"fact": "income", "at_least": "5 USD"}, "other_unit"),
        ({"fact": "diet", "one_of": ["all", "raw"]}, "not_a_choice"),
        ({"fact": "likes", "includes": "sea;ski"}, "not_a_choice"),
        ({"fact": "since", "before": "soon"}, "not_a_date"),
        ({"bought": {"product": 9}}, "gone"),
        ({"owns": {"category": 4}}, "gone"),
        ({"bought": {"product": 8}}, "delicate"),
        ({"registered": "tier", "is": "tin"}, "gone"),
        ({"registered": "mood", "is": "good"}, "gone"),
        ({"age": {"of": "customer", "under": 30}}, "gone"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_reason(raw, code):
    assert refusal(raw).code == code


def test_values_are_kept_in_their_stored_form():
    raw = {"all": [{"fact": "coffee", "is": "yes"}, {"fact": "income", "at_least": "70 EUR"},
                   {"fact": "diet", "one_of": ["Vegan"]}, {"fact": "likes", "includes": "SKI"}]}  # fmt: skip
    assert written(checked(read(raw), WORDS, Use.CHOOSE)) == {
        "all": [
            {"fact": "coffee", "is": True},
            {"fact": "income", "at_least": 70},
            {"fact": "diet", "one_of": ["vegan"]},
            {"fact": "likes", "includes": "ski"},
        ]
    }


SLIM = {"fact": "slim", "is": True}


@pytest.mark.parametrize(
    ("raw", "use"),
    [
        (SLIM, Use.CHOOSE),
        ({"not": SLIM}, Use.HOLD_BACK),
        ({"all": [{"not": {"any": [SLIM]}}]}, Use.HOLD_BACK),
        ({"fact": "slim", "is": False}, Use.HOLD_BACK),
        ({"fact": "slim", "is": "no"}, Use.HOLD_BACK),
        ({"fact": "faith", "is": "any"}, Use.HOLD_BACK),
        ({"minds": "nuts"}, Use.CHOOSE),
        ({"not": {"minds": "nuts"}}, Use.HOLD_BACK),
    ],
)
def test_what_is_delicate_selects_nobody(raw, use):
    assert refusal(raw, use).code == "delicate"


def test_the_refusal_says_what_customers_agreed_to():
    assert str(refusal(SLIM)) == (
        "fact: “Losing weight” is a special category. Customers agreed to one use, to tempt you with "
        "nothing. It may only forbid something to whom it is true of, and never select anybody."
    )


@pytest.mark.parametrize("raw", [SLIM, {"not": {"not": SLIM}}, {"any": [SLIM, {"minds": "any"}]}])
def test_what_is_delicate_may_hold_back_where_it_was_agreed_to(raw):
    assert is_delicate(checked(read(raw), WORDS, Use.HOLD_BACK), WORDS)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"fact": "income", "at_least": 70}, "“Income” is at least 70 EUR"),
        ({"fact": "since", "from": "2020-01-31"}, "“Here since” is on or after 31 January 2020"),
        ({"fact": "old", "known": True}, "“old” (no longer in use) is known"),
        ({"bought": {"product": 7, "times": 3, "within_days": 90}},
         "bought “Beans” at least 3 times in the last 90 days"),
        ({"owns": {"category": 3}}, "owns anything of “Coffee”"),
        ({"owns": {"category": 5}}, "owns something that is gone"),
        ({"age": {"of": "customer", "at_least": 18, "under": 30}},
         "the customer’s age is from 18 and under 30"),
        ({"minds": "nuts"}, "somebody in the household must avoid nuts"),
        ({"registered": "tier", "is": "gold"}, "has the tier Gold"),
        ({"any": [{"fact": "coffee", "is": True},
                  {"all": [{"owns": {"product": 7}}, {"not": {"age": {"of": "child", "under": 3}}}]}]},
         "“Drinks coffee” is yes, or (owns “Beans”, and not: a child under 3)"),
    ],
)  # fmt: skip
def test_a_condition_is_said_in_a_sentence(raw, words):
    assert sentence(read(raw), WORDS) == words


# --- three values -----------------------------------------------------------------------------------

NO, UNKNOWN, YES = Truth.NO, Truth.UNKNOWN, Truth.YES
# Kleene's strong tables, as printed in the book.
KLEENE = [
    (YES, YES, YES, YES), (YES, UNKNOWN, UNKNOWN, YES), (YES, NO, NO, YES),
    (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN), (UNKNOWN, NO, NO, UNKNOWN), (NO, NO, NO, NO),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "both", "either"), KLEENE)
def test_all_and_any_follow_the_tables(one, other, both, either):
    left, right = FactIs("a", Operator.IS, True), Age("child", under=3)
    raw = [written(left), written(right)]
    for first, second in ((one, other), (other, one)):
        answer = {left: first, right: second}.__getitem__
        assert grounds(read({"all": raw}), answer)[0] == both
        assert grounds(read({"any": raw}), answer)[0] == either


@pytest.mark.parametrize(("one", "turned"), [(YES, NO), (UNKNOWN, UNKNOWN), (NO, YES)])
def test_not_leaves_the_unknown_unknown(one, turned):
    assert grounds(read({"not": {"fact": "a", "is": True}}), lambda asked: one)[0] == turned
