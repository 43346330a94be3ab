"""Painting on a mask and on the protection, by the tools that paint on pixels."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdedit_studio.document.target import Target, surface
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.selection import rectangle
from sdedit_studio.raster.tiles import Tiles
from tests.ui.documents import push, put

NAMES = {Target.MASK: "Paint mask", Target.PROTECTION: "Paint protection"}
POINTS = st.lists(st.tuples(st.integers(-10, 210), st.integers(-10, 160)), min_size=2, max_size=5)


@pytest.fixture(params=NAMES)
def masked(canvas, request):
    """A canvas whose active layer has a half shown mask, with a tool on that or on the protection."""
    half = Tiles.from_array(np.full((150, 200), 128, np.uint8))
    put(canvas.session, canvas.document.with_layer(canvas.document.active, mask=half).replace(protection=half))
    canvas.session.set_target(request.param)
    canvas.session.set_colours((255, 255, 255), (0, 0, 0))
    return canvas


def level(canvas, x, y):
    return surface(canvas.document, canvas.session.target).pixel(x, y)[0]


def test_a_stroke_is_one_step_and_leaves_the_pixels_alone(masked):
    before, pixels = masked.document, masked.document.active_layer.pixels
    masked.drag((20, 40), (100, 40))
    assert level(masked, 60, 40) == 255
    assert level(masked, 60, 100) == 128
    assert masked.document.active_layer.pixels is pixels
    assert masked.steps == [NAMES[masked.session.target]]
    masked.session.undo()
    assert masked.document is before


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(points=POINTS)
def test_undo_gives_back_the_very_same_document(masked, points):
    before, steps = masked.document, len(masked.steps)
    masked.drag(*points)
    if len(masked.steps) > steps:
        masked.session.undo()
    assert masked.document is before


def test_the_eraser_hides_and_takes_protection_away(masked):
    masked.tool("eraser")
    masked.drag((20, 40), (100, 40))
    assert level(masked, 60, 40) == 0


def test_only_the_selection_is_painted_on_and_both_sides_with_the_mirror(masked):
    box = rectangle(Rect(0, 0, 200, 60), masked.document.bounds)
    put(masked.session, masked.document.replace(selection=box))
    masked.view.brushes.set_mirror(True)
    masked.drag((40, 20), (40, 120))
    assert level(masked, 40, 40) == level(masked, 160, 40) == 255
    assert level(masked, 40, 100) == 128


@pytest.mark.parametrize("tool_id", ["fill", "gradient", "shapes", "smudge"])
def test_every_tool_that_paints_paints_here_too(masked, tool_id):
    masked.drag((20, 40), (60, 40))
    pixels, steps = masked.document.active_layer.pixels, len(masked.steps)
    masked.tool(tool_id)
    if tool_id == "fill":
        masked.click(150, 100)
    else:
        masked.drag((20, 40), (80, 40), (120, 90))
    masked.settle()
    assert masked.document.active_layer.pixels is pixels
    assert len(masked.steps) == steps + 1
    if tool_id != "smudge":
        assert masked.steps[-1] == NAMES[masked.session.target]


def test_colours_play_no_part_in_protecting(canvas):
    canvas.session.set_target(Target.PROTECTION)
    canvas.session.set_colours((10, 20, 30))
    canvas.view.brushes.change("brush", opacity=0.5)
    canvas.drag((20, 40), (100, 40))
    assert level(canvas, 60, 40) == 128
    put(canvas.session, canvas.document.with_layer(canvas.document.active, visible=False))
    canvas.drag((20, 80), (100, 80))  # the layer has no part in it
    assert level(canvas, 60, 80) == 128


def test_moving_says_that_it_is_about_pixels(masked):
    before = masked.document
    masked.tool("move")
    masked.drag((20, 40), (100, 40))
    masked.settle()
    assert masked.document is before
    assert "Layers panel" in masked.messages[-1]


def test_another_layer_or_a_deleted_mask_bring_the_pixels_back(masked):
    document = masked.document
    changes = []
    masked.session.target_changed.connect(lambda: changes.append(masked.session.target))
    put(masked.session, document.replace(active=document.layers[0].id))
    assert changes == [Target.PIXELS]
    put(masked.session, document)
    masked.session.set_target(Target.MASK)
    push(masked.session, "Delete mask", document.with_layer(document.active, mask=None))
    assert masked.session.target is Target.PIXELS
    masked.session.set_target(Target.MASK)
    assert masked.session.target is Target.PIXELS
    assert "has no mask" in masked.messages[-1]
