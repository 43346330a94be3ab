"""What is kept of a result, and what is made of that again."""

from __future__ import annotations

import numpy as np
import pytest

from sdedit_studio.document.layer import Layer
from sdedit_studio.editing.edit import edit_of
from sdedit_studio.editing.masked_tasks import HARMONISE, task_edit
from sdedit_studio.editing.records import record_of, with_protection_of
from sdedit_studio.engine.job import Result
from sdedit_studio.parameters import Parameters
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles
from tests.editing.documents import painted_document


def test_what_a_task_holds_back_by_itself_is_no_protection():
    boat = Layer("Boat", Tiles.from_array(np.full((20, 30, 4), 255, np.uint8), 30, 20))
    edit = task_edit(HARMONISE, painted_document().inserted(boat), Parameters(), 0)
    result = Result(edit.job, edit.job.guide, edit.job.guide, 1.0, 8)
    assert edit.job.strength is not None
    assert record_of(edit, result).strength is None


def test_what_was_protected_comes_back_in_the_frame_of_the_result():
    held = Tiles.from_array(np.tile(np.arange(40, dtype=np.uint8), (30, 1)), 20, 10)
    document = painted_document().replace(protection=held, frame=Rect(16, 8, 64, 48))
    edit = edit_of(document, Parameters(), 0)
    record = record_of(edit, Result(edit.job, edit.job.guide, edit.job.guide, 1.0, 8))
    assert with_protection_of(document, record) is document
    elsewhere = Tiles.from_array(np.full((64, 96), 200, np.uint8))
    now = with_protection_of(document.replace(protection=elsewhere), record).protection
    assert np.array_equal(now.read(record.frame), held.read(record.frame))
    assert now.pixel(2, 2) == (200,), "outside the frame nothing changes"
    with pytest.raises(ValueError, match="lies on a canvas of another size"):
        with_protection_of(painted_document(64, 96), record)
