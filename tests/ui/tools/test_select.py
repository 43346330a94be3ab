"""Rectangle, ellipse, lasso and wand, combined by modifiers and moved by dragging."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sdedit_studio.raster.geometry import Rect

NONE = Qt.KeyboardModifier.NoModifier
SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier


def boxes(*rects):
    covered = np.zeros((150, 200), np.uint8)
    for rect in rects:
        covered[rect.slices] = 255
    return covered


def select(canvas, start, end, modifiers=NONE):
    canvas.drag(start, end, modifiers=modifiers)
    canvas.settle()


FIRST, SECOND = Rect(20, 20, 60, 40), Rect(50, 40, 60, 40)


@pytest.mark.parametrize(
    ("modifiers", "how"), [(NONE, "replace"), (SHIFT, "add"), (ALT, "subtract"), (SHIFT | ALT, "intersect")]
)
@pytest.mark.parametrize("by_button", [False, True])
def test_modifiers_and_buttons_combine_selections(canvas, modifiers, how, by_button):
    tool = canvas.tool("rectangle-select")
    select(canvas, (80, 60), (20, 20))
    assert np.array_equal(canvas.coverage(), boxes(FIRST))
    if by_button:
        tool._selecting.how.set(how)
    else:
        tool._selecting.how.set("replace")
    start, end = ((110, 80), (50, 40))
    select(canvas, start, end, NONE if by_button else modifiers)
    first, second = boxes(FIRST), boxes(SECOND)
    expected = {
        "replace": second,
        "add": np.maximum(first, second),
        "subtract": first & ~second,
        "intersect": first & second,
    }[how]
    assert np.array_equal(canvas.coverage(), expected)
    assert canvas.steps == ["Select rectangle"] * 2


def test_shift_during_the_drag_makes_a_square_and_alt_centres_it(canvas):
    canvas.tool("rectangle-select")
    canvas.press(60, 60)
    canvas.move(80, 70, SHIFT)
    canvas.release(90, 70, SHIFT)
    canvas.settle()
    assert canvas.document.selection.content_bounds() == Rect(60, 60, 30, 30)
    canvas.press(100, 100)
    canvas.release(110, 120, ALT)
    canvas.settle()
    assert canvas.document.selection.content_bounds() == Rect(90, 80, 20, 40)


def test_an_ellipse_is_antialiased(canvas):
    canvas.tool("ellipse-select")
    select(canvas, (20, 20), (120, 100))
    coverage = canvas.coverage()
    assert coverage[60, 70] == 255
    assert coverage[22, 22] == 0
    assert 0.98 < coverage.sum() / 255 / (np.pi * 50 * 40) < 1.02
    assert ((coverage > 0) & (coverage < 255)).any()


def test_feather_softens_the_new_selection(canvas):
    tool = canvas.tool("rectangle-select")
    tool._selecting.feather.set(10.0)
    select(canvas, (50, 50), (150, 100))
    row = canvas.coverage()[75]
    assert row[100] == 255
    assert 100 < row[50] < 155
    assert 0 < row[46] < 128


def test_a_drag_inside_moves_the_outline_as_one_step(canvas):
    canvas.tool("rectangle-select")
    select(canvas, (20, 20), (80, 60))
    canvas.press(40, 40)
    canvas.move(50, 45)
    canvas.settle()
    assert np.array_equal(canvas.coverage(), boxes(FIRST))
    assert canvas.view._ants._shift == (10, 5)
    canvas.release(60, 50)
    canvas.settle()
    assert np.array_equal(canvas.coverage(), boxes(FIRST.moved(20, 10)))
    assert canvas.steps == ["Select rectangle", "Move selection"]
    canvas.drag((60, 50), (400, 50))
    canvas.settle()
    assert canvas.document.selection is None


def test_escape_leaves_a_dragged_outline_where_it_was(canvas):
    canvas.tool("lasso")
    select(canvas, (20, 20), (80, 20))
    canvas.tool("rectangle-select")
    select(canvas, (20, 20), (80, 60))
    canvas.press(40, 40)
    canvas.move(60, 50)
    assert canvas.view.cancel()
    canvas.release(60, 50)
    assert np.array_equal(canvas.coverage(), boxes(FIRST))
    assert canvas.view._ants._shift == (0, 0)


def test_arrow_keys_move_the_outline(canvas):
    canvas.tool("rectangle-select")
    select(canvas, (20, 20), (80, 60))
    QTest.keyClick(canvas.view, Qt.Key.Key_Right)
    QTest.keyClick(canvas.view, Qt.Key.Key_Down, SHIFT)
    canvas.settle()
    assert np.array_equal(canvas.coverage(), boxes(FIRST.moved(1, 10)))


@pytest.mark.parametrize("tool", ["rectangle-select", "ellipse-select", "lasso"])
def test_a_click_outside_selects_nothing(canvas, tool):
    canvas.tool("rectangle-select")
    select(canvas, (20, 20), (80, 60))
    canvas.tool(tool)
    canvas.click(150, 120)
    canvas.settle()
    assert canvas.document.selection is None
    assert canvas.steps[-1] == "Deselect"
    assert not canvas.view.waits
    canvas.session.undo()
    assert np.array_equal(canvas.coverage(), boxes(FIRST))


def test_a_freehand_lasso_closes_at_the_release(canvas):
    canvas.tool("lasso")
    canvas.drag((20, 20), (120, 20), (120, 120), (20, 120))
    canvas.settle()
    assert np.array_equal(canvas.coverage(), boxes(Rect(20, 20, 100, 100)))
    assert canvas.steps == ["Select lasso"]


@pytest.mark.parametrize("close", ["enter", "double", "start"])
def test_clicks_make_a_polygon(canvas, close):
    canvas.tool("lasso")
    for corner in ((20, 20), (120, 20), (120, 120), (20, 120)):
        canvas.click(*corner)
    assert canvas.document.selection is None
    assert canvas.view.waits
    if close == "enter":
        QTest.keyClick(canvas.view, Qt.Key.Key_Return)
    elif close == "double":
        canvas.double(20, 120)
    else:
        canvas.click(22, 22)
    canvas.settle()
    assert np.array_equal(canvas.coverage(), boxes(Rect(20, 20, 100, 100)))
    assert not canvas.view.waits


def test_a_polygon_may_have_freehand_sides_and_escape_drops_it(canvas):
    canvas.tool("lasso")
    canvas.click(20, 20)
    canvas.drag((120, 20), (140, 70), (120, 120))
    canvas.click(20, 120)
    assert canvas.view.accept()
    canvas.settle()
    assert canvas.coverage()[70, 130] == 255
    canvas.click(20, 140)  # outside: selects nothing
    canvas.settle()
    canvas.click(20, 20)
    canvas.click(120, 20)
    assert canvas.view.cancel()
    assert not canvas.view.accept()
    assert canvas.document.selection is None


def test_the_wand_selects_what_has_one_colour(canvas):
    canvas.view.brushes.change("brush", size=30)
    canvas.drag((60, 60), (61, 60))
    canvas.drag((150, 60), (151, 60))
    tool = canvas.tool("wand")
    canvas.click(60, 60)
    canvas.settle()
    coverage = canvas.coverage()
    assert coverage[60, 60] == 255
    assert coverage[60, 150] == coverage[120, 20] == 0
    tool._area.connected.set(False)
    canvas.click(60, 60)
    canvas.settle()
    assert canvas.coverage()[60, 150] == 255
    tool._area.connected.set(True)
    canvas.click(10, 140, SHIFT)
    canvas.settle()
    assert canvas.coverage()[120, 20] == 255
    tool._area.all_layers.set(False)
    canvas.click(-5, 5)
    assert canvas.document.selection is None


def test_a_selection_that_is_still_computed_survives_another_tool(canvas):
    canvas.tool("ellipse-select")
    canvas.drag((20, 20), (120, 100))
    canvas.session.set_tool("brush")
    canvas.settle()
    assert canvas.steps == ["Select ellipse"]
    assert canvas.coverage()[60, 70] == 255
