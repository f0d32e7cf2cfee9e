"""What it costs to read how much attention each customer has left, beside reading what was sent them this week.

`python -m benchmarks attention [--customers 100000] [--messages 10]`: so many customers with so many messages in
half a year, every third answered, and 40 lines of purchases each, in a scratch database on the server of
DATABASE_URL, which is dropped afterwards. Both are asked in the batches of a nightly plan.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cxportal.settings")
django.setup()

from django.db import connection  # noqa: E402

from benchmarks._scratch import scratch_database  # noqa: E402
from campaigns.queries.attention import received_by  # noqa: E402
from campaigns.services.planning import BATCH  # noqa: E402

NOW = datetime(2026, 7, 1, 5, tzinfo=UTC)
PRODUCTS = 200

_FILL = """
    INSERT INTO profiles_product (id, code, name, url)
        SELECT p, 'p' || p, 'P', '' FROM generate_series(1, PRODUCTS) p;
    INSERT INTO profiles_customer (id, public_id, name, search_name, language, time_zone)
        SELECT c, gen_random_uuid(), '', '', '', '' FROM generate_series(1, CUSTOMERS) c;
    INSERT INTO campaigns_campaign (id, code, name, moment, action, parameters, purpose)
        VALUES (1, 'reorder', 'Reorder', 'due_reorder', '', '{}', 'reminders');
    INSERT INTO campaigns_messagetemplate (id, campaign_id, version, subject, text, html)
        VALUES (1, 1, 1, '', '', '');
    INSERT INTO campaigns_moment (id, customer_id, kind, subject_id, cycle, until, seen_at)
        SELECT c * MESSAGES + m, c, 'due_reorder', 1 + (c + m) % PRODUCTS, ('NOW'::timestamptz)::date - m * 17,
            'NOW', 'NOW' FROM generate_series(1, CUSTOMERS) c, generate_series(0, MESSAGES - 1) m;
    INSERT INTO campaigns_decision (id, public_id, customer_id, moment_id, campaign_id, door, verdict, arm, worth,
            likelihood, reasons, facts, considered, decided_at)
        SELECT id, gen_random_uuid(), customer_id, id, 1, 'email', 'speak', 'treated', 0.3, 0.7, '[]', '{}', '[]',
            cycle FROM campaigns_moment;
    INSERT INTO campaigns_delivery (decision_id, customer_id, campaign_id, template_id, channel, public_id, state,
            reason, due_at, expires_at, finished_at)
        SELECT id, customer_id, 1, 1, 'email', gen_random_uuid(), 'sent', '', decided_at,
            decided_at + interval '9 days', decided_at FROM campaigns_decision;
    INSERT INTO campaigns_outcome (decision_id, customer_id, kind, door, actor, occurred_at)
        SELECT id, customer_id, 'helpful', 'email', 'customer', decided_at
        FROM campaigns_decision WHERE id % 3 = 0;
    ALTER TABLE profiles_purchaseline DISABLE TRIGGER USER;
    INSERT INTO profiles_purchaseline (purchase_id, customer_id, product_id, occurred_at, quantity,
            unit_price_minor)
        SELECT c, c, 1 + (c * 7 + n * 13) % PRODUCTS, 'NOW'::timestamptz - n * interval '5 days', 1, 100
        FROM generate_series(1, CUSTOMERS) c, generate_series(1, 40) n;
    ANALYZE
"""

_THIS_WEEK = """
    SELECT c, (SELECT count(*) FROM campaigns_delivery d WHERE d.customer_id = c AND NOT d.is_transactional
        AND d.due_at > %(now)s - interval '7 days' AND d.state IN ('planned', 'claimed', 'sent', 'uncertain'))
    FROM unnest(%(ids)s::bigint[]) c
"""


def main(arguments: list[str]) -> int:
    """Measure and print both."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks attention", description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--messages", type=int, default=10)
    options = parser.parse_args(arguments)
    with scratch_database():
        _fill(options.customers, options.messages)
        print("                 seconds  customers/s")
        for label, read in (("sent this week", _this_week), ("what came of it", _received)):
            taken = _measured(read, options.customers)
            print(f"{label:16} {taken:7.1f} {options.customers / taken:12,.0f}")
    return 0


def _fill(customers: int, messages: int) -> None:
    sizes = {
        "CUSTOMERS": customers,
        "MESSAGES": messages,
        "PRODUCTS": PRODUCTS,
        "NOW": NOW.isoformat(),
    }
    filled = _FILL
    for name, value in sizes.items():
        filled = filled.replace(name, str(value))
    with connection.cursor() as cursor:
        cursor.execute(filled)


def _measured(read: Callable[[Sequence[int]], None], customers: int) -> float:
    start = time.perf_counter()
    for first in range(1, customers + 1, BATCH):
        read(range(first, min(first + BATCH, customers + 1)))
    return time.perf_counter() - start


def _this_week(ids: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_THIS_WEEK, {"ids": list(ids), "now": NOW})
        cursor.fetchall()


def _received(ids: Sequence[int]) -> None:
    received_by(ids, NOW)
