"""One layer of a document, as an immutable value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Self
from uuid import uuid4

from sdedit_studio.raster.blend import BlendMode
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import EMPTY, TILE, Tile, Tiles

Sources = tuple[tuple[Any, ...], ...]
"""The identities of the layers that a result was made from; see `document.sources`."""


def new_id() -> str:
    """A layer identity that no other layer has, in this document or another."""
    return uuid4().hex


@dataclass(frozen=True, eq=False)
class Layer:
    """Pixels with the way they are combined with what lies below.

    `mask`: coverage that multiplies the layer's alpha (0 wherever it has no tile), or None for no mask.
    `opacity`: 0 .. 1. `in_guide`: whether the layer is part of the picture that goes to the model.
    `generation`: for a result of SDEdit, the plain JSON record of the job that made it. `follows`: whether a result is
    made anew when its sources change. `sources`: the layers that a result was made from, or None where unknown.
    """

    name: str
    pixels: Tiles = EMPTY
    mask: Tiles | None = None
    opacity: float = 1.0
    mode: BlendMode = BlendMode.NORMAL
    visible: bool = True
    in_guide: bool = True
    alpha_locked: bool = False
    generation: Mapping[str, Any] | None = None
    follows: bool = False
    sources: Sources | None = None
    id: str = field(default_factory=new_id)

    def replace(self, **changes: Any) -> Self:
        """The same layer with some fields changed."""
        return replace(self, **changes)

    def copy(self, name: str) -> Self:
        """A new layer with the same content, which does not follow its sources."""
        return replace(self, name=name, id=new_id(), follows=False, sources=None)

    def moved(self, dx: int, dy: int) -> Self:
        """The layer, its mask with it, shifted by whole pixels."""
        return replace(self, pixels=self.pixels.moved(dx, dy), mask=self.mask and self.mask.moved(dx, dy))

    def masked(self) -> Tiles:
        """The pixels with the mask in their alpha."""
        return self.pixels if self.mask is None else united([Layer("", self.pixels, self.mask)])


def united(layers: Sequence[Layer]) -> Tiles:
    """The visible layers, bottom first, blended into one picture, also outside the canvas."""
    cells = {
        (x // TILE, y // TILE)
        for layer in layers
        for rect, _ in layer.pixels.items()
        for x in (rect.x, rect.right - 1)
        for y in (rect.y, rect.bottom - 1)
    }
    arrays = {cell: flatten(layers, Rect(cell[0] * TILE, cell[1] * TILE, TILE, TILE)) for cell in cells}
    return Tiles(tiles=MappingProxyType({cell: Tile(array) for cell, array in arrays.items() if array.any()}))
