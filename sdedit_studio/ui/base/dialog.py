"""What every dialog shares: a heading, content, buttons at the foot, and a way to await the answer.

Dialogs are opened, never executed: a nested event loop inside a coroutine breaks every other task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from sdedit_studio.ui.base import theme


class Dialog(QDialog):
    """A window-modal dialog: put content into `body`, buttons with `add_button`."""

    def __init__(self, parent: QWidget, title: str, explanation: str = "") -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        heading = QLabel(title)
        heading.setProperty("role", "heading")
        self.explanation = QLabel(explanation, wordWrap=True)
        self.explanation.setProperty("role", "secondary")
        self.explanation.setVisible(bool(explanation))
        self.body = QVBoxLayout()
        self.body.setSpacing(3 * theme.SPACE)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(2 * theme.SPACE)
        self._buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(6 * theme.SPACE, 5 * theme.SPACE, 6 * theme.SPACE, 5 * theme.SPACE)
        column.setSpacing(4 * theme.SPACE)
        column.addWidget(heading)
        column.addWidget(self.explanation)
        column.addLayout(self.body, 1)
        column.addLayout(self._buttons)

    def add_button(self, text: str, *, default: bool = False, at_start: bool = False) -> QPushButton:
        """Add a button to the foot, from left to right; `at_start` puts it at the far left."""
        button = QPushButton(text)
        button.setAutoDefault(default)
        button.setDefault(default)
        button.setMinimumWidth(88)
        if default:
            button.setFocus()
        self._buttons.insertWidget(0 if at_start else self._buttons.count(), button)
        return button

    def add_cancel(self, text: str = "Cancel") -> QPushButton:
        button = self.add_button(text)
        button.clicked.connect(self.reject)
        return button


async def answered(dialog: QDialog) -> bool:
    """Open a dialog and wait until it has been closed. Returns whether it was accepted."""
    closed = asyncio.get_running_loop().create_future()
    dialog.finished.connect(lambda result: closed.done() or closed.set_result(result))
    dialog.open()
    try:
        return await closed == QDialog.DialogCode.Accepted
    finally:
        if isValid(dialog):  # it may have gone with its window
            dialog.deleteLater()


async def choose(parent: QWidget, title: str, explanation: str, choices: Sequence[str]) -> str | None:
    """Ask to choose one of a few buttons; the last is the one that Enter presses. Returns None for Esc."""
    dialog = Dialog(parent, title, explanation)
    dialog.explanation.setMinimumWidth(360)
    chosen: list[str] = []
    for text in choices:
        button = dialog.add_button(text, default=text == choices[-1])
        button.clicked.connect(lambda _checked=False, text=text: (chosen.append(text), dialog.accept()))
    await answered(dialog)
    return chosen[0] if chosen else None


def field_row(label: str, *fields: QWidget, width: int = 84) -> QHBoxLayout:
    """A labelled line of a form."""
    row = QHBoxLayout()
    row.setSpacing(2 * theme.SPACE)
    text = QLabel(label)
    text.setFixedWidth(width)
    text.setAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
    row.addWidget(text)
    for field in fields:
        row.addWidget(field)
    row.addStretch(1)
    if fields:
        text.setBuddy(fields[0])
    return row
