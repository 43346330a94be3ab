"""A pill at the head of the canvas that says so while tools paint on something other than a layer's pixels."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from sdedit_studio.document.target import Target
from sdedit_studio.ui.base import theme
from sdedit_studio.ui.base.icons import pixmap
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.widgets.buttons import SecondaryButton
from sdedit_studio.ui.widgets.pill import FOOT, SHADOW, Pill


class TargetPill(Pill):
    """Says what is painted on and what the brush does there; its button goes back to the pixels."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._view = session, parent
        self.sign, self.sentence = QLabel(), QLabel()
        self.sentence.setProperty("role", "strong")
        self.done = SecondaryButton("Done", key="Esc")
        self.done.setToolTip("Paint on the layer again (Esc)")
        row = QHBoxLayout(self)
        row.setContentsMargins(SHADOW + 12, SHADOW + 6, SHADOW + 7, SHADOW + 6)
        row.setSpacing(2 * theme.SPACE)
        for part in (self.sign, self.sentence):
            row.addWidget(part)
        row.addSpacing(theme.SPACE)
        row.addWidget(self.done)
        self.done.clicked.connect(lambda: session.set_target(Target.PIXELS))
        self.resized.connect(self._place)
        parent.installEventFilter(self)
        session.target_changed.connect(self._show)
        self._show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._show()

    def _show(self) -> None:
        target, look = self._session.target, theme.current()
        if target is Target.PIXELS:
            if self.isAncestorOf(self.window().focusWidget()):
                self._view.setFocus()
            self.hide()
            return
        protecting = target is Target.PROTECTION
        self.sentence.setText(
            "Protecting: the model leaves alone what you paint."
            if protecting
            else "Painting the mask: white shows the layer, black hides it."
        )
        icon = ("shield", look.faithful) if protecting else ("venetian-mask", look.accent)
        self.sign.setPixmap(pixmap(*icon, 18, self.devicePixelRatioF()))
        self.show()
        self._place()

    def _place(self) -> None:
        width = min(self.sizeHint().width(), self._view.width() - 2 * FOOT + 2 * SHADOW)
        self.resize(width, self.sizeHint().height())
        self.move(QPoint((self._view.width() - width) // 2, round(FOOT - SHADOW - self.lift)))
