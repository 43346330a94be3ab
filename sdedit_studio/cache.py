"""The user's cache folder, for files that can be made again at any time."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from platformdirs import user_cache_path


def folder() -> Path:
    """The cache folder, which need not exist."""
    return user_cache_path("sdedit-studio", appauthor=False)


def keep(path: Path, data: bytes) -> None:
    """Write `data` to `path` atomically. Does nothing where the folder cannot be written."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
