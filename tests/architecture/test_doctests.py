"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


def modules_with_examples() -> list[str]:
    """Name every module of the product that shows an example."""
    found = []
    for part in ("benchmarks", "campaigns", "cxportal", "feedback", "loyalty", "profiles"):
        for path in sorted((PROJECT / part).rglob("*.py")):
            if ">>> " in path.read_text():
                found.append(".".join(path.relative_to(PROJECT).with_suffix("").parts))
    return found


def test_there_are_examples():
    assert len(modules_with_examples()) > 10


@pytest.mark.parametrize("name", modules_with_examples())
def test_examples_are_true(name):
    result = doctest.testmod(importlib.import_module(name))
    assert not result.failed
