"""Variations: one guide edited with several seeds, small changes of one variation, and two variations as layers.

Pure, for any thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from sdedit_studio.document.document import Document
from sdedit_studio.editing.edit import Edit, EditPicture, applied, edit_of, painted_over
from sdedit_studio.editing.live_pictures import as_result, refinement
from sdedit_studio.engine.job import Pixels, Result
from sdedit_studio.parameters import Parameters, Refine
from sdedit_studio.raster.tiles import COVERAGE, Tiles

SEEDS = 2**32

NEAR = 0.3
"""t0 of small changes of a chosen variation. `docs/variations.md` explains the value."""


@dataclass(eq=False)
class Variation:
    """One picture of a sheet. `picture`: the newest estimate after model call `call`, at the model's native size.

    `seconds`: what it took, None until it is done. `origin`: the variation that this one is a small
    change of, or None.
    """

    edit: Edit
    origin: Variation | None = None
    picture: Pixels | None = None
    call: int = 0
    seconds: float | None = None
    starred: bool = False

    @property
    def seed(self) -> int:
        return self.edit.job.parameters.seed

    @property
    def done(self) -> bool:
        return self.seconds is not None

    @property
    def name(self) -> str:
        return f"seed {self.seed}"

    def same_as(self, other: Variation) -> bool:
        """Whether both are the same edit. The settings tell most apart before any pixel is compared."""
        own, others = self.edit.job, other.edit.job
        return own.parameters == others.parameters and own == others

    def result(self) -> Result:
        """The picture enlarged to the frame's size, to be applied."""
        assert self.picture is not None
        return as_result(EditPicture(self.edit, self.picture), self.seconds or 0.0)

    def at_full_size(self, chosen: Parameters) -> Edit:
        """The edit that carries this very picture up to the frame's own size, refined as `chosen` says."""
        assert self.picture is not None
        edit = refinement(self.edit, chosen.refine, self.picture)
        parameters = replace(edit.job.parameters, detail=chosen.detail, crispness=chosen.crispness)
        return replace(edit, job=replace(edit.job, parameters=parameters))


def seeds_from(first: int, count: int) -> Sequence[int]:
    return [(first + index) % SEEDS for index in range(count)]


def variations_of_painting(
    document: Document, parameters: Parameters, revision: int, seeds: Sequence[int]
) -> list[Variation]:
    """First passes of the painting, one for each seed.

    Raises ValueError, with a sentence for the person, when there is nothing to work from.
    """
    return _seeded(edit_of(document, replace(parameters, refine=Refine.OFF), revision), seeds)


def variations_of(chosen: Variation, seeds: Sequence[int]) -> list[Variation]:
    """Small changes of a finished variation: its picture is the guide, and t0 is low. One for each of the seeds."""
    job = chosen.edit.job
    picture = Image.fromarray(chosen.result().unpasted.array)
    if job.mask is not None:
        picture = Image.composite(picture, Image.fromarray(job.guide.array), Image.fromarray(job.mask.array))
    parameters = replace(job.parameters, t0=min(NEAR, job.parameters.t0))
    nearby = replace(chosen.edit, job=replace(job, guide=Pixels.of(np.asarray(picture)), parameters=parameters))
    return _seeded(nearby, seeds, chosen)


def _seeded(edit: Edit, seeds: Sequence[int], origin: Variation | None = None) -> list[Variation]:
    job = edit.job
    jobs = [replace(job, parameters=replace(job.parameters, seed=seed)) for seed in seeds]
    return [Variation(replace(edit, job=each), origin) for each in jobs]


def above_later_results(edit: Edit, now: Document) -> Edit:
    """`edit` as if the results added since had been in its document, so that its result covers them but no strokes."""
    then = {layer.id: layer for layer in edit.document.layers}
    layers = [layer for layer in now.layers if layer.id in then or layer.generation is not None]
    if not layers:
        return edit
    known = tuple(then.get(layer.id, layer) for layer in layers)
    return replace(edit, document=now.replace(layers=known, active=known[-1].id))


def blended(below: Variation, above: Variation, now: Document) -> Document:
    """`now` with two variations as layers. The upper one is active, and hidden by a mask to paint on.

    Strokes painted since the edits, and everything outside their masks, stay visible wherever the mask is painted.
    """
    document = now
    for each in (below, above):
        document = applied(each.edit, each.result(), document, painted_over(above_later_results(each.edit, now), now))
    top = document.active_layer
    return document.with_layer(top.id, pixels=top.masked(), mask=Tiles(COVERAGE))
