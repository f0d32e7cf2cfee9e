"""Folders that files are brought to: listed and read, and nothing beside them."""

from __future__ import annotations

import io
import os
from hashlib import sha256
from pathlib import Path

import pytest

from profiles.services import import_folders
from profiles.services.import_folders import FolderError, Seen, StillWritten


@pytest.fixture
def root(tmp_path, settings) -> Path:
    top = tmp_path / "imports"
    (top / "till" / "nightly").mkdir(parents=True)
    settings.IMPORT_FOLDER = str(top)
    (tmp_path / "secret.csv").write_text("secret")
    return top


def names(folder: str = "till", pattern: str = "*.csv") -> list[str]:
    return [seen.name for seen in import_folders.files_in(folder, pattern)]


def copied(folder: str, seen: Seen) -> bytes:
    into = io.BytesIO()
    digest = import_folders.copy(folder, seen, into, keep=lambda: None)
    assert digest == sha256(into.getvalue()).hexdigest()
    return into.getvalue()


def test_files_are_listed_by_name_and_read(root):
    for name in ("b.csv", "a.CSV", "c.txt", ".hidden.csv"):
        (root / "till" / name).write_text(name)
    (root / "till" / "folder.csv").mkdir()
    assert names() == ["a.CSV", "b.csv"]
    seen = import_folders.files_in("till", "b.*")[0]
    assert (seen.size, copied("till", seen)) == (5, b"b.csv")
    assert (root / "till" / "b.csv").exists()


@pytest.mark.parametrize(
    "folder", ["..", "../x", "till/../..", "/etc", "till/../../etc", "~/../.."]
)
def test_no_folder_above_or_beside_can_be_named(root, folder):
    with pytest.raises(FolderError):
        import_folders.checked_folder(folder)


@pytest.mark.parametrize(
    ("text", "stored"),
    [("", "."), (" . ", "."), ("till/nightly/", "till/nightly"), ("till\\nightly", "till/nightly")],
)
def test_a_folder_is_stored_in_one_way(root, text, stored):
    assert import_folders.checked_folder(text) == stored


def test_a_stored_path_that_leads_out_is_not_opened(root):
    """Whatever wrote it there: the way is walked, not believed."""
    (root / "till" / "up").symlink_to(root.parent)
    for folder in ("till/up", "till/up/imports/till"):
        with pytest.raises(FolderError, match="no link"):
            names(folder)


def test_a_folder_that_is_a_link_is_not_followed(root, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.csv").write_text("secret")
    (root / "linked").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FolderError):
        names("linked")
    with pytest.raises(FolderError):
        import_folders.checked_folder("linked")
    assert "linked" not in import_folders.offered_folders()


def test_a_file_that_is_a_link_is_none(root, tmp_path):
    (root / "till" / "a.csv").symlink_to(tmp_path / "secret.csv")
    assert names() == []


def test_a_file_that_became_a_link_meanwhile_is_not_read(root, tmp_path):
    path = root / "till" / "a.csv"
    path.write_text("secret")  # as long as what the link leads to
    seen = import_folders.files_in("till", "*.csv")[0]
    path.unlink()
    path.symlink_to(tmp_path / "secret.csv")
    into = io.BytesIO()
    with pytest.raises(FolderError):
        import_folders.copy("till", seen, into, keep=lambda: None)
    assert into.getvalue() == b""


def test_a_folder_that_became_a_link_meanwhile_is_not_read(root, tmp_path):
    (root / "till" / "secret.csv").write_text("public")
    seen = import_folders.files_in("till", "*.csv")[0]
    (root / "till").rename(root / "gone")
    (root / "till").symlink_to(tmp_path)
    with pytest.raises(FolderError):
        copied("till", seen)


def test_a_pipe_holds_nobody_up(root):
    os.mkfifo(root / "till" / "a.csv")
    assert names() == []
    with pytest.raises(StillWritten):
        copied("till", Seen("a.csv", "a.csv", 0, 0))


@pytest.mark.parametrize("content", ["longer than before", "x", "other"])
def test_a_file_that_changed_since_it_was_seen_is_not_taken(root, content):
    path = root / "till" / "a.csv"
    path.write_text("first")
    os.utime(path, ns=(1, 1))
    seen = import_folders.files_in("till", "*.csv")[0]
    path.write_text(content)
    with pytest.raises(StillWritten):
        copied("till", seen)


def test_a_file_that_was_taken_away_is_none(root):
    path = root / "till" / "a.csv"
    path.write_text("first")
    seen = import_folders.files_in("till", "*.csv")[0]
    path.unlink()
    with pytest.raises(StillWritten):
        copied("till", seen)


def test_a_file_over_the_limit_is_not_read(root, settings):
    settings.ORDER_FILE_MAX_BYTES = 4
    (root / "till" / "a.csv").write_text("first")
    with pytest.raises(FolderError, match="larger than"):
        copied("till", import_folders.files_in("till", "*.csv")[0])


def test_a_name_that_cannot_be_stored_is_written_so_that_it_can(root):
    Path(os.fsdecode(os.fsencode(root / "till") + b"/a\xff\n.csv")).write_text("rows")
    seen = import_folders.files_in("till", "*.csv")[0]
    assert seen.name == "a??.csv"
    assert copied("till", seen) == b"rows"


def test_folders_are_offered_and_hidden_ones_are_not(root):
    (root / ".git" / "objects").mkdir(parents=True)
    assert import_folders.offered_folders() == [".", "till", "till/nightly"]


def test_without_the_setting_nothing_is_looked_into(root, settings):
    settings.IMPORT_FOLDER = ""
    assert import_folders.root() is None
    assert import_folders.offered_folders() == []
    with pytest.raises(FolderError, match="IMPORT_FOLDER is empty"):
        names()
