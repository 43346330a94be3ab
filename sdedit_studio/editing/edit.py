"""An edit: the job that the model gets, and the document that its result makes. Pure functions, for any thread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from sdedit_studio.document.document import Document
from sdedit_studio.document.edits import (
    add_result,
    edit_mask,
    frame_of,
    guide,
    replace_result,
    result_name,
    strength,
)
from sdedit_studio.document.layer import Layer
from sdedit_studio.document.sources import guide_layers, guide_layers_below, sources_of
from sdedit_studio.engine.job import Job, Pixels, Progress, Result
from sdedit_studio.engine.trajectory import at_frame_size
from sdedit_studio.parameters import Parameters
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import EMPTY, TILE, Tiles, blank, packed

TilePosition = tuple[int, int]
"""Column and row of a 256 px square of the canvas."""


@dataclass(frozen=True, eq=False)
class Edit:
    """A job, with the document value and the frame that its guide was taken from.

    `task`: what was asked for by name, such as "Harmonise", or "" for Generate.
    `replaces`: id of the result that this one takes the place of, or None where it becomes a layer of its own.
    """

    document: Document
    frame: Rect
    job: Job
    task: str = ""
    replaces: str | None = None


@dataclass(frozen=True, eq=False)
class EditPicture:
    """A picture to lay over its edit's frame: a preview, smaller than that, or the result itself."""

    edit: Edit
    picture: Pixels


def edit_of(document: Document, parameters: Parameters, revision: int, before: Edit | None = None) -> Edit:
    """The edit of a document as Generate makes it.

    Raises ValueError, with a sentence for the person, when there is nothing to work from. `before`: an earlier edit.
    Only what changed since is rendered again in its guide; its mask and strength are kept as the same objects while
    they are equal.
    """
    if not any(layer.visible and layer.in_guide for layer in document.layers):
        raise ValueError("No visible layer is part of the guide. Mark one in the Layers panel.")
    frame = frame_of(document)
    picture = guide(document, frame) if before is None else _guide_after(before, document, frame)
    if _flat(picture):
        raise ValueError("Paint something first: the canvas is one flat colour, and a few rough strokes are enough.")
    if before is not None and _may_change_alike(before, document, frame):
        mask, may_change = before.job.mask, before.job.strength
    else:
        mask, may_change = (
            None if coverage is None else Pixels.of(coverage)
            for coverage in (edit_mask(document, frame), strength(document, frame))
        )
    return Edit(document, frame, Job(Pixels.of(picture), parameters, mask, revision, strength=may_change))


def _flat(picture: np.ndarray) -> bool:
    """Whether all pixels of (h, w, 3) are alike. By rows, which is many times as fast as pixel by pixel."""
    return bool((picture[0] == picture[0, 0]).all() and (picture == picture[0]).all())


def _may_change_alike(before: Edit, document: Document, frame: Rect) -> bool:
    then = before.document
    return before.frame == frame and then.selection is document.selection and then.protection is document.protection


def _guide_after(before: Edit, document: Document, frame: Rect) -> np.ndarray:
    then = before.document
    if before.frame != frame or _guides(then) != _guides(document):
        return guide(document, frame)
    picture = before.job.guide.array.copy()
    for rect in document.damage(then):
        changed = rect & frame
        if not changed.empty:
            picture[changed.y - frame.y : changed.bottom - frame.y, changed.x - frame.x : changed.right - frame.x] = (
                guide(document, changed)
            )
    return picture


def _guides(document: Document) -> set[str]:
    return {layer.id for layer in document.layers if layer.in_guide}


def parts_by_tile(rect: Rect) -> Iterator[tuple[TilePosition, Rect]]:
    """The parts of a rectangle in each 256 px square that it meets."""
    for row in range(rect.y // TILE, (rect.bottom - 1) // TILE + 1):
        for column in range(rect.x // TILE, (rect.right - 1) // TILE + 1):
            yield (column, row), rect & Rect(column * TILE, row * TILE, TILE, TILE)


def painted_since(known: Tiles, then: Document, now: Document, rects: Iterable[Rect]) -> Tiles:
    """`known` brought up to date inside `rects`: `now`'s composite wherever its layers were painted on after `then`.

    Other changes of a layer, such as its opacity, are ignored. Only opaque pixels count, because only those look the
    same over the result as through a hole in its mask.
    """
    before = {layer.id: layer for layer in then.layers}
    nothing = Layer("")
    pairs = [(before.get(layer.id, nothing), layer) for layer in now.layers if layer.visible]
    touched = [(old, new) for old, new in pairs if old.pixels is not new.pixels or old.mask is not new.mask]
    for rect in rects:
        picture, painted = blank(rect.width, rect.height), np.zeros((rect.height, rect.width), bool)
        for old, new in touched:
            painted |= packed(old.pixels.read(rect)) != packed(new.pixels.read(rect))
            if old.mask is not new.mask:
                painted |= _coverage(old, rect) != _coverage(new, rect)
        if painted.any():
            picture = flatten(now.layers, rect)
            painted &= (picture[..., 3] == 255) & (packed(picture) != packed(flatten(then.layers, rect)))
            packed(picture)[~painted] = 0
        known = known.with_array(picture, rect.x, rect.y)
    return known


def painted_over(edit: Edit, now: Document) -> Tiles:
    """`painted_since` of all that changed in the edit's frame after its guide was taken."""
    rects = [part for rect in now.damage(edit.document) for _, part in parts_by_tile(rect & edit.frame)]
    return painted_since(EMPTY, edit.document, now, rects)


def _coverage(layer: Layer, rect: Rect) -> np.ndarray:
    return np.full((rect.height, rect.width), 255, np.uint8) if layer.mask is None else layer.mask.read(rect)


def applied(edit: Edit, result: Result, now: Document, painted: Tiles, step: Progress | None = None) -> Document:
    """`now` with the result as a layer, masked by the edit's own mask without what was `painted` since.

    A result that replaces another one takes its place, if it is still there. `step`: an earlier step of the run, whose
    estimate is wanted in place of the result.
    """
    mask = None if edit.job.mask is None else edit.job.mask.array
    newer = painted.read(edit.frame)[..., 3]
    if newer.any():
        mask = np.where(newer, 0, 255 if mask is None else mask).astype(np.uint8)
    parameters = result.job.parameters
    record = result.job.record() | {
        "calls_made": result.calls,
        "seconds": round(result.seconds, 2),
        "guide_revision": result.job.revision,
        "frame": list(edit.frame),
    }
    picture, name, replaced = result.unpasted, result_name(parameters), edit.replaces
    if step is not None:
        picture, name = at_frame_size(edit.job, step.preview), f"{name}, step {step.call} of {step.calls}"
        record |= {"calls_made": step.call, "step": step.call, "steps": step.calls, "sigma": round(step.sigma, 4)}
    if replaced is not None and any(layer.id == replaced for layer in now.layers):
        made = replace_result(now, replaced, edit.frame, picture.array, record)
        return made.with_layer(replaced, sources=sources_of(guide_layers_below(edit.document, replaced)))
    made = add_result(now, edit.frame, picture.array, mask, name, record)
    return made.with_layer(made.active, sources=sources_of(guide_layers(edit.document.layers)))
