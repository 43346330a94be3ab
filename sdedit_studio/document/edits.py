"""Edits that make one document from another: of the selected pixels, of the whole canvas, and around a model's result.

All are pure and safe on any thread. Pixel arrays are uint8, (h, w, 4) premultiplied BGRA unless a name says RGB.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, floor, sqrt
from types import MappingProxyType
from typing import Any

import numpy as np
from PIL import Image

from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer, united
from sdedit_studio.document.sources import guide_layers, outdated_ids, with_current_sources
from sdedit_studio.document.target import Target, surface, with_surface
from sdedit_studio.parameters import Parameters
from sdedit_studio.raster.blend import BlendMode
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.smoothstep import smoothstep
from sdedit_studio.raster.tiles import COLOUR, Tile, Tiles, grey

WHITE = (255, 255, 255)

CONTEXT = 32
"""The least number of canvas pixels around a selection that the model sees."""

FADE = 0.1
"""The width over which an edit fades towards an edge of its frame, relative to the root of the frame's area."""


# --- The selected pixels -------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Clip:
    """Pixels taken from a document, (h, w, 4) premultiplied BGRA uint8, and where they were."""

    pixels: np.ndarray
    x: int
    y: int


def fill(document: Document, colour: tuple[int, int, int], target: Target = Target.PIXELS) -> Document:
    """Paint the selection, or the whole canvas, in an sRGB colour; on a mask or the protection in its grey value.

    A layer with locked alpha changes its colour but not its transparency.
    """
    alpha_locked = target is Target.PIXELS and document.active_layer.alpha_locked
    paint = np.array((*reversed(colour), 255), np.uint16)

    def change(pixels: np.ndarray, where: Rect) -> None:
        amount = _coverage(document, where)
        if pixels.ndim == 2:
            source, amount = grey(paint), amount[..., 0]
        else:
            source = _scaled(pixels[..., 3:], paint) if alpha_locked else paint
        pixels[:] = (source * amount + pixels * (255 - amount) + 127) // 255

    return with_surface(document, target, surface(document, target).changed(_edited(document), change))


def clear(document: Document, target: Target = Target.PIXELS) -> Document:
    """Erase the selection, or the whole canvas; of a mask, set it to 0. It ignores a locked alpha."""

    def change(pixels: np.ndarray, where: Rect) -> None:
        kept = 255 - _coverage(document, where)
        pixels[:] = _scaled(pixels, kept if pixels.ndim == 3 else kept[..., 0])

    now = surface(document, target)
    return with_surface(document, target, now.changed(_edited(document) & now.bounds, change))


def copied(document: Document) -> Clip | None:
    """The active layer's pixels inside the selection and the canvas, its mask applied; None when there are none."""
    pixels = document.active_layer.masked()
    rect = _edited(document) & pixels.bounds
    return _clip(document, pixels.read(rect), rect)


def copied_merged(document: Document) -> Clip | None:
    """The composite of the visible layers inside the selection; None when it is empty there."""
    rect = _edited(document)
    return _clip(document, flatten(document.layers, rect), rect)


def cut(document: Document) -> tuple[Document, Clip | None]:
    """Take the selected pixels off the active layer. An unchanged document and None when there are none."""
    clip = copied(document)
    return (document, None) if clip is None else (clear(document), clip)


def pasted(document: Document, pixels: np.ndarray, within: Rect, name: str = "Pasted") -> Document:
    """Add pixels at 1:1 as a new layer above the active one, centred in `within` (such as the part in view)."""
    x = within.x + (within.width - pixels.shape[1]) // 2
    y = within.y + (within.height - pixels.shape[0]) // 2
    return document.inserted(Layer(name, Tiles.from_array(pixels, x, y)))


def with_picture(document: Document, pixels: np.ndarray, name: str, at: tuple[int, int] | None = None) -> Document:
    """Add a picture as a new layer above the active one.

    A picture that is larger than the canvas is scaled down to fit it; a smaller one keeps its size and is centred at
    the canvas point `at`, or in the canvas when None. Nothing stays selected, so all of it can be moved and scaled.
    """
    document = document.replace(selection=None)
    height, width = pixels.shape[:2]
    scale = min(document.width / width, document.height / height)
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        return pasted(document, _resampled(pixels, (0, 0, width, height), size), document.bounds, name)
    return pasted(document, pixels, document.bounds if at is None else Rect(*at, 0, 0), name)


def _edited(document: Document) -> Rect:
    """The rectangle that an edit of the selected pixels can change."""
    return document.bounds if document.selection is None else document.selection.bounds & document.bounds


def _coverage(document: Document, rect: Rect) -> np.ndarray:
    """The coverage of the selection: 0 .. 255, uint16 (h, w, 1)."""
    if document.selection is None:
        return np.full((rect.height, rect.width, 1), 255, np.uint16)
    return document.selection.read(rect)[..., None].astype(np.uint16)


def _scaled(pixels: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """`pixels * amount / 255` to the nearest level. `amount` is uint16, so that no product overflows."""
    return ((pixels * amount + 127) // 255).astype(np.uint8)


def _clip(document: Document, pixels: np.ndarray, rect: Rect) -> Clip | None:
    tiles = Tiles.from_array(_scaled(pixels, _coverage(document, rect)), rect.x, rect.y)
    content = tiles.content_bounds()
    return None if content.empty else Clip(tiles.read(content), content.x, content.y)


# --- The canvas ----------------------------------------------------------------------------------------------------


def cropped(document: Document, rect: Rect) -> Document:
    """Cut the canvas to `rect`; pixels outside it are dropped. Raises ValueError when it misses the canvas."""
    rect = rect & document.bounds
    if rect.empty:
        raise ValueError("The crop rectangle lies outside the canvas. Draw it over the picture.")
    return _rebuilt(
        document,
        rect.width,
        rect.height,
        lambda pixels: pixels.cropped(rect).moved(-rect.x, -rect.y),
        lambda frame: frame.moved(-rect.x, -rect.y),
    )


def with_canvas(document: Document, width: int, height: int, anchor: tuple[float, float] = (0.5, 0.5)) -> Document:
    """Change the size of the canvas and not of the picture; pixels that come to lie outside are kept.

    `anchor`: the point that stays where it is, from (0, 0) for the top left to (1, 1) for the bottom right.
    Raises ValueError for a size that a canvas cannot have.
    """
    dx, dy = round((width - document.width) * anchor[0]), round((height - document.height) * anchor[1])
    return _rebuilt(document, width, height, lambda pixels: pixels.moved(dx, dy), lambda frame: frame.moved(dx, dy))


def scaled(document: Document, width: int, height: int) -> Document:
    """Resample the whole picture to a size in pixels. Raises ValueError for a size that a canvas cannot have."""
    document.replace(width=width, height=height)  # refuses a bad size before any work is done
    reach = ceil(2 * max(1, document.width / width, document.height / height)) + 1

    def resample(pixels: Tiles) -> Tiles:
        content = pixels.content_bounds()
        if content.empty:
            return Tiles(pixels.channels)
        # A transparent border beyond the canvas would bleed into a layer that fills it, so nothing is read there.
        source = content.grown(reach) & (document.bounds | content)
        left, top = source.x * width // document.width, source.y * height // document.height
        right, bottom = -(-source.right * width // document.width), -(-source.bottom * height // document.height)
        box = (
            left * document.width / width,
            top * document.height / height,
            right * document.width / width,
            bottom * document.height / height,
        )
        x, y = floor(box[0]), floor(box[1])
        array = pixels.read(Rect(x, y, ceil(box[2]) - x, ceil(box[3]) - y))
        box = (box[0] - x, box[1] - y, box[2] - x, box[3] - y)
        return Tiles.from_array(_resampled(array, box, (right - left, bottom - top)), left, top)

    def place(frame: Rect) -> Rect:
        left, right = (round(x * width / document.width) for x in (frame.x, frame.right))
        top, bottom = (round(y * height / document.height) for y in (frame.y, frame.bottom))
        return Rect(left, top, right - left, bottom - top)

    return _rebuilt(document, width, height, resample, place)


def flipped(document: Document, *, horizontally: bool) -> Document:
    """Mirror the whole picture, left to right when `horizontally` and else top to bottom."""

    def flip(pixels: Tiles) -> Tiles:
        x, y = pixels.origin
        if horizontally:
            origin = document.width - x, y
            tiles = {(-1 - column, row): Tile(tile.array[:, ::-1]) for (column, row), tile in pixels.tiles.items()}
        else:
            origin = x, document.height - y
            tiles = {(column, -1 - row): Tile(tile.array[::-1]) for (column, row), tile in pixels.tiles.items()}
        return Tiles(pixels.channels, origin, MappingProxyType(tiles))

    def place(frame: Rect) -> Rect:
        if horizontally:
            return frame.moved(document.width - frame.right - frame.x, 0)
        return frame.moved(0, document.height - frame.bottom - frame.y)

    return _rebuilt(document, document.width, document.height, flip, place)


def flattened(document: Document) -> Document:
    """Make one layer of all visible ones. Hidden layers are dropped, and transparent pixels stay transparent."""
    layer = document.layers[0].replace(
        pixels=united(document.layers).cropped(document.bounds),
        mask=None,
        opacity=1.0,
        mode=BlendMode.NORMAL,
        visible=True,
        generation=None,
    )
    return document.replace(layers=(layer,), active=layer.id)


def merged_visible(document: Document) -> Document:
    """Make one layer of the visible ones, in the place of the topmost, if there are any. Hidden layers stay."""
    shown = [layer for layer in document.layers if layer.visible]
    if not shown:
        return document
    top = shown[-1]
    merged = Layer(top.name, united(shown), in_guide=any(layer.in_guide for layer in shown), id=top.id)
    layers = tuple(merged if layer is top else layer for layer in document.layers if layer is top or not layer.visible)
    return document.replace(layers=layers, active=merged.id)


def _rebuilt(
    document: Document, width: int, height: int, change: Callable[[Tiles], Tiles], place: Callable[[Rect], Rect]
) -> Document:
    """The document at another size. `change` applies to all that is painted or selected, `place` to the frame."""
    canvas = Rect(0, 0, width, height)
    layers = tuple(
        layer.replace(pixels=change(layer.pixels), mask=layer.mask and change(layer.mask)) for layer in document.layers
    )
    selection = document.selection and change(document.selection).cropped(canvas)
    protection = document.protection and change(document.protection).cropped(canvas)
    frame = document.frame and place(document.frame) & canvas
    rebuilt = document.replace(
        width=width,
        height=height,
        layers=layers,
        selection=selection if selection is not None and selection.tiles else None,
        frame=frame if frame is not None and not frame.empty else None,
        protection=protection if protection is not None and protection.tiles else None,
    )
    return with_current_sources(rebuilt, outdated_ids(document))


def _resampled(array: np.ndarray, box: tuple[float, float, float, float], size: tuple[int, int]) -> np.ndarray:
    """The part of an array inside `box` (left, top, right, bottom), at `size` (width, height)."""
    # Bicubic, not Lanczos: it has one negative lobe, so coverage stays exactly 0 outside a hard edge.
    mode = "RGBa" if array.ndim == 3 else "L"
    image = Image.frombuffer(mode, (array.shape[1], array.shape[0]), np.ascontiguousarray(array), "raw", mode, 0, 1)
    out = np.array(image.resize(size, Image.Resampling.BICUBIC, box))
    if array.ndim == 3:
        np.minimum(out[..., :3], out[..., 3:], out=out[..., :3])
    return out


# --- SDEdit --------------------------------------------------------------------------------------------------------


def frame_of(document: Document) -> Rect:
    """The part of the canvas that the model edits.

    That is the document's frame if it has one; else the selection with context around it, a quarter of its longest
    side but at least `CONTEXT` pixels, no longer than 2:1 where the canvas allows; else the whole canvas.
    """
    canvas = document.bounds
    if document.frame is not None and not (document.frame & canvas).empty:
        return document.frame & canvas
    chosen = canvas if document.selection is None else document.selection.content_bounds() & canvas
    if chosen.empty or document.selection is None:
        return canvas
    rect = chosen.grown(max(max(chosen.width, chosen.height) // 4, CONTEXT)) & canvas
    x, width = _lengthened(rect.x, rect.width, (rect.height + 1) // 2, canvas.width)
    y, height = _lengthened(rect.y, rect.height, (rect.width + 1) // 2, canvas.height)
    return Rect(x, y, width, height)


def _lengthened(start: int, length: int, wanted: int, limit: int) -> tuple[int, int]:
    """A side grown about its middle to `wanted`, moved and cut to lie in 0 .. `limit`: its start and length."""
    longer = min(max(length, wanted), limit)
    return min(max(start - (longer - length) // 2, 0), limit - longer), longer


def guide(document: Document, frame: Rect, under: str | None = None) -> np.ndarray:
    """The guide: the visible guide layers on white, as RGB uint8 (h, w, 3).

    `under`: only the layers below the one with this id.
    """
    layers = document.layers if under is None else document.layers[: document.index(under)]
    picture = flatten(guide_layers(layers), frame, paper=WHITE)
    return np.ascontiguousarray(picture[..., 2::-1])


def edit_mask(document: Document, frame: Rect) -> np.ndarray | None:
    """The mask of an edit: the selection inside the frame without fully protected pixels, uint8 (h, w).

    255 is edited, 0 stays. It fades towards those edges of the frame that the selection, or the canvas, goes beyond.
    None for 255 everywhere. Raises ValueError when the mask is empty.
    """
    coverage, chosen = None, document.bounds
    if document.selection is not None:
        coverage, chosen = document.selection.read(frame), document.selection.content_bounds() & document.bounds
        if not coverage.any():
            raise ValueError("The selection lies outside the frame. Move one of them, or select nothing.")
    if (faded := _fading(frame, chosen)) is not None:
        coverage = faded if coverage is None else _scaled(coverage, faded.astype(np.uint16))
    return unprotected(coverage, strength(document, frame))


def _fading(frame: Rect, chosen: Rect) -> np.ndarray | None:
    """Coverage of the frame that falls to 0 at the edges that `chosen` goes beyond; None where there are none."""
    fade = FADE * sqrt(frame.area)
    down = _ramp(frame.height, fade, chosen.y < frame.y, frame.bottom < chosen.bottom)
    across = _ramp(frame.width, fade, chosen.x < frame.x, frame.right < chosen.right)
    coverage = np.round(255 * down[:, None] * across).astype(np.uint8)
    return None if (coverage == 255).all() else coverage


def _ramp(length: int, fade: float, at_start: bool, at_end: bool) -> np.ndarray:
    """Float (length,): 1, falling to 0 within `fade` of the ends named."""
    place = np.arange(length) + 0.5
    within = np.full(length, np.inf)
    if at_start:
        within = np.minimum(within, place)
    if at_end:
        within = np.minimum(within, length - place)
    return smoothstep(within / fade)


def unprotected(coverage: np.ndarray | None, may_change: np.ndarray | None) -> np.ndarray | None:
    """The mask `coverage` without pixels where the strength `may_change` is 0, uint8 (h, w); None for 255 everywhere.

    Raises ValueError when the mask is then empty.
    """
    if may_change is None or may_change.all():
        return coverage
    free = np.where(may_change, 255 if coverage is None else coverage, 0).astype(np.uint8)
    if not free.any():
        raise ValueError("Everything here is protected. Take some of the protection away, or clear it.")
    return free


def strength(document: Document, frame: Rect) -> np.ndarray | None:
    """The strength map of an edit: the share of t0 that each pixel is edited from, uint8 (h, w).

    It is 255 minus the protection; None where nothing inside the frame is protected.
    """
    held = None if document.protection is None else document.protection.read(frame)
    return 255 - held if held is not None and held.any() else None


def result_name(parameters: Parameters) -> str:
    """The name of a result's layer, such as "SDEdit 0.42, seed 3"."""
    return f"SDEdit {parameters.t0:.2f}, seed {parameters.seed}"


def add_result(
    document: Document,
    frame: Rect,
    picture: np.ndarray,
    mask: np.ndarray | None,
    name: str,
    generation: Mapping[str, Any],
) -> Document:
    """Add a finished edit as one masked layer, right above the topmost visible layer of the guide.

    `picture`: RGB uint8 of the frame's size. `mask`: the coverage the edit was made with, of the same size, or None
    for all of the frame. Where it is 0, and outside the frame, the composite stays as it was bit for bit.
    `generation`: the plain JSON record of the job. Raises ValueError when a size differs from the frame's.
    """
    size = (frame.height, frame.width)
    opaque = _opaque(picture, frame)
    if mask is not None and mask.shape != size:
        raise ValueError("The mask does not have the frame's size.")
    coverage = np.full(size, 255, np.uint8) if mask is None else mask
    layer = Layer(
        name,
        Tiles.from_array(opaque, frame.x, frame.y),
        Tiles.from_array(coverage, frame.x, frame.y),
        generation=dict(generation),
    )
    seen = [index for index, other in enumerate(document.layers) if other.in_guide and other.visible]
    return document.inserted(layer, seen[-1] + 1 if seen else len(document.layers))


def replace_result(
    document: Document, layer_id: str, frame: Rect, picture: np.ndarray, generation: Mapping[str, Any]
) -> Document:
    """Replace the pixels of a result's layer by a finished edit; the layer keeps its mask, look and name.

    The parameters are those of `add_result`. Raises KeyError when the layer is not in the document.
    """
    pixels = document.layer(layer_id).pixels.with_array(_opaque(picture, frame), frame.x, frame.y)
    return document.with_layer(layer_id, pixels=pixels, generation=dict(generation))


def _opaque(picture: np.ndarray, frame: Rect) -> np.ndarray:
    """RGB of the frame's size as the pixels of a layer."""
    if picture.shape != (frame.height, frame.width, 3):
        raise ValueError(f"The edited picture does not have the frame's size of {frame.width} x {frame.height} pixels.")
    opaque = np.full((frame.height, frame.width, COLOUR), 255, np.uint8)
    opaque[..., :3] = picture[..., ::-1]
    return opaque
