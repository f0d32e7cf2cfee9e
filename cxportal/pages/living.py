"""The living page: every component, a sample of every layout; invented data, no database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

PAGES = (
    ("counter", "Counter"),
    ("overview", "Overview"),
    ("customer", "Customer, in the back-office"),
    ("mypage", "Customer's own page"),
    ("why", "Why me?"),
    ("survey", "Survey"),
    ("stop", "Stop"),
    ("settings", "Settings"),
    ("import", "Import, mapping"),
    ("rehearsal", "Rehearsal report"),
    ("mailbox", "Mailbox"),
    ("cases", "Cases"),
    ("login", "Log-in"),
    ("email", "E-mail frame"),
)


@dataclass(frozen=True)
class Link:
    label: str
    url: str = "#"
    icon: str = ""
    is_current: bool = False
    count: int = 0


@dataclass(frozen=True)
class Place:
    """A point or a stretch on an axis from 0 to 100."""

    x: float
    width: float = 0
    title: str = ""
    label: str = ""


@dataclass(frozen=True)
class HabitLine:
    label: str
    dots: list[Place]
    band: Place | None = None
    likely: Place | None = None
    today_x: float | None = None
    ticks: list[Place] = field(default_factory=list)


@dataclass(frozen=True)
class Interval:
    """A figure and its interval on an axis from 0 to 100; ``zero`` marks "no difference"."""

    low: float
    value: float
    high: float
    zero: float | None = None

    @property
    def width(self) -> float:
        return self.high - self.low


@dataclass(frozen=True)
class Bar:
    label: str
    percent: float
    text: str
    is_baseline: bool = False


@dataclass(frozen=True)
class Column:
    label: str
    is_number: bool = False


@dataclass(frozen=True)
class Choice:
    value: int
    label: str


@dataclass(frozen=True)
class Schedule:
    id: str
    product: str
    about: str
    reason: str
    weeks: int = 0
    is_next: bool = False
    is_paused: bool = False
    is_unsure: bool = False
    every_url: str = "#"
    skip_url: str = "#"
    sooner_url: str = "#"
    plenty_url: str = "#"
    stop_url: str = "#"
    start_url: str = "#"

    @property
    def choices(self) -> list[Choice]:
        learned = Choice(0, "when we think it is time")
        return [
            learned,
            *(Choice(weeks, f"every {weeks} weeks") for weeks in (2, 3, 4, 5, 6, 8, 12)),
        ]


def position(day: date, *, start: date, end: date) -> float:
    """Place of ``day`` between ``start`` (0) and ``end`` (100).

    >>> position(date(2025, 1, 6), start=date(2025, 1, 1), end=date(2025, 1, 11))
    50.0
    """
    return round(100 * (day - start).days / (end - start).days, 2)


def hazelnut() -> HabitLine:
    start, end = date(2025, 5, 20), date(2025, 12, 22)

    def at(month: int, day: int) -> float:
        return position(date(2025, month, day), start=start, end=end)

    bought = ((6, 6), (7, 11), (8, 14), (9, 19), (10, 24))
    return HabitLine(
        label="Bought on 6 June, 11 July, 14 August, 19 September and 24 October; "
        "expected about 28 November, between 23 November and 4 December.",
        dots=[Place(at(m, d), title=f"{d}.{m}.2025, 500 g, web shop") for m, d in bought],
        band=Place(at(11, 20), width=at(12, 8) - at(11, 20)),
        likely=Place(at(11, 25), width=at(12, 2) - at(11, 25)),
        today_x=at(11, 14),
        ticks=[
            Place(at(m, 1), label=name)
            for m, name in enumerate(["Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], start=6)
        ],
    )


class SampleForm(forms.Form):
    company = forms.CharField(
        initial="Alder & Finch Coffee",
        help_text="As customers read it in messages and on their page.",
    )
    sender = forms.EmailField(help_text="Messages come from this address.")
    time_zone = forms.ChoiceField(
        choices=[("Europe/Lisbon", "Europe/Lisbon"), ("America/Chicago", "America/Chicago")],
        help_text="Where a customer's own zone is not known.",
    )
    signature = forms.CharField(
        widget=forms.Textarea, required=False, initial="Your baristas at Main Street"
    )
    doors = forms.MultipleChoiceField(
        label="Where may we speak?",
        widget=forms.CheckboxSelectMultiple,
        choices=[("email", "E-mail"), ("counter", "Counter"), ("page", "Customer's page")],
        initial=["email", "counter"],
        help_text="What is off here is off for every campaign.",
    )
    holdout = forms.BooleanField(
        label="Keep a control group",
        initial=True,
        required=False,
        help_text="One customer in ten gets nothing, so that we can tell whether it helped.",
    )


class SampleLogin(forms.Form):
    username = forms.CharField()
    password = forms.CharField(widget=forms.PasswordInput)


def form(prefix: str) -> SampleForm:
    values = {
        f"{prefix}-company": "Alder & Finch Coffee",
        f"{prefix}-sender": "hello@alder",
        f"{prefix}-time_zone": "Europe/Lisbon",
        f"{prefix}-signature": "Your baristas at Main Street",
        f"{prefix}-doors": ["email", "counter"],
        f"{prefix}-holdout": "on",
    }
    return SampleForm(values, prefix=prefix)


NAV = [
    Link("Overview", icon="overview"),
    Link("Customers", icon="customers"),
    Link("Moments", icon="moments"),
    Link("Campaigns", icon="campaigns"),
    Link("Loyalty", icon="loyalty"),
    Link("Feedback", icon="feedback"),
    Link("Imports", icon="imports"),
    Link("Settings", icon="settings"),
]
NAV_OF = {
    "customer": "Customers",
    "cases": "Feedback",
    "settings": "Settings",
    "import": "Imports",
    "rehearsal": "Imports",
    "mailbox": "Campaigns",
}

SCHEDULES = [
    Schedule(
        "hazelnut",
        "Whole-bean hazelnut, 500 g",
        "about Friday 28 November",
        "Because you buy it every 5 weeks, last on 24 October.",
        is_next=True,
    ),
    Schedule(
        "detergent",
        "Laundry detergent, 2 kg",
        "about 6 December",
        "You asked for every 6 weeks on 2 October. That counts for more than what we learned.",
        weeks=6,
    ),
    Schedule(
        "filters",
        "Paper filters, 100",
        "not sure yet",
        "You bought them twice, on 3 May and 19 August. That is too little to know when.",
        is_unsure=True,
    ),
    Schedule(
        "oats", "Oat drink, 1 l", "stopped by you", "No reminder since 1 September.", is_paused=True
    ),
]
CHART = {
    "type": "line",
    "unit": "%",
    "labels": [
        "1 Sep",
        "8 Sep",
        "15 Sep",
        "22 Sep",
        "29 Sep",
        "6 Oct",
        "13 Oct",
        "20 Oct",
        "27 Oct",
        "3 Nov",
    ],
    "series": [
        {
            "label": "Bought in the window, reminded",
            "role": "accent",
            "values": [31, 33, 32, 35, 36, 34, 37, 38, 37, 39],
            "low": [27, 29, 29, 31, 33, 31, 34, 35, 34, 36],
            "high": [35, 37, 35, 39, 39, 37, 40, 41, 40, 42],
        },
        {
            "label": "Control group",
            "role": "soft",
            "dashed": True,
            "values": [28, 29, 27, 30, 29, 28, 31, 30, 29, 30],
        },
    ],
}
CHART_SUMMARY = (
    "Of those reminded, 39 in 100 bought in the window in the week of 3 November; "
    "in the control group 30 in 100."
)
BARS = [
    Bar("Our timing", 41.2, "41.2 %"),
    Bar("Always after 7 days", 22.9, "22.9 %", is_baseline=True),
]
BARS_LONG = [
    Bar("Our timing", 36.8, "36.8 %"),
    Bar("Always after 7 days", 9.4, "9.4 %", is_baseline=True),
]


def sample(page: str) -> dict[str, Any]:
    return {
        "company_name": "Alder & Finch",
        "user_role": "Counter staff" if page == "counter" else "Manager",
        "nav": [
            Link(one.label, "#", one.icon, one.label == NAV_OF.get(page, "Overview")) for one in NAV
        ],
        "sending_stopped": page == "settings",
        "sending_stopped_url": "#",
        "store": {"name": "Main Street", "time_zone": "Europe/Lisbon"},
        "now": datetime(2025, 11, 14, 7, 5, tzinfo=UTC),
        "search_query": "4471" if page == "counter" else "",
        "pages": PAGES,
        "habit": hazelnut(),
        "lift": Interval(low=54, value=66, high=78, zero=40),
        "lift_unsure": Interval(low=30, value=48, high=66, zero=40),
        "chart": CHART,
        "chart_summary": CHART_SUMMARY,
        "bars": BARS,
        "bars_long": BARS_LONG,
        "columns": [Column("Decision"), Column("Customers", True), Column("Share", True)],
        "rows": [
            ["Reminded", "1,204", "38 %"],
            ["Silent: not sure enough", "1,377", "44 %"],
            ["Silent: bought since", "402", "13 %"],
            ["Silent: control group", "158", "5 %"],
            ["All", "3,141", "100 %"],
        ],
        "tabs": [
            Link("Open", "#", is_current=True, count=4),
            Link("Waiting for the customer", "#", count=2),
            Link("Solved"),
        ],
        "schedules": SCHEDULES,
        "schedule": SCHEDULES[0],
        "form": SampleLogin() if page == "login" else form("light"),
        "form_dark": form("dark"),
        "reason": "Because you bought it on 14 August, 19 September and 24 October.",
        "subject": "Hazelnut coffee, about 28 November",
        "reason_url": "#",
        "person_url": "#",
        "preferences_url": "#",
        "unsubscribe_url": "#",
        "address": "12 Main Street, Lisbon",
    }


@require_GET
def living(request: HttpRequest) -> HttpResponse:
    page = request.GET.get("page", "")
    if page and page not in dict(PAGES):
        raise Http404
    return render(request, f"living/{page or 'index'}.html", sample(page))
