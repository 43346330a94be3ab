"""The name of the document, in the title of the window and at the right of its menus."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QMainWindow

from sdedit_studio.ui.document.file_actions import FileActions
from sdedit_studio.ui.document.session import Session

NAME = "SDEdit Studio"


class DocumentTitle(QLabel):
    """Says also whether something is not saved."""

    def __init__(self, window: QMainWindow, session: Session, files: FileActions) -> None:
        super().__init__()
        self.setObjectName("documentTitle")
        self._window, self._session, self._files = window, session, files
        session.history_changed.connect(self.show_title)
        files.opened.connect(self.show_title)

    def show_title(self) -> None:
        title = f"{self._files.name}{' — edited' if self._session.modified else ''}"
        if title != self.text():
            self.setText(title)
            self._window.menuBar().adjustSize()
            self._window.setWindowTitle(f"{NAME} — {title}")
