"""``manage.py first_run``: makes a fresh installation usable, and says where everything is."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils import timezone

from campaigns.services import composing, fencing
from cxportal.demo import enrolling, filling, logins, marker, story_people
from cxportal.demo.chain import CUSTOMERS
from cxportal.lib.links import LinkPurpose, link
from cxportal.pages.access import ROLE_LABEL, Role, create_staff, ensure_roles
from feedback.services import setting_up as feedback_defaults
from loyalty.services import setting_up as loyalty_defaults
from profiles.models import Customer, Profile
from profiles.queries.company import company
from profiles.services import first_moments


class Command(BaseCommand):
    """Safe to run at every start: what is there already stays as it is."""

    help = "Create roles, defaults, the first log-ins and, where it belongs, the demo."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--demo", action="store_true", help="fill any database without customers")
        what.add_argument("--empty", action="store_true", help="no demo, only an administrator")
        parser.add_argument(
            "--embedded", action="store_true", help="the database is the installation's own"
        )
        parser.add_argument(
            "--customers", type=int, default=CUSTOMERS, help="size of the demo (%(default)s)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        self._clear_what_was_broken_off(embedded=options["embedded"])
        _ensure_defaults()
        wanted = options["demo"] or (options["embedded"] and not options["empty"])
        if wanted and not Customer.objects.exists():
            self._fill(now, options["customers"])
        if marker.is_filled() and User.objects.filter(username=Role.ADMINISTRATOR.value).exists():
            self._tell_demo(logins.ensure_logins(_login_file()))
        else:
            self._tell_house()

    def _clear_what_was_broken_off(self, *, embedded: bool) -> None:
        """Empty an embedded database whose demo was never finished, and no other ever."""
        if not marker.is_half_filled():
            return
        if not embedded:
            raise CommandError(
                "The demo was broken off while it was being filled into this database. Drop the "
                f"database and create it again, then remove {marker.folder()} and start anew."
            )
        self.stdout.write("The last start was broken off while filling the demo; it begins anew.")
        marker.start_over()

    def _fill(self, now: datetime, customers: int) -> None:
        logins.ensure_logins(_login_file())
        filling.fill(
            today=filling.day_of(now),
            now=now,
            by=User.objects.get(username=Role.ADMINISTRATOR.value),
            progress=self._say,
            customers=customers,
        )

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _tell_demo(self, people: list[logins.Login]) -> None:
        self._tell(_places() | _page_of_dolores())
        self.stdout.write("")
        for one in people:
            password = one.password or "(changed; manage.py changepassword sets a new one)"
            self.stdout.write(f"  {ROLE_LABEL[one.role]:<18}  {one.username:<14}  {password}")
        self.stdout.write(f"\n  The log-ins are kept in {_login_file()}")

    def _tell_house(self) -> None:
        password = _first_administrator()
        self._tell(_places())
        if password:
            self.stdout.write(f"\n  Log in as administrator with the password {password}")
            self.stdout.write("  It is shown this once. Change it after the first log-in.")

    def _tell(self, addresses: dict[str, str]) -> None:
        self.stdout.write(f"\n{company().name}")
        for label, address in addresses.items():
            self.stdout.write(f"  {label:<18}  {address}")


def _ensure_defaults() -> None:
    """Create roles, the company, the first campaigns, the programme and the question if missing."""
    ensure_roles()
    company()
    if not Customer.objects.exists():
        fencing.adopt_new_database()
    composing.ensure_defaults()
    first_moments.ensure_moments(now=timezone.now())
    loyalty_defaults.ensure_programme()
    feedback_defaults.ensure_survey()


def _first_administrator() -> str:
    """Create an administrator where there is no account at all; return the password, or ""."""
    if User.objects.exists():
        return ""
    password = logins.new_password()
    create_staff(Role.ADMINISTRATOR.value, Role.ADMINISTRATOR, password)
    return password


def _login_file() -> Path:
    file: Path = settings.STATE_DIR / "demo-logins.txt"
    return file


def _places() -> dict[str, str]:
    pages = {"Back-office": "home", "Counter": "counter", "Mailbox": "campaigns:mailbox"}
    return {label: settings.SITE_URL + reverse(name) for label, name in pages.items()}


def _page_of_dolores() -> dict[str, str]:
    """Her page as she has it in her messages; nothing where she was erased since."""
    try:
        dolores = enrolling.customer_of(story_people.DOLORES)
    except Profile.DoesNotExist:
        return {}
    return {"Dolores' page": link(LinkPurpose.MY_PAGE, "my-page", str(dolores.public_id))}
