"""What is complete, fresh or wrong of a customer, and the one question that follows: without a database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from profiles.rules.asking import ADDRESS, PAUSE, REST, Answer, Said, Why, next_question
from profiles.rules.cleanness import (
    Condition,
    Fact,
    FindingKind,
    Found,
    Held,
    Topic,
    cleanness,
    doubt_of_birthday,
    found_in,
    fresh_in_words,
    in_words,
    is_no_name,
)
from profiles.rules.names import AttributeType

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
TODAY = date(2026, 3, 10)
YEARS_AGO = datetime(2022, 3, 3, tzinfo=UTC)
BIRTHDAY = Topic(1, "birthday", "Birthday", AttributeType.DATE, True, False, False, None)
COFFEE = Topic(2, "drinks_coffee", "Drinks coffee", AttributeType.YES_NO, False, False, False, 730)
DIET = Topic(3, "diet", "Diet", AttributeType.TEXT, True, True, False, 365)
TOPICS = [BIRTHDAY, COFFEE, DIET]
MAIL = Held(7, "email", "dolores@example.com", NOW - timedelta(days=3))


def somebody(**changes) -> Condition:
    """Known but for a birthday and a diet."""
    given = {"customer_id": 1, "name": "Dolores Reyes", "held": [MAIL], "consent_at": NOW}
    return Condition(**(given | changes))


def ask(one: Condition, topics=TOPICS, said=(), fine=(), **more):
    return next_question(one, topics, said=said, fine=fine, today=TODAY, now=NOW, **more)


# --- complete and fresh ---------------------------------------------------------------------------


def test_what_is_missing_is_named_and_weighed():
    whole = cleanness(somebody(name="", held=[]), [BIRTHDAY], NOW)
    assert whole.complete_words == "1 of 4 known: no address that works, no name, no birthday"
    assert whole.percent == 25  # consent 2 of address 3, name 2, consent 2, birthday 1


def test_a_complete_profile_says_so():
    whole = cleanness(somebody(facts={1: Fact(5, "1990-03-31", NOW, True)}), [BIRTHDAY], NOW)
    assert (whole.complete_words, whole.percent) == ("4 of 4 known", 100)


def test_an_address_that_bounced_is_no_address():
    bounced = Held(7, "email", "d@example.com", NOW, bounced_at=NOW)
    whole = cleanness(somebody(held=[bounced]), [], NOW)
    assert whole.complete_words == "2 of 3 known: no address that works"


def test_a_card_reaches_nobody_and_a_phone_does():
    card, phone = Held(7, "card", "77", NOW), Held(8, "phone", "+12124154471", NOW)
    assert cleanness(somebody(held=[card]), [], NOW).missing == ["address that works"]
    assert cleanness(somebody(held=[card, phone]), [], NOW).missing == []


def test_what_was_deleted_is_not_missing_and_what_is_not_asked_for_does_not_count():
    whole = cleanness(somebody(declined=frozenset({1})), [BIRTHDAY, COFFEE], NOW)
    assert whole.complete_words == "3 of 3 known"


def test_freshness_names_the_oldest_and_what_is_too_old():
    seen = Held(7, "email", "d@example.com", YEARS_AGO)
    one = somebody(held=[seen], facts={1: Fact(5, "1990-03-31", NOW, True)})
    words = fresh_in_words(cleanness(one, [BIRTHDAY], NOW), UTC)
    assert words == (
        "2 of 3 in time, too old: address that works;"
        " the oldest, address that works, from 3 March 2022"
    )
    nothing = cleanness(somebody(held=[], consent_at=None), [], NOW)
    assert fresh_in_words(nothing, UTC) == "nothing has a day yet"


# --- wrong ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "doubt"),
    [
        (date(1990, 3, 31), None),
        (TODAY, None),
        (date(1906, 3, 10), None),  # 120 today
        (date(1905, 3, 11), None),  # 120 until tomorrow
        (date(1905, 3, 10), FindingKind.IMPOSSIBLE),  # 121 today
        (date(2026, 3, 11), FindingKind.IMPOSSIBLE),
        (date(1899, 12, 31), FindingKind.IMPOSSIBLE),
        (date(1900, 1, 2), FindingKind.IMPOSSIBLE),
        (date(1900, 1, 1), FindingKind.DOUBTFUL),
        (date(1970, 1, 1), FindingKind.DOUBTFUL),
        (date(1971, 1, 1), None),
        (date(2004, 2, 29), None),
    ],
)
def test_birthdays_are_possible_doubtful_or_neither(day, doubt):
    assert doubt_of_birthday(day, TODAY) == doubt


@pytest.mark.parametrize("name", ["Test", "test TEST", "n/a", "0660 123", "???", "Walk-in", "asdf"])
def test_some_names_are_none(name):
    assert is_no_name(name)


@pytest.mark.parametrize("name", ["", "Dolores Test", "O", "李", "Guest Müller", "X Æ A-12"])
def test_others_are(name):
    assert not is_no_name(name)


def test_each_wrong_thing_is_found_and_said():
    shared = Held(8, "phone", "+12124154471", NOW, others=57, most_people=4)
    bounced = Held(7, "email", "dolores@example.com", NOW, bounced_at=YEARS_AGO)
    one = somebody(
        name="Test",
        held=[bounced, shared],
        facts={1: Fact(5, "2031-03-11", NOW, True), 2: Fact(6, True, YEARS_AGO, False)},
    )
    found = found_in(one, TOPICS, TODAY)
    assert [in_words(each, one, TOPICS, UTC) for each in found] == [
        "d…@example.com, refused by its mail server on 3 March 2022",
        "phone …4471, seen with 57 other customers, too",
        "Birthday: 11 March 2031",
        "Drinks coffee, from 3 March 2022; it holds for 730 days",
        "“Test” stands for the name",
    ]


@pytest.mark.parametrize(("others", "is_shared"), [(3, False), (4, True)])
def test_a_number_belongs_to_many_from_more_than_the_rule_says(others, is_shared):
    phone = Held(8, "phone", "+12124154471", NOW, others=others, most_people=4)
    kinds = [each.kind for each in found_in(somebody(held=[phone]), [], TODAY)]
    assert kinds == ([FindingKind.SHARED] if is_shared else [])


def test_a_tablet_is_shared_by_its_nature():
    tablet = Held(8, "device", "tablet-1", NOW, others=500, most_people=4)
    assert found_in(somebody(held=[tablet]), [], TODAY) == []


def test_a_doubtful_day_told_in_person_is_a_birthday_and_an_impossible_one_is_not():
    told = somebody(facts={1: Fact(5, "1970-01-01", NOW, True, in_person=True)})
    assert found_in(told, TOPICS, TODAY) == []
    wrong = somebody(facts={1: Fact(5, "2031-01-01", NOW, True, in_person=True)})
    assert [each.kind for each in found_in(wrong, TOPICS, TODAY)] == [FindingKind.IMPOSSIBLE]


# --- one question ---------------------------------------------------------------------------------


def test_the_most_valuable_question_comes_first():
    bounced = Held(7, "email", "d@example.com", NOW, bounced_at=NOW)
    facts = {1: Fact(5, "2031-03-11", NOW, True), 2: Fact(6, True, YEARS_AGO, False)}
    one = somebody(name="", held=[bounced], facts=facts)
    asked = []
    said: list[Answer] = []
    while question := ask(one, said=said):
        asked.append(question.why)
        said.append(Answer(question.subject, Said.NEVER, NOW - REST))
    assert asked == [Why.BOUNCED, Why.IMPOSSIBLE, Why.NO_NAME, Why.OLD]


def test_a_bounced_mail_is_asked_about_though_a_phone_works_but_not_beside_another_mail():
    bounced = Held(7, "email", "d@example.com", NOW, bounced_at=NOW)
    phone, other = Held(8, "phone", "+12124154471", NOW), Held(9, "email", "e@example.com", NOW)
    assert ask(somebody(held=[bounced, phone]), []).why == Why.BOUNCED
    assert ask(somebody(held=[bounced, other]), []) is None


def test_a_missing_attribute_is_asked_for_only_where_the_house_does():
    assert ask(somebody(), [COFFEE]) is None
    assert ask(somebody(), [BIRTHDAY]).why == Why.MISSING


def test_what_is_delicate_is_asked_only_where_it_was_told_and_never_aloud():
    assert ask(somebody(), [DIET]) is None
    old = somebody(facts={3: Fact(9, "vegan", YEARS_AGO, False)})
    assert ask(old, [DIET]).why == Why.OLD
    assert ask(old, [DIET], aloud=True) is None


def test_what_was_deleted_is_not_asked_for():
    assert ask(somebody(declined=frozenset({1})), [BIRTHDAY]) is None


@pytest.mark.parametrize(
    ("said", "ago", "is_asked"),
    [
        (Said.LATER, PAUSE - timedelta(seconds=1), False),
        (Said.LATER, PAUSE, True),
        (Said.ANSWERED, PAUSE, True),
        (Said.NEVER, timedelta(days=4000), False),
    ],
)
def test_a_question_waits_for_its_pause(said, ago, is_asked):
    answer = Answer("attribute:1", said, NOW - ago)
    assert (ask(somebody(), [BIRTHDAY], [answer]) is not None) == is_asked


def test_after_any_answer_nothing_is_asked_for_a_week():
    one = somebody(held=[])
    birthday = [Answer("attribute:1", Said.ANSWERED, NOW - REST + timedelta(seconds=1))]
    assert ask(one, [BIRTHDAY], birthday) is None
    rested = [Answer("attribute:1", Said.ANSWERED, NOW - REST)]
    assert ask(one, [BIRTHDAY], rested).subject == ADDRESS


def test_what_staff_found_fine_is_not_asked_until_it_changes():
    one = somebody(facts={1: Fact(5, "1970-01-01", NOW, True)})
    fine = Found(FindingKind.DOUBTFUL, "attribute:1", "5")
    assert ask(one, [BIRTHDAY]).why == Why.DOUBTFUL
    assert ask(one, [BIRTHDAY], fine=[fine]) is None
    changed = somebody(facts={1: Fact(6, "1970-01-01", NOW, True)})
    assert ask(changed, [BIRTHDAY], fine=[fine]).why == Why.DOUBTFUL
