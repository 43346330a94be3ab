"""The masks of the paper's two masked tasks: a pasted picture with its seam, and strokes over a photograph.

Pure, and safe on any thread. Margins are relative to the size of the picture or the strokes, the square root of their
area, so that they suit small and large ones alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from PIL import Image
from scipy import ndimage

from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer, united
from sdedit_studio.raster.blend import BlendMode
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.smoothstep import smoothstep
from sdedit_studio.raster.tiles import Tiles, packed

VISIBLE = 8
"""The alpha from which a pixel counts as painted; fainter ones are the ends of soft edges and of shadows."""

SAMPLED = 64
"""Tiles that are sampled to tell a photograph from a painting."""

FEW = 12
"""Pixels that are too few to tell."""

OPAQUE = 0xFF000000

MISSING = np.zeros(1, np.uint32)
"""The pixel of a missing tile."""

LONGEST = 1024
"""Side in pixels up to which distances are measured exactly; in longer regions, in steps of a few pixels."""


@dataclass(frozen=True)
class Margins:
    """The margins of a mask around its picture or strokes, relative to their size; at least a few pixels each.

    `grow`: how far outwards the mask is 255. `fade`: the width over which it then falls to 0. `seam`: how far inwards
    the seam goes.
    """

    grow: float
    fade: float
    seam: float = 0.0


SEAM_MARGINS = Margins(grow=0.06, fade=0.1, seam=0.1)
STROKE_MARGINS = Margins(grow=0.05, fade=0.1)

LEAST_GROW, LEAST_FADE, LEAST_SEAM = 2.0, 6.0, 3.0
"""The least margins in pixels; a narrower fade would show as an edge."""


@dataclass(frozen=True, eq=False)
class Region:
    """`mask`: coverage on the canvas of what may change, 255 over the picture or strokes and a little beyond. `inside`:
    coverage of what lies further in than the seam, fading towards it.
    """

    mask: Tiles
    inside: Tiles


def pasted(document: Document) -> Region:
    """The region of the active layer's picture, with its seam.

    Raises ValueError, with a sentence for the person, when it is not visible, or lies on nothing.
    """
    layer, below = document.active_layer, document.layers[: document.active_index]
    if not layer.visible or not layer.opacity:
        raise ValueError(f"“{layer.name}” is hidden. Show it first, then harmonise it.")
    if not layer.in_guide:
        raise ValueError(f"“{layer.name}” is not part of the guide, so the model cannot see it. Make it part first.")
    alpha, area = _alpha([layer], document)
    if not (alpha >= VISIBLE).any():
        raise ValueError("There is no picture on the active layer. Choose the pasted one in the Layers panel.")
    if area == document.bounds and (alpha >= VISIBLE).all():
        raise ValueError(f"“{layer.name}” covers all of the canvas. Choose a picture that lies on another one.")
    if not any(_shown(other) for other in below):
        raise ValueError(f"Nothing lies under “{layer.name}” to fit it into. Put it above a picture first.")
    return _region(alpha, area, document.bounds, SEAM_MARGINS)


def painted(document: Document) -> Region:
    """The region of the strokes above the photograph: the topmost layer that fills the canvas, or is a result.

    Raises ValueError, with a sentence for the person, when there is no photograph, or nothing painted on it.
    """
    shown = [layer for layer in document.layers if _shown(layer)]
    photographs = [
        index for index, layer in enumerate(shown) if layer.generation is not None or _fills(layer, document)
    ]
    if not photographs:
        raise ValueError("Nothing fills the canvas yet. Put a photograph at the bottom, then paint on a layer above.")
    alpha, area = _alpha(shown[photographs[-1] + 1 :], document)
    if not (alpha >= VISIBLE).any():
        raise ValueError("Paint on a layer above the photo first.")
    return _region(alpha, area, document.bounds, STROKE_MARGINS)


def lies_on_a_picture(document: Document) -> bool:
    """Whether the active layer is a picture on part of another one, and not on bare paper."""
    alpha, area = _alpha([document.active_layer], document)
    if area.empty or (area == document.bounds and (alpha >= VISIBLE).all()):
        return False
    beneath = flatten(document.layers[: document.active_index], area)
    return bool((beneath != beneath[0, 0]).any())


def strokes_on_a_photograph(document: Document) -> bool:
    """Whether something was painted above a photograph that fills the canvas. A quick guess, from a few pixels."""
    layers = [layer for layer in document.layers if _shown(layer)]
    seen = [_sampled(layer.pixels, document.bounds) for layer in layers]
    photographs = [index for index, pixels in enumerate(seen) if (pixels >= OPAQUE).all() and _photographed(pixels)]
    if not photographs:
        return False
    above = slice(photographs[-1] + 1, None)
    return any(
        layer.pixels.tiles and layer.generation is None and not _photographed(pixels[pixels >= OPAQUE])
        for layer, pixels in zip(layers[above], seen[above], strict=True)
    )


def _sampled(pixels: Tiles, canvas: Rect) -> np.ndarray:
    """Some of the pixels on the canvas, each as one number with its alpha in the highest byte."""
    keys = list(pixels.keys(canvas))
    samples = []
    for key in keys[:: ceil(len(keys) / SAMPLED)]:
        where, tile = pixels.tile_rect(*key), pixels.tiles.get(key)
        inside = (where & canvas).moved(-where.x, -where.y).slices
        samples.append(MISSING if tile is None else packed(tile.array)[inside][::16, ::16].ravel())
    return np.concatenate(samples)


def _photographed(pixels: np.ndarray) -> bool:
    """Of a photograph's pixels at least a third differ, of a painting's hardly a quarter."""
    return len(pixels) >= FEW and 3 * len(np.unique(pixels)) >= len(pixels)


def _shown(layer: Layer) -> bool:
    return layer.visible and layer.in_guide and layer.opacity > 0


def _fills(layer: Layer, document: Document) -> bool:
    """Whether nothing below the layer can be seen anywhere on the canvas."""
    if layer.opacity < 1 or layer.mode is not BlendMode.NORMAL:
        return False
    canvas, opaque = document.bounds, 0
    for where, tile in layer.masked().items(canvas):
        part = (where & canvas).moved(-where.x, -where.y)
        opaque += int((tile.array[part.slices][..., 3] == 255).sum())
    return opaque == canvas.area


def _alpha(layers: Sequence[Layer], document: Document) -> tuple[np.ndarray, Rect]:
    """The alpha of the layers at full opacity, uint8 (h, w), and its rectangle on the canvas."""
    whole = united([layer.replace(opacity=1.0, mode=BlendMode.NORMAL) for layer in layers])
    area = whole.content_bounds() & document.bounds
    return whole.read(area)[..., 3], area


def _region(alpha: np.ndarray, area: Rect, canvas: Rect, margins: Margins) -> Region:
    size = sqrt((alpha >= VISIBLE).sum())
    grow, fade = max(LEAST_GROW, margins.grow * size), max(LEAST_FADE, margins.fade * size)
    seam = max(LEAST_SEAM, margins.seam * size)
    step = ceil(max(area.width, area.height) / LONGEST)
    around = area.grown(ceil(grow + fade) + step) & canvas
    # An edge of the canvas is no seam, so inside it the picture counts as going on beyond.
    covered = np.zeros((around.height, around.width), bool)
    covered[area.moved(-around.x, -around.y).slices] = alpha >= VISIBLE
    outwards = _distance(~_coarse(covered, step), step)
    inwards = _distance(_coarse(covered, step), step)
    mask = _enlarged(_coverage(1 - (outwards - grow) / fade), around, step)
    inside = _enlarged(_coverage(inwards / seam), around, step)
    return Region(Tiles.from_array(mask, around.x, around.y), Tiles.from_array(inside, around.x, around.y))


def _coarse(covered: np.ndarray, step: int) -> np.ndarray:
    """One value for each `step` x `step` pixels: whether any of them is covered."""
    if step == 1:
        return covered
    height, width = covered.shape
    padded = np.pad(covered, ((0, -height % step), (0, -width % step)))
    squares = padded.reshape(padded.shape[0] // step, step, padded.shape[1] // step, step)
    return np.asarray(squares.any(axis=(1, 3)))


def _distance(where: np.ndarray, step: int) -> np.ndarray:
    """In pixels, from each place that is `where` to the nearest that is not; infinite when there is none."""
    if where.all():
        return np.full(where.shape, np.inf)
    return np.asarray(ndimage.distance_transform_edt(where)) * step


def _coverage(part: np.ndarray) -> np.ndarray:
    """From 0 to 255 as `part` goes from 0 to 1, without a corner at either end."""
    return np.round(255 * smoothstep(part)).astype(np.uint8)


def _enlarged(coverage: np.ndarray, rect: Rect, step: int) -> np.ndarray:
    if step == 1:
        return coverage
    size = coverage.shape[1] * step, coverage.shape[0] * step
    larger = np.asarray(Image.fromarray(coverage).resize(size, Image.Resampling.BILINEAR))
    return np.ascontiguousarray(larger[: rect.height, : rect.width])
