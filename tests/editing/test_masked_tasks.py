"""The edits of the masked tasks: what they send, where they may change, and from which t0."""

from __future__ import annotations

import numpy as np

from sdedit_studio.editing.masked_tasks import EDIT_WITH_STROKES, HARMONISE, HIGHEST_T0, LOWEST_T0, task_edit, with_t0
from sdedit_studio.parameters import Parameters, Refine
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles
from tests.editing.documents import with_boat


def test_harmonise_chooses_t0_calls_and_frame_and_keeps_the_rest():
    document = with_boat().replace(selection=Tiles.from_array(np.full((9, 9), 255, np.uint8)), frame=Rect(0, 0, 64, 64))
    settings = Parameters(t0=0.9, calls=20, seed=77, condition="mountain", refine=Refine.SDE)
    edit = task_edit(HARMONISE, document, settings, 5)
    job = edit.job
    assert (job.parameters.t0, job.parameters.calls) == (HARMONISE.t0, HARMONISE.calls)
    assert (job.parameters.seed, job.parameters.condition, job.revision) == (77, "mountain", 5)
    assert job.parameters.refine is Refine.SDE
    assert edit.document is document
    assert edit.frame in document.bounds
    assert Rect(150, 120, 60, 40) in edit.frame
    assert np.array_equal(job.guide.array, flatten(document.layers, edit.frame)[..., 2::-1])


def test_the_seam_changes_most_and_the_picture_itself_less():
    edit = task_edit(HARMONISE, with_boat(), Parameters(), 0)
    strength = edit.job.strength.array
    x, y = 150 - edit.frame.x, 120 - edit.frame.y
    assert strength[y + 20, x + 30] == round(255 * HARMONISE.inside)
    assert strength[y, x] > 230
    assert strength[y - 3, x - 3] == 255


def test_what_is_protected_stays_so():
    protected = with_boat().replace(protection=Tiles.from_array(np.full((300, 180), 255, np.uint8)))
    edit = task_edit(HARMONISE, protected, Parameters(), 0)
    strength, free = edit.job.strength.array, 180 - edit.frame.x
    assert not strength[:, :free].any()
    assert strength[:, free:].all()


def test_strokes_are_edited_alike_all_over():
    edit = task_edit(EDIT_WITH_STROKES, with_boat(), Parameters(), 0)
    assert edit.job.strength is None
    assert edit.task == "Edit with strokes"
    mask = edit.job.mask.array
    assert mask.max() == 255 and mask.min() == 0


def test_another_t0_is_the_same_edit_and_stays_within_what_suits():
    edit = task_edit(HARMONISE, with_boat(), Parameters(), 0)
    more = with_t0(edit, 0.352)
    assert more.job.parameters.t0 == 0.35
    assert (more.job.guide, more.job.mask, more.frame) == (edit.job.guide, edit.job.mask, edit.frame)
    assert with_t0(edit, 0.0).job.parameters.t0 == LOWEST_T0
    assert with_t0(edit, 2.0).job.parameters.t0 == HIGHEST_T0
