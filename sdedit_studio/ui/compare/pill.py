"""The choice of a comparison mode as a row of icons, and the floating bar of a comparison."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QWidget

from sdedit_studio.ui.base import theme
from sdedit_studio.ui.compare.compare import Compare, CompareMode
from sdedit_studio.ui.widgets.buttons import IconButton, SecondaryButton
from sdedit_studio.ui.widgets.pill import SHADOW, Pill

MODE_LABELS = {
    CompareMode.SPLIT: ("columns-2", "Over each other, with a split to drag"),
    CompareMode.SIDE_BY_SIDE: ("square-split-horizontal", "Side by side"),
    CompareMode.WINDOW: ("app-window", "In a window of its own"),
    CompareMode.FLICKER: ("repeat-2", "By turns, twice a second"),
    CompareMode.DIFFERENCE: ("diff", "Where and how much they differ"),
}
"""Icon and what it does, of each mode."""


class ModeChoice(QWidget):
    """One of the modes, as joined icons; the arrow keys move between them."""

    def __init__(self, compare: Compare) -> None:
        super().__init__()
        self._compare = compare
        self.setAccessibleName("How to compare")
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(0)
        for index, (name, tip) in enumerate(MODE_LABELS.values()):
            button = IconButton(name, tip, size=16, side=26, checkable=True, checked_role="accent")
            self._group.addButton(button, index)
            row.addWidget(button)
        self._group.idClicked.connect(lambda index: compare.set_mode(tuple(MODE_LABELS)[index]))
        compare.changed.connect(self._show)
        self._show()

    def set_keys(self, keys: dict[CompareMode, str]) -> None:
        """Say in the tool tips which keys do the same."""
        for index, (mode, (_, tip)) in enumerate(MODE_LABELS.items()):
            key = keys.get(mode)
            self._group.button(index).setToolTip(f"{tip} ({key})" if key else tip)

    def _show(self) -> None:
        self._group.button(tuple(MODE_LABELS).index(self._compare.mode)).setChecked(True)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(look.colour("border"), 1))
        painter.setBrush(look.colour("control"))
        plate = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(plate, theme.RADIUS_BUTTON, theme.RADIUS_BUTTON)


class ComparePill(Pill):
    """The two pictures that someone compares, how, and the way back."""

    def __init__(self, compare: Compare, parent: QWidget) -> None:
        super().__init__(parent)
        self._compare = compare
        self.names = QLabel()
        self.names.setProperty("role", "strong")
        self.modes = ModeChoice(compare)
        self.done = SecondaryButton("Done", key="Esc")
        self.done.setToolTip("Show the painting again as it was (Esc)")
        self.done.clicked.connect(compare.end_comparison)
        row = QHBoxLayout(self)
        row.setContentsMargins(SHADOW + 14, SHADOW + 7, SHADOW + 8, SHADOW + 7)
        row.setSpacing(2 * theme.SPACE)
        for part in (self.names, self.modes, self.done):
            row.addWidget(part)
        compare.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        left, right = self._compare.comparison.names
        self.names.setText(f"{left} · {right}")
        self.setVisible(self._compare.comparing)
