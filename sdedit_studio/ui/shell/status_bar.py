"""The line at the foot of the window: what is on the canvas at the left, what the program does at the right."""

from __future__ import annotations

from time import monotonic

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from sdedit_studio.engine.job import Phase
from sdedit_studio.ui.base import theme, words
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.generation.generation import Generation

HEIGHT = 26
MESSAGE_MS = 5000
"""How long a message stands before the tool's hint comes back."""

DOTS = {Phase.WARMING_UP: "faithful", Phase.READY: "realistic", Phase.BUSY: "accent", Phase.BROKEN: "error"}


class StatusDot(QWidget):
    """The state of the engine as a colour; the words beside it say the same."""

    def __init__(self) -> None:
        super().__init__()
        self._role = "hint"
        self.setFixedSize(8, HEIGHT)

    def set_role(self, role: str) -> None:
        self._role = role
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.current().colour(self._role))
        painter.drawEllipse(1, self.height() // 2 - 3, 7, 7)


class StatusText(QWidget):
    """A line of text that changes often. Unlike a label it asks for no new layout then; where it is cut, it says so."""

    def __init__(self, width: int | None = None) -> None:
        super().__init__()
        self._text = ""
        horizontal = QSizePolicy.Policy.Expanding if width is None else QSizePolicy.Policy.Fixed
        self.setSizePolicy(horizontal, QSizePolicy.Policy.Preferred)
        if width is not None:
            self.setFixedWidth(width)

    def text(self) -> str:
        return self._text

    def set_text(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self.setAccessibleName(text)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme.font(theme.HINT_PIXELS, tabular=True))
        painter.setPen(theme.current().colour("secondary"))
        text = painter.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, text)


class StatusBar(QWidget):
    """`set_zoom`, `set_position` and `set_hint` come from the canvas; the rest it reads from session and generation."""

    def __init__(self, session: Session, generation: Generation) -> None:
        super().__init__()
        self.setObjectName("statusBar")
        self._session, self._generation = session, generation
        self._hint = ""
        self._saved_at: float | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self.size_label, self.frame, self.engine, self.saved = QLabel(), QLabel(), QLabel(), QLabel()
        self.zoom, self.position, self.message, self.dot = StatusText(48), StatusText(98), StatusText(), StatusDot()
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(5 * theme.SPACE)
        for label in (self.size_label, self.zoom, self.position, self.frame):
            row.addWidget(label)
        row.addWidget(self.message, 1)
        row.addWidget(self.dot)
        row.addSpacing(-3 * theme.SPACE)
        row.addWidget(self.engine)
        row.addWidget(self.saved)
        self._clear = QTimer(self, singleShot=True, interval=MESSAGE_MS)
        self._clear.timeout.connect(lambda: self.message.set_text(self._hint))
        self._minute = QTimer(self, interval=15_000)
        self._minute.timeout.connect(self._show_saved)
        self._minute.start()
        session.notices.told.connect(self.say)
        session.document_replaced.connect(self._show_size)
        session.history_changed.connect(self._show_saved)
        generation.changed.connect(self._show_engine)
        self._show_size()
        self._show_engine()
        self._show_saved()

    def say(self, text: str) -> None:
        """Show a message for a while."""
        self.message.set_text(text)
        self._clear.start()

    def set_hint(self, hint: str) -> None:
        """Set the tool's hint, which is shown while there is no message."""
        self._hint = hint
        if not self._clear.isActive():
            self.message.set_text(hint)

    def set_zoom(self, zoom: float) -> None:
        percent = 100 * zoom
        self.zoom.set_text(f"{percent:.0f} %" if percent >= 9.95 else f"{percent:.1f} %")

    def set_position(self, x: float | None, y: float | None) -> None:
        """The pointer in document pixels, or None while it is elsewhere."""
        self.position.set_text("" if x is None or y is None else f"x {int(x // 1)}  y {int(y // 1)}")

    def mark_saved(self) -> None:
        """The document was written just now."""
        self._saved_at = monotonic()
        self._show_saved()

    def forget_saved(self) -> None:
        """The document that was written is no longer the one on the canvas."""
        self._saved_at = None
        self._show_saved()

    def _show_size(self) -> None:
        document = self._session.document
        self.size_label.setText(f"{document.width} × {document.height}")

    def _show_engine(self) -> None:
        status = self._generation.status
        self.engine.setText(words.engine(status))
        self.engine.setToolTip(status.message)
        self.dot.set_role(DOTS[status.phase])
        self.frame.setText(words.frame(self._session.document, self._generation.frame, self._generation.estimate))

    def _show_saved(self) -> None:
        if self._saved_at is not None:
            self.saved.setText(f"Saved {ago(monotonic() - self._saved_at)}")
        else:
            self.saved.setText("Not saved yet" if self._session.path is None else "")


def ago(seconds: float) -> str:
    """How long ago, as people say it."""
    if seconds < 10:
        return "just now"
    if seconds < 90:
        return f"{round(seconds / 5) * 5} s ago"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min ago"
    return f"{seconds / 3600:.0f} h ago"
