"""OpenRaster's `stack.xml`: the canvas and its layers, without their pixels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import isfinite
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from sdedit_studio.files import markup
from sdedit_studio.raster.blend import BlendMode

_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot hold."""

_OPERATORS = {mode: f"svg:{mode}" for mode in BlendMode} | {BlendMode.EXCLUSION: "krita:exclusion"}
"""Names of the blend modes. OpenRaster itself has no exclusion, and Krita knows its own name only."""

_MODES = {operator: mode for mode, operator in _OPERATORS.items()} | {"svg:exclusion": BlendMode.EXCLUSION}

_MOST = 2000
"""Layers that are read."""

_FARTHEST = 10**6
"""Pixels that a layer may lie from the corner of the canvas."""


@dataclass(frozen=True)
class Entry:
    """One layer: its name, its picture inside the archive, and how it is placed and combined."""

    name: str
    src: str
    x: int
    y: int
    opacity: float
    visible: bool
    mode: BlendMode
    selected: bool


@dataclass
class Stack:
    """A canvas of `width` x `height` under `entries`, bottom first. `notes`: what could not be kept in reading it."""

    width: int
    height: int
    entries: Sequence[Entry]
    notes: list[str] = field(default_factory=list)


def write(stack: Stack) -> bytes:
    """The XML of a stack."""
    root = Element("image", {"version": "0.0.3", "w": str(stack.width), "h": str(stack.height)})
    parent = SubElement(root, "stack")
    for entry in reversed(stack.entries):
        SubElement(
            parent,
            "layer",
            {
                "name": _UNWRITABLE.sub("", entry.name),
                "src": entry.src,
                "x": str(entry.x),
                "y": str(entry.y),
                "opacity": repr(float(entry.opacity)),
                "visibility": "visible" if entry.visible else "hidden",
                "composite-op": _OPERATORS[entry.mode],
                **({"selected": "true"} if entry.selected else {}),
            },
        )
    indent(root)
    return tostring(root, encoding="UTF-8", xml_declaration=True)


def read(data: bytes) -> Stack:
    """The stack in an XML file, with groups opened into their layers. Raises ValueError when it is damaged.

    A group's opacity and visibility pass to its layers. Blend modes that are not among the W3C's become Normal.
    """
    root = markup.parse(data)
    top = root.find("stack")
    if root.tag != "image" or top is None:
        raise ValueError("It has no layer stack.")
    reader = _Reader()
    entries = list(reader.entries(top, 1.0, True))
    if len(entries) > _MOST:
        raise ValueError(f"It has more than {_MOST} layers.")
    return Stack(_integer(root.get("w")), _integer(root.get("h")), entries[::-1], list(reader.notes()))


class _Reader:
    """Walks a stack, top layer first, and counts what the studio cannot represent."""

    def __init__(self) -> None:
        self.groups = self.group_modes = self.unknown_modes = self.left_out = 0

    def entries(self, stack: Element, opacity: float, visible: bool) -> Iterable[Entry]:
        for element in stack:
            shown = visible and element.get("visibility", "visible") != "hidden"
            strength = opacity * _opacity(element.get("opacity", "1"))
            if element.tag == "stack":
                self.groups += 1
                self.group_modes += element.get("composite-op", "svg:src-over") != "svg:src-over"
                yield from self.entries(element, strength, shown)
            elif element.tag == "layer" and (src := element.get("src", "")).lower().endswith(".png"):
                yield Entry(
                    name=element.get("name") or "Layer",
                    src=src,
                    x=_integer(element.get("x", "0")),
                    y=_integer(element.get("y", "0")),
                    opacity=strength,
                    visible=shown,
                    mode=self._mode(element.get("composite-op", "svg:src-over")),
                    selected=element.get("selected") == "true",
                )
            else:
                self.left_out += 1

    def _mode(self, operator: str) -> BlendMode:
        self.unknown_modes += operator not in _MODES
        return _MODES.get(operator, BlendMode.NORMAL)

    def notes(self) -> Iterable[str]:
        if self.groups:
            yield f"{_counted(self.groups, 'group was', 'groups were')} opened as separate layers."
        if self.group_modes:
            yield f"{_counted(self.group_modes, 'blend mode of a group was', 'blend modes of groups were')} dropped."
        if self.unknown_modes:
            yield f"{_counted(self.unknown_modes, 'unknown blend mode', 'unknown blend modes')} became Normal."
        if self.left_out:
            yield f"{_counted(self.left_out, 'item that is', 'items that are')} not painted layers left out."


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _integer(text: str | None) -> int:
    value = float(text or "")
    if not abs(value) <= _FARTHEST:
        raise ValueError(f"It has a coordinate of {text}.")
    return int(value)


def _opacity(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError(f"It has an opacity of {text}.")
    return min(max(value, 0.0), 1.0)
