"""Wheel, touchpad and pinch: moving about the canvas without a tool."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QInputDevice, QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QGestureEvent, QPinchGesture

from sdedit_studio.ui.canvas.page_view import PageView

NOTCH = 120
"""What a wheel reports for one click."""

PER_NOTCH = 2**0.25
"""Zoom factor of a click of the wheel."""


class Navigation(QObject):
    """Watches the events of a view. A mouse wheel zooms to the pointer; two fingers on a touchpad pan.

    With Ctrl, both zoom; with Shift, the wheel pans across.
    """

    def __init__(self, view: PageView) -> None:
        super().__init__(view)
        self._view = view
        view.grabGesture(Qt.GestureType.PinchGesture)
        view.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        match event:
            case QWheelEvent():
                self._wheel(event)
            case QNativeGestureEvent():
                return self._native(event)
            case QGestureEvent():
                return self._pinch(event)
            case _:
                return False
        return True

    def _wheel(self, event: QWheelEvent) -> None:
        event.accept()
        if self._view.busy:
            return
        turn, modifiers = event.angleDelta(), event.modifiers()
        on_pad = event.device().type() == QInputDevice.DeviceType.TouchPad
        if on_pad and not modifiers & Qt.KeyboardModifier.ControlModifier:
            fine = event.pixelDelta()
            self._view.pan_by(QPointF(turn) * 0.5 if fine.isNull() else QPointF(fine))
        elif modifiers & Qt.KeyboardModifier.ShiftModifier:
            self._view.pan_by(QPointF((turn.y() or turn.x()) / 2, 0))
        elif notches := (turn.y() or turn.x()) / NOTCH:  # with Alt, a turn arrives as a horizontal one
            before = self._view.zoom
            after = before * PER_NOTCH**notches
            if before < 1 < after or after < 1 < before:
                after = 1.0
            self._view.zoom_to(after, event.position())

    def _native(self, event: QNativeGestureEvent) -> bool:
        match event.gestureType():
            case Qt.NativeGestureType.ZoomNativeGesture:
                self._view.zoom_by(1 + event.value(), event.position())
            case Qt.NativeGestureType.RotateNativeGesture:
                self._view.rotate_by(event.value(), event.position())
            case Qt.NativeGestureType.SmartZoomNativeGesture:
                self._view.fit()
            case _:
                return False
        return True

    def _pinch(self, event: QGestureEvent) -> bool:
        pinch = event.gesture(Qt.GestureType.PinchGesture)
        if not isinstance(pinch, QPinchGesture):
            return False
        self._pinched(pinch, started=pinch.state() == Qt.GestureState.GestureStarted)
        event.accept(pinch)
        return True

    def _pinched(self, pinch: QPinchGesture, *, started: bool) -> None:
        if started:
            self._view.cancel()  # the first finger has begun to paint
        middle = QPointF(self._view.mapFromGlobal(pinch.centerPoint().toPoint()))
        former = QPointF(self._view.mapFromGlobal(pinch.lastCenterPoint().toPoint()))
        self._view.pan_by(middle - former)
        self._view.zoom_by(pinch.scaleFactor(), middle)
        self._view.rotate_by(pinch.rotationAngle() - pinch.lastRotationAngle(), middle)
