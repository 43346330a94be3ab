"""The tips of the brush, the eraser and the smudge tool, and how all of them are guided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from sdedit_studio.raster.brush import Brush

SMALLEST, LARGEST = 1.0, 1000.0

DEFAULTS = {
    "brush": Brush(size=40.0, hardness=0.6),
    "eraser": Brush(size=64.0, hardness=0.6),
    "smudge": Brush(size=64.0, opacity=0.9, hardness=0.4, flow=0.7, size_pressure=False, opacity_pressure=True),
}
"""By the id of the tool."""


class Brushes(QObject):
    """One tip for each of the tools in `DEFAULTS`, and two things they share.

    `mirror`: strokes are painted on both sides of the canvas's vertical middle line. `stabiliser`: 0 .. 1, how far a
    stroke trails the pointer. `changed()`: something here reads differently now.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._tips = dict(DEFAULTS)
        self._mirror = False
        self._stabiliser = 0.0

    def __getitem__(self, tool: str) -> Brush:
        return self._tips[tool]

    def change(self, tool: str, **changes: Any) -> None:
        """Change fields of a tip; numbers are held within their ranges."""
        held = {name: _held(name, value) for name, value in changes.items()}
        tip = replace(self._tips[tool], **held)
        if tip != self._tips[tool]:
            self._tips[tool] = tip
            self.changed.emit()

    @property
    def mirror(self) -> bool:
        return self._mirror

    def set_mirror(self, mirror: bool) -> None:
        if mirror != self._mirror:
            self._mirror = mirror
            self.changed.emit()

    @property
    def stabiliser(self) -> float:
        return self._stabiliser

    def set_stabiliser(self, stabiliser: float) -> None:
        stabiliser = min(1.0, max(0.0, stabiliser))
        if stabiliser != self._stabiliser:
            self._stabiliser = stabiliser
            self.changed.emit()

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, for the preferences."""
        tips = {tool: asdict(tip) for tool, tip in self._tips.items()}
        return {"tips": tips, "mirror": self._mirror, "stabiliser": self._stabiliser}

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Take what `as_dict` gave; what cannot be read keeps its value."""
        if isinstance(tips := stored.get("tips"), dict):
            self._tips = {tool: _read(tips.get(tool), tip) for tool, tip in self._tips.items()}
        self._mirror = stored.get("mirror") is True
        if isinstance(stabiliser := stored.get("stabiliser"), int | float):
            self._stabiliser = min(1.0, max(0.0, float(stabiliser)))
        self.changed.emit()


def _held(name: str, value: Any) -> Any:
    if isinstance(value, bool):
        return value
    return min(LARGEST, max(SMALLEST, value)) if name == "size" else min(1.0, max(0.0, value))


def _read(stored: object, default: Brush) -> Brush:
    if not isinstance(stored, dict):
        return default
    known = {field.name: stored.get(field.name) for field in fields(Brush)}
    readable = {
        name: _held(name, value)
        for name, value in known.items()
        if isinstance(value, bool) == isinstance(getattr(default, name), bool) and isinstance(value, int | float)
    }
    return replace(default, **readable)
