"""Tiles as PNGs cut to their content, each with the document pixel of its corner."""

from __future__ import annotations

from sdedit_studio.document.document import MAX_SIDE
from sdedit_studio.files.pictures import decode, encode
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import COLOUR, Tiles

_LONGEST = 2 * MAX_SIDE
_MOST = 2 * MAX_SIDE**2
"""Longest side and most pixels of one PNG. It may be larger than the canvas, which it need not lie on."""


def to_png(tiles: Tiles, canvas: Rect) -> tuple[bytes, int, int]:
    """All of a picture as a PNG, and the document pixel (x, y) of its corner.

    Of a picture that spreads over more than two of the largest canvases, only what lies on `canvas`.
    """
    rect = tiles.content_bounds()
    if max(rect.width, rect.height) > _LONGEST or rect.area > _MOST:
        rect &= canvas
    if rect.empty:
        rect = Rect(0, 0, 1, 1)  # there is no empty PNG
    return encode(tiles.read(rect)), rect.x, rect.y


def from_png(data: bytes, name: str, x: int, y: int, channels: int = COLOUR) -> Tiles:
    """The picture in a PNG whose corner is at (x, y); with `COVERAGE` channels, of its grey levels.

    Raises FileProblem, which calls the PNG `name`, when it cannot be read.
    """
    pixels = decode(data, name, _LONGEST)
    return Tiles.from_array(pixels if channels == COLOUR else pixels[..., 0], x, y)
