"""Offers to harmonise a picture right after it was pasted onto another one. It can be ignored."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from sdedit_studio.ui.base import theme
from sdedit_studio.ui.masked_tasks.tasks import MaskedTasks
from sdedit_studio.ui.widgets.buttons import PrimaryButton, SecondaryButton
from sdedit_studio.ui.widgets.pill import SHADOW, Pill


class HarmoniseOffer(Pill):
    """Shown at the foot of the canvas while `tasks` offers it."""

    def __init__(self, tasks: MaskedTasks, parent: QWidget) -> None:
        super().__init__(parent)
        self.words = QLabel("Move it where it belongs, then let it fit in.")
        self.harmonise = PrimaryButton("Harmonise", "blend")
        self.not_now = SecondaryButton("Not now", key="Esc")
        self.not_now.setToolTip("Leave the picture as it is (Esc)")
        row = QHBoxLayout(self)
        row.setContentsMargins(SHADOW + 14, SHADOW + 7, SHADOW + 8, SHADOW + 7)
        row.setSpacing(2 * theme.SPACE)
        row.addWidget(self.words)
        row.addSpacing(theme.SPACE)
        for button in (self.not_now, self.harmonise):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)
        self.harmonise.clicked.connect(tasks.harmonise)
        self.not_now.clicked.connect(tasks.decline)
        tasks.offered.connect(self._appear)
        tasks.declined.connect(self._leave)

    def set_key(self, key: str) -> None:
        """Name the shortcut of Harmonise; an empty one names none."""
        self.harmonise.set_key(key.replace("+", " "))
        self.harmonise.setToolTip(f"Fit the picture into what lies under it{f' ({key})' if key else ''}")

    def _appear(self) -> None:
        self.show()
        self.raise_()
        self.resized.emit()

    def _leave(self) -> None:
        if self.harmonise.hasFocus() or self.not_now.hasFocus():
            self._canvas.setFocus()
        self.hide()
