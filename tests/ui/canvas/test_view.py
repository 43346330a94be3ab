"""What the canvas shows, and how it is moved about."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QInputDevice, QNativeGestureEvent, QPointingDevice, QRegion, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPinchGesture

from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.selection import rectangle
from sdedit_studio.raster.tiles import Tiles, blank
from sdedit_studio.ui.canvas import view as view_module
from sdedit_studio.ui.document.session import new_document
from tests.ui.documents import push


def shown(canvas, x, y):
    """The colour on screen in the middle of a document pixel, as (red, green, blue)."""
    at = canvas.on_view(x + 0.5, y + 0.5)
    return canvas.view.grab().toImage().pixelColor(int(at.x()), int(at.y())).getRgb()[:3]


def wheel(canvas, notches, at, modifiers=Qt.KeyboardModifier.NoModifier):
    view = canvas.view
    event = QWheelEvent(
        at,
        QPointF(view.mapToGlobal(at)),
        QPoint(),
        QPoint(0, round(120 * notches)),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


def plain(colour, width=200, height=150):
    array = blank(width, height)
    array[:] = (*reversed(colour), 255)
    return Tiles.from_array(array)


def seen(canvas):
    """A list that takes the document rectangles as they are drawn."""
    rects = []
    canvas.view.add_overlay(lambda _painter, _to_view, visible: rects.append(visible))
    canvas.view.repaint()
    rects.clear()
    return rects


def test_the_picture_is_shown_where_the_transform_says(canvas):
    half = plain((255, 0, 0), 100, 150)
    push(canvas.session, "Half", canvas.document.with_pixels(half))
    assert shown(canvas, 99, 10) == (255, 0, 0)
    assert shown(canvas, 100, 10) == (255, 255, 255)
    canvas.view.zoom_by(4)
    canvas.view.rotate_by(90)
    assert shown(canvas, 98, 75) == (255, 0, 0)
    assert shown(canvas, 102, 75) == (255, 255, 255)
    canvas.view.toggle_mirror()
    assert shown(canvas, 98, 75) == (255, 0, 0)


def test_pixels_are_crisp_when_they_are_large(canvas):
    pixels = blank(2, 1)
    pixels[0, 0], pixels[0, 1] = (0, 0, 0, 255), (255, 255, 255, 255)
    push(canvas.session, "Two", canvas.document.with_pixels(Tiles.from_array(pixels, 100, 75)))
    canvas.view.zoom_by(8, canvas.on_view(101, 75))
    edge, row = canvas.on_view(101, 75.5).x(), canvas.on_view(101, 75.5).y()
    image = canvas.view.grab().toImage()
    assert image.pixelColor(round(edge) - 1, round(row)).getRgb()[:3] == (0, 0, 0)
    assert image.pixelColor(round(edge), round(row)).getRgb()[:3] == (255, 255, 255)


def test_transparency_shows_a_checkerboard_and_only_on_the_page(canvas):
    canvas.session.open(new_document(200, 150, paper=None), None)
    canvas.view.actual_size()
    colours = {shown(canvas, x, 20) for x in range(0, 200, 4)}
    assert colours == {(150, 150, 150), (190, 190, 190)}
    assert shown(canvas, -100, 20) == (0x17, 0x18, 0x1A)


def test_a_change_repaints_its_own_place_only(canvas):
    rects = seen(canvas)
    canvas.drag((20, 20), (40, 20))
    canvas.qtbot.waitUntil(lambda: bool(rects))
    assert all(rect.right <= 100 and rect.bottom <= 80 for rect in rects)


def test_overlays_lie_over_the_picture_and_get_the_transform(canvas):
    def overlay(painter, to_view, visible):
        painter.setTransform(to_view, combine=True)
        painter.fillRect(50, 50, 20, 20, Qt.GlobalColor.blue)

    canvas.view.add_overlay(overlay)
    assert shown(canvas, 60, 60) == (0, 0, 255)
    assert shown(canvas, 45, 60) == (255, 255, 255)


def test_a_large_picture_is_composited_in_slices_and_what_is_in_sight_first(canvas, monkeypatch):
    monkeypatch.setattr(view_module, "SLICE", 0.0)
    red = Layer("Red", plain((255, 0, 0), 1200, 1200))
    canvas.session.open(Document.of(1200, 1200, [red]), None)
    canvas.view.show_rect(Rect(1100, 1100, 90, 90))
    assert shown(canvas, 1150, 1150) == (255, 0, 0)
    assert canvas.view._composite.pending
    canvas.qtbot.waitUntil(lambda: not canvas.view._composite.pending)
    canvas.view.fit()
    assert shown(canvas, 20, 20) == (255, 0, 0)


def test_the_wheel_zooms_to_the_cursor_and_stops_at_100_percent(canvas):
    at = canvas.on_view(30, 20)
    wheel(canvas, 3, at)
    assert canvas.view.zoom == pytest.approx(2**0.75)
    assert (canvas.on_view(30, 20) - at).manhattanLength() < 1.5
    wheel(canvas, -10, at, Qt.KeyboardModifier.ControlModifier)
    assert canvas.view.zoom == 1.0
    wheel(canvas, -1, at)
    assert canvas.view.zoom < 1


def test_shift_and_the_wheel_pan_across(canvas):
    before = canvas.on_view(0, 0)
    wheel(canvas, -1, QPointF(100, 100), Qt.KeyboardModifier.ShiftModifier)
    after = canvas.on_view(0, 0)
    assert (after.x(), after.y()) == (before.x() - 60, before.y())


def test_middle_button_and_space_pan_without_painting(canvas):
    for hold, button in ((False, Qt.MouseButton.MiddleButton), (True, Qt.MouseButton.LeftButton)):
        before = canvas.on_view(0, 0)
        if hold:
            QTest.keyPress(canvas.view, Qt.Key.Key_Space)
            assert canvas.view.cursor().shape() == Qt.CursorShape.OpenHandCursor
        canvas.press(50, 50, button=button)
        canvas.move(80, 60)
        canvas.release(50, 50, button=button)
        if hold:
            QTest.keyRelease(canvas.view, Qt.Key.Key_Space)
        assert canvas.on_view(0, 0) - before == QPointF(30, 10)
    canvas.drag((50, 50), (60, 50))
    assert canvas.steps == ["Brush stroke"]


def test_pan_and_zoom_tools(canvas):
    canvas.tool("pan")
    before = canvas.on_view(0, 0)
    canvas.press(50, 50)
    canvas.move(80, 60)
    canvas.settle()
    assert canvas.on_view(0, 0) - before == QPointF(30, 10)
    canvas.release(50, 50)
    canvas.tool("zoom")
    canvas.click(100, 75)
    assert canvas.view.zoom == 1.5
    canvas.click(100, 75, Qt.KeyboardModifier.AltModifier)
    assert canvas.view.zoom == 1.0
    canvas.drag((40, 40), (100, 80))
    assert Rect(40, 40, 60, 40) in canvas.view.visible_rect()
    assert canvas.view.zoom == 10
    assert canvas.steps == []


def test_fit_follows_the_view_until_the_page_is_moved(canvas):
    view = canvas.view
    view.fit()
    view.resize(900, 700)
    canvas.qtbot.waitUntil(lambda: view.viewport.width == 900)
    assert view.viewport == view.viewport.fitted()
    view.pan_by(QPointF(10, 0))
    view.resize(500, 400)
    canvas.qtbot.waitUntil(lambda: view.viewport.width == 500)
    assert view.viewport != view.viewport.fitted()


def test_zoom_steps_rotation_and_its_signal(canvas):
    view = canvas.view
    with canvas.qtbot.waitSignal(view.view_changed):
        view.zoom_in()
    assert view.zoom == 1.5
    view.zoom_out()
    assert view.zoom == 1
    view.rotate_by(15)
    view.rotate_by(15)
    assert view.viewport.rotation == 30
    view.reset_rotation()
    assert view.viewport.rotation == 0


def test_the_pointer_is_reported_in_document_pixels(canvas):
    places = []
    canvas.view.cursor_moved.connect(lambda x, y: places.append((x, y)))
    canvas.move(12.0, 34.0)
    QApplication.sendEvent(canvas.view, QEvent(QEvent.Type.Leave))
    assert places[0] == pytest.approx((12, 34), abs=0.01)
    assert places[-1] == (None, None)


def test_ants_march_only_while_there_is_a_selection_in_sight(canvas):
    ants = canvas.view._ants
    assert not ants.marching
    canvas.view.zoom_to(3)
    box = rectangle(Rect(50, 30, 100, 90), canvas.document.bounds)
    push(canvas.session, "Select", canvas.document.replace(selection=box))
    canvas.qtbot.waitUntil(lambda: ants.marching)
    canvas.settle()
    regions = []
    ants.stepped.connect(regions.append)
    canvas.qtbot.waitUntil(lambda: len(regions) > 2)
    canvas.settle()
    regions.clear()
    canvas.qtbot.waitUntil(lambda: len(regions) > 2)
    assert all(region.contains(canvas.on_view(50, 60).toPoint()) for region in regions)
    assert not any(region.contains(canvas.on_view(100, 75).toPoint()) for region in regions)  # only the line is painted
    canvas.view.hide()
    assert not ants.marching
    canvas.view.show()
    assert ants.marching
    canvas.view.pan_by(QPointF(-5000, -5000))
    canvas.view.zoom_by(10, canvas.on_view(199, 149))
    canvas.qtbot.waitUntil(lambda: not ants.marching)
    canvas.view.fit()
    canvas.qtbot.waitUntil(lambda: ants.marching)
    canvas.session.undo()
    assert not ants.marching


def test_ants_are_drawn_on_the_edge_of_the_selection(canvas):
    box = rectangle(Rect(20, 20, 50, 40), canvas.document.bounds)
    push(canvas.session, "Select", canvas.document.replace(selection=box))
    canvas.qtbot.waitUntil(lambda: canvas.view._ants.marching)
    canvas.view.zoom_by(2, canvas.on_view(0, 0))
    image = canvas.view.grab().toImage()
    left, top = canvas.on_view(20, 20).toTuple()
    darkest = [
        min(image.pixelColor(round(left) + dx, round(top) + dy).lightness() for dx in (-1, 0)) for dy in range(10, 60)
    ]
    assert 0.3 < np.mean(np.array(darkest) < 60) < 0.7  # black and white dashes by turns


def test_another_document_is_fitted(canvas):
    canvas.view.zoom_by(9)
    canvas.session.open(new_document(1000, 400), None)
    assert canvas.view.viewport.page == Rect(0, 0, 1000, 400)
    assert canvas.view.viewport == canvas.view.viewport.fitted()
    canvas.qtbot.waitUntil(lambda: not canvas.view._composite.pending)
    assert shown(canvas, 990, 390) == (255, 255, 255)


def test_two_fingers_on_a_touchpad_pan_and_with_control_zoom(canvas):
    pad = QPointingDevice(
        "pad",
        9,
        QInputDevice.DeviceType.TouchPad,
        QPointingDevice.PointerType.Finger,
        QInputDevice.Capability.Scroll | QInputDevice.Capability.PixelScroll,
        2,
        0,
    )
    view, at = canvas.view, QPointF(300, 200)
    for modifiers in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier):
        before = canvas.on_view(0, 0)
        event = QWheelEvent(
            at,
            QPointF(view.mapToGlobal(at)),
            QPoint(5, 12),
            QPoint(40, 96),
            Qt.MouseButton.NoButton,
            modifiers,
            Qt.ScrollPhase.ScrollUpdate,
            False,
            Qt.MouseEventSource.MouseEventNotSynthesized,
            pad,
        )
        QApplication.sendEvent(view, event)
        if not modifiers:
            assert canvas.on_view(0, 0) - before == QPointF(5, 12)
            assert view.zoom == 1
    assert view.zoom == pytest.approx(2**0.2)


def test_native_pinches_zoom_and_rotate(canvas):
    view, at = canvas.view, QPointF(200, 150)
    kinds = Qt.NativeGestureType
    for kind, value in ((kinds.ZoomNativeGesture, 0.5), (kinds.RotateNativeGesture, 20.0)):
        device = QPointingDevice.primaryPointingDevice()
        event = QNativeGestureEvent(kind, device, 2, at, at, QPointF(view.mapToGlobal(at)), value, QPointF(), 0)
        assert QApplication.sendEvent(view, event)
    assert view.zoom == 1.5
    assert view.viewport.rotation == 20
    device = QPointingDevice.primaryPointingDevice()
    smart = QNativeGestureEvent(kinds.SmartZoomNativeGesture, device, 2, at, at, at, 0.0, QPointF(), 0)
    QApplication.sendEvent(view, smart)
    assert view.viewport == view.viewport.fitted()


def test_a_pinch_on_a_touch_screen_takes_back_what_the_first_finger_painted(canvas):
    view = canvas.view
    canvas.press(40, 40)
    pinch = QPinchGesture()
    middle = QPointF(view.mapToGlobal(canvas.on_view(100, 75)))
    pinch.setCenterPoint(middle)
    pinch.setLastCenterPoint(middle)
    pinch.setScaleFactor(2.0)
    pinch.setRotationAngle(10.0)
    before = view.to_document(QPointF(view.mapFromGlobal(middle.toPoint())))
    view._navigation._pinched(pinch, started=True)
    assert view.zoom == 2
    assert view.viewport.rotation == 10
    after = view.to_document(QPointF(view.mapFromGlobal(middle.toPoint())))
    assert (after - before).manhattanLength() < 1
    canvas.release(40, 40)
    assert canvas.steps == []


def test_what_is_composited_while_only_corners_are_painted_is_painted_too(canvas, monkeypatch):
    """A paint event's region may be two small squares far apart, and what lies between them has changed as well."""
    monkeypatch.setattr(view_module, "SLICE", 1.0)
    view = canvas.view
    canvas.qtbot.waitUntil(lambda: not view._composite.pending)
    asked = []
    monkeypatch.setattr(view, "update", asked.append)
    view._composite.invalidate([canvas.document.bounds])
    corners = QRegion(0, 0, 8, 8) + QRegion(view.width() - 8, view.height() - 8, 8, 8)
    view.repaint(corners)
    everything = corners
    for region in asked:
        everything = everything.united(region)
    assert QRegion(view._on_screen(canvas.document.bounds)).subtracted(everything).isEmpty()
