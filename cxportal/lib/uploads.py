"""Files that people upload, kept where workers find them."""

from __future__ import annotations

import os
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath
from typing import IO
from uuid import uuid4

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.core.files.uploadedfile import UploadedFile


def kept(upload: UploadedFile) -> Path:
    """Write an upload piece by piece under a name of our own, readable by this system user alone.

    Of the name that the browser gave only the endings stay, for ``.gz`` says how to read it.
    """
    with new_file(upload.name or "") as (path, file):
        for chunk in upload.chunks():
            file.write(chunk)
    return path


@contextmanager
def new_file(name: str) -> Iterator[tuple[Path, IO[bytes]]]:
    """Open a new file beside the uploads, for what comes in by another way; it goes again where that fails."""
    folder = Path(settings.UPLOAD_DIR)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    endings = "".join(PurePath(name).suffixes[-2:]).lower()
    safe = endings if endings in {".csv", ".gz", ".csv.gz", ".txt", ".tsv", ".tsv.gz"} else ""
    path = folder / f"{uuid4().hex}{safe}"
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield path, file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def forget(path: Path | str) -> None:
    """Remove an upload that nobody reads any more: it holds personal data. Other files stay."""
    if Path(path).is_relative_to(settings.UPLOAD_DIR):
        Path(path).unlink(missing_ok=True)


def forget_left(*, before: datetime, needed: Container[str]) -> int:
    """Remove uploads written before a time whose path nobody needs; return how many."""
    folder = Path(settings.UPLOAD_DIR)
    if not folder.is_dir():
        return 0
    left = [
        path
        for path in folder.iterdir()
        if path.is_file() and str(path) not in needed and path.stat().st_mtime < before.timestamp()
    ]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


@dataclass(frozen=True)
class Waiting:
    """An upload that waits for answers about it, noted in the session, so that nobody names another's."""

    path: Path
    name: str


def wait(session: SessionBase, key: str, upload: UploadedFile) -> Path:
    """Keep an upload until its answers come; the one that waited under this key before goes."""
    forget_waiting(session, key)
    path = kept(upload)
    session[key] = {"path": str(path), "name": (upload.name or "")[:200]}
    return path


def wait_instead(session: SessionBase, key: str, path: Path) -> None:
    """Let a file made of the upload wait in its place, under the same name; the upload goes."""
    noted = session[key]
    forget(noted["path"])
    session[key] = noted | {"path": str(path)}


def waiting(session: SessionBase, key: str) -> Waiting | None:
    """Return the upload that waits, unless it is gone."""
    noted = session.get(key)
    found = Waiting(Path(noted["path"]), noted["name"]) if noted else None
    return found if found and found.path.exists() else None


def forget_waiting(session: SessionBase, key: str) -> None:
    """Remove an upload whose answers never came, or that cannot be used."""
    if noted := session.pop(key, None):
        forget(noted["path"])
