"""Predictions of the production code for the cases of an outside scorer.

`predict till` answers, at each purchase of a (customer, item) pair, when the next one is due, on
which day to remind, and how sure that is; `predict morning` how likely each pair is bought within
the week; `predict basket` what is in a customer's next basket. Shop-wide figures are fitted on the
days before T0, or before the day asked about; of each customer only what the case allows is known.
Needs neither Django nor a database.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path

from benchmarks import _basket, _morning, _till
from benchmarks._orders import Orders, read_cases, read_orders


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks predict", description=__doc__)
    parser.add_argument("what", choices=list(_ANSWERS))
    parser.add_argument("--orders", type=Path, required=True)
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--item", choices=["product_id", "category"], default="product_id")
    parser.add_argument("--t0", type=int, default=243, help="day of the file, counted from 0")
    asked = parser.parse_args(arguments)
    start, work = time.perf_counter(), time.process_time()
    answered = _ANSWERS[asked.what](read_orders(asked.orders, asked.item), asked)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{answered} cases, {time.perf_counter() - start:.1f} s"
        f" ({time.process_time() - work:.1f} s of processor), {peak:.0f} MB at most"
    )
    print(
        f"score: score.py {asked.what} {asked.orders} {asked.out} --item {asked.item} --t0 {asked.t0}"
    )
    return 0


def _till_answers(orders: Orders, asked: argparse.Namespace) -> int:
    cases = read_cases(asked.cases, orders)
    _till.write(asked.out, cases, _till.till(orders, cases, asked.t0), orders.first)
    return len(cases.on)


def _morning_answers(orders: Orders, asked: argparse.Namespace) -> int:
    cases = read_cases(asked.cases, orders)
    _morning.write(asked.out, cases, _morning.morning(orders, cases))
    return len(cases.on)


def _basket_answers(orders: Orders, asked: argparse.Namespace) -> int:
    cases = read_cases(asked.cases, orders, day="before")
    _basket.write(asked.out, cases, orders, _basket.foretell(orders, cases))
    return len(cases.on)


_ANSWERS = {"till": _till_answers, "morning": _morning_answers, "basket": _basket_answers}
