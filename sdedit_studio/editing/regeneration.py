"""The edit that makes a result again, from what lies below its layer now. Pure, for any thread."""

from __future__ import annotations

from sdedit_studio.document.document import Document
from sdedit_studio.document.edits import guide, strength, unprotected
from sdedit_studio.document.layer import Layer
from sdedit_studio.document.sources import guide_layers_below
from sdedit_studio.editing.edit import Edit
from sdedit_studio.engine.job import Job, Pixels
from sdedit_studio.parameters import Parameters
from sdedit_studio.raster.geometry import Rect


def frame_to_regenerate(document: Document, layer: Layer) -> Rect:
    """The part of the canvas that a result is made again from.

    This is the recorded frame if the layer lies inside it. Of a layer that was moved or painted on outside the recorded
    frame, it is the layer's bounds.
    """
    content = layer.pixels.content_bounds() & document.bounds
    try:
        recorded = Rect(*map(int, (layer.generation or {})["frame"]))
    except (KeyError, TypeError, ValueError):  # it comes from an older studio, or from another program
        return content
    return recorded if content in recorded and recorded in document.bounds else content


def regeneration_edit(document: Document, layer_id: str, revision: int) -> Edit:
    """The edit that made a layer, from what lies below it now, with its own mask.

    Raises KeyError when the layer is gone, ValueError with a sentence for the person when nothing can be made.
    """
    layer = document.layer(layer_id)
    frame = frame_to_regenerate(document, layer)
    if layer.generation is None or frame.empty:
        raise ValueError(f"“{layer.name}” is not a result of the model, so it cannot be made again.")
    if not guide_layers_below(document, layer_id):
        raise ValueError("No visible layer below it is part of the guide. Mark one in the Layers panel.")
    coverage, may_change = None if layer.mask is None else layer.mask.read(frame), strength(document, frame)
    if coverage is not None and not coverage.any():
        raise ValueError(f"The mask of “{layer.name}” hides all of it. Paint some of it white first.")
    if coverage is not None and coverage.min() == 255:
        coverage = None  # as in the edit that made it: the mask of a whole frame says nothing
    mask, held = (None if each is None else Pixels.of(each) for each in (unprotected(coverage, may_change), may_change))
    picture, parameters = guide(document, frame, layer_id), Parameters.from_dict(layer.generation)
    job = Job(Pixels.of(picture), parameters, mask, revision, strength=held)
    return Edit(document, frame, job, replaces=layer_id)
