"""Who shops there: invented people with invented addresses, cards, consents and wishes.

Mail addresses stand in domains that RFC 2606 keeps for examples. Phone numbers are a digit shorter
than any that may be assigned in Austria (KEM-V 2009, section 61: seven digits or more), so they can
ring nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from profiles.rules.names import Purpose, folded

DOMAINS = ("example.com", "example.org", "example.net")
WORDINGS = {
    Purpose.REMINDERS: (
        "Corner & Crumb may remind me by e-mail when something that I buy regularly is about to "
        "run out. I can stop this at any time with one click."
    ),
    Purpose.OFFERS: (
        "Corner & Crumb may send me offers by e-mail that fit what I buy. "
        "I can stop this at any time with one click."
    ),
    Purpose.LOCATION: (
        "Corner & Crumb may know in which of its stores I am, as my phone or its beacons tell it, "
        "to suggest what is near. I can end this at any time on my own page."
    ),
}

FIRST_NAMES = """
    Adaeze Agnieszka Ahmed Aiko Alba Aleksandar Amara Amelie Andrej Anja Anton Arjun Astrid Aylin
    Benedikt Bianca Bojan Camille Carlos Chiara Chloe Dagmar Daniel Darya Deniz Diego Dominik
    Elena Elif Emil Emine Erik Esther Eva Farid Fatima Felix Fiona Florian Gabriela Georg Gergely
    Giulia Goran Greta Hana Hannes Hugo Ibrahim Ida Igor Ilse Ines Ioana Ivan Jakob Jasmin Jelena
    Jiri Joana Johannes Judit Julian Kamila Karin Katalin Kenji Klara Kofi Lars Layla Lea Leon
    Leyla Lin Linh Luca Lukas Magda Malik Manuel Mara Marek Maria Mateo Matthias Mehmet Mina
    Mirjana Mohamed Nadia Natalia Nikola Nina Noah Nora Olga Omar Oskar Patricia Paul Petra Priya
    Rania Raphael Renata Ricardo Rosa Ruth Sara Sebastian Selin Simon Sofia Stefan Svetlana Tamar
    Tarek Teresa Theo Thomas Tina Valentin Vera Veronika Viktor Wei Xenia Yara Yusuf Zeynep Zoran
    Zuzana
""".split()
LAST_NAMES = """
    Abebe Adler Aigner Almeida Andersson Aydin Bakker Balogh Banerjee Bauer Becker Berger Bianchi
    Bielak Bogdanov Brandt Brunner Castillo Celik Cerny Chen Costa Dahl Demir Dimitrov Dubois
    Ebner Eder Eriksen Farkas Fernandez Fiala Fischer Fuchs Garcia Gashi Graf Gruber Gupta Haas
    Haddad Hansen Hofer Horvath Huber Ibrahimovic Ilic Ito Ivanova Jansen Jovanovic Kaya Keller
    Kim Klein Kovac Kowalska Kraus Lang Larsen Lehner Leitner Lopez Maier Mancini Markovic Martins
    Mayer Mensah Mitterer Moser Nagy Nakamura Nguyen Nikolic Novak Okafor Orsini Osei Ozturk Park
    Pavlovic Petrova Pichler Pohl Popescu Rahman Reiter Ricci Rossi Sahin Santos Schmid Schuster
    Seidl Sharma Silva Simic Singh Steiner Stoica Svoboda Szabo Tanaka Toth Tran Urban Varga
    Vasquez Wagner Weber Winkler Wolf Yilmaz Zamani Zimmer
""".split()


@dataclass(frozen=True, slots=True)
class Agreement:
    """A consent to messages by e-mail, and its withdrawal where there was one."""

    purpose: Purpose
    given_on: date
    withdrawn_on: date | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """One customer as the chain knows them; empty text: not known."""

    code: str
    name: str
    email: str = ""
    phone: str = ""
    card: str = ""
    home: str = ""
    language: str = ""
    time_zone: str = ""
    agreements: tuple[Agreement, ...] = ()


def phone_number(position: int) -> str:
    """A number that can never be assigned, different for each of a million positions.

    >>> phone_number(1), phone_number(2)
    ('+43 660 386 213', '+43 660 492 426')
    """
    digits = f"{(position * 106_213 + 280_000) % 1_000_000:06}"
    return f"+43 660 {digits[:3]} {digits[3:]}"


def email_address(name: str, domain: str) -> str:
    """An address from a name.

    >>> email_address("Łucja Öztürk", "example.org")
    'lucja.ozturk@example.org'
    """
    return f"{folded(name).replace(' ', '.')}@{domain}"


def with_contact(person: Person, position: int) -> Person:
    """The same person with an address, a number and a card."""
    return replace(
        person,
        email=email_address(person.name, DOMAINS[0]),
        phone=phone_number(position),
        card=card_number(position),
    )


def card_number(position: int) -> str:
    return f"CC{40_000_000 + position * 7_919:08}"


def invent(rng: np.random.Generator, count: int, *, first: int, today: date) -> list[Person]:
    """Invent ``count`` people with names of their own, numbered from ``first``."""
    pairs = rng.choice(len(FIRST_NAMES) * len(LAST_NAMES), size=count, replace=False)
    chances = rng.random((count, 5))
    return [
        _person(rng, first + row, int(pair), chances[row], today) for row, pair in enumerate(pairs)
    ]


def _person(
    rng: np.random.Generator, position: int, pair: int, chances: np.ndarray, today: date
) -> Person:
    has_email, has_phone, has_card, speaks_english, lives_elsewhere = chances
    name = f"{FIRST_NAMES[pair // len(LAST_NAMES)]} {LAST_NAMES[pair % len(LAST_NAMES)]}"
    email = email_address(name, DOMAINS[position % len(DOMAINS)]) if has_email < 0.9 else ""
    return Person(
        code=f"C{position:05}",
        name=name,
        email=email,
        phone=phone_number(position) if has_phone < 0.8 else "",
        card=card_number(position) if has_card < 0.6 else "",
        language="de" if speaks_english > 0.7 else "",
        time_zone="Atlantic/Canary" if lives_elsewhere < 0.01 else "",
        agreements=_agreements(rng, today) if email else (),
    )


def _agreements(rng: np.random.Generator, today: date) -> tuple[Agreement, ...]:
    """Draw what somebody with an address agreed to: 70 % and 50 % of all who have one or not."""
    given_on = today - timedelta(days=int(rng.integers(30, 540)))
    agreed = [
        purpose
        for purpose, share in ((Purpose.REMINDERS, 0.78), (Purpose.OFFERS, 0.55))
        if rng.random() < share
    ]
    return tuple(Agreement(purpose, given_on, _withdrawal(rng, given_on)) for purpose in agreed)


def _withdrawal(rng: np.random.Generator, given_on: date) -> date | None:
    if rng.random() >= 0.04:
        return None
    return given_on + timedelta(days=int(rng.integers(5, 25)))


def agreed_since(person: Person, first: date) -> Person:
    """The same person, whose agreements begin on the day ``first`` of their first visit, or later.

    A withdrawal that would come before its agreement never happened.
    """
    agreements = []
    for agreement in person.agreements:
        given_on, withdrawn_on = max(agreement.given_on, first), agreement.withdrawn_on
        if withdrawn_on is not None and withdrawn_on <= given_on:
            withdrawn_on = None
        agreements.append(replace(agreement, given_on=given_on, withdrawn_on=withdrawn_on))
    return replace(person, agreements=tuple(agreements))
