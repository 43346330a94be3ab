"""Reading untrusted zip files. Nothing is unpacked onto the disk."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Self

from sdedit_studio.files.problem import FileProblem, because

_LARGEST = 2**30
"""Bytes of one unpacked entry."""

_MOST = 10_000
"""Entries."""


class Archive:
    """A zip file, open for reading; use it in a `with` block. All methods raise FileProblem."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        try:
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            raise FileProblem(f"{path.name} could not be opened: {because(error)}") from error
        except Exception as error:  # BadZipFile, and whatever else damaged directories lead to
            raise self.damaged("it is cut off or not a zip file") from error
        if len(self._zip.infolist()) > _MOST:
            raise self.damaged("it has too many entries")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def damaged(self, what: str) -> FileProblem:
        """The FileProblem of this file; `what`: the reason."""
        return FileProblem(f"{self.name} is damaged and could not be opened: {what}. Try another copy of it.")

    def __contains__(self, name: str) -> bool:
        return name in self._zip.NameToInfo

    def read(self, name: str) -> bytes:
        """The unpacked bytes of an entry."""
        if name.startswith(("/", "\\")) or ".." in PurePosixPath(name.replace("\\", "/")).parts:
            raise self.damaged("it refers to a file outside itself")
        if name not in self:
            raise self.damaged(f"{name} is missing")
        if self._zip.getinfo(name).file_size > _LARGEST:
            raise self.damaged(f"{name} is larger than any picture")
        try:
            return self._zip.read(name)
        except (OSError, ValueError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise self.damaged(f"{name} cannot be unpacked") from error
