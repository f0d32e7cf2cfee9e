"""Everything of a person in one file: once for machines, once for themselves.

The file is written row by row, so that a long history needs no more memory than a short one.
Source: GDPR, articles 15 and 20.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.template.loader import render_to_string

from cxportal.lib.registry import Holding, Mention, registry
from profiles.models import PrivacyRequest
from profiles.queries.company import company
from profiles.queries.people import component, held, mentioning, traces_of
from profiles.rules.names import PrivacyRequestKind
from profiles.services import privacy_requests

KEPT_FOR = timedelta(days=7)
VERSION = 1
_ROWS_AT_ONCE = 500
# What an export need not say of a row in words of the database.
_PLAIN = {"external_id": "number", "public_id": "key", "minor": "in cents"}


@dataclass(frozen=True)
class Section:
    """One table of an export: its columns with their labels, and its rows."""

    kind: str
    label: str
    columns: dict[str, str]
    rows: Iterable[Sequence[Any]]


def run_next(*, now: datetime) -> bool:
    """Write the export that waits longest; False where none does."""
    request = privacy_requests.claim_next(kind=PrivacyRequestKind.EXPORT)
    if request is None:
        return False
    path = _path(request)
    try:
        write(customer_id=request.customer_id, path=path, now=now)
    except Exception:
        path.unlink(missing_ok=True)
        privacy_requests.put_off(request=request, code="our_error")
        raise
    if not privacy_requests.finish(
        request=request, now=now, path=str(path), expires_at=now + KEPT_FOR
    ):
        path.unlink(missing_ok=True)
    return True


def _path(request: PrivacyRequest) -> Path:
    """Where one attempt writes: another worker writes beside it, not into it."""
    folder = Path(settings.EXPORT_DIR)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / f"{request.public_id}-{request.attempts}.zip"


def write(*, customer_id: int, path: Path, now: datetime) -> None:
    """Write all that is held of a person, and of the profiles merged into them, as a zip."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with (
        os.fdopen(descriptor, "wb") as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle,
        tempfile.TemporaryFile("w+", encoding="utf-8", dir=path.parent) as page,
    ):
        with bundle.open("data.json", "w", force_zip64=True) as raw, transaction.atomic():
            text = TextIOWrapper(raw, encoding="utf-8", write_through=True)
            _write_both(customer_id, text, page, now)
            text.detach()
        page.seek(0)
        with bundle.open("data.html", "w", force_zip64=True) as raw:
            text = TextIOWrapper(raw, encoding="utf-8", write_through=True)
            shutil.copyfileobj(page, text)
            text.detach()


def _write_both(customer_id: int, data: IO[str], page: IO[str], now: datetime) -> None:
    """Read each row once, and write it in both forms."""
    house = company()
    zone = ZoneInfo(house.time_zone)
    head = {
        "format": "personal-data",
        "version": VERSION,
        "from": house.name,
        "made_at": _plain(now),
        "time_zone": "UTC",
        "currency": house.currency,
    }
    data.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "sections": [')
    about = {"company_name": house.name, "made_at": _shown(now, zone), "zone": zone.key}
    page.write(render_to_string("profiles/export_head.html", about))
    for number, section in enumerate(sections(customer_id)):
        data.write(",\n" if number else "\n")
        _write_section(section, data, page, zone)
    data.write("]}\n")
    page.write(render_to_string("profiles/export_foot.html", about))


def _write_section(section: Section, data: IO[str], page: IO[str], zone: ZoneInfo) -> None:
    head = {"kind": section.kind, "label": section.label, "columns": section.columns}
    data.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "rows": [')
    count = 0
    for row in section.rows:
        if not count:
            page.write(render_to_string("profiles/export_section.html", {"section": section}))
        values = dict(zip(section.columns, map(_plain, row), strict=True))
        data.write((",\n" if count else "\n") + json.dumps(values, ensure_ascii=False))
        cells = [_shown(value, zone) for value in row]
        page.write(render_to_string("profiles/export_row.html", {"cells": cells}))
        count += 1
    data.write("]}")
    if count:
        page.write("</tbody></table></div></section>\n")


# --- what is in it --------------------------------------------------------------------------------


def sections(customer_id: int) -> Iterator[Section]:
    """All that is held of a person, table by table, in the order of registration."""
    ids = component(customer_id)
    traces = traces_of(ids)
    for holding in registry.holdings.values():
        if holding.shown:
            yield _section(holding, held(holding, ids, with_near=True))
    for mention in registry.mentions.values():
        if mention.shown:
            yield _section(mention, mentioning(mention, traces))


def _section(of: Holding | Mention, rows: models.QuerySet[Any]) -> Section:
    ordered = rows.order_by("pk").values_list(*of.shown, "pk")
    return Section(
        of.model,
        of.label,
        _labels(of),
        (row[:-1] for row in ordered.iterator(chunk_size=_ROWS_AT_ONCE)),
    )


def _labels(of: Holding | Mention) -> dict[str, str]:
    return {column: _label(apps.get_model(of.model), column) for column in of.shown}


def _label(model: type[models.Model], path: str) -> str:
    """Name a column in words: the row that a key leads to by the key, a value by itself."""
    *keys, last = path.split("__")
    field: Any = None
    for key in keys:
        field = model._meta.get_field(key)
        model = field.related_model
    if field is not None and last in {"name", "text", "code"}:
        return str(field.verbose_name)
    words = str(model._meta.get_field(last).verbose_name)  # type: ignore[union-attr]
    plain = _PLAIN.get(last, words)
    return plain.replace("minor", _PLAIN["minor"])


def _plain(value: Any) -> Any:
    """A value as JSON has it: times in UTC, numbers that must be exact as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    return value


def _shown(value: Any, zone: ZoneInfo) -> str:
    """A value as people read it."""
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%-d %B %Y, %H:%M}"
    if isinstance(value, date):
        return f"{value:%-d %B %Y}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_shown(one, zone)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_shown(one, zone) for one in value)
    return "" if value is None else str(value)


# --- the files ------------------------------------------------------------------------------------


def forget(*, customer_ids: Sequence[int], now: datetime) -> list[str]:
    """End the exports of people who are erased; return their files, to be removed once that is committed."""
    theirs = PrivacyRequest.objects.filter(
        customer_id__in=customer_ids, kind=PrivacyRequestKind.EXPORT
    )
    paths = [path for path in theirs.values_list("path", flat=True) if path]
    theirs.filter(done_at=None).update(done_at=now, error="erased")
    theirs.update(path="", expires_at=now)
    return paths


def remove(paths: Iterable[str]) -> None:
    """Delete export files; what lies elsewhere is not touched."""
    for path in map(Path, paths):
        if path.is_relative_to(settings.EXPORT_DIR):
            path.unlink(missing_ok=True)


def remove_expired(*, now: datetime) -> int:
    """Delete the files of exports whose link has expired, and what broken-off attempts left; how many."""
    over = PrivacyRequest.objects.filter(expires_at__lte=now).exclude(path="")
    paths = list(over.values_list("path", flat=True))
    remove(paths)
    over.filter(path__in=paths).update(path="")
    return len(paths) + _remove_left(now)


def _remove_left(now: datetime) -> int:
    folder = Path(settings.EXPORT_DIR)
    needed = set(PrivacyRequest.objects.exclude(path="").values_list("path", flat=True))
    before = (now - KEPT_FOR).timestamp()
    files = folder.glob("*.zip") if folder.is_dir() else ()
    left = [f for f in files if str(f) not in needed and f.stat().st_mtime < before]
    remove(map(str, left))
    return len(left)
