"""The paper's two masked tasks as edits: compositing a pasted picture, and editing a photograph with strokes.

Pure, for any thread. The edit brings its own mask, frame and t0; selection, frame and slider stay the person's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from sdedit_studio.document.document import Document
from sdedit_studio.document.regions import Region, painted, pasted
from sdedit_studio.editing.edit import Edit, edit_of
from sdedit_studio.engine.job import Pixels
from sdedit_studio.parameters import Parameters
from sdedit_studio.raster.geometry import Rect

LOWEST_T0, HIGHEST_T0 = 0.05, 0.8
"""Between these a task's t0 can be moved: below them nothing is seen to change, above them nothing is kept."""


@dataclass(frozen=True)
class Task:
    """A masked task with its settings, which `docs/tasks.md` explains.

    `region`: the part of the document that may change. `calls`: model calls. `inside`: the factor on t0 for the parts
    of the region that lie away from its seam.
    """

    title: str
    region: Callable[[Document], Region]
    t0: float
    calls: int
    inside: float = 1.0


HARMONISE = Task("Harmonise", pasted, t0=0.3, calls=6, inside=0.4)
EDIT_WITH_STROKES = Task("Edit with strokes", painted, t0=0.4, calls=8)


def task_edit(task: Task, document: Document, parameters: Parameters, revision: int) -> Edit:
    """The edit of a document as it is now, with the model, class, seed, refine and other settings of `parameters`.

    Raises ValueError, with a sentence for the person, when the task has nothing to work on.
    """
    region = task.region(document)
    settings = replace(parameters, t0=task.t0, calls=task.calls)
    edit = edit_of(document.replace(selection=region.mask, frame=None), settings, revision)
    job = edit.job
    if task.inside < 1:
        strength = _strength(region, task.inside, edit.frame, job.strength)
        job = replace(job, strength=Pixels.of(strength))
    return replace(edit, document=document, job=job, task=task.title)


def with_t0(edit: Edit, t0: float) -> Edit:
    """The same edit from another t0, within what suits a task."""
    t0 = min(HIGHEST_T0, max(LOWEST_T0, round(t0, 2)))
    return replace(edit, job=replace(edit.job, parameters=replace(edit.job.parameters, t0=t0)))


def _strength(region: Region, inside: float, frame: Rect, held_back: Pixels | None) -> np.ndarray:
    """Full at the seam and around it, `inside` of it further in; what the person protected is held back as well."""
    part = 1 - (1 - inside) * (region.inside.read(frame) / 255)
    if held_back is not None:
        part = part * (held_back.array / 255)
    return np.round(255 * part).astype(np.uint8)
