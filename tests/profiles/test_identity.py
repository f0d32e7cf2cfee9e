"""Whose a sighting is, and what joins profiles: the rules, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from profiles.rules.identity import Join, Key, Known, Left, Rule, Sighting, rules_of

AT = datetime(2026, 3, 10, 7, tzinfo=UTC)
SHOP, TILL = 1, 2
BLOCKED = ("-1", "null", "anonymous")
RULES = rules_of(
    [
        Rule("external", 10, 1, blocked=BLOCKED),
        Rule("card", 20, 2, blocked=BLOCKED),
        Rule("email", 30, 2, blocked=BLOCKED),
        Rule("phone", 40, 2, timedelta(days=365), blocked=BLOCKED),
        Rule("device", 60, None, is_weak=True),
        Rule("anonymous", 70, None, is_weak=True),
    ]
)


def email(name: str) -> Key:
    return Key("email", "", f"{name}@example1.com")


def anonymous(value: str) -> Key:
    return Key("anonymous", "shop", value)


def seen(number: str, *keys: Key, source: int = SHOP, at: datetime = AT) -> Sighting:
    return Sighting(source, number, keys, at)


def placed(*sightings: Sighting) -> tuple[Known, list[int | None]]:
    known = Known(RULES)
    return known, [known.place(one) for one in sightings]


def test_a_second_user_id_makes_a_new_profile_and_the_email_does_not_move():
    # Known answer: Segment, "Identity Resolution settings", a user_id limit of 1.
    known, whose = placed(seen("abc123", email("jane")), seen("abc456", email("jane")))
    assert whose == [-1, -2]
    assert known.keys == {email("jane"): -1}
    assert known.joins == []
    assert known.left == [Left(email("jane"), "limit")]


def test_another_source_with_the_same_email_is_the_same_person():
    known, whose = placed(seen("w1", email("jane")), seen("t9", email("jane"), source=TILL))
    assert whose == [-1, -2]
    assert known.joins == [Join(-2, -1, email("jane"))]
    assert known.customers[-1] == known.customers[-2]


def test_two_known_people_are_joined_by_who_is_known_by_both():
    known, whose = placed(
        seen("w1", email("j.smith")),
        seen("t1", Key("phone", "", "+12124151200"), source=TILL),
        seen("", email("j.smith"), Key("phone", "", "+12124151200"), source=3),
    )
    assert whose == [-1, -2, -1]
    assert known.joins == [Join(-1, -2, Key("phone", "", "+12124151200"))]


def test_values_that_identify_nobody_join_nobody():
    known, whose = placed(
        seen("null", email("jane")),
        seen("-1", Key("card", "", "0000000")),
        seen("c3", Key("card", "", "0000000")),
    )
    assert whose == [-1, None, -2]
    assert known.keys == {email("jane"): -1}
    assert known.left == [
        Left(Key("external", "", "null"), "blocked"),
        Left(Key("card", "", "0000000"), "blocked"),
        Left(Key("external", "", "-1"), "blocked"),
        Left(Key("card", "", "0000000"), "blocked"),
    ]


def test_who_browsed_without_a_name_is_who_logs_in_then():
    known, whose = placed(seen("", anonymous("a1")), seen("w1", anonymous("a1")))
    assert whose == [-1, -2]
    assert known.joins == [Join(-2, -1, anonymous("a1"))]


def test_a_shared_tablet_joins_nobody():
    known, whose = placed(
        seen("", anonymous("tablet")),
        seen("w1", anonymous("tablet")),
        seen("w2", anonymous("tablet")),
        seen("", anonymous("tablet")),
    )
    assert whose == [-1, -2, -3, -1]
    assert known.joins == [Join(-2, -1, anonymous("tablet"))]
    assert known.left == [Left(anonymous("tablet"), "shared")]


def test_more_of_a_kind_than_one_may_hold_are_left():
    known, whose = placed(seen("w1", email("a"), email("b"), email("c")))
    assert whose == [-1]
    assert set(known.keys) == {email("a"), email("b")}
    assert known.left == [Left(email("c"), "limit")]


def test_old_ones_do_not_count_where_the_limit_has_a_window():
    def phone(n: int) -> Key:
        return Key("phone", "", f"+1212415120{n}")

    known, _ = placed(
        seen("w1", phone(1), at=AT - timedelta(days=400)),
        seen("w1", phone(2)),
        seen("w1", phone(3)),
        seen("w1", phone(4)),
    )
    assert set(known.keys) == {phone(1), phone(2), phone(3)}
    assert known.left == [Left(phone(4), "limit")]


def test_a_limit_holds_for_the_two_together():
    known, _ = placed(
        seen("w1", email("a"), email("b")),
        seen("t1", Key("card", "", "A1"), email("c"), source=TILL),
        seen("", Key("card", "", "A1"), email("a"), source=3),
    )
    assert known.joins == []
    assert known.left == [Left(email("a"), "limit")]


def test_who_was_said_to_be_somebody_else_is_not_joined():
    known = Known(RULES)
    known.place(seen("w1", email("jane")))
    known.place(seen("t1", source=TILL))
    known.apart = {frozenset((-1, -2))}
    known.place(seen("t1", email("jane"), source=TILL))
    assert known.joins == []
    assert known.left == [Left(email("jane"), "apart")]


def test_the_strongest_identifier_says_whose_a_sighting_without_number_is():
    known, whose = placed(
        seen("w1", email("jane")),
        seen("w2", Key("card", "", "A1")),
        seen("", email("jane"), Key("card", "", "A1")),
    )
    assert whose == [-1, -2, -2]
    assert known.left == [Left(email("jane"), "limit")]


def test_nothing_at_all_is_nobody():
    known, whose = placed(seen(""))
    assert whose == [None]
    assert not known.is_changed


def test_what_leads_to_one_customer_already_is_recognised_without_asking_what_they_hold():
    known = Known(
        RULES,
        profiles={(SHOP, "w1"): 7, (TILL, "t1"): 8},
        keys={email("jane"): 8, email("ann"): 9},
        customers={7: 70, 8: 70, 9: 90},
    )
    later = AT + timedelta(hours=2)
    assert known.recognise(seen("w1", email("jane"), at=later)) == 7
    assert known.recognise(seen("", email("jane"))) == 8
    assert known.seen == {email("jane"): later}
    assert known.recognise(seen("w1", email("ann"))) is None
    assert known.recognise(seen("w1", email("new"))) is None
    assert known.recognise(seen("w2")) is None
    assert known.recognise(seen("null", email("jane"))) is None
    assert known.recognise(seen("")) is None
