"""The plan of a morning for many customers, beside the hand-written SQL of the same candidates.

`python -m benchmarks plan [--customers 100000] [--workers 2] [--times 2]`: in a scratch database on the server of
DATABASE_URL, filled by statements: each customer has an address, purchases of a year and habits, eight of
ten have agreed to reminders. The morning is planned by so many processes at once, each of which does what a worker
does when the clock rings; their start is counted. The baseline finds who could be reminded of what: due, agreed,
reachable, not bought since, nothing open, nothing said this week; it decides, words and stores nothing.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cxportal.settings")
django.setup()

from django.db import connection  # noqa: E402

from benchmarks._scratch import scratch_database  # noqa: E402
from campaigns.models import Delivery, PlanRun, SendingPolicy  # noqa: E402
from campaigns.services import composing, fencing, planning  # noqa: E402
from profiles.queries.company import company  # noqa: E402

NOW = datetime(2026, 3, 10, 8, tzinfo=UTC)
AIM_SECONDS_OF_A_MILLION, AIM_MEGABYTES, AIM_TWICE = 300, 1024, 2.2

FILL = """
INSERT INTO profiles_source (code, name, kind) VALUES ('bench', 'Benchmark', 'file') ON CONFLICT DO NOTHING;
INSERT INTO profiles_customer (public_id, name, search_name, language, time_zone, created_at)
SELECT gen_random_uuid(), 'Customer ' || n, 'customer ' || n, '', '', '2025-01-01'
  FROM generate_series(1, %(customers)s) n;
INSERT INTO profiles_profile (customer_id, home_customer_id, source_id, external_id)
SELECT c.id, c.id, s.id, 'C' || c.id FROM profiles_customer c, profiles_source s WHERE s.code = 'bench';
INSERT INTO profiles_identifier (kind, value, customer_id, origin_profile_id)
SELECT 'email', 'c' || p.customer_id || '@example.com', p.customer_id, p.id FROM profiles_profile p;
INSERT INTO profiles_consentwording (purpose, language, version, text)
SELECT 'reminders', 'en', 1, 'You may remind me.' ON CONFLICT DO NOTHING;
INSERT INTO profiles_consententry (customer_id, origin_profile_id, purpose, channel, state, occurred_at,
    door, actor,
    wording_id, evidence_hash)
SELECT p.customer_id, p.id, 'reminders', 'email', 'granted', '2025-01-01', 'page', 'customer',
       (SELECT min(id) FROM profiles_consentwording WHERE purpose = 'reminders'), ''
  FROM profiles_profile p WHERE p.id %% 10 < 8;
INSERT INTO profiles_category (name) SELECT 'Group ' || n FROM generate_series(1, 50) n;
INSERT INTO profiles_product (code, name, url, category_id)
SELECT 'P' || n, 'Product ' || n, '', c.id
  FROM generate_series(1, 2000) n JOIN profiles_category c ON c.name = 'Group ' || (n %% 50 + 1);
INSERT INTO profiles_purchase (source_id, external_id, customer_id, origin_profile_id, occurred_at)
SELECT p.source_id, 'O' || p.id || '-' || n, p.customer_id, p.id,
       %(now)s - make_interval(days => n * 30 + (p.id %% 30)::int)
  FROM profiles_profile p, generate_series(0, 9) n;
INSERT INTO profiles_purchaseline (purchase_id, customer_id, product_id, occurred_at, quantity, unit_price_minor)
SELECT b.id, b.customer_id, p.id, b.occurred_at, 1, 250
  FROM profiles_purchase b, generate_series(1, 2) n, LATERAL (
      SELECT id FROM profiles_product WHERE code = 'P' || ((b.customer_id * n) %% 2000 + 1)) p;
INSERT INTO profiles_habit (customer_id, product_id, purchase_days,
    first_on, last_on, rhythm_days, mu, sigma, p_active,
    expected_on, earliest_on, latest_on, remind_on, window_probability, doubt, learned_at)
SELECT h.customer_id, h.product_id, 10, h.first_on, h.last_on, 30, 3.4, 0.2, 0.9, h.last_on + 30, h.last_on + 26,
       h.last_on + 35, h.last_on + 26, 0.4 + (h.customer_id %% 50) / 100.0,
       CASE WHEN (h.customer_id + h.product_id) %% 3 = 0 THEN '' ELSE 'irregular' END, %(now)s
  FROM (SELECT customer_id, product_id, min(occurred_at)::date AS first_on, max(occurred_at)::date AS last_on
          FROM profiles_purchaseline GROUP BY 1, 2) h;
"""
BY_HAND = """
SELECT count(*) FROM profiles_habit h
  JOIN profiles_product p ON p.id = h.product_id AND p.kind = 'goods'
 WHERE h.doubt = '' AND h.remind_on <= %(today)s AND GREATEST(h.expected_on, h.remind_on + 3) >= %(today)s
   AND EXISTS (SELECT FROM profiles_identifier i
                WHERE i.customer_id = h.customer_id AND i.kind = 'email' AND i.bounced_at IS NULL)
   AND 'granted' = (SELECT e.state FROM profiles_consententry e
                     WHERE e.customer_id = h.customer_id AND e.purpose = 'reminders' AND e.channel = 'email'
                     ORDER BY e.occurred_at DESC, e.id DESC LIMIT 1)
   AND NOT EXISTS (SELECT FROM profiles_purchaseline l
                    WHERE l.customer_id = h.customer_id AND l.product_id = h.product_id
                      AND l.occurred_at >= h.last_on + 1)
   AND NOT EXISTS (SELECT FROM feedback_case c WHERE c.customer_id = h.customer_id AND c.state = 'open')
   AND NOT EXISTS (SELECT FROM campaigns_delivery d
                    WHERE d.customer_id = h.customer_id AND d.due_at > %(now)s - interval '7 days')
"""


@dataclass(frozen=True)
class Measured:
    """One size: seconds of the plan and of the SQL by hand, who was spoken to, and the largest worker."""

    customers: int
    seconds: float
    by_hand: float
    spoken: int
    megabytes: float


def main(arguments: list[str]) -> int:
    """Measure, and print a table; 1 when an aim, brought down to the size measured, was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks plan", description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--times", type=int, default=1, help="also so many times the customers")
    parser.add_argument("--as-worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.as_worker:
        planning.plan_morning(now=NOW)
        return 0
    print(
        f"baseline:{BY_HAND}\n customers   plan s   by hand s   ratio    spoken   largest worker MB"
    )
    once = _measured(options.customers, options.workers)
    twice = (
        _measured(options.customers * options.times, options.workers) if options.times > 1 else None
    )
    aim = AIM_SECONDS_OF_A_MILLION * once.customers / 1_000_000
    reached = once.seconds <= aim and once.megabytes <= AIM_MEGABYTES
    if twice:
        growth = twice.seconds / once.seconds
        print(f"{options.times} times the customers take {growth:.2f} times the time")
        reached = reached and (options.times != 2 or growth <= AIM_TWICE)
    return 0 if reached else 1


def _measured(customers: int, workers: int) -> Measured:
    with scratch_database() as url:
        _fill(customers)
        connection.close()
        began = time.perf_counter()
        command = [sys.executable, "-m", "benchmarks", "plan", "--as-worker"]
        planning._laid_out(NOW)  # as the first worker does; the others find the batches
        environment = os.environ | {"DATABASE_URL": url, "LOG_LEVEL": "WARNING"}
        running = [subprocess.Popen(command, env=environment) for _ in range(workers)]
        if any(each.wait() for each in running):
            sys.exit("a worker failed")
        seconds = time.perf_counter() - began
        run = PlanRun.objects.get()
        assert run.state == "done", run.state
        spoken = Delivery.objects.count()
        Delivery.objects.all().delete()  # else nobody is left for the SQL by hand
        began = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute(BY_HAND, {"today": NOW.date(), "now": NOW})
            cursor.fetchone()
        by_hand = time.perf_counter() - began
        connection.close()
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"{customers:>10,} {seconds:>8.1f} {by_hand:>11.1f} {seconds / by_hand:>7.1f} {spoken:>9,} {peak:>19.0f}",
        flush=True,
    )
    return Measured(customers, seconds, by_hand, spoken, peak)


def _fill(customers: int) -> None:
    company()
    composing.ensure_defaults()
    fencing.adopt_new_database()
    SendingPolicy.objects.update(control_share=0.1)
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"customers": customers, "now": NOW})
        cursor.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
