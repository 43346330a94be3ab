"""What the window remembers from one start to the next: a table of settings in an INI file."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

VERSION = 1
"""Of the file. Files without a version are older, and hold the same settings."""

RECENT = 10
"""Files that are remembered."""

T = TypeVar("T")


@dataclass(frozen=True)
class Kind(Generic[T]):
    """Conversion of a type of values to and from the file. `read` raises ValueError for an invalid value."""

    read: Callable[[Any], T]
    write: Callable[[T], Any]


def _json(value: Any, type_: type) -> Any:
    decoded = json.loads(str(value))
    if not isinstance(decoded, type_):
        raise ValueError(f"not a {type_.__name__}")
    return decoded


def _bytes(value: Any) -> QByteArray:
    if not isinstance(value, QByteArray):
        raise ValueError("not bytes")
    return value


# Lists and mappings are kept as JSON, because an INI list of one comes back as a plain string.
TEXT = Kind[str](str, str)
TEXTS = Kind[list[str]](lambda value: [str(item) for item in _json(value, list)], json.dumps)
FILES = Kind[list[Path]](
    lambda value: [Path(item) for item in TEXTS.read(value)], lambda files: json.dumps([str(path) for path in files])
)
SHORTCUTS = Kind[dict[str, str]](lambda value: {name: str(key) for name, key in _json(value, dict).items()}, json.dumps)
MAPPING = Kind[dict[str, Any]](lambda value: _json(value, dict), json.dumps)
BYTES = Kind[QByteArray](_bytes, lambda value: value)


class Setting(Generic[T]):
    """One setting, read and written as an attribute of `Preferences`. `key`: its name in the file.

    A value that cannot be read counts as never set.
    """

    def __init__(self, key: str, kind: Kind[T], default: T, meaning: str) -> None:
        self.key, self.kind, self.default, self.meaning = key, kind, default, meaning
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, preferences: None, owner: type) -> Setting[T]: ...

    @overload
    def __get__(self, preferences: Preferences, owner: type) -> T: ...

    def __get__(self, preferences: Preferences | None, owner: type) -> Setting[T] | T:
        if preferences is None:
            return self
        stored = preferences._file.value(self.key)
        with suppress(ValueError):
            if stored is not None:
                return self.kind.read(stored)
        return copy(self.default)

    def __set__(self, preferences: Preferences, value: T) -> None:
        if value != self.__get__(preferences, Preferences) or not preferences._file.contains(self.key):
            preferences._file.setValue(self.key, self.kind.write(value))
            preferences.changed.emit(self.name)


class Preferences(QObject):
    """`changed(str)`: the setting of this name has another value."""

    changed = Signal(str)

    theme = Setting("theme", TEXT, "dark", "Name of the look.")
    keys = Setting("keys", SHORTCUTS, {}, "Shortcuts that differ from the defaults, by action.")
    recent = Setting("recent", FILES, [], "Files opened or saved, the last one first.")
    recent_colours = Setting("colours", TEXTS, [], "Colours painted with, as #rrggbb, the last one first.")
    brushes = Setting("brushes", MAPPING, {}, "The tips of the brushes as plain values.")
    geometry = Setting("window/geometry", BYTES, QByteArray(), "Of the window; empty when it was never closed.")
    state = Setting("window/state", BYTES, QByteArray(), "Where bars and panels lie in the window.")
    folded = Setting("window/folded", TEXTS, [], "Names of the folded panels.")
    cut = Setting("window/cut", TEXTS, [], "Names of the panels that were made lower than their content.")
    result_place = Setting("result/place", TEXT, "", "Where results show; empty when never chosen.")
    result_geometry = Setting("result/geometry", BYTES, QByteArray(), "Of the result's window; empty when never shown.")

    def __init__(self, path: Path) -> None:
        super().__init__()
        with suppress(OSError):  # where nothing can be written, nothing is remembered
            path.parent.mkdir(parents=True, exist_ok=True)
        self._file = QSettings(str(path), QSettings.Format.IniFormat)
        if self.version < VERSION:
            self._file.setValue("version", VERSION)

    @property
    def version(self) -> int:
        """Of the program's settings that wrote the file last; a newer one stays, and is read as far as it is known."""
        with suppress(ValueError):
            return int(str(self._file.value("version", 0)))
        return 0

    @property
    def first_run(self) -> bool:
        """Whether the program has never been closed with these settings."""
        return not self._file.contains(Preferences.geometry.key)

    @property
    def folder(self) -> Path:
        """Where file dialogs open: the folder of the last file."""
        return next((path.parent for path in self.recent if path.parent.is_dir()), Path.home())

    def add_recent(self, path: Path) -> None:
        path = path.absolute()
        self.recent = [path, *(known for known in self.recent if known != path)][:RECENT]

    def forget_recent(self, path: Path) -> None:
        self.recent = [known for known in self.recent if known != path]

    def sync(self) -> None:
        """Write everything to disk now."""
        self._file.sync()
