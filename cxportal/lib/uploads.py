"""Files that people upload, kept where workers find them."""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from uuid import uuid4

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile


def kept(upload: UploadedFile) -> Path:
    """Write an upload piece by piece under a name of our own, readable by this system user alone.

    Of the name that the browser gave only the endings stay, for ``.gz`` says how to read it.
    """
    folder = Path(settings.UPLOAD_DIR)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    endings = "".join(PurePath(upload.name or "").suffixes[-2:]).lower()
    safe = endings if endings in {".csv", ".gz", ".csv.gz", ".txt", ".tsv", ".tsv.gz"} else ""
    path = folder / f"{uuid4().hex}{safe}"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for chunk in upload.chunks():
            file.write(chunk)
    return path
