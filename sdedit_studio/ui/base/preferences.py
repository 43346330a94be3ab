"""What the window remembers from one start to the next."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QSettings

RECENT = 10
"""Files that are remembered."""


class Preferences:
    """Settings in an INI file. A value that cannot be read counts as not set."""

    def __init__(self, path: Path) -> None:
        with suppress(OSError):  # where nothing can be written, nothing is remembered
            path.parent.mkdir(parents=True, exist_ok=True)
        self._settings = QSettings(str(path), QSettings.Format.IniFormat)

    @property
    def first_run(self) -> bool:
        """Whether the program has never been closed with these settings."""
        return not self._settings.contains("window/geometry")

    @property
    def theme(self) -> str:
        return str(self._settings.value("theme", "dark"))

    @theme.setter
    def theme(self, name: str) -> None:
        self._settings.setValue("theme", name)

    @property
    def recent(self) -> list[Path]:
        """Files opened or saved, the last one first."""
        return [Path(name) for name in self._strings("recent")]

    def add_recent(self, path: Path) -> None:
        path = path.absolute()
        others = [known for known in self.recent if known != path]
        self._store("recent", [str(path), *map(str, others)][:RECENT])

    def forget_recent(self, path: Path) -> None:
        self._store("recent", [str(known) for known in self.recent if known != path])

    @property
    def folder(self) -> Path:
        """Where file dialogs open: the folder of the last file."""
        return next((path.parent for path in self.recent if path.parent.is_dir()), Path.home())

    @property
    def keys(self) -> dict[str, str]:
        """Shortcuts that differ from the defaults, by action."""
        return {name: str(key) for name, key in self._mapping("keys").items()}

    @keys.setter
    def keys(self, keys: dict[str, str]) -> None:
        self._settings.setValue("keys", json.dumps(keys))

    @property
    def recent_colours(self) -> list[str]:
        """`#rrggbb`, the last one first."""
        return self._strings("colours")

    @recent_colours.setter
    def recent_colours(self, colours: list[str]) -> None:
        self._store("colours", colours)

    @property
    def brushes(self) -> dict[str, Any]:
        """The tips of the brushes as plain values."""
        return self._mapping("brushes")

    @brushes.setter
    def brushes(self, brushes: dict[str, Any]) -> None:
        self._settings.setValue("brushes", json.dumps(brushes))

    @property
    def folded(self) -> list[str]:
        """Names of the folded panels."""
        return self._strings("window/folded")

    @property
    def cut(self) -> list[str]:
        """Names of the panels that were made lower than their content."""
        return self._strings("window/cut")

    @property
    def result_place(self) -> str:
        """Where results show; "" when never chosen."""
        return str(self._settings.value("result/place", ""))

    @result_place.setter
    def result_place(self, place: str) -> None:
        self._settings.setValue("result/place", place)

    @property
    def result_geometry(self) -> QByteArray:
        """Of the result's own window; empty when it was never shown."""
        return self._bytes("result/geometry")

    @result_geometry.setter
    def result_geometry(self, geometry: QByteArray) -> None:
        self._settings.setValue("result/geometry", geometry)

    def layout(self) -> tuple[QByteArray, QByteArray]:
        """The window's geometry and the state of its panels; empty when never stored."""
        return self._bytes("window/geometry"), self._bytes("window/state")

    def store_layout(self, geometry: QByteArray, state: QByteArray, folded: list[str], cut: list[str]) -> None:
        self._settings.setValue("window/geometry", geometry)
        self._settings.setValue("window/state", state)
        self._store("window/folded", folded)
        self._store("window/cut", cut)

    def sync(self) -> None:
        """Write everything to disk now."""
        self._settings.sync()

    def _bytes(self, name: str) -> QByteArray:
        value = self._settings.value(name)
        return value if isinstance(value, QByteArray) else QByteArray()

    def _mapping(self, name: str) -> dict[str, Any]:
        try:
            stored = json.loads(str(self._settings.value(name, "{}")))
        except json.JSONDecodeError:
            return {}
        return stored if isinstance(stored, dict) else {}

    def _strings(self, name: str) -> list[str]:
        """A list as JSON, because an INI list of one comes back as a plain string."""
        try:
            stored = json.loads(str(self._settings.value(name, "[]")))
        except json.JSONDecodeError:
            return []
        return [str(item) for item in stored] if isinstance(stored, list) else []

    def _store(self, name: str, items: list[str]) -> None:
        self._settings.setValue(name, json.dumps(items))
