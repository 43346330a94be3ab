"""What an async test of dialogs and windows has at hand."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QFileDialog, QLineEdit, QWidget
from shiboken6 import isValid

from sdedit_studio.ui.base.tasks import Tasks
from tests.waiting import until


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
