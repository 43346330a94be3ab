"""What was measured on this machine: seconds a model call takes, by picture area, and the faster precision. No torch.

Kept in the user's cache folder, so that the first estimate after start-up is right and nothing is measured twice.
"""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

from sdedit_studio import cache

_MEMORY = 0.5
"""Weight of what was known against a new measurement: the first call at a size runs long, and is forgotten in a few."""


class Measured:
    """Figures per model, for this machine and `threads` CPU threads. One thread learns while others read.

    `path`: the JSON file; by default in the user's cache folder. A file that cannot be read or written only means that
    things are measured again.
    """

    def __init__(self, threads: int, path: Path | None = None) -> None:
        self.threads = threads
        self._path = path or cache.folder() / "measured.json"
        self._figures = _read(self._path)

    def call_seconds(self, model: str, pixels: int) -> float | None:
        """Seconds of one call on a picture of `pixels`, scaled by area from the nearest size known; None when none
        is.
        """
        known = self._calls(model)
        if not known:
            return None
        nearest = min(known, key=lambda size: max(int(size) / pixels, pixels / int(size)))
        return known[nearest] * pixels / int(nearest)

    def learn(self, model: str, pixels: int, seconds: float) -> None:
        """Note that a call on a picture of `pixels` took `seconds`."""
        known, size = self._calls(model), str(pixels)
        learnt = _MEMORY * known[size] + (1 - _MEMORY) * seconds if size in known else seconds
        self._note(model, self._calls_key, known | {size: learnt})

    def precision(self, model: str) -> str | None:
        """The precision found faster, "float32" or "bfloat16"; None until compared."""
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
        """By replacing the whole table, so that readers on another thread always see a finished one."""
        self._figures = self._figures | {_on_this_machine(model): self._entry(model) | {key: value}}


def _on_this_machine(model: str) -> str:
    """A home folder may be shared between machines."""
    return f"{model} on {platform.node()}"


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        figures = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return figures if isinstance(figures, dict) else {}
