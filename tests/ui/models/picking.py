"""How a hand chooses among models and ways of refining."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from tests.ui.flow import Flow


def click(widget: QWidget) -> None:
    assert widget.isVisible() and widget.isEnabled()
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def choose(flow: Flow, entry: str) -> None:
    """Pick an entry of the panel's list."""
    scene = flow.panel.model.scene
    index = scene.findText(entry)
    assert index >= 0, [scene.itemText(i) for i in range(scene.count())]
    scene.setCurrentIndex(index)
    scene.activated.emit(index)
