"""``caller``: who is calling, at the server: the whole request, the answer without the web, and its SQL.

    python -m benchmarks caller [--customers 200000] [--calls 500]

In a scratch database on the configured server, filled by a few statements: each customer has a number, ten
purchases and now and then a call; one in ten has an open case. Measured one request after the other, in this
process and without a network: what a web server adds is not in it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import time
from collections.abc import Callable, Sequence

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cxportal.settings")
import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks._scratch import scratch_database  # noqa: E402
from cxportal.pages.access import Role, create_staff, ensure_roles  # noqa: E402
from cxportal.pages.caller import who_is_calling  # noqa: E402
from loyalty.services.setting_up import ensure_programme  # noqa: E402
from profiles.queries.calling import known_callers  # noqa: E402
from profiles.queries.company import company  # noqa: E402
from profiles.services import keys  # noqa: E402

SEED = 7
LIMIT_MS = 100

FILL = """
    INSERT INTO profiles_source (id, code, name, kind) VALUES (1000, 'shop', 'Shop', 'api');
    INSERT INTO profiles_place (id, code, name, kind, time_zone)
    VALUES (1000, 'main', 'Main Street', 'store', '');
    INSERT INTO profiles_product (id, code, name, url)
    SELECT n, 'P' || n, 'Product ' || n, '' FROM generate_series(1, 500) n;
    INSERT INTO profiles_customer (id, public_id, name, search_name, language, time_zone, home_place_id)
    SELECT n, gen_random_uuid(), 'Customer ' || n, 'customer ' || n, '', '', 1000 FROM generate_series(1, {n}) n;
    INSERT INTO profiles_profile (id, customer_id, source_id, external_id)
    SELECT n, n, 1000, n FROM generate_series(1, {n}) n;
    INSERT INTO profiles_identifier (kind, value, customer_id, origin_profile_id)
    SELECT 'phone', '+1212' || 1000000 + n, n, n FROM generate_series(1, {n}) n;
    INSERT INTO profiles_purchase
        (id, source_id, external_id, customer_id, origin_profile_id, place_id, occurred_at)
    SELECT n, 1000, n, 1 + n % {n}, 1 + n % {n}, 1000, now() - (n % 400) * interval '1 day'
    FROM generate_series(1, {n} * 10) n;
    INSERT INTO profiles_purchaseline
        (purchase_id, customer_id, product_id, occurred_at, quantity, unit_price_minor)
    SELECT id, customer_id, 1 + id % 500, occurred_at, 1, 420 FROM profiles_purchase;
    INSERT INTO profiles_touchpoint
        (customer_id, origin_profile_id, source_id, kind, name, data, origin_url, occurred_at)
    SELECT 1 + n % {n}, 1 + n % {n}, 1000, CASE WHEN n % 7 = 0 THEN 'call' ELSE 'page' END, '', '{{}}', '',
           now() - (n % 90) * interval '1 day' FROM generate_series(1, {n} * 5) n;
    INSERT INTO feedback_case (customer_id, origin_profile_id, kind, source_ref, detail, priority, owner_id,
                               opened_at, opened_by, due_at, solved_by, resolution)
    SELECT n, n, 'complaint', 'call:' || n, '', 'high', {owner}, now(), 'customer',
           now() + interval '1 day', '', ''
    FROM generate_series(1, {n}, 10) n;
"""


def main(arguments: Sequence[str]) -> int:
    """Print p50 and p95; 1 when the whole request is above its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks caller", description=__doc__)
    parser.add_argument("--customers", type=int, default=200_000)
    parser.add_argument("--calls", type=int, default=500)
    options = parser.parse_args(arguments)
    settings.ALLOWED_HOSTS = ["testserver"]
    with scratch_database():
        client = _filled(options.customers)
        picked = random.Random(SEED).choices(range(1, options.customers + 1), k=options.calls)
        numbers = [f"+1212{1_000_000 + n}" for n in picked]
        print(
            f"{options.customers:,} customers, {len(numbers):,} calls\n{'':44}{'p50 ms':>8}{'p95 ms':>8}"
        )
        whole = _print("the whole request", lambda number: _ask(client, number), numbers)
        _print("the answer without the web", _answer, numbers)
        _print(
            "the one query by number", lambda number: known_callers(number, timezone.now()), numbers
        )
        _print(
            "an unknown number, the whole request",
            lambda number: _ask(client, number),
            ["+12125550100"] * 100,
        )
    print(
        f"\nlimit for the whole request: p95 of {LIMIT_MS} ms, {'kept' if whole <= LIMIT_MS else 'missed'}"
    )
    return 0 if whole <= LIMIT_MS else 1


def _filled(customers: int) -> Client:
    """Fill the tables; return the call centre's client."""
    company()
    ensure_roles()
    ensure_programme()
    owner = create_staff("supervisor", Role.SUPERVISOR, "a long enough word")
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(FILL.format(n=customers, owner=owner.pk))
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("ANALYZE")
    made = keys.create_key(
        name="Call centre",
        scopes=["callers:read"],
        source=keys.source_for(code="shop", name="Shop"),
        random="c" * 30,
        by=None,
        now=timezone.now(),
    )
    return Client(headers={"Authorization": f"Bearer {made.secret}"})


def _ask(client: Client, number: str) -> None:
    answer = client.post("/api/v1/callers/", json.dumps({"number": number}), "application/json")
    if answer.status_code != 200:
        raise RuntimeError(f"the door answered {answer.status_code}")


def _answer(number: str) -> None:
    who_is_calling(number=number, now=timezone.now())


def _print(name: str, ask: Callable[[str], object], numbers: Sequence[str]) -> float:
    ask(numbers[0])
    took = []
    for number in numbers:
        began = time.perf_counter()
        ask(number)
        took.append((time.perf_counter() - began) * 1000)
    p95 = sorted(took)[int(len(took) * 0.95)]
    print(f"{name:44}{statistics.median(took):8.1f}{p95:8.1f}")
    return p95
