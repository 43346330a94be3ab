"""Writing files atomically: at any moment a file is either the old one or the new one."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from sdedit_studio.files.problem import FileProblem, because


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, which replaces `path` at the end of the block, and is deleted if the block raises.

    A link is followed, and an existing file keeps its permissions. Raises FileProblem when the system refuses.
    """
    target = path.resolve()
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent)
    except OSError as error:
        raise _problem(path, error) from error
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(descriptor)
        part.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
        part.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        raise _problem(path, error) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def write(path: Path, data: bytes) -> None:
    """Replace the content of a file at once. Raises FileProblem when the system refuses."""
    with writing(path) as file:
        file.write(data)


def _problem(path: Path, error: OSError) -> FileProblem:
    return FileProblem(f"{path.name} could not be saved: {because(error)}")


def _umask() -> int:
    # The only portable way to read it is to set it; a file made meanwhile elsewhere is private, never too open.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut. Windows has no such call and needs none."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    with suppress(OSError):  # some network disks refuse; the file is in place all the same
        os.fsync(descriptor)
    os.close(descriptor)
