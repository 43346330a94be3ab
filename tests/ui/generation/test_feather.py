"""A feathered selection fades once: in the layer's mask, not in its pixels too."""

from __future__ import annotations

import numpy as np

from sdedit_studio.document.document import Document
from sdedit_studio.document.edits import guide
from sdedit_studio.document.layer import Layer
from sdedit_studio.editing.edit import Edit, applied, edit_of
from sdedit_studio.engine.job import Result
from sdedit_studio.parameters import Parameters
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.selection import feather, rectangle
from sdedit_studio.raster.tiles import Tiles, blank


def feathered() -> Edit:
    picture = blank(128, 96)
    picture[:48], picture[48:] = (220, 180, 120, 255), (40, 90, 60, 255)
    document = Document.of(128, 96, [Layer("Paper", Tiles.from_array(picture))])
    soft = feather(rectangle(Rect(40, 30, 50, 40), document.bounds), 8, document.bounds)
    return edit_of(document.replace(selection=soft), Parameters(), 0)


def test_a_layer_of_the_result_looks_like_the_pasted_picture():
    from sdedit_studio.diffusion.pasting import paste
    from sdedit_studio.engine.job import Pixels

    edit = feathered()
    before, mask = edit.job.guide.array, edit.job.mask.array
    assert ((mask > 0) & (mask < 255)).any()
    made = np.full_like(before, (200, 40, 10))
    result = Result(edit.job, Pixels.of(paste(before, made, mask)), Pixels.of(made), 1.0, 8)
    document = applied(edit, result, edit.document, Tiles())
    shown = flatten(document.layers, edit.frame)[..., 2::-1].astype(int)
    assert np.abs(shown - result.picture.array).max() <= 1, "the compositor rounds in another place"
    assert np.array_equal(guide(document, edit.frame)[mask == 0], before[mask == 0])
