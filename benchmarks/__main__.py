"""Run a benchmark by name: `python -m benchmarks NAME ...`; without a name, list them.

A benchmark is a module of this package with `main(arguments) -> exit code`. It takes the path of
its data, prints what it measured beside a named baseline, and is never part of the tests.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path


def names() -> list[str]:
    found = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return sorted(name for name in found if not name.startswith("_"))


def main(arguments: list[str]) -> int:
    """Hand over to the benchmark that is named first; 2 for a name that is not there."""
    if not arguments or arguments[0] in {"-h", "--help"}:
        print("usage: python -m benchmarks NAME ...\nnames: " + ", ".join(names()))
        return 0 if arguments else 2
    name, *rest = arguments
    if name not in names():
        print(f"no benchmark {name!r}; there are: " + ", ".join(names()), file=sys.stderr)
        return 2
    return int(importlib.import_module(f"benchmarks.{name}").main(rest))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
