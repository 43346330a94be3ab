"""Fill, gradient and shapes."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from sdedit_studio.document.painting import paint_over
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.selection import ellipse, rectangle
from tests.ui.documents import push

SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier


def pixels(canvas):
    return canvas.document.active_layer.pixels.read(canvas.document.bounds)


def test_fill_stops_at_what_is_painted(canvas):
    canvas.view.brushes.change("brush", size=6)
    canvas.drag((100, -10), (100, 160))
    canvas.session.set_colours((255, 0, 0))
    canvas.tool("fill")
    canvas.click(30, 30)
    canvas.settle()
    assert tuple(pixels(canvas)[75, 20]) == (0, 0, 255, 255)
    assert pixels(canvas)[75, 150, 3] == 0
    assert canvas.steps == ["Brush stroke", "Fill"]
    canvas.session.undo()
    assert pixels(canvas)[75, 20, 3] == 0


def test_fill_everywhere_by_colour_and_with_opacity(canvas):
    canvas.view.brushes.change("brush", size=6)
    canvas.drag((100, -10), (100, 160))
    tool = canvas.tool("fill")
    tool._area.connected.set(False)
    tool.set_opacity(0.5)
    canvas.click(30, 30)
    canvas.settle()
    assert pixels(canvas)[75, 20, 3] == pixels(canvas)[75, 180, 3] == 128


def test_fill_keeps_to_the_selection_and_says_so_outside(canvas):
    box = rectangle(Rect(20, 20, 60, 40), canvas.document.bounds)
    push(canvas.session, "Select", canvas.document.replace(selection=box))
    canvas.tool("fill")
    canvas.click(40, 40)
    canvas.settle()
    assert pixels(canvas)[..., 3].sum() == 60 * 40 * 255
    canvas.click(150, 100)
    canvas.settle()
    assert canvas.steps == ["Select", "Fill"]
    assert "selection" in canvas.messages[-1]


def test_a_fill_on_its_way_is_finished_before_the_next_change(canvas):
    canvas.tool("fill")
    canvas.click(40, 40)
    canvas.tool("brush")
    canvas.session.set_colours((255, 0, 0))
    canvas.drag((20, 20), (60, 20))
    canvas.qtbot.waitUntil(lambda: len(canvas.steps) == 2)
    assert canvas.steps == ["Fill", "Brush stroke"]
    canvas.session.undo()
    assert pixels(canvas)[..., 3].min() == 255


def test_a_fill_on_its_way_comes_before_a_change_that_is_asked_for_later(canvas):
    start = canvas.document
    canvas.tool("fill")
    canvas.click(40, 40)
    canvas.session.change("Opacity", lambda document: document.with_layer(document.active, opacity=0.5))
    canvas.settle()
    assert canvas.steps == ["Fill", "Opacity"]
    assert canvas.document.active_layer.opacity == 0.5
    assert pixels(canvas)[..., 3].min() == 255
    canvas.session.undo()
    canvas.session.undo()
    assert canvas.document is start


def test_escape_takes_back_a_fill_that_is_still_computed(canvas):
    before = canvas.document
    canvas.tool("fill")
    canvas.click(40, 40)
    assert canvas.session.withdraw()
    canvas.settle()
    assert canvas.document is before
    assert canvas.steps == []


def test_a_gradient_runs_between_the_two_colours(canvas):
    canvas.session.set_colours((200, 100, 0), (0, 100, 200))
    canvas.tool("gradient")
    canvas.drag((0, 0), (200, 0))
    canvas.settle()
    row = pixels(canvas)[75].astype(int)
    assert np.abs(row[0] - (0, 100, 200, 255)).max() <= 2
    assert np.abs(row[-1] - (200, 100, 0, 255)).max() <= 2
    assert np.abs(row[100] - (100, 100, 100, 255)).max() <= 2
    assert canvas.steps == ["Gradient"]


def test_a_gradient_is_seen_while_it_is_dragged_and_escape_takes_it_back(canvas):
    before = canvas.document
    canvas.tool("gradient")
    canvas.press(0, 0)
    canvas.move(100, 0)
    canvas.settle()
    assert pixels(canvas)[75, 150, 3] == 255
    assert canvas.view.cancel()
    canvas.move(150, 0)
    canvas.release(150, 0)
    canvas.settle()
    assert canvas.document is before
    assert canvas.steps == []


def test_a_radial_gradient_to_transparent_within_a_soft_selection(canvas):
    round_one = ellipse(Rect(50, 25, 100, 100), canvas.document.bounds)
    push(canvas.session, "Select", canvas.document.replace(selection=round_one))
    tool = canvas.tool("gradient")
    tool._kind.set("radial")
    tool._to_transparent.set(True)
    canvas.drag((100, 75), (140, 75))
    canvas.settle()
    alpha = pixels(canvas)[..., 3].astype(int)
    assert alpha[75, 100] > 245
    assert abs(alpha[75, 120] - 128) < 8
    assert alpha[75, 145] == alpha[10, 10] == 0


def test_shift_keeps_a_gradient_to_round_angles(canvas):
    canvas.tool("gradient")
    canvas.press(0, 75)
    canvas.release(150, 80, SHIFT)
    canvas.settle()
    straight = pixels(canvas)
    assert np.abs(straight[10].astype(int) - straight[140]).max() <= 1


@pytest.mark.parametrize("shape", ["rectangle", "ellipse", "line"])
def test_shapes(canvas, shape):
    tool = canvas.tool("shapes")
    tool._shape.set(shape)
    canvas.press(40, 40)
    canvas.move(120, 40)
    canvas.release(120, 100)
    canvas.settle()
    area = (canvas.alpha() / 255).sum()
    expected = {"rectangle": 80 * 60, "ellipse": np.pi * 40 * 30, "line": 100 * 8 + np.pi * 16}[shape]
    assert area == pytest.approx(expected, rel=0.01)
    assert canvas.steps == [f"Draw {shape}"]


def test_shift_draws_a_circle_about_the_press_with_alt(canvas):
    tool = canvas.tool("shapes")
    tool._shape.set("ellipse")
    canvas.press(100, 75)
    canvas.release(120, 80, SHIFT | ALT)
    canvas.settle()
    assert canvas.document.active_layer.pixels.content_bounds() == Rect(80, 55, 40, 40)


def test_a_click_draws_no_shape(canvas):
    canvas.tool("shapes")
    canvas.click(50, 50)
    canvas.settle()
    assert canvas.steps == []


def test_paint_is_laid_within_canvas_and_selection_and_keeps_locked_transparency(canvas):
    document = canvas.document.with_layer(canvas.document.active, alpha_locked=True)
    assert not paint_over(document, Rect(0, 0, 50, 50), solid).active_layer.pixels.tiles
    free = canvas.document
    assert paint_over(free, Rect(-50, -50, 100, 100), solid).active_layer.pixels.content_bounds() == Rect(0, 0, 50, 50)
    assert paint_over(free, Rect(300, 300, 100, 100), solid) is free


def solid(where):
    return np.full((where.height, where.width, 4), 255, np.uint8)
