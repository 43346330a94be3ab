"""Crop and frame."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.selection import rectangle
from sdedit_studio.ui.tools.boxes import ASPECTS
from sdedit_studio.ui.widgets.number_field import NumberField
from tests.ui.documents import push

SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_crop_waits_for_enter_and_is_one_step(canvas):
    canvas.drag((20, 40), (100, 40))
    canvas.tool("crop")
    canvas.drag((30, 20), (130, 100))
    assert canvas.view.tool.box == Rect(30, 20, 100, 80)
    assert (canvas.document.width, canvas.document.height) == (200, 150)
    QTest.keyClick(canvas.view, Qt.Key.Key_Return)
    canvas.settle()
    assert (canvas.document.width, canvas.document.height) == (100, 80)
    assert canvas.alpha()[20, 60] == 255
    assert canvas.steps == ["Brush stroke", "Crop"]
    canvas.session.undo()
    assert (canvas.document.width, canvas.document.height) == (200, 150)


def test_crop_handles_inside_and_escape(canvas):
    canvas.tool("crop")
    assert canvas.view.tool.box == Rect(0, 0, 200, 150)
    canvas.drag((0, 75), (40, 75))
    canvas.drag((200, 150), (180, 140))
    assert canvas.view.tool.box == Rect(40, 0, 140, 140)
    canvas.drag((100, 75), (0, 75))
    assert canvas.view.tool.box == Rect(0, 0, 140, 140)
    canvas.press(70, 70)
    canvas.move(90, 70)
    assert canvas.view.cancel()
    assert canvas.view.tool.box == Rect(0, 0, 200, 150)
    assert not canvas.view.accept()
    assert canvas.steps == []


def test_a_double_click_crops(canvas):
    canvas.tool("crop")
    canvas.drag((30, 20), (130, 100))
    canvas.double(80, 60)
    canvas.settle()
    assert canvas.document.bounds == Rect(0, 0, 100, 80)


def test_crop_by_numbers_and_shape(canvas):
    tool = canvas.tool("crop")
    shapes, width, height = tool.size_fields()
    assert isinstance(width, NumberField)
    width.value_changed.emit(100)
    height.value_changed.emit(50)
    assert tool.box == Rect(50, 50, 100, 50)
    shapes.setCurrentIndex(1)
    shapes.activated.emit(1)
    assert tool.box.width == tool.box.height == 100
    width.value_changed.emit(5000)
    assert tool.box == Rect(25, 0, 150, 150)


def test_the_frame_is_dragged_live_and_each_drag_is_a_step(canvas):
    canvas.tool("frame")
    canvas.press(20, 20)
    canvas.move(100, 80)
    canvas.view._input.flush()
    assert canvas.document.frame == Rect(20, 20, 80, 60)
    canvas.release(120, 90)
    assert canvas.document.frame == Rect(20, 20, 100, 70)
    canvas.drag((120, 90), (140, 100))
    assert canvas.document.frame == Rect(20, 20, 120, 80)
    assert canvas.steps == ["Frame", "Frame"]
    canvas.press(60, 60)
    canvas.move(70, 60)
    canvas.view._input.flush()
    assert canvas.document.frame.x == 30
    assert canvas.view.cancel()
    assert canvas.document.frame == Rect(20, 20, 120, 80)
    canvas.double(60, 60)
    assert canvas.document.frame is None
    assert canvas.steps == ["Frame"] * 3


def test_the_frame_starts_from_what_a_selection_implies(canvas):
    box = rectangle(Rect(80, 60, 20, 20), canvas.document.bounds)
    push(canvas.session, "Select", canvas.document.replace(selection=box))
    tool = canvas.tool("frame")
    implied = tool.box
    assert Rect(80, 60, 20, 20) in implied
    canvas.drag((implied.right, implied.y + implied.height / 2), (implied.right + 10, 75))
    assert canvas.document.frame == Rect(implied.x, implied.y, implied.width + 10, implied.height)


aspects = st.sampled_from([value for _, value in ASPECTS])
points = st.tuples(st.integers(-100, 300), st.integers(-100, 250)).map(lambda at: QPointF(*at))


@pytest.fixture(scope="module")
def crop_tool(qapp):
    from sdedit_studio.ui.canvas.view import CanvasView
    from sdedit_studio.ui.document.session import Session, new_document

    view = CanvasView(Session(new_document(200, 150)))
    yield view.toolbox.tool("crop")
    view.deleteLater()


@settings(max_examples=300)
@given(points, points, aspects, st.sampled_from([None, (1, 1), (-1, 0), (0, 1)]))
def test_a_box_stays_on_the_canvas_and_in_shape(crop_tool, fixed, moving, aspect, grip):
    box = crop_tool._between(fixed, moving, aspect, grip)
    assert box.empty or box in Rect(0, 0, 200, 150)
    if aspect is not None and min(box.width, box.height) > 1:
        assert abs(box.width - box.height * aspect) <= max(1, aspect)
