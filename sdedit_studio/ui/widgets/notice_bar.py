"""A bar above the canvas that offers something and can wait: recovered work, the first steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from sdedit_studio.ui.base import theme
from sdedit_studio.ui.widgets.buttons import IconButton


class NoticeBar(QWidget):
    """Hidden until `show_notice`. The cross puts it away and calls `dismissed`, if there is one.

    `canvas`: gets the keyboard when the bar goes away with it.
    """

    def __init__(self, canvas: QWidget) -> None:
        super().__init__()
        self._canvas = canvas
        self.setObjectName("noticeBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._dismissed: Callable[[], None] | None = None
        self.picture, self.title, self.text = QLabel(), QLabel(), QLabel(wordWrap=True)
        self.title.setProperty("role", "strong")
        self.text.setProperty("role", "secondary")
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(2 * theme.SPACE)
        self.close_button = IconButton("x", "Put this away", size=16, side=26)
        self.close_button.clicked.connect(self._dismiss)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.title)
        words.addWidget(self.text)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 9, 10, 9)
        row.setSpacing(3 * theme.SPACE)
        row.addWidget(self.picture)
        row.addLayout(words, 1)
        row.addLayout(self.buttons)
        row.addWidget(self.close_button)
        self.hide()

    def show_notice(
        self,
        title: str,
        text: str,
        choices: Sequence[tuple[str, Callable[[], object]]],
        *,
        picture: QPixmap | None = None,
        dismissed: Callable[[], None] | None = None,
    ) -> None:
        """Show this instead of what is shown now. Each choice puts the bar away; the first is the main one."""
        self.title.setText(title)
        self.text.setText(text)
        self.picture.setVisible(picture is not None)
        if picture is not None:
            self.picture.setPixmap(picture)
        self._dismissed = dismissed
        while (item := self.buttons.takeAt(0)) is not None:
            item.widget().deleteLater()
        for index, (label, run) in enumerate(choices):
            button = QPushButton(label)
            button.setProperty("kind", "primary" if index == 0 else "secondary")
            button.clicked.connect(lambda _checked=False, run=run: (self.hide(), run()))
            self.buttons.addWidget(button)
        self.show()

    def setVisible(self, visible: bool) -> None:
        focused = QApplication.focusWidget()
        if not visible and focused is not None and self.isAncestorOf(focused):
            self._canvas.setFocus()
        super().setVisible(visible)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 44)

    def _dismiss(self) -> None:
        self.hide()
        if self._dismissed is not None:
            self._dismissed()
