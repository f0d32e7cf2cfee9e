"""The shape of a moment as managers write it: what begins it, how long it matters, and for whom it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from profiles.forms_guards import JOINS, LineForm
from profiles.models import MomentVersion
from profiles.rules.condition_words import Vocabulary
from profiles.rules.conditions import FactIs, Operator
from profiles.rules.names import AttributeType
from profiles.rules.own_moments import (
    AGAIN,
    CHANCE,
    LONGEST_BECAUSE,
    LONGEST_NAME,
    LONGEST_PROPERTY,
    LONGEST_VALUE,
    MOST_DAYS,
    Chance,
    DateNears,
    EventCame,
    FactBecame,
    Trigger,
    read_trigger,
)
from profiles.services.defining import Wanted

EVENT, FACT, DATE = "event", "fact", "date"
BEGINS = {EVENT: "An event comes in", FACT: "A fact becomes so", DATE: "A date nears"}
ROWS = 3
UNITS = {"minutes": 1, "hours": 60, "days": 1440}
BECAUSE_HELP = {
    EVENT: "As in “you have {remaining_mb} MB left”. What stands in braces is a property of the event, and can be"
    " used in the message as {{ facts.remaining_mb }}.",
    FACT: "As in “you have {value} MB left”. Braces take {value} and {on}, the day since when it is so.",
    DATE: "As in “your trial ends on {day}”. Braces take {day}.",
}
_HOW = {
    Operator.IS: "is",
    Operator.AT_MOST: "is at most",
    Operator.AT_LEAST: "is at least",
    Operator.CONTAINS: "contains",
    Operator.KNOWN: "is there",
}
_HOW_FACT = {
    "is": "is",
    "at_most": "is at most",
    "at_least": "is at least",
    "contains": "contains",
    "includes": "includes",
    "before": "is before",
    "from": "is on or after",
    "known": "is known",
}


class MomentForm(forms.Form):
    """A moment but for the lines of whom it is for; ``begins`` is one of event, fact and date."""

    name = forms.CharField(max_length=LONGEST_NAME, help_text="As colleagues call it.")
    because = forms.CharField(max_length=LONGEST_BECAUSE, label="Because …")
    lasts = forms.IntegerField(min_value=1, max_value=129_600, initial=2, label="It matters for")
    unit = forms.ChoiceField(choices=[(one, one) for one in UNITS], initial="days", label="Unit")
    again = forms.ChoiceField(
        choices=[(str(k), v) for k, v in AGAIN.items()], label="Said to one customer"
    )
    chance = forms.ChoiceField(
        choices=[(str(k), v) for k, v in CHANCE.items()],
        initial=Chance.HALF.value,
        label="A word helps then",
        help_text="Your own guess, until the control group says more.",
    )
    cares = forms.BooleanField(
        required=False,
        label="It looks after the customer, and sells nothing",
        help_text="Then it is said although a complaint is open.",
    )
    join = forms.ChoiceField(choices=JOINS, label="Of these lines", required=False, initial="all")
    use_required_attribute = False

    def __init__(self, *args: Any, begins: str, vocabulary: Vocabulary, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.begins, self.vocabulary = begins, vocabulary
        self.fields |= _FIELDS[begins](vocabulary)
        self.fields["because"].help_text = BECAUSE_HELP[begins]

    def trigger_fields(self) -> Sequence[forms.BoundField]:
        """What says when it begins, but for the properties of an event."""
        return [self[name] for name in _SHOWN[self.begins]]

    def properties(self) -> Sequence[Sequence[forms.BoundField]]:
        """Of an event, the rows in which its properties are compared."""
        rows = range(1, ROWS + 1) if self.begins == EVENT else ()
        return [[self[f"{name}_{n}"] for name in ("property", "how", "value")] for n in rows]

    def clean(self) -> dict[str, Any]:
        """Put what begins it together, and see that it can be read."""
        asked = self.cleaned_data
        if not self.errors:
            asked["trigger"] = _JSON[self.begins](asked, self.vocabulary)
        return asked

    def wanted(self, lines: Sequence[LineForm]) -> Wanted:
        """Put the moment together; without any line it is for everybody."""
        asked = self.cleaned_data
        parts = [line.condition() for line in lines]
        joined = parts[0] if len(parts) == 1 else {asked["join"] or "all": parts}
        return Wanted(
            name=asked["name"],
            trigger=asked["trigger"],
            because=asked["because"],
            lasts=timedelta(minutes=asked["lasts"] * UNITS[asked["unit"]]),
            again=asked["again"],
            chance=asked["chance"],
            audience=joined if parts else None,
            is_urgent=asked.get("is_urgent", False),
            sells=not asked["cares"],
        )


Fields = dict[str, forms.Field]


def _event_fields(vocabulary: Vocabulary) -> Fields:
    names = forms.TextInput(attrs={"list": "events", "autocomplete": "off"})
    fields: Fields = {
        "event": forms.CharField(
            max_length=200, widget=names, label="Event", help_text="As your systems name it."
        ),
        "is_urgent": forms.BooleanField(
            required=False,
            label="The customer is doing it: say it at once, whatever the hour",
            help_text="What comes in later than half an hour after waits for the morning.",
        ),
    }
    how = [(str(one), words) for one, words in _HOW.items()]
    for n in range(1, ROWS + 1):
        fields[f"property_{n}"] = forms.CharField(
            max_length=LONGEST_PROPERTY, required=False, label="Property"
        )
        fields[f"how_{n}"] = forms.ChoiceField(choices=how, required=False, label="How")
        fields[f"value_{n}"] = forms.CharField(
            max_length=LONGEST_VALUE, required=False, label="Value"
        )
    return fields


def _fact_fields(vocabulary: Vocabulary) -> Fields:
    named = [
        (code, term.name) for code, term in vocabulary.attributes.items() if not term.is_delicate
    ]
    return {
        "fact": forms.ChoiceField(choices=named, label="Fact"),
        "how": forms.ChoiceField(choices=list(_HOW_FACT.items()), label="How"),
        "value": forms.CharField(
            max_length=LONGEST_VALUE,
            required=False,
            label="Value",
            help_text="Dates as 2026-03-31.",
        ),
    }


def _date_fields(vocabulary: Vocabulary) -> Fields:
    dates = [
        (code, term.name)
        for code, term in vocabulary.attributes.items()
        if term.schema.type == AttributeType.DATE and not term.is_delicate
    ]
    return {
        "date": forms.ChoiceField(choices=dates, label="Date"),
        "days": forms.IntegerField(
            min_value=0, max_value=MOST_DAYS, initial=14, label="It begins … days"
        ),
        "side": forms.ChoiceField(
            choices=[("before", "before"), ("after", "after")], label="Before or after"
        ),
        "yearly": forms.BooleanField(required=False, label="Each year"),
    }


_FIELDS = {EVENT: _event_fields, FACT: _fact_fields, DATE: _date_fields}
_SHOWN = {
    EVENT: ("event", "is_urgent"),
    FACT: ("fact", "how", "value"),
    DATE: ("date", "days", "side", "yearly"),
}


def _json_of_event(asked: Mapping[str, Any], vocabulary: Vocabulary) -> dict[str, Any]:
    rows = [
        (asked[f"property_{n}"], asked[f"how_{n}"], asked[f"value_{n}"]) for n in range(1, ROWS + 1)
    ]
    where = [{"property": name, how: _typed(how, value)} for name, how, value in rows if name]
    return {"event": asked["event"], "where": where} if where else {"event": asked["event"]}


def _typed(how: str, value: str) -> Any:
    """A value as it is compared: numbers where only numbers can be."""
    if how == Operator.KNOWN:
        return True
    if how in {Operator.AT_LEAST, Operator.AT_MOST}:
        return _number(value)
    return value


def _number(value: str) -> float:
    try:
        found = float(value.replace(",", ".") or "none")
    except ValueError as error:
        raise ValidationError(f"“{value}” is no number. Write one, such as 10.") from error
    return int(found) if found.is_integer() else found


def _json_of_fact(asked: Mapping[str, Any], vocabulary: Vocabulary) -> dict[str, Any]:
    how, value = asked["how"], asked["value"]
    if how == Operator.KNOWN:
        return {"becomes": {"fact": asked["fact"], "known": True}}
    kind = vocabulary.attributes[asked["fact"]].schema.type
    if kind == AttributeType.NUMBER:
        value = _number(value)
    if kind == AttributeType.YES_NO:
        value = value.strip().casefold() in {"yes", "true", "1"}
    return {"becomes": {"fact": asked["fact"], how: value}}


def _json_of_date(asked: Mapping[str, Any], vocabulary: Vocabulary) -> dict[str, Any]:
    days = -asked["days"] if asked["side"] == "before" else asked["days"]
    return {"date": asked["date"], "days": days, "yearly": asked["yearly"]}


_JSON = {EVENT: _json_of_event, FACT: _json_of_fact, DATE: _json_of_date}


def begins_of(trigger: Trigger) -> str:
    """Which of the three begins it."""
    return {EventCame: EVENT, FactBecame: FACT, DateNears: DATE}[type(trigger)]


def initial_of(version: MomentVersion) -> dict[str, Any]:
    """A version as its form shows it, but for the lines of whom it is for."""
    minutes = version.lasts_minutes
    unit = next(one for one, size in reversed(UNITS.items()) if minutes % size == 0)
    said = {
        name: getattr(version, name) for name in ("name", "because", "again", "chance", "is_urgent")
    }
    shown = said | {"lasts": minutes // UNITS[unit], "unit": unit, "cares": not version.sells}
    return shown | _shown_trigger(read_trigger(version.trigger))


def _shown_trigger(trigger: Trigger) -> dict[str, Any]:
    match trigger:
        case EventCame(name, where):
            shown: dict[str, Any] = {"event": name}
            for n, one in enumerate(where, 1):
                value = "" if one.operator == Operator.KNOWN else one.operand
                shown |= {
                    f"property_{n}": one.property,
                    f"how_{n}": str(one.operator),
                    f"value_{n}": value,
                }
            return shown
        case FactBecame(FactIs(attribute, operator, operand)):
            typed = {True: "yes", False: "no"}[operand] if isinstance(operand, bool) else operand
            return {"fact": attribute, "how": str(operator), "value": typed}
        case DateNears(attribute, days, is_yearly):
            side = "after" if days > 0 else "before"
            return {"date": attribute, "days": abs(days), "side": side, "yearly": is_yearly}
