"""The targets of painting: the active layer's pixels, its mask, or the document's protection."""

from __future__ import annotations

from enum import StrEnum

from sdedit_studio.document.document import Document
from sdedit_studio.raster.tiles import NO_COVERAGE, Tiles


class Target(StrEnum):
    """PIXELS and MASK are the active layer's; PROTECTION is the document's."""

    PIXELS = "pixels"
    MASK = "mask"
    PROTECTION = "protection"


def surface(document: Document, target: Target) -> Tiles:
    """The tiles of a target: colour for PIXELS, else coverage. A missing mask or protection is empty."""
    match target:
        case Target.PIXELS:
            return document.active_layer.pixels
        case Target.MASK:
            return document.active_layer.mask or NO_COVERAGE
        case Target.PROTECTION:
            return document.protection or NO_COVERAGE


def with_surface(document: Document, target: Target, tiles: Tiles) -> Document:
    """The document with the tiles of a target replaced. An empty protection becomes None."""
    match target:
        case Target.PIXELS:
            return document.with_pixels(tiles)
        case Target.MASK:
            return document.with_layer(document.active, mask=tiles)
        case Target.PROTECTION:
            return document.replace(protection=tiles if tiles.tiles else None)
