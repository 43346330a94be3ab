"""Small documents to edit."""

from __future__ import annotations

import numpy as np

from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles, blank

BOAT = np.full((40, 60, 4), 255, np.uint8)


def painted_document(width: int = 96, height: int = 64) -> Document:
    """Sky over land: a guide that is not one flat colour."""
    picture = blank(width, height)
    picture[: height // 2] = (220, 180, 120, 255)
    picture[height // 2 :] = (40, 90, 60, 255)
    return Document.of(width, height, [Layer("Paper", Tiles.from_array(picture)), Layer("Layer 1")])


def painted(document: Document, rect: Rect, colour=(0, 0, 255, 255)) -> Document:
    """The document with its active layer in a colour, premultiplied BGRA, inside a rectangle."""
    patch = np.full((rect.height, rect.width, 4), colour, np.uint8)
    return document.with_pixels(document.active_layer.pixels.with_array(patch, rect.x, rect.y))


def photograph(width: int = 400, height: int = 300) -> Layer:
    pixels = np.random.default_rng(3).integers(0, 256, (height, width, 4), np.uint8)
    pixels[..., 3] = 255
    return Layer("Photograph", Tiles.from_array(pixels))


def with_boat() -> Document:
    """A white picture lies on a photograph."""
    return Document.of(400, 300, [photograph(), Layer("Boat", Tiles.from_array(BOAT, 150, 120))])
