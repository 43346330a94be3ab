"""What is kept of a result, and what is made of that again."""

from __future__ import annotations

import numpy as np

from sdedit_studio.document.layer import Layer
from sdedit_studio.editing.masked_tasks import HARMONISE, task_edit
from sdedit_studio.editing.records import record_of
from sdedit_studio.engine.job import Result
from sdedit_studio.parameters import Parameters
from sdedit_studio.raster.tiles import Tiles
from tests.editing.documents import painted_document


def test_what_a_task_holds_back_by_itself_is_no_protection():
    boat = Layer("Boat", Tiles.from_array(np.full((20, 30, 4), 255, np.uint8), 30, 20))
    edit = task_edit(HARMONISE, painted_document().inserted(boat), Parameters(), 0)
    result = Result(edit.job, edit.job.guide, edit.job.guide, 1.0, 8)
    assert edit.job.strength is not None
    assert record_of(edit, result).strength is None
