"""Looks into the folders that files are brought to, and never out of them.

Every step of the way is opened by itself below the one before, and no link is followed, so that neither ``..``
nor a link that somebody lays in the meantime leads elsewhere. Files stay where they are.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import IO

from django.conf import settings

from cxportal.lib.errors import DomainError

_PIECE = 1024 * 1024
#: So many folders are offered, this deep.
_OFFERED, _DEPTH = 200, 4


class FolderError(DomainError):
    """The folder cannot be looked into; the message says why and what to do."""

    code = "import_folder"


@dataclass(frozen=True)
class Seen:
    """A file as it stands in its folder; ``name`` is written so that it can be stored and shown."""

    name: str
    raw_name: str
    size: int
    modified_ns: int

    @property
    def stamp(self) -> tuple[str, int, int]:
        return self.name, self.size, self.modified_ns


class StillWritten(FolderError):
    """The file changed while it was copied."""

    code = "still_written"


def root() -> Path | None:
    """The folder that all others must be below, or None where imports from folders are not switched on."""
    return Path(settings.IMPORT_FOLDER) if settings.IMPORT_FOLDER else None


def checked_folder(text: str) -> str:
    """Return a folder below the root as it is stored: "till/nightly", or "." for the root itself.

    Raises:
        FolderError: it leads elsewhere, or cannot be opened.
    """
    parts = PurePosixPath(text.strip().replace("\\", "/") or ".")
    if parts.is_absolute() or ".." in parts.parts or "\0" in text:
        raise FolderError("Name a folder below the one of the setting IMPORT_FOLDER: till/nightly.")
    with _opened(str(parts)):
        return str(parts)


def offered_folders() -> list[str]:
    """Folders below the root to choose from, the first two hundred in order of name."""
    top = root()
    found = ["."] if top and top.is_dir() else []
    for path, folders, _ in os.walk(top) if top else ():
        deep = PurePosixPath(Path(path).relative_to(top or path).as_posix())
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if len(deep.parts) >= _DEPTH or len(found) >= _OFFERED:
            folders.clear()
        found += [str(deep / name) for name in folders if not Path(path, name).is_symlink()]
    return sorted(map(storable, found))[:_OFFERED]


def files_in(folder: str, pattern: str) -> list[Seen]:
    """List the files of a folder whose names match, in order of name; links and hidden files are none.

    Raises:
        FolderError
    """
    found = []
    with _opened(folder) as handle, _said("read"), os.scandir(handle) as entries:
        for entry in entries:
            if entry.name.startswith(".") or not fnmatchcase(entry.name.lower(), pattern.lower()):
                continue
            with suppress(FileNotFoundError):
                if entry.is_file(follow_symlinks=False):
                    found.append(_seen(entry.name, entry.stat(follow_symlinks=False)))
    return sorted(found, key=lambda seen: seen.name)


def copy(folder: str, seen: Seen, into: IO[bytes], *, keep: Callable[[], object]) -> str:
    """Write a file into another; return its SHA-256. ``keep`` is called between pieces.

    Raises:
        StillWritten: it is not any more as it was seen. FolderError: it cannot be read, or is too large.
    """
    digest = hashlib.sha256()
    if seen.size > settings.ORDER_FILE_MAX_BYTES:
        most = settings.ORDER_FILE_MAX_BYTES // 1024**2
        raise FolderError(f"The file is larger than {most} MB. Have it written in parts.")
    with _opened(folder) as handle, _file(seen, handle) as file:
        size = 0
        while piece := file.read(_PIECE):
            size += len(piece)
            if size > seen.size:
                break
            digest.update(piece)
            into.write(piece)
            keep()
        if size != seen.size or _seen(seen.raw_name, os.fstat(file.fileno())) != seen:
            raise StillWritten("The file changed while it was read.")
    into.flush()
    return digest.hexdigest()


@contextmanager
def _file(seen: Seen, folder: int) -> Iterator[IO[bytes]]:
    with _said("read"):
        # A pipe of this name must not hold the worker until somebody writes into it.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            handle = os.open(seen.raw_name, flags, dir_fd=folder)
        except FileNotFoundError as error:
            raise StillWritten("The file was taken away.") from error
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise StillWritten("The file is none any more.")
            yield file


def _seen(name: str, state: os.stat_result) -> Seen:
    return Seen(storable(name), name, state.st_size, state.st_mtime_ns)


def storable(name: str) -> str:
    """A name in letters that can be stored and shown."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)[:255]


@contextmanager
def _opened(folder: str) -> Iterator[int]:
    """Open a folder below the root, one step after the other."""
    top = root()
    if top is None:
        raise FolderError(
            "Imports from folders are switched off: the setting IMPORT_FOLDER is empty."
        )
    with _said("opened"):
        handle = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for part in PurePosixPath(folder).parts:
                below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=handle)
                os.close(handle)
                handle = below
            yield handle
        finally:
            os.close(handle)


@contextmanager
def _said(what: str) -> Iterator[None]:
    """Say in words what the system answers."""
    try:
        yield
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else "unknown error"
        raise FolderError(
            f"The folder or a file in it cannot be {what}: {why}. It must be there for the worker, below the"
            " folder of the setting IMPORT_FOLDER, and no link."
        ) from error
