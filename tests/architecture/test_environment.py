"""Every name that is read from the environment stands in .env.example with a comment."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
# What Python and Django read by themselves.
FOREIGN = {"DJANGO_SETTINGS_MODULE", "PYTHONUNBUFFERED"}


def names_read():
    read = re.compile(r"""(?:env\.\w+\(|environ\.get\(|environ\[)\s*["']([A-Z][A-Z_]+)["']""")
    for path in ROOT.joinpath("cxportal").rglob("*.py"):
        yield from read.findall(path.read_text())


def example():
    return ROOT.joinpath(".env.example").read_text().splitlines()


def names_listed():
    return {line.split("=")[0] for line in example() if line and not line.startswith("#")}


def test_every_name_that_is_read_is_listed():
    read = {name.removesuffix("_FILE") for name in names_read()} - FOREIGN
    assert read - names_listed() == set()


def test_every_name_that_is_listed_is_read():
    assert names_listed() - set(names_read()) == set()


def test_every_name_has_a_comment_above_it():
    lines = example()
    bare = [
        line
        for above, line in pairwise(lines)
        if line and not line.startswith("#") and not above.startswith("# ")
    ]
    assert bare == []
