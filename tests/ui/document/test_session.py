"""The session: what counts as saved, what tools paint on, and who hears of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sdedit_studio.document.results import Results
from sdedit_studio.document.target import Target
from sdedit_studio.files.results import new_record
from sdedit_studio.parameters import Parameters
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import NO_COVERAGE
from sdedit_studio.ui.document.session import BLACK, WHITE, new_document
from tests.ui.documents import paint

TOLD = (
    "document_replaced",
    "layers_changed",
    "selection_changed",
    "results_changed",
    "history_changed",
    "parameters_changed",
    "target_changed",
)


@pytest.fixture
def results() -> Results:
    picture = np.zeros((8, 8, 3), np.uint8)
    frame, settings = Rect(0, 0, 8, 8), Parameters().as_dict()
    return Results().added(
        new_record(picture, picture, None, frame=frame, canvas=(8, 8), parameters=settings, calls=1, seconds=0.5)
    )


def heard(session, *signals) -> list[str]:
    said: list[str] = []
    for name in signals:
        getattr(session, name).connect(lambda *_, name=name: said.append(name))
    return said


def test_saving_is_told_and_nothing_is_modified_then(session, results):
    paint(session, Rect(0, 0, 5, 5))
    session.set_results(results)
    assert session.modified
    said = heard(session, "history_changed")
    session.mark_saved(session.document, session.results, Path("a.ora"))
    assert said == ["history_changed"]
    assert not session.modified and session.path == Path("a.ora")
    session.set_results(Results())
    assert session.modified, "results are part of what is saved"
    assert said == ["history_changed"] * 2


def test_a_document_opened_with_its_results_is_as_its_file_is(session, results):
    paint(session, Rect(0, 0, 5, 5))
    session.set_target(Target.PROTECTION)
    said = heard(session, *TOLD)
    session.open(new_document(9, 9), Path("b.ora"), Parameters(t0=0.7), results)
    assert not session.modified and session.undo_labels == []
    assert (session.path, session.results, session.parameters.t0) == (Path("b.ora"), results, 0.7)
    assert session.target is Target.PIXELS
    assert set(said) == set(TOLD)


def test_a_document_that_no_file_holds_is_modified(session):
    session.open(new_document(9, 9), None, saved=False)
    assert session.modified


def test_tools_paint_on_the_pixels_of_a_layer_that_has_become_active(session):
    session.set_target(Target.PROTECTION)
    session.activate(session.document.layers[0].id)
    assert session.target is Target.PIXELS


def test_tools_paint_on_pixels_again_where_a_mask_is_gone(session):
    active = session.document.active
    session.set_target(Target.MASK)
    assert session.target is Target.PIXELS, "there is none"
    session.change("Add mask", lambda document: document.with_layer(active, mask=NO_COVERAGE), at_once=True)
    session.set_target(Target.MASK)
    paint(session, Rect(0, 0, 3, 3))
    assert session.target is Target.MASK
    session.undo()
    session.undo()
    assert session.target is Target.PIXELS


def test_protection_is_painted_in_white_and_black(session):
    session.set_colours((1, 2, 3), (4, 5, 6))
    assert session.paint == ((1, 2, 3), (4, 5, 6))
    session.set_target(Target.PROTECTION)
    assert session.paint == (WHITE, BLACK)


def test_choosing_what_is_chosen_already_is_not_told(session):
    said = heard(session, "tool_changed", "target_changed", "parameters_changed")
    session.set_tool(session.tool)
    session.set_target(session.target)
    session.set_parameters(t0=session.parameters.t0)
    assert said == []
    session.set_tool("eraser")
    session.set_target(Target.PROTECTION)
    session.set_parameters(t0=0.9)
    assert said == ["tool_changed", "target_changed", "parameters_changed"]
