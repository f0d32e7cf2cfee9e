"""The shape of a guard as managers write it: what it is on, and lines of what is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from profiles.models import Category, Product
from profiles.rules.condition_words import Term, Vocabulary
from profiles.rules.conditions import (
    ANY_ALLERGEN,
    CUSTOMER,
    LONGEST_DAYS,
    MOST_TIMES,
    OLDEST,
    OPERATORS,
    All,
    Any_,
    Condition,
    Not,
    Operator,
    written,
)
from profiles.rules.guards import GuardKind, WhenUnknown
from profiles.rules.households import ALLERGEN
from profiles.rules.names import Allergen, AttributeType
from profiles.services.guarding import LONGEST_NOTE, Wanted

MOST_LINES = 8
KNOWN = "known"
KINDS = [
    (GuardKind.NEEDS.value, "It comes up only where this is so"),
    (GuardKind.FORBIDS.value, "It never comes up where this is so"),
]
UNKNOWNS = [
    (WhenUnknown.REFUSE.value, "It does not come up"),
    (WhenUnknown.ASK.value, "Staff at a counter ask first; nothing is written about it"),
    (WhenUnknown.ALLOW.value, "It may come up"),
]
JOINS = [("all", "All of these must be so"), ("any", "One of these is enough")]
_OPERATOR = {
    Operator.IS: "is",
    Operator.CONTAINS: "contains",
    Operator.AT_LEAST: "is at least",
    Operator.AT_MOST: "is at most",
    Operator.BEFORE: "is before",
    Operator.FROM: "is on or after",
    Operator.KNOWN: "is known",
}
_DATE = forms.DateInput(attrs={"type": "date"})
Fields = dict[str, forms.Field]


class ProductField(forms.CharField):
    """A product by its code, or by its name where one alone has it."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"list": "products", "autocomplete": "off"})
        super().__init__(max_length=300, widget=widget, **kwargs)

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        if not typed:
            return None
        named = Product.objects.filter(code=typed) or Product.objects.filter(name__iexact=typed)
        found = list(named[:2])
        if len(found) != 1:
            words = "There is no such product." if not found else "Several have this name."
            raise ValidationError(f"{words} Write its code, as the order files have it.")
        return found[0]


class GuardForm(forms.Form):
    """What a guard says, but for its lines."""

    product = ProductField(required=False, help_text="Its code or name.")
    category = forms.ModelChoiceField(
        Category.objects.order_by("name"),
        required=False,
        empty_label="–",
        help_text="With all its products.",
    )
    kind = forms.ChoiceField(choices=KINDS, label="What the guard does", widget=forms.RadioSelect)
    join = forms.ChoiceField(choices=JOINS, label="Of these lines", required=False, initial="all")
    when_unknown = forms.ChoiceField(choices=UNKNOWNS, label="Where we do not know")
    note = forms.CharField(
        max_length=LONGEST_NOTE,
        required=False,
        help_text="Why it is there, for colleagues.",
    )
    use_required_attribute = False

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_new:
            del self.fields["product"], self.fields["category"]

    def clean(self) -> dict[str, Any]:
        """Ask for one subject."""
        asked = self.cleaned_data
        is_asked = "product" in self.fields and not self.errors.keys() & {"product", "category"}
        if is_asked and bool(asked.get("product")) == bool(asked.get("category")):
            raise ValidationError("Choose either a product or a category.")
        return asked

    def subject(self) -> Product | Category:
        """What a new guard is on."""
        found: Product | Category = self.cleaned_data["product"] or self.cleaned_data["category"]
        return found

    def wanted(self, lines: Sequence[LineForm]) -> Wanted:
        """Put the guard together from its lines; without any, its condition is none."""
        asked = self.cleaned_data
        parts = [line.condition() for line in lines]
        condition = parts[0] if len(parts) == 1 else {asked["join"] or "all": parts}
        return Wanted(
            kind=GuardKind(asked["kind"]),
            condition=condition,
            when_unknown=WhenUnknown(asked["when_unknown"]),
            note=asked["note"],
        )


# --- lines ----------------------------------------------------------------------------------------


class LineForm(forms.Form):
    """One question, with the fields that its sort needs.

    ``what`` names the sort and what it is about: "fact:owns_car", "owns:product".
    """

    use_required_attribute = False

    def __init__(self, what: str, label: str, how: str, fields: Fields, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.what, self.label, self.how = what, label, how
        self.fields.update(fields)
        if "how" in fields and self.initial.get("value") == KNOWN:
            self.initial["value"] = ""
        self.fields["turned"] = forms.BooleanField(required=False, label="not so")

    def clean(self) -> dict[str, Any]:
        """Ask for a value, but where only being known is asked."""
        asked = self.cleaned_data
        needs_value = "value" in self.fields and asked.get("how") != KNOWN
        if needs_value and "value" not in self.errors and asked.get("value") in (None, ""):
            self.add_error("value", "Write a value.")
        is_age = self.what.startswith("age:") and not self.errors
        if is_age and asked.get("at_least") is None and asked.get("under") is None:
            self.add_error("under", "Write one of the two, or both.")
        return asked

    def condition(self) -> dict[str, Any]:
        """The line as JSON."""
        sort, _, name = self.what.partition(":")
        part = _JSON[sort](name, {"how": self.how} | self.cleaned_data)
        return {"not": part} if self.cleaned_data["turned"] else part


def _json_of_fact(name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    how, value = asked["how"], asked.get("value")
    if KNOWN in (how, value):
        return {"fact": name, KNOWN: True}
    return {"fact": name, how: value.isoformat() if isinstance(value, date) else value}


def _json_of_thing(name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    parts: dict[str, Any] = {name: asked["thing"].pk}
    if asked.get("within_days"):
        parts["within_days"] = asked["within_days"]
    if (asked.get("times") or 1) > 1:
        parts["times"] = asked["times"]
    return parts


def _json_of_age(name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    bounds = {key: asked[key] for key in ("at_least", "under") if asked[key] is not None}
    return {"age": {"of": name, **bounds}}


_JSON: Mapping[str, Callable[[str, Mapping[str, Any]], dict[str, Any]]] = {
    "fact": _json_of_fact,
    "bought": lambda name, asked: {"bought": _json_of_thing(name, asked)},
    "owns": lambda name, asked: {"owns": _json_of_thing(name, asked)},
    "in_basket": lambda name, asked: {"in_basket": _json_of_thing(name, asked)},
    "age": _json_of_age,
    "minds": lambda name, asked: {"minds": asked["value"]},
    "registered": lambda name, asked: {"registered": name, "is": asked["value"]},
}

THINGS = {
    "bought:product": "has bought a product",
    "bought:category": "has bought of a category",
    "owns:product": "owns a product (bought, not returned)",
    "owns:category": "owns something of a category",
    "in_basket:product": "has a product in the basket",
    "in_basket:category": "has something of a category in the basket",
}
PEOPLE = {
    f"age:{CUSTOMER}": "age of the customer",
    "age:child": "age of a child",
    "age:pet": "age of a pet",
    "minds": "must be avoided in the household",
}


def offered(vocabulary: Vocabulary) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    """What a line can ask about, in groups."""
    facts = [(f"fact:{code}", term.name) for code, term in vocabulary.attributes.items()]
    apps = [(f"registered:{key}", key.replace("_", " ")) for key in vocabulary.registered]
    return [
        ("What is known", facts),
        ("What was bought", list(THINGS.items())),
        ("The household", list(PEOPLE.items())),
        *([("How they stand with us", apps)] if apps else []),
    ]


def line_form(what: str, vocabulary: Vocabulary, **kwargs: Any) -> LineForm | None:
    """Make the form of one line; None for what cannot be asked."""
    labels = {code: label for _, group in offered(vocabulary) for code, label in group}
    if what not in labels:
        return None
    sort, _, name = what.partition(":")
    of_several = sort == "fact" and vocabulary.attributes[name].schema.type == AttributeType.CHOICES
    how = Operator.INCLUDES if of_several else Operator.IS
    return LineForm(what, labels[what], how, _FIELDS[sort](name, vocabulary), **kwargs)


def _fields_of_fact(name: str, vocabulary: Vocabulary) -> Fields:
    term = vocabulary.attributes[name]
    kind = term.schema.type
    if kind == AttributeType.YES_NO:
        return {"value": _choice([("yes", "is yes"), ("no", "is no"), (KNOWN, "is known")])}
    if kind in {AttributeType.CHOICE, AttributeType.CHOICES}:
        verb = "includes" if kind == AttributeType.CHOICES else "is"
        chosen = [(choice, f"{verb} {choice}") for choice in term.schema.choices]
        return {"value": _choice([*chosen, (KNOWN, "is known")])}
    operators = [(str(one), _OPERATOR[one]) for one in OPERATORS[kind]]
    how = forms.ChoiceField(choices=operators, label="How")
    return {"how": how, "value": _value(kind, term)}


def _choice(choices: Sequence[tuple[str, str]]) -> forms.Field:
    return forms.ChoiceField(choices=choices, label="Value")


def _value(kind: AttributeType, term: Term) -> forms.Field:
    unit = f"in {term.schema.unit}" if term.schema.unit else ""
    if kind == AttributeType.NUMBER:
        return forms.FloatField(label="Value", required=False, help_text=unit)
    if kind == AttributeType.DATE:
        return forms.DateField(label="Value", required=False, widget=_DATE)
    return forms.CharField(label="Value", required=False, max_length=500)


def _fields_of_thing(name: str, vocabulary: Vocabulary) -> Fields:
    if name == "product":
        return {"thing": ProductField(label="Product")}
    categories = Category.objects.order_by("name")
    return {"thing": forms.ModelChoiceField(categories, label="Category", empty_label="–")}


def _fields_of_bought(name: str, vocabulary: Vocabulary) -> Fields:
    return _fields_of_thing(name, vocabulary) | {
        "times": forms.IntegerField(min_value=1, max_value=MOST_TIMES, initial=1, label="Times"),
        "within_days": forms.IntegerField(
            min_value=1, max_value=LONGEST_DAYS, required=False, label="In the last … days"
        ),
    }


def _fields_of_age(name: str, vocabulary: Vocabulary) -> Fields:
    return {
        "at_least": _years("From … years", 0),
        "under": _years("Under … years", 1),
    }


def _years(label: str, least: int) -> forms.Field:
    return forms.IntegerField(min_value=least, max_value=OLDEST, required=False, label=label)


def _fields_of_minding(name: str, vocabulary: Vocabulary) -> Fields:
    allergens = [(str(one), ALLERGEN[one]) for one in Allergen]
    return {"value": _choice([(ANY_ALLERGEN, "anything"), *allergens])}


def _fields_of_app(name: str, vocabulary: Vocabulary) -> Fields:
    return {"value": _choice(list(vocabulary.registered[name].items()))}


_FIELDS: Mapping[str, Callable[[str, Vocabulary], Fields]] = {
    "fact": _fields_of_fact,
    "bought": _fields_of_bought,
    "owns": _fields_of_thing,
    "in_basket": _fields_of_thing,
    "age": _fields_of_age,
    "minds": _fields_of_minding,
    "registered": _fields_of_app,
}


# --- from what stands, and from what was posted ---------------------------------------------------


def as_lines(condition: Condition) -> tuple[str, Sequence[tuple[str, dict[str, Any]]]] | None:
    """Take a condition apart: how its lines are joined, and of each what it asks with its values.

    None where it nests deeper than lines can say.
    """
    join = "any" if isinstance(condition, Any_) else "all"
    parts = condition.parts if isinstance(condition, All | Any_) else (condition,)
    lines = []
    for part in parts:
        inner = part.part if isinstance(part, Not) else part
        if isinstance(inner, All | Any_ | Not):
            return None
        what, values = _as_line(written(inner))
        if what.endswith(f":{Operator.ONE_OF}"):
            return None
        lines.append((what, values | {"turned": isinstance(part, Not)}))
    return join, lines


def _as_line(raw: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if "fact" in raw:
        (how,) = raw.keys() - {"fact"}
        if how == Operator.ONE_OF:
            return f"fact:{how}", {}
        value = {True: "yes", False: "no"}[raw[how]] if isinstance(raw[how], bool) else raw[how]
        return f"fact:{raw['fact']}", {"how": how, "value": KNOWN if how == KNOWN else value}
    for sort in ("bought", "owns", "in_basket"):
        if sort in raw:
            name = "product" if "product" in raw[sort] else "category"
            return f"{sort}:{name}", {"thing": _typed(name, raw[sort][name])} | {
                key: raw[sort][key] for key in ("times", "within_days") if key in raw[sort]
            }
    if "age" in raw:
        return f"age:{raw['age']['of']}", dict(raw["age"])
    if "minds" in raw:
        return "minds", {"value": raw["minds"]}
    return f"registered:{raw['registered']}", {"value": raw["is"]}


def _typed(name: str, key: int) -> Any:
    """A product as it is typed: by its code."""
    if name == "category":
        return key
    return Product.objects.filter(pk=key).values_list("code", flat=True).first() or ""
