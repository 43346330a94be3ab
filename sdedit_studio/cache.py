"""Files that can be made again at any time, in the user's cache folder."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from platformdirs import user_cache_path


def folder() -> Path:
    """Where they are kept; it need not exist."""
    return user_cache_path("sdedit-studio", appauthor=False)


def keep(path: Path, data: bytes) -> None:
    """Write the file whole or not at all; a folder that cannot be written is no problem worth telling."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
