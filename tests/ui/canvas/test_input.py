"""From events to strokes: nothing is lost, nothing is doubled, nothing is left half done."""

import time

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.ui.documents import push
from tests.ui.pointer import ERASER

PRESS, MOVE, RELEASE = QEvent.Type.TabletPress, QEvent.Type.TabletMove, QEvent.Type.TabletRelease


def recorded(canvas, monkeypatch):
    """The pointers that the brush's stroke is given, as they come."""
    given = []
    tool = canvas.view.tool
    original = type(tool).drag
    monkeypatch.setattr(type(tool), "drag", lambda self, at: (given.append(at), original(self, at)))
    return given


def test_qtests_own_events_paint(canvas):
    at = [canvas.on_view(x, 40).toPoint() for x in (20, 40, 60)]
    QTest.mousePress(canvas.view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at[0])
    QTest.mouseMove(canvas.view, at[1])
    QTest.mouseMove(canvas.view, at[2])
    QTest.mouseRelease(canvas.view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at[2])
    assert canvas.alpha()[40, 20:60].min() == 255
    assert canvas.steps == ["Brush stroke"]


def test_a_mouse_presses_fully_and_a_pen_by_its_pressure(canvas):
    canvas.drag((20, 20), (80, 20))
    canvas.pen_stroke((20, 100.5, 0.25), (50, 100.5, 0.25), (80, 100.5, 0.25))
    alpha = canvas.alpha()
    assert (alpha[:60, 50] > 127).sum() == 12
    assert (alpha[60:, 50] > 127).sum() == 3


def test_pressure_grows_along_the_stroke(canvas):
    canvas.pen_stroke(*((20 + 4 * i, 75, i / 40) for i in range(1, 41)))
    widths = (canvas.alpha() > 127).sum(axis=0)
    assert widths[40] < widths[80] < widths[160] == 12


def test_tablet_events_are_accepted_and_keep_fractions_of_a_pixel(canvas, monkeypatch):
    given = recorded(canvas, monkeypatch)
    assert canvas.pen(PRESS, 20.25, 30.5, 0.5).isAccepted()
    canvas.pen(MOVE, 21.75, 30.125, 0.625)
    canvas.pen(RELEASE, 21.75, 30.125, 0.0)
    assert (given[0].x, given[0].y) == pytest.approx((21.75, 30.125), abs=1e-4)
    assert given[0].pressure == pytest.approx(0.625, abs=0.001)


def test_the_mouse_is_ignored_until_the_pen_is_up(canvas):
    canvas.pen(PRESS, 20, 20, 1.0)
    canvas.press(20, 120)
    canvas.pen(MOVE, 60, 20, 1.0)
    canvas.move(60, 120)
    canvas.release(60, 120)
    canvas.pen(RELEASE, 60, 20, 0.0)
    assert canvas.steps == ["Brush stroke"]
    assert canvas.alpha()[100:].max() == 0
    canvas.drag((20, 120), (60, 120))
    assert canvas.alpha()[100:].max() == 255


def test_a_first_sample_without_pressure_waits_for_one_with_it(canvas):
    canvas.pen_stroke((20, 40, 0.0), (20, 40, 0.0), (21, 40, 1.0), (60, 40, 1.0))
    assert (canvas.alpha()[:, 22] > 127).sum() == 12
    assert canvas.steps == ["Brush stroke"]
    canvas.pen_stroke((20, 120, 0.0), (20, 120, 0.0))
    assert canvas.steps == ["Brush stroke"]
    assert canvas.messages == []


def test_the_pens_other_end_erases(canvas):
    canvas.drag((20, 40), (100, 40))
    canvas.pen_stroke((60, 20, 1.0), (60, 60, 1.0), pen=ERASER)
    alpha = canvas.alpha()
    assert alpha[40, 60] == 0
    assert alpha[40, 30] == 255
    assert canvas.steps == ["Brush stroke", "Erase"]


def test_two_taps_of_a_pen_are_a_double_click(canvas):
    canvas.tool("lasso")
    for x, y in ((20, 20), (80, 20), (80, 80)):
        canvas.pen_stroke((x, y, 1.0))
    canvas.pen_stroke((80, 80, 1.0))
    canvas.settle()
    assert canvas.steps == ["Select lasso"]


def test_every_sample_reaches_the_stroke(canvas, monkeypatch):
    given = recorded(canvas, monkeypatch)
    places = [(10 + i / 4, 75 + (i % 7) / 8) for i in range(500)]
    canvas.pen(PRESS, 10, 75, 0.5)
    for x, y in places:
        canvas.pen(MOVE, x, y, 0.5)
    canvas.pen(RELEASE, *places[-1], 0.0)
    canvas.settle()
    assert [(at.x, at.y) for at in given] == [pytest.approx(place, abs=1e-3) for place in places]


def test_a_slow_stroke_lets_the_window_have_its_turn_and_loses_nothing(canvas, monkeypatch):
    given = recorded(canvas, monkeypatch)
    tool = type(canvas.view.tool)
    quick = tool.drag
    monkeypatch.setattr(tool, "drag", lambda self, at: (time.sleep(0.004), quick(self, at)))
    turns = []
    timer = QTimer(interval=0)
    timer.timeout.connect(lambda: turns.append(len(given)))
    timer.start()
    canvas.press(10, 75)
    for i in range(60):
        canvas.move(10 + i, 75)
    canvas.release(70, 75)
    assert len(given) < 40
    canvas.qtbot.waitUntil(lambda: canvas.steps == ["Brush stroke"])
    assert len(given) == 60
    assert len(set(turns)) > 5


def test_a_tool_that_needs_no_path_is_given_only_the_latest_place(canvas, monkeypatch):
    tool = canvas.tool("rectangle-select")
    moves = []
    monkeypatch.setattr(tool, "move", moves.append)
    canvas.press(10, 10)
    for i in range(50):
        canvas.move(10 + i, 20)
    canvas.settle()
    assert [at.x for at in moves] == [pytest.approx(59)]


def test_a_lost_release_ends_the_stroke_where_it_was_left(canvas):
    canvas.press(20, 40)
    canvas.move(60, 40)
    canvas._buttons = Qt.MouseButton.NoButton
    canvas.move(60, 120)
    canvas.move(100, 120)
    assert canvas.steps == ["Brush stroke"]
    assert canvas.alpha()[130:].max() == 0
    assert not canvas.view.busy


def test_a_pen_lost_in_another_window_ends_its_stroke(canvas):
    canvas.pen(PRESS, 20, 40, 1.0)
    canvas.pen(MOVE, 60, 40, 1.0)
    event = canvas.pen(RELEASE, 60, 40, 0.0)
    assert event.isAccepted()
    canvas.pen(PRESS, 20, 120, 1.0)
    canvas.pen(MOVE, 60, 120, 1.0)
    canvas.view.hide()
    assert canvas.steps == ["Brush stroke"] * 2


def test_a_stroke_may_leave_the_canvas_and_come_back(canvas):
    canvas.drag((150, 75), (260, 75), (260, 40), (150, 40))
    alpha = canvas.alpha()
    assert alpha[75, 199] == alpha[40, 199] == 255
    assert canvas.steps == ["Brush stroke"]


def test_a_stroke_beside_the_canvas_makes_no_step(canvas):
    canvas.drag((-60, 20), (-60, 80))
    assert canvas.steps == []
    assert canvas.messages == []


def test_escape_takes_the_stroke_back_and_ends_it(canvas):
    before = canvas.document
    canvas.press(20, 40)
    canvas.move(60, 40)
    canvas.view._input.flush()
    assert canvas.document is not before
    QTest.keyClick(canvas.view, Qt.Key.Key_Escape)
    assert canvas.document is before
    canvas.move(90, 40)
    canvas.release(90, 40)
    assert canvas.document is before
    assert canvas.steps == []
    canvas.drag((20, 40), (60, 40))
    assert canvas.steps == ["Brush stroke"]


def test_another_tool_finishes_the_stroke(canvas):
    canvas.press(20, 40)
    canvas.move(60, 40)
    canvas.session.set_tool("move")
    assert canvas.steps == ["Brush stroke"]
    canvas.move(90, 40)
    canvas.release(90, 40)
    assert canvas.steps == ["Brush stroke"]


def test_undo_asked_for_in_the_middle_of_a_stroke_takes_back_that_stroke(canvas):
    canvas.drag((20, 20), (60, 20))
    first = canvas.document
    canvas.press(20, 80)
    canvas.move(60, 80)
    canvas.move(80, 80)
    canvas.view._input.flush()
    canvas.session.undo()
    canvas.move(100, 80)
    assert canvas.document is not first
    canvas.release(100, 80)
    assert canvas.document is first
    canvas.session.redo()
    assert canvas.alpha()[80, 40] == canvas.alpha()[80, 100] == 255
    assert canvas.steps == ["Brush stroke", "Brush stroke"]


def test_a_change_by_someone_else_leaves_two_steps_in_order(canvas):
    start = canvas.document
    canvas.press(20, 40)
    canvas.move(60, 40)
    canvas.view._input.flush()
    push(canvas.session, "Hide paper", canvas.document.with_layer(canvas.document.layers[0].id, visible=False))
    canvas.release(60, 40)
    assert canvas.steps == ["Brush stroke", "Hide paper"]
    canvas.session.undo()
    assert canvas.document.layers[0].visible
    assert canvas.alpha().any()
    canvas.session.undo()
    assert canvas.document is start


def test_the_tip_is_drawn_at_its_true_size_instead_of_the_cursor(canvas):
    canvas.view.brushes.change("brush", size=40)
    canvas.view.zoom_by(2)
    canvas.move(100, 75)
    QApplication.processEvents()
    assert canvas.view.cursor().shape() == Qt.CursorShape.BlankCursor
    image = canvas.view.grab().toImage()
    centre = canvas.on_view(100, 75)
    dark = [
        x
        for x in range(int(centre.x()), int(centre.x()) + 60)
        if image.pixelColor(x, int(centre.y())).lightness() < 250
    ]
    assert dark
    assert all(abs(x + 0.5 - centre.x() - 40) < 3 for x in dark)
    canvas.view.brushes.change("brush", size=2)
    assert canvas.view.cursor().shape() == Qt.CursorShape.CrossCursor
    QApplication.sendEvent(canvas.view, QEvent(QEvent.Type.Leave))
    assert not canvas.view._tip.shown


def test_alt_shows_that_it_will_take_a_colour(canvas):
    canvas.move(100, 75)
    QTest.keyPress(canvas.view, Qt.Key.Key_Alt)
    assert canvas.view.cursor().shape() == Qt.CursorShape.BitmapCursor
    QTest.keyRelease(canvas.view, Qt.Key.Key_Alt)
    assert canvas.view.cursor().shape() == Qt.CursorShape.BlankCursor


def test_the_right_button_drags_the_size_of_the_tip(canvas):
    right = Qt.MouseButton.RightButton
    canvas.press(50, 50, button=right)
    canvas.move(50 + 120, 50)
    canvas.release(50 + 120, 50, button=right)
    assert canvas.view.brushes["brush"].size == pytest.approx(24)
    assert canvas.steps == []


def test_space_held_down_repeats_without_harm(canvas):
    QTest.keyPress(canvas.view, Qt.Key.Key_Space)
    for _ in range(3):
        QApplication.sendEvent(canvas.view, repeated(QEvent.Type.KeyRelease))
        QApplication.sendEvent(canvas.view, repeated(QEvent.Type.KeyPress))
    before = canvas.on_view(0, 0)
    canvas.press(50, 50)
    canvas.move(70, 50)
    canvas.release(50, 50)
    assert canvas.on_view(0, 0) - before == QPointF(20, 0)
    QTest.keyRelease(canvas.view, Qt.Key.Key_Space)
    canvas.drag((20, 20), (60, 20))
    assert canvas.steps == ["Brush stroke"]


def repeated(kind):
    from PySide6.QtGui import QKeyEvent

    return QKeyEvent(kind, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier, " ", True)


def test_a_modifier_pressed_during_a_drag_counts_at_once(canvas):
    canvas.tool("rectangle-select")
    canvas.press(20, 20)
    canvas.move(80, 50)
    QTest.keyPress(canvas.view, Qt.Key.Key_Shift)
    canvas.settle()
    assert canvas.view.tool._drag.rect().toRect().size().toTuple() == (60, 60)
    QTest.keyRelease(canvas.view, Qt.Key.Key_Shift)
    canvas.release(80, 50)
    canvas.settle()
    assert canvas.document.selection.content_bounds()[2:] == (60, 30)


def test_the_wheel_does_not_zoom_while_a_stroke_is_painted(canvas):
    from tests.ui.canvas.test_view import wheel

    canvas.press(20, 20)
    wheel(canvas, 2, QPointF(100, 100))
    canvas.release(20, 20)
    assert canvas.view.zoom == 1
