"""``consent``: what the whole ledger says of a million customers, and of one, beside a bare DISTINCT ON.

`python -m benchmarks consent [--customers 1000000] [--entries 3000000]`: fills a scratch database on the server of
DATABASE_URL, of whose customers one in fifty is made of two merged profiles. The baseline takes the newest row
for each customer, purpose and channel: it knows neither double opt-in nor merges.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cxportal.settings")
django.setup()

from django.db import connection  # noqa: E402

from benchmarks._scratch import scratch_database  # noqa: E402
from profiles.querysets.consents import standing_sql  # noqa: E402

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
FILL = """
INSERT INTO profiles_source (code, name, kind) VALUES ('bench', 'Benchmark', 'file');
INSERT INTO profiles_consentwording (purpose, language, version, text)
VALUES ('reminders', 'en', 1, 'Remind me.'), ('offers', 'en', 1, 'Tell me.');
INSERT INTO profiles_customer (public_id, name, search_name, language, time_zone)
SELECT gen_random_uuid(), '', '', '', '' FROM generate_series(1, %(customers)s);
INSERT INTO profiles_profile (customer_id, source_id, external_id)
SELECT c.id, s.id, c.id || '-' || n FROM profiles_customer c, profiles_source s,
    generate_series(1, 2) n WHERE n = 1 OR c.id %% 50 = 0;
INSERT INTO profiles_consententry
    (customer_id, origin_profile_id, purpose, channel, state, occurred_at, door, actor, wording_id, evidence_hash)
SELECT p.customer_id, p.id, w.purpose, 'email',
    (ARRAY['granted', 'granted', 'withdrawn', 'asked'])[1 + (r.n * 7 + p.id) %% 4],
    %(now)s - make_interval(hours => ((r.n * 7919 + p.id * 31) %% 20000)::int),
    'bench', 'customer', w.id, ''
FROM generate_series(1::bigint, %(entries)s) r(n)
JOIN profiles_profile p ON p.id = 1 + (r.n * 7919) %% %(customers)s
JOIN profiles_consentwording w ON w.id = 1 + r.n %% 2;
"""
BARE = """
    SELECT DISTINCT ON (e.customer_id, e.purpose, e.channel)
        e.id, e.customer_id, e.purpose, e.channel, e.state, e.occurred_at, e.door, e.wording_id
    FROM profiles_consententry e WHERE e.occurred_at <= %(now)s AND {which}
    ORDER BY e.customer_id, e.purpose, e.channel, e.occurred_at DESC, e.id DESC
"""
QUESTIONS = (
    ("all, one purpose", "e.purpose = 'offers' AND e.channel = 'email'", 5),
    ("a thousand", "e.customer_id BETWEEN %(low)s AND %(low)s + 999", 50),
    ("one", "e.customer_id = %(low)s", 300),
)


def main(arguments: Sequence[str]) -> int:
    """Print the median of each question in both ways, and their ratio."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks consent", description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--entries", type=int, default=3_000_000)
    options = parser.parse_args(arguments)
    with scratch_database():
        _run(FILL, {"customers": options.customers, "entries": options.entries, "now": NOW})
        _run("VACUUM ANALYZE profiles_consententry, profiles_profile", {})
        print(f"{options.entries:,} statements of {options.customers:,} customers\n{BARE}")
        for label, which, times in QUESTIONS:
            ours = _median(_asking(standing_sql(which), options.customers), times)
            bare = _median(_asking(BARE.format(which=which), options.customers), times)
            print(f"{label}: {1e3 * ours:,.2f} ms, bare {1e3 * bare:,.2f} ms, {ours / bare:.2f} ×")
    return 0


def _asking(sql: str, customers: int) -> Callable[[int], None]:
    """Ask of another customer each time; only the number of granted ones comes back."""
    counted = f"SELECT count(*) FILTER (WHERE state = 'granted') FROM ({sql}) s"
    return lambda turn: _run(
        counted, {"now": NOW, "low": 1 + turn * 104_729 % max(1, customers - 1000)}
    )


def _median(ask: Callable[[int], None], times: int) -> float:
    taken = []
    for turn in range(times):
        ask(turn)  # whoever asks first would pay for pages that are not in memory
        began = time.perf_counter()
        ask(turn)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def _run(sql: str, params: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        for one in filter(str.strip, sql.split(";")):
            cursor.execute(one, params or None)
