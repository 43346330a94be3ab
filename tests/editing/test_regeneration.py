"""The edit that makes a result again."""

from __future__ import annotations

import numpy as np
import pytest

from sdedit_studio.document.document import Document
from sdedit_studio.editing.edit import applied, edit_of
from sdedit_studio.editing.regeneration import frame_to_regenerate, regeneration_edit
from sdedit_studio.engine.job import Pixels, Result
from sdedit_studio.parameters import Parameters
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import EMPTY, Tiles
from tests.editing.documents import painted_document


def with_result(select: Rect | None = None) -> Document:
    """A document whose active layer is a result."""
    document = painted_document()
    if select is not None:
        box = Tiles.from_array(np.full((select.height, select.width), 255, np.uint8), select.x, select.y)
        document = document.replace(selection=box)
    edit = edit_of(document, Parameters(), 0)
    picture = Pixels.of(np.full_like(edit.job.guide.array, (200, 40, 10)))
    return applied(edit, Result(edit.job, picture, picture, 1.0, 8), document, EMPTY).replace(selection=None)


def test_a_moved_result_is_made_where_it_is_now():
    document = with_result(Rect(20, 10, 30, 40))
    result = document.active_layer
    frame = frame_to_regenerate(document, result)
    assert list(frame) == result.generation["frame"]
    shifted = result.moved(-frame.x, -frame.y)
    moved = document.with_layer(result.id, pixels=shifted.pixels, mask=shifted.mask)
    assert frame_to_regenerate(moved, moved.layer(result.id)) == Rect(0, 0, frame.width, frame.height)
    erased = result.replace(pixels=result.pixels.cleared(Rect(0, 0, 30, 64)))
    assert frame_to_regenerate(document, erased) == frame
    assert frame_to_regenerate(document, result.replace(generation={"frame": "everywhere"})) == frame


def test_what_cannot_be_made_again_says_so():
    document = with_result()
    layer = document.active
    for other, words in (
        (document.with_layer(layer, generation=None), "not a result"),
        (document.reordered(layer, 0), "below it"),
        (document.with_layer(layer, mask=Tiles(1)), "mask"),
    ):
        with pytest.raises(ValueError, match=words):
            regeneration_edit(other, layer, 0)
