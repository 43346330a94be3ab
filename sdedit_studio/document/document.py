"""A document as an immutable value, and the basic edits that make one document from another.

A reference to a `Document` is a snapshot: undo, autosave and the guide each keep one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sdedit_studio.document.layer import Layer, united
from sdedit_studio.raster.blend import BlendMode
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import EMPTY, NO_COVERAGE, Tiles

MAX_SIDE = 8192
"""Longest side of a canvas in pixels."""


@dataclass(frozen=True, eq=False)
class Document:
    """A canvas of `width` x `height` pixels under a stack of layers.

    `layers`: bottom first, never empty. `active`: id of the layer that tools paint on. `selection`: coverage,
    or None when nothing is selected (which means everywhere). `frame`: the rectangle of the canvas that the model
    edits, or None for the whole canvas. `protection`: coverage of how far each pixel is kept from change by the model,
    0 not at all and 255 entirely; None for 0 everywhere. Equality is identity. Raises ValueError for a bad size or
    `active`.
    """

    width: int
    height: int
    layers: tuple[Layer, ...]
    active: str
    selection: Tiles | None = None
    frame: Rect | None = None
    protection: Tiles | None = None

    def __post_init__(self) -> None:
        if not (1 <= self.width <= MAX_SIDE and 1 <= self.height <= MAX_SIDE):
            raise ValueError(f"A canvas is 1 to {MAX_SIDE} pixels a side, not {self.width} x {self.height}.")
        if all(layer.id != self.active for layer in self.layers):
            raise ValueError("The active layer is not in the document.")

    @staticmethod
    def of(width: int, height: int, layers: Sequence[Layer]) -> Document:
        """A document of these layers, bottom first, with the top one active."""
        return Document(width, height, tuple(layers), layers[-1].id)

    @property
    def bounds(self) -> Rect:
        return Rect(0, 0, self.width, self.height)

    @property
    def active_layer(self) -> Layer:
        return self.layer(self.active)

    @property
    def active_index(self) -> int:
        return self.index(self.active)

    def index(self, layer_id: str) -> int:
        """Position of a layer from the bottom. Raises KeyError when it is not in the document."""
        for index, layer in enumerate(self.layers):
            if layer.id == layer_id:
                return index
        raise KeyError(layer_id)

    def layer(self, layer_id: str) -> Layer:
        """The layer with this id. Raises KeyError when it is not in the document."""
        return self.layers[self.index(layer_id)]

    def replace(self, **changes: Any) -> Document:
        """The same document with some fields changed."""
        return replace(self, **changes)

    def with_layer(self, layer_id: str, **changes: Any) -> Document:
        """Change fields of one layer."""
        index = self.index(layer_id)
        return self.replace(
            layers=(*self.layers[:index], self.layers[index].replace(**changes), *self.layers[index + 1 :])
        )

    def with_pixels(self, pixels: Tiles) -> Document:
        """Replace the active layer's pixels."""
        return self.with_layer(self.active, pixels=pixels)

    def inserted(self, layer: Layer, index: int | None = None) -> Document:
        """Add a layer at a position from the bottom (above the active layer when None) and make it active."""
        index = self.active_index + 1 if index is None else index
        return self.replace(layers=(*self.layers[:index], layer, *self.layers[index:]), active=layer.id)

    def duplicated(self, layer_id: str) -> Document:
        """Copy a layer right above itself."""
        layer = self.layer(layer_id)
        return self.inserted(layer.copy(f"{layer.name} copy"), self.index(layer_id) + 1)

    def removed(self, layer_id: str) -> Document:
        """Delete a layer; the one below it (or else above) becomes active. The last layer stays, emptied.

        Raises KeyError when the layer is not in the document.
        """
        index = self.index(layer_id)
        if len(self.layers) == 1:
            return self.with_layer(layer_id, pixels=EMPTY, mask=None, generation=None)
        layers = self.layers[:index] + self.layers[index + 1 :]
        active = layers[max(0, index - 1)].id if layer_id == self.active else self.active
        return self.replace(layers=layers, active=active)

    def reordered(self, layer_id: str, index: int) -> Document:
        """Move a layer to a position from the bottom, counted without it; beyond either end means the end."""
        old = self.index(layer_id)
        others = [*self.layers[:old], *self.layers[old + 1 :]]
        index = min(max(index, 0), len(others))
        return self if index == old else self.replace(layers=(*others[:index], self.layers[old], *others[index:]))

    def merged_down(self, layer_id: str) -> Document:
        """Paint a layer into the one below it, which keeps its name and mode.

        Masks and opacities become part of the pixels, so two Normal layers look as they did (to rounding). Of a
        visible and a hidden layer only the visible one is kept. Raises ValueError for the bottom layer.
        """
        index = self.index(layer_id)
        if index == 0:
            raise ValueError("The bottom layer has no layer below it to merge into.")
        lower, upper = pair = self.layers[index - 1 : index + 1]
        shown = [layer for layer in pair if layer.visible] or [layer.replace(visible=True) for layer in pair]
        pixels = united([shown[0].replace(mode=BlendMode.NORMAL), *shown[1:]])
        merged = lower.replace(
            pixels=pixels,
            mask=None,
            opacity=1.0,
            mode=shown[0].mode,
            visible=lower.visible or upper.visible,
            generation=None,
        )
        return self.replace(layers=(*self.layers[: index - 1], merged, *self.layers[index + 1 :]), active=merged.id)

    def damage(self, older: Document) -> list[Rect]:
        """Rectangles of the canvas outside which this document's composite and protection equal an older one's."""
        if self is older:
            return []
        if (self.width, self.height) != (older.width, older.height):
            return [self.bounds]
        before = {layer.id: layer for layer in older.layers}
        after = {layer.id: layer for layer in self.layers}
        rects: list[Rect] = []
        for layer_id in before.keys() | after.keys():
            rects += _damage(before.get(layer_id), after.get(layer_id))
        # Where two layers swapped, at least one of them is now at another place in the stack of those that stayed.
        kept_before = [layer for layer in older.layers if layer.id in after]
        kept_after = [layer for layer in self.layers if layer.id in before]
        moved = (new for old, new in zip(kept_before, kept_after, strict=True) if old.id != new.id and new.visible)
        rects += [layer.pixels.bounds for layer in moved]
        if self.protection is not older.protection:
            rects += (self.protection or NO_COVERAGE).difference(older.protection or NO_COVERAGE)
        return [clipped for rect in rects if not (clipped := rect & self.bounds).empty]


def _damage(old: Layer | None, new: Layer | None) -> list[Rect]:
    """The rectangles where a change of one layer's pixels, mask or look can show."""
    if old is new:
        return []
    shown = [layer for layer in (old, new) if layer is not None and layer.visible]
    if old is None or new is None or _look(old) != _look(new):
        return [layer.pixels.bounds for layer in shown]
    if not shown:
        return []
    rects = new.pixels.difference(old.pixels)
    if old.mask is not None and new.mask is not None:
        rects += [rect & new.pixels.bounds for rect in new.mask.difference(old.mask)]
    return rects


def _look(layer: Layer) -> tuple[float, BlendMode, bool, bool]:
    return layer.opacity, layer.mode, layer.visible, layer.mask is None
