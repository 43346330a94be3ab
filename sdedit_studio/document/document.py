"""A document as an immutable value, and the edits that make one document from another.

Keeping a `Document` is a snapshot: undo, autosave and the guide all simply keep one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sdedit_studio.document.layer import Layer
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import TILE, Tiles

MAX_SIDE = 8192
"""Longest side of a canvas in pixels."""


@dataclass(frozen=True, eq=False)
class Document:
    """A canvas of `width` x `height` pixels under a stack of layers.

    `layers`: bottom first, never empty. `active`: id of the layer that tools paint on. `selection`: coverage,
    or None when nothing is selected (which means everywhere). `frame`: the rectangle of the canvas that is sent to
    the model, or None for the whole canvas. Equality is identity.
    """

    width: int
    height: int
    layers: tuple[Layer, ...]
    active: str
    selection: Tiles | None = None
    frame: Rect | None = None

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

    def but(self, **changes: Any) -> Document:
        """The same document with some fields changed."""
        return replace(self, **changes)

    def with_layer(self, layer_id: str, **changes: Any) -> Document:
        """Change fields of one layer."""
        index = self.index(layer_id)
        return self.but(
            layers=(*self.layers[:index], self.layers[index].but(**changes), *self.layers[index + 1 :])
        )

    def with_pixels(self, pixels: Tiles) -> Document:
        """Replace the active layer's pixels."""
        return self.with_layer(self.active, pixels=pixels)

    def inserted(self, layer: Layer, index: int | None = None) -> Document:
        """Add a layer at a position from the bottom (above the active layer when None) and make it active."""
        index = self.active_index + 1 if index is None else index
        return self.but(layers=(*self.layers[:index], layer, *self.layers[index:]), active=layer.id)

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
            return self.with_layer(layer_id, pixels=Tiles(), mask=None)
        layers = self.layers[:index] + self.layers[index + 1 :]
        active = layers[max(0, index - 1)].id if layer_id == self.active else self.active
        return self.but(layers=layers, active=active)

    def reordered(self, layer_id: str, index: int) -> Document:
        """Move a layer to a position from the bottom, counted without it."""
        layer = self.layer(layer_id)
        others = tuple(other for other in self.layers if other.id != layer_id)
        return self.but(layers=(*others[:index], layer, *others[index:]))

    def merged_down(self, layer_id: str) -> Document:
        """Paint a layer into the one below it, which keeps its name, mode and opacity.

        Both layers' own opacity and masks are applied. Raises ValueError for the bottom layer.
        """
        index = self.index(layer_id)
        if index == 0:
            raise ValueError("The bottom layer has no layer below it to merge into.")
        upper, lower = self.layers[index], self.layers[index - 1]
        rect = Rect.around(rect for rect in (upper.pixels.bounds, lower.pixels.bounds))
        alone = lower.but(opacity=1.0, visible=True, mode=type(lower.mode).NORMAL)
        pixels = Tiles()
        for x in range(rect.x, rect.right, TILE):
            for y in range(rect.y, rect.bottom, TILE):
                pixels = pixels.with_array(flatten((alone, upper), Rect(x, y, TILE, TILE)), x, y)
        merged = lower.but(pixels=pixels, mask=None, generation=None)
        return self.but(
            layers=(*self.layers[: index - 1], merged, *self.layers[index + 1 :]), active=merged.id
        )

    def damage(self, older: Document) -> list[Rect]:
        """Rectangles of the canvas where this document's composite may differ from an older one's."""
        if self is older:
            return []
        if (self.width, self.height) != (older.width, older.height):
            return [self.bounds]
        before, after = (
            {layer.id: layer for layer in older.layers},
            {layer.id: layer for layer in self.layers},
        )
        rects: list[Rect] = []
        for layer_id in before.keys() | after.keys():
            old, new = before.get(layer_id), after.get(layer_id)
            if old is new:
                continue
            if old is None or new is None or _look(old) != _look(new) or old.mask is not new.mask:
                rects += [layer.pixels.bounds for layer in (old, new) if layer is not None]
            elif new.visible:
                rects += new.pixels.difference(old.pixels)
        order_before = [layer.id for layer in older.layers if layer.id in after]
        order_after = [layer.id for layer in self.layers if layer.id in before]
        if order_before != order_after:
            moved = (i for i, j in zip(order_before, order_after, strict=True) if i != j)
            rects += [after[layer_id].pixels.bounds for layer_id in moved]
        return [clipped for rect in rects if not (clipped := rect & self.bounds).empty]


def _look(layer: Layer) -> tuple[float, str, bool]:
    return layer.opacity, layer.mode, layer.visible
