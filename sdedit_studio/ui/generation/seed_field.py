"""The seed: typed, kept, or a new one for each run."""

from __future__ import annotations

from PySide6.QtCore import QRegularExpression, QSize, Qt, Signal
from PySide6.QtGui import QRegularExpressionValidator, QResizeEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from sdedit_studio.ui.widgets.buttons import IconButton

LAST_SEED = 2**32 - 1

BUTTON = 20


class SeedField(QLineEdit):
    """A seed with a lock and a die inside the field.

    `chosen(int)` when a person typed a seed; `lock_toggled(bool)` and `rolled()` when they clicked lock or die.
    """

    chosen = Signal(object)  # a seed does not fit Qt's int
    lock_toggled = Signal(bool)
    rolled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Seed")
        self.setToolTip("The same seed on the same painting gives the same picture. Typing one keeps it.")
        self.setValidator(QRegularExpressionValidator(QRegularExpression(r"\d{1,10}"), self))
        self.setTextMargins(0, 0, 2 * BUTTON + 2, 0)
        self.lock = IconButton(
            "lock-open", "", size=14, side=BUTTON, checkable=True, role="secondary", checked_role="accent"
        )
        self.lock.setAccessibleName("Keep the seed")
        self.die = IconButton("dices", "Take another seed and keep it", size=14, side=BUTTON, role="secondary")
        for button in (self.lock, self.die):
            button.setParent(self)
            button.setCursor(Qt.CursorShape.ArrowCursor)
        self.lock.clicked.connect(self.lock_toggled)
        self.die.clicked.connect(self.rolled)
        self.editingFinished.connect(self._typed)
        self.set_locked(False)

    def sizeHint(self) -> QSize:
        return QSize(106, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(96, super().minimumSizeHint().height())

    def set_seed(self, seed: int) -> None:
        if not (self.hasFocus() and self.isModified()):
            self.setText(str(seed))

    def set_locked(self, locked: bool) -> None:
        self.lock.setChecked(locked)
        self.lock.set_icon("lock" if locked else "lock-open")
        self.lock.setToolTip(
            "This seed is kept. Click for a new one each run."
            if locked
            else "Each run takes a new seed. Click to keep this one."
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        top = (self.height() - BUTTON) // 2
        self.die.move(self.width() - BUTTON - 4, top)
        self.lock.move(self.width() - 2 * BUTTON - 5, top)

    def _typed(self) -> None:
        if self.isModified():
            self.setModified(False)
            self.chosen.emit(min(int(self.text()), LAST_SEED))
