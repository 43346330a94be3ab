"""What an async test of dialogs and windows has at hand."""

from __future__ import annotations

import asyncio
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QFileDialog, QLineEdit, QWidget
from shiboken6 import isValid

from sdedit_studio.ui.base.tasks import Tasks


async def until(condition, seconds: float = 5.0) -> None:
    """Let the loop run until something is so."""
    for _ in range(round(seconds / 0.01)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"It did not happen within {seconds} seconds.")


class Story:
    """What an async test has at hand."""

    def __init__(self, tasks: Tasks) -> None:
        self.tasks = tasks

    until = staticmethod(until)

    async def appears(self, parent: QWidget, kind: type[QDialog]) -> QDialog:
        """The dialog of this kind that opens over `parent`."""
        await until(lambda: any(dialog.isVisible() for dialog in parent.findChildren(kind)))
        return next(dialog for dialog in parent.findChildren(kind) if dialog.isVisible())

    async def gone(self, dialog: QDialog) -> None:
        await until(lambda: not isValid(dialog) or not dialog.isVisible())

    async def file_chosen(self, parent: QWidget, path: Path) -> None:
        """Type a path into the file dialog and press Enter."""
        dialog = await self.appears(parent, QFileDialog)
        field = dialog.findChild(QLineEdit, "fileNameEdit")
        field.setText(str(path))
        QTest.keyClick(field, Qt.Key.Key_Return)
        await self.gone(dialog)
