"""Brush, eraser, smudge, and picking a colour while painting."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from sdedit_studio.raster.brush import Brush
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.selection import rectangle
from sdedit_studio.ui.tools.brushes import DEFAULTS, Brushes
from sdedit_studio.ui.tools.pick import colour_at
from tests.ui.documents import push

SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier


def test_a_stroke_is_one_step_that_undo_takes_back_whole(canvas):
    before = canvas.document
    canvas.drag((20, 40), (60, 40), (60, 80), (20, 80))
    assert canvas.steps == ["Brush stroke"]
    assert canvas.document.active_layer.pixels.pixel(40, 40) == (165, 110, 59, 255)
    canvas.session.undo()
    assert canvas.document is before
    canvas.session.redo()
    assert canvas.alpha()[80, 40] == 255


def test_shift_draws_a_straight_line_from_the_end_of_the_last_stroke(canvas):
    canvas.drag((20, 20), (40, 20))
    canvas.click(180, 120, SHIFT)
    alpha = canvas.alpha()
    for part in np.linspace(0, 1, 30):
        assert alpha[int(20 + part * 100), int(40 + part * 140)] == 255
    assert canvas.steps == ["Brush stroke"] * 2


def test_shift_before_any_stroke_is_a_plain_press(canvas):
    canvas.click(50, 50, SHIFT)
    assert canvas.alpha()[50, 50] == 255


def test_alt_takes_the_colour_that_is_seen_and_paints_nothing(canvas):
    canvas.session.set_colours((10, 20, 30))
    canvas.drag((20, 40), (60, 40))
    canvas.session.set_colours((200, 100, 0))
    canvas.press(150, 120, ALT)
    assert canvas.session.foreground == (255, 255, 255)
    canvas.move(40, 40, ALT)
    canvas.release(40, 40, ALT)
    assert canvas.session.foreground == (10, 20, 30)
    assert canvas.steps == ["Brush stroke"]


def test_escape_while_picking_brings_the_colour_back(canvas):
    canvas.session.set_colours((200, 100, 0))
    canvas.press(150, 120, ALT)
    assert canvas.view.cancel()
    assert canvas.session.foreground == (200, 100, 0)


def test_a_hidden_layer_says_so_and_stays_as_it_is(canvas):
    hidden = canvas.document.with_layer(canvas.document.active, visible=False)
    push(canvas.session, "Hide", hidden)
    canvas.drag((20, 40), (60, 40))
    assert canvas.document is hidden
    assert "hidden" in canvas.messages[-1]
    assert "Show it" in canvas.messages[-1]


def test_paint_stays_inside_the_selection_and_a_miss_is_explained(canvas):
    box = rectangle(Rect(20, 20, 30, 100), canvas.document.bounds)
    push(canvas.session, "Select", canvas.document.replace(selection=box))
    canvas.drag((10, 60), (100, 60))
    alpha = canvas.alpha()
    assert alpha[60, 20:50].min() == 255
    assert alpha[60, :20].max() == alpha[60, 50:].max() == 0
    canvas.drag((120, 60), (180, 60))
    assert canvas.steps == ["Select", "Brush stroke"]
    assert "selection" in canvas.messages[-1]


def test_locked_transparency_is_painted_over_and_not_erased(canvas):
    canvas.drag((20, 40), (100, 40))
    push(canvas.session, "Lock", canvas.document.with_layer(canvas.document.active, alpha_locked=True))
    canvas.session.set_colours((255, 0, 0))
    canvas.drag((60, 20), (60, 60))
    assert canvas.document.active_layer.pixels.pixel(60, 40) == (0, 0, 255, 255)
    assert canvas.alpha()[25, 60] == 0
    canvas.tool("eraser")
    canvas.drag((20, 40), (100, 40))
    assert canvas.steps == ["Brush stroke", "Lock", "Brush stroke"]
    assert "locked" in canvas.messages[-1]


def test_the_eraser_takes_away_and_says_when_there_is_nothing(canvas):
    canvas.drag((20, 40), (100, 40))
    canvas.tool("eraser")
    canvas.drag((60, 20), (60, 60))
    assert canvas.alpha()[40, 60] == 0
    assert canvas.steps == ["Brush stroke", "Erase"]
    canvas.drag((150, 100), (160, 120))
    assert canvas.steps == ["Brush stroke", "Erase"]
    assert "nothing here" in canvas.messages[-1]


def test_smudging_drags_paint_along(canvas):
    canvas.view.brushes.change("brush", size=30)
    canvas.drag((40, 20), (40, 130))
    before = canvas.alpha()[75, 62]
    canvas.tool("smudge")
    canvas.view.brushes.change("smudge", size=20, flow=0.9, opacity=1.0, hardness=0.8)
    canvas.drag((45, 75), (55, 75), (65, 75), (75, 75))
    assert canvas.alpha()[75, 62] > before == 0
    assert canvas.steps == ["Brush stroke", "Smudge"]


def test_mirror_paints_on_both_sides_of_the_canvas(canvas):
    canvas.view.brushes.set_mirror(True)
    canvas.drag((20, 40), (60, 100))
    alpha = canvas.alpha()
    assert alpha.any()
    assert np.abs(alpha.astype(int) - alpha[:, ::-1]).max() <= 1


def test_the_stabiliser_arrives_where_the_pointer_stopped(canvas):
    canvas.view.brushes.set_stabiliser(0.9)
    canvas.drag((20, 40), (60, 40), (120, 40))
    assert canvas.alpha()[40, 118] == 255


def test_size_hardness_and_opacity_by_keys_of_the_window(canvas):
    tool, brushes = canvas.view.tool, canvas.view.brushes
    brushes.change("brush", size=40, hardness=0.5)
    tool.resize(1)
    assert brushes["brush"].size == 45
    tool.resize(-1)
    assert brushes["brush"].size == 40
    brushes.change("brush", size=2)
    tool.resize(-5)
    assert brushes["brush"].size == 1
    tool.resize(1)
    assert brushes["brush"].size == 2
    tool.harden(1)
    assert brushes["brush"].hardness == 0.6
    tool.set_opacity(0.3)
    assert brushes["brush"].opacity == 0.3
    assert brushes["eraser"].opacity == 1.0


def test_tips_stay_in_range_and_are_remembered(canvas):
    brushes = canvas.view.brushes
    brushes.change("brush", size=5000, opacity=-1, hardness=2, size_pressure=False)
    assert brushes["brush"] == Brush(size=1000, opacity=0, hardness=1, size_pressure=False)
    brushes.set_mirror(True)
    brushes.set_stabiliser(0.4)
    other = Brushes()
    other.restore(brushes.as_dict())
    assert [other[tool] for tool in DEFAULTS] == [brushes[tool] for tool in DEFAULTS]
    assert (other.mirror, other.stabiliser) == (True, 0.4)


@pytest.mark.parametrize(
    "stored",
    [{}, {"tips": 3}, {"tips": {"brush": 7, "no such tool": {}}}, {"tips": {"brush": {"size": "big", "flow": None}}}],
)
def test_what_cannot_be_remembered_is_as_it_was(qapp, stored):
    brushes = Brushes()
    brushes.restore(stored)
    assert [brushes[tool] for tool in DEFAULTS] == list(DEFAULTS.values())


def test_the_pick_tool_takes_either_colour_and_averages(canvas):
    tool = canvas.tool("pick")
    canvas.drag((150, 20), (150, 20))
    assert canvas.session.foreground == (255, 255, 255)
    canvas.session.set_colours((0, 0, 0))
    canvas.click(150, 20, ALT)
    assert canvas.session.background == (255, 255, 255)
    canvas.click(-50, 20)
    assert "no colour" in canvas.messages[-1]
    tool._all_layers.set(False)
    canvas.click(150, 20)
    assert canvas.session.foreground == (0, 0, 0)


def test_a_picked_colour_is_not_darkened_by_transparency(canvas):
    canvas.view.brushes.change("brush", opacity=0.5)
    canvas.session.set_colours((250, 120, 10))
    canvas.drag((20, 40), (100, 40))
    picked = colour_at(canvas.document, 60, 40, 3, all_layers=False)
    assert np.abs(np.subtract(picked, (250, 120, 10))).max() <= 1
