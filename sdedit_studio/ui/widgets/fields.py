"""Fields of the main window: lines to type in, where Enter and Esc are no shortcuts, and lists to choose from."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QStyle, QStyleOptionComboBox

_OWN_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape, Qt.Key.Key_Tab, Qt.Key.Key_Backtab)


class TextField(QLineEdit):
    """A line to type in that keeps Enter and Esc to itself while it has the focus."""

    def event(self, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == Qt.KeyboardModifier.NoModifier
            and event.key() in _OWN_KEYS
        ):
            event.accept()
            return True
        return super().event(event)


class ChoiceField(QComboBox):
    """A list to choose from that may show what is not in it; an ellipsis tells that not all of that has room."""

    def __init__(self) -> None:
        super().__init__()
        self._unlisted = ""

    def show_unlisted(self, text: str) -> None:
        """Show a text while no item of the list is chosen."""
        self._unlisted = text
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        parts = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(parts[0], option, parts[1], self).width()
        self.setPlaceholderText(self.fontMetrics().elidedText(self._unlisted, Qt.TextElideMode.ElideRight, room))
