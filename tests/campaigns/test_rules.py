"""Who is asked, what wins, and what a template may do."""

from __future__ import annotations

import numpy as np
import pytest

from campaigns.rules import arbitration
from campaigns.rules.arms import in_control, position
from campaigns.rules.codes import REFUSAL_BIT, Door, Refusal, refusals_in
from campaigns.rules.wording import WordingError, rendered, words

IDS = np.arange(1, 100_001)


def test_the_control_group_has_the_share_asked_for():
    # Binomial(100,000, 0.1) has a standard deviation of 95.
    assert abs(int(in_control("reorder", IDS, 0.1).sum()) - 10_000) < 4 * 95


def test_a_wider_share_keeps_everybody_who_was_inside():
    narrow, wide = in_control("reorder", IDS, 0.1), in_control("reorder", IDS, 0.2)
    assert (wide | ~narrow).all()


def test_two_campaigns_draw_independently():
    both = in_control("reorder", IDS, 0.1) & in_control("next-tier", IDS, 0.1)
    assert 800 < int(both.sum()) < 1_200


def test_a_place_depends_on_the_customer_alone():
    assert position("reorder", IDS[41:42])[0] == position("reorder", IDS)[41]


def choose(*rows: tuple[int, float, bool, int]) -> list[bool]:
    customer, worth, admissible, room = zip(*rows, strict=True)
    return arbitration.chosen(
        np.array(customer, dtype=np.int64),
        np.array(worth, dtype=np.float64),
        np.array(admissible, dtype=bool),
        np.array(room, dtype=np.int64),
    ).tolist()


def test_the_worthiest_wins_for_each_customer():
    assert choose((1, 0.2, True, 1), (1, 0.4, True, 1), (2, 0.1, True, 1)) == [False, True, True]


def test_what_is_refused_or_worthless_never_wins():
    assert choose((1, 0.9, False, 1), (2, 0.0, True, 1), (3, -0.1, True, 1)) == [False] * 3


def test_without_room_nothing_is_said():
    assert choose((1, 0.9, True, 0)) == [False]


def test_a_counter_shows_several():
    assert choose((1, 0.1, True, 3), (1, 0.3, True, 3), (1, 0.2, True, 3), (1, 0.4, True, 3)) == [
        False, True, True, True,
    ]  # fmt: skip


def test_of_equals_the_first_wins():
    assert choose((1, 0.5, True, 1), (1, 0.5, True, 1)) == [True, False]


def test_nothing_in_nothing_out():
    empty = np.empty(0, dtype=np.int64)
    assert len(arbitration.chosen(empty, empty.astype(float), empty.astype(bool), empty)) == 0


def test_worth_is_help_minus_disturbance():
    help_, value, said = np.array([0.8, 0.8]), np.array([1.0, 1.0]), np.array([0, 2])
    by_mail = arbitration.worth(help_, value, said, Door.EMAIL)
    assert by_mail.tolist() == pytest.approx([0.35, 0.25])
    assert (arbitration.worth(help_, value, said, Door.COUNTER) > by_mail).all()


def test_reasons_are_told_in_their_order():
    mask = REFUSAL_BIT[Refusal.OUTBID] | REFUSAL_BIT[Refusal.OPEN_CASE]
    assert refusals_in(mask) == [Refusal.OPEN_CASE, Refusal.OUTBID]


VARIABLES = {"customer": {"first_name": "<b>Ann\r\nBcc: x@example.com", "name": ""}, "count": 3}


def test_a_name_is_escaped_in_html_and_left_alone_in_text():
    assert rendered("{{ customer.first_name }}", VARIABLES, html=True).startswith("&lt;b&gt;Ann")
    assert rendered("{{ customer.first_name }}", VARIABLES, html=False).startswith("<b>Ann")


def test_a_subject_stays_one_line():
    filled = words("Hi {{ customer.first_name }}", "text", "html", VARIABLES)
    assert filled.subject == "Hi <b>Ann Bcc: x@example.com"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ (1..300000000) | join: 'x' }}", "Ranges"),
        ("{% for n in (1..9) %}{% endfor %}", "Ranges"),
        ("{% if (1..9) contains 3 %}{% endif %}", "Ranges"),
        ("{% include 'secrets' %}", "include"),
        ("{% tablerow n in customer %}{% endtablerow %}", "tablerow"),
        ("{{ 'a' | replace: 'a', 'b' }}", "replace"),
        ("{{ customer.first_name | safe }}", "safe"),
        ("{{ nobody }}", "undefined"),
        ("{{ customer.password }}", "undefined"),
        ("{{ customer.__class__ }}", "undefined"),
        ("{{ customer", "expected"),
        ("{% if customer %}", "endif"),
        ("x" * 100_001, "too long"),
        (
            "{% for a in customer %}{{ count | times: 'x' | divided_by: 0 }}{% endfor %}",
            "divided_by",
        ),
    ],
)
def test_a_template_that_must_not_be_is_refused_with_the_reason(source, said):
    with pytest.raises(WordingError, match=said):
        rendered(source, VARIABLES, html=True)


def test_growth_and_nesting_end_soon():
    doubling = "{% assign s = 'xxxxxxxxxx' %}" + "{% assign s = s | append: s %}" * 30 + "{{ s }}"
    with pytest.raises(WordingError):
        rendered(doubling, VARIABLES, html=False)
    with pytest.raises(WordingError):
        rendered("{% if count %}" * 5_000 + "{% endif %}" * 5_000, VARIABLES, html=False)


def test_an_empty_subject_is_refused():
    with pytest.raises(WordingError, match="empty"):
        words("{{ customer.name }}", "text", "html", VARIABLES)
