"""Measurements of this machine: seconds per model call by picture area, and the faster precision. Loads no torch.

They are stored in the user's cache folder, so that the first estimate after start-up is right.
"""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

from sdedit_studio import cache

_MEMORY = 0.5
"""The weight of the old value against a new measurement. The first call at a size is slow, and soon outweighed."""


class Measured:
    """Measurements per model, for this machine and `threads` CPU threads. One thread writes while others read.

    `path`: the JSON file, by default in the user's cache folder. A file that cannot be read or written is ignored.
    """

    def __init__(self, threads: int, path: Path | None = None) -> None:
        self.threads = threads
        self._path = path or cache.folder() / "measured.json"
        self._figures = _read(self._path)

    def call_seconds(self, model: str, pixels: int) -> float | None:
        """Seconds of one model call on `pixels` pixels, scaled by area from the nearest known size, or None."""
        known = self._calls(model)
        if not known:
            return None
        nearest = min(known, key=lambda size: max(int(size) / pixels, pixels / int(size)))
        return known[nearest] * pixels / int(nearest)

    def learn(self, model: str, pixels: int, seconds: float) -> None:
        """Record that a model call on `pixels` pixels took `seconds`."""
        known, size = self._calls(model), str(pixels)
        learnt = _MEMORY * known[size] + (1 - _MEMORY) * seconds if size in known else seconds
        self._note(model, self._calls_key, known | {size: learnt})

    def precision(self, model: str) -> str | None:
        """The faster precision, "float32" or "bfloat16"; None until compared."""
        return self._entry(model).get("precision")

    def set_precision(self, model: str, precision: str) -> None:
        self._note(model, "precision", precision)

    def save(self) -> None:
        """Write the file, if the cache folder can be written."""
        cache.keep(self._path, json.dumps(self._figures, indent=1).encode())

    @property
    def _calls_key(self) -> str:
        return f"calls, {self.threads} threads"

    def _calls(self, model: str) -> dict[str, float]:
        return self._entry(model).get(self._calls_key, {})

    def _entry(self, model: str) -> dict[str, Any]:
        entry = self._figures.get(_on_this_machine(model))
        return entry if isinstance(entry, dict) else {}

    def _note(self, model: str, key: str, value: Any) -> None:
        """Replace the whole table, so that readers on other threads always see a consistent one."""
        self._figures = self._figures | {_on_this_machine(model): self._entry(model) | {key: value}}


def _on_this_machine(model: str) -> str:
    """The key of a model; a home folder may be shared between machines."""
    return f"{model} on {platform.node()}"


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        figures = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return figures if isinstance(figures, dict) else {}
