"""How quickly staff find a customer, and see the whole card, among a million.

`python -m benchmarks lookup [--customers 1000000] [--lines 20000000] [--keep NAME]`: fills a scratch database on
the server of DATABASE_URL (or uses the one that an earlier run kept), then asks as counters do, one question
after the other, and prints percentiles beside the same question in SQL by hand. Names are those of many
countries, common ones more often (Zipf); of names with typing errors it tells how many are found.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cxportal.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from faker import Faker  # noqa: E402

from cxportal.pages.counter_card import Store, card_of  # noqa: E402
from profiles.models import Customer  # noqa: E402
from profiles.queries import search  # noqa: E402
from profiles.rules.names import folded  # noqa: E402

LOCALES = (
    "en_US en_GB de_DE de_AT fr_FR it_IT es_ES es_MX pl_PL cs_CZ nl_NL sv_SE no_NO fi_FI da_DK pt_BR"
    " hu_HU ro_RO hr_HR tr_TR"
).split()
QUESTIONS = 300
STORE = Store(0, "", "UTC")
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)

CUSTOMERS = """
INSERT INTO profiles_source (code, name, kind) VALUES ('bench', 'Benchmark', 'file') ON CONFLICT DO NOTHING;
INSERT INTO profiles_customer (public_id, name, search_name, language, time_zone, created_at)
SELECT gen_random_uuid(), f.name || ' ' || l.name, f.folded || ' ' || l.folded, '', '', now()
  FROM (SELECT n, floor(power(random(), 3) * %(firsts)s)::int + 1 AS first,
               floor(power(random(), 3) * %(lasts)s)::int + 1 AS last
          FROM generate_series(1, %(customers)s) n) r
  JOIN bench_first f ON f.id = r.first JOIN bench_last l ON l.id = r.last;
INSERT INTO profiles_profile (customer_id, source_id, external_id)
SELECT c.id, s.id, 'C' || c.id FROM profiles_customer c, profiles_source s WHERE s.code = 'bench';
INSERT INTO profiles_identifier (kind, value, customer_id, origin_profile_id)
SELECT 'phone', '+1' || (2000000000 + (p.id * 7919001) %% 7999999999), p.customer_id, p.id
  FROM profiles_profile p
ON CONFLICT DO NOTHING;
INSERT INTO profiles_identifier (kind, value, customer_id, origin_profile_id)
SELECT 'email', replace(c.search_name, ' ', '.') || c.id || '@example.com', c.id, p.id
  FROM profiles_profile p JOIN profiles_customer c ON c.id = p.customer_id;
INSERT INTO profiles_identifier (kind, value, customer_id, origin_profile_id)
SELECT 'card', 'K' || lpad(c.id::text, 9, '0'), c.id, p.id
  FROM profiles_profile p JOIN profiles_customer c ON c.id = p.customer_id WHERE c.id %% 2 = 0;
"""
PURCHASES = """
INSERT INTO profiles_category (name) SELECT 'Group ' || n FROM generate_series(1, 50) n;
INSERT INTO profiles_product (code, name, url, category_id)
SELECT 'P' || n, 'Product ' || n, '', c.id
  FROM generate_series(1, 5000) n JOIN profiles_category c ON c.name = 'Group ' || (n %% 50 + 1);
INSERT INTO profiles_place (code, name, kind, time_zone) VALUES ('bench', 'Main Street', 'store', '');
INSERT INTO profiles_purchase (source_id, external_id, customer_id, origin_profile_id, place_id, occurred_at)
SELECT p.source_id, 'O' || p.id || '-' || n, p.customer_id, p.id, place.id,
       %(now)s - make_interval(days => n * 30 + (p.id %% 30)::int, hours => (p.id %% 12)::int)
  FROM profiles_profile p, generate_series(1, %(orders)s) n, profiles_place place;
INSERT INTO profiles_purchaseline (purchase_id, customer_id, product_id, occurred_at, quantity, unit_price_minor)
SELECT b.id, b.customer_id, p.id, b.occurred_at, 1, 250 + n * 100
  FROM profiles_purchase b, generate_series(1, 2) n, LATERAL (
      SELECT id FROM profiles_product WHERE code = 'P' || ((b.customer_id * n) %% 5000 + 1)) p;
"""


def main(arguments: Sequence[str]) -> int:
    """Fill, ask, print; always 0: timings decide nothing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks lookup", description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--lines", type=int, default=20_000_000)
    parser.add_argument("--keep", default="", help="name of a database to use again and to keep")
    options = parser.parse_args(arguments)
    with _filled(options.customers, options.lines, options.keep):
        _measure()
    return 0


@contextmanager
def _filled(customers: int, lines: int, keep: str) -> Iterator[None]:
    server = connection.settings_dict["NAME"]
    name = keep or f"bench_lookup_{os.getpid()}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        is_there = cursor.fetchone() is not None
        if not is_there:
            cursor.execute(f'CREATE DATABASE "{name}"')
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        if not is_there:
            _fill(customers, lines)
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = server
        if not keep:
            with connection.cursor() as cursor:
                cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _fill(customers: int, lines: int) -> None:
    began = time.monotonic()
    call_command("migrate", verbosity=0)
    firsts, lasts = _names()
    with connection.cursor() as cursor:
        for table, names in (("bench_first", firsts), ("bench_last", lasts)):
            cursor.execute(f"CREATE TABLE {table} (id serial PRIMARY KEY, name text, folded text)")
            with cursor.copy(f"COPY {table} (name, folded) FROM STDIN") as copy:
                for name in names:
                    copy.write_row((name, folded(name)))
        params = {"firsts": len(firsts), "lasts": len(lasts), "customers": customers}
        cursor.execute(CUSTOMERS, params)
        print(f"{customers:,} customers in {time.monotonic() - began:.0f} s", flush=True)
        if orders := lines // customers // 2:
            cursor.execute(PURCHASES, {"now": NOW, "orders": orders})
            print(
                f"{orders * 2 * customers:,} lines in {time.monotonic() - began:.0f} s", flush=True
            )
        cursor.execute("VACUUM ANALYZE")


def _names() -> tuple[list[str], list[str]]:
    firsts: dict[str, None] = {}
    lasts: dict[str, None] = {}
    for locale in LOCALES:
        provider = next(p for p in Faker(locale).get_providers() if "person" in type(p).__module__)
        firsts |= dict.fromkeys(provider.first_names)
        lasts |= dict.fromkeys(provider.last_names)
    chance = random.Random(1)
    shuffled = [list(names) for names in (firsts, lasts)]
    for names in shuffled:
        chance.shuffle(names)
    return shuffled[0], shuffled[1]


# --- asking ---------------------------------------------------------------------------------------


def _measure() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.id, c.name, e.value, p.value FROM profiles_customer c TABLESAMPLE SYSTEM (1)"
            " JOIN profiles_identifier e ON e.customer_id = c.id AND e.kind = 'email'"
            " JOIN profiles_identifier p ON p.customer_id = c.id AND p.kind = 'phone'"
            f" ORDER BY md5(c.id::text) LIMIT {QUESTIONS}"
        )
        people = cursor.fetchall()
    chance = random.Random(2)
    print(f"{'':26}{'p50':>9}{'p95':>9}{'p99':>9}   milliseconds; the same by hand (p95)")
    _row("e-mail", [lambda p=p: search.find(p[2], region="US") for p in people], _BY_HAND["email"],
         [[p[2]] for p in people])  # fmt: skip
    _row("last four digits", [lambda p=p: search.find(p[3][-4:], region="US") for p in people],
         _BY_HAND["last"], [[p[3][-4:], f"%{p[3][-4:]}"] for p in people])  # fmt: skip
    _row("three digits inside", [lambda p=p: search.find(p[3][4:7], region="US") for p in people])
    _row("whole name", [lambda p=p: search.find(p[1], region="US") for p in people])
    for errors in (1, 2):
        typed = [(p, _mistyped(p[1], errors, chance)) for p in people]
        _row(
            f"name, {errors} error(s)", [lambda t=t: search.find(t, region="US") for _, t in typed]
        )
        found = sum(
            folded(p[1]) in {folded(one.name) for one in search.find(t, region="US").found}
            for p, t in typed
        )
        print(f"{'':26}found: {found / len(typed):.3f} of {len(typed)}")
    customers = Customer.objects.in_bulk([p[0] for p in people[:200]])
    _row(
        "card", [lambda c=c: card_of(customer=c, store=STORE, now=NOW) for c in customers.values()]
    )


_BY_HAND = {
    "email": "SELECT c.id, c.name FROM profiles_identifier i JOIN profiles_customer c ON c.id = i.customer_id"
    " WHERE i.kind = 'email' AND i.scope = '' AND i.value = %s",
    "last": "SELECT c.id, c.name FROM profiles_identifier i JOIN profiles_customer c ON c.id = i.customer_id"
    " WHERE i.kind IN ('phone', 'card') AND right(i.value, 4) = %s AND i.value LIKE %s LIMIT 11",
}


def _row(
    label: str,
    questions: Sequence[Callable[[], object]],
    by_hand: str = "",
    params: Sequence[Sequence[str]] = (),
) -> None:
    took = [_milliseconds(question) for question in questions]
    hand = ""
    if by_hand:
        with connection.cursor() as cursor:
            times = [
                _milliseconds(lambda p=p: (cursor.execute(by_hand, p), cursor.fetchall()))
                for p in params
            ]
        hand = f"   {_percentile(times, 95):8.1f}"
    shown = "".join(f"{_percentile(took, p):9.1f}" for p in (50, 95, 99))
    print(f"{label:26}{shown}{hand}", flush=True)


def _milliseconds(question: Callable[[], object]) -> float:
    began = time.perf_counter()
    question()
    return (time.perf_counter() - began) * 1000


def _percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


def _mistyped(name: str, errors: int, chance: random.Random) -> str:
    """Make typing errors: a letter lost, doubled, wrong or swapped with its neighbour."""
    letters = list(name)
    for _ in range(errors):
        places = [
            n
            for n, letter in enumerate(letters[:-1])
            if letter.isalpha() and letters[n + 1].isalpha()
        ]
        at = chance.choice(places)
        kind = chance.choice(("lost", "doubled", "wrong", "swapped"))
        if kind == "lost":
            del letters[at]
        elif kind == "doubled":
            letters.insert(at, letters[at])
        elif kind == "wrong":
            letters[at] = chance.choice("abcdefghijklmnopqrstuvwxyz")
        else:
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
    return "".join(letters)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
