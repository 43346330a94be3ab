"""Buttons: the one primary action, secondary ones, small icons, and a choice of a few in a row."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QWidget

from sdedit_studio.ui.base import theme
from sdedit_studio.ui.base.icons import icon, pixmap


class _TextButton(QPushButton):
    """A button with an icon, a text, and the key that does the same, painted as one centred group."""

    GAP, KEY_PADDING, MARGIN = 8, 5, 14

    def __init__(self, text: str, icon_name: str = "", key: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label, self._icon_name, self._key = text, icon_name, key
        self.setAccessibleName(text)
        self.setMinimumHeight(30)

    def set_key(self, key: str) -> None:
        """Show another shortcut; an empty one shows none."""
        self._key = key
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(round(self._content_width()) + 2 * self.MARGIN, 32)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _weight(self) -> QFont.Weight:
        return QFont.Weight.DemiBold if self.property("kind") == "primary" else QFont.Weight.Normal

    def _key_width(self) -> float:
        advance = QFontMetrics(theme.font(theme.HINT_PIXELS)).horizontalAdvance(self._key)
        return advance + 2 * self.KEY_PADDING if self._key else 0

    def _content_width(self) -> float:
        parts = [QFontMetrics(theme.font(weight=self._weight())).horizontalAdvance(self._label)] if self._label else []
        parts += [theme.SPACE * 4 + 2] if self._icon_name else []
        parts += [self._key_width()] if self._key else []
        return sum(parts) + self.GAP * (len(parts) - 1)

    def _ink(self) -> str:
        look = theme.current()
        if not self.isEnabled():
            return look.disabled
        return look.on_accent if self.property("kind") == "primary" else look.text

    def _paint_icon(self, painter: QPainter, at: QPoint, ink: QColor) -> None:
        painter.drawPixmap(at, pixmap(self._icon_name, ink.name(), ratio=self.devicePixelRatioF()))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink, x = QColor(self._ink()), (self.width() - self._content_width()) / 2
        if self._icon_name:
            self._paint_icon(painter, QPoint(round(x), (self.height() - 18) // 2), ink)
            x += 18 + self.GAP
        painter.setPen(ink)
        painter.setFont(theme.font(weight=self._weight()))
        if self._label:
            width = painter.fontMetrics().horizontalAdvance(self._label)
            painter.drawText(QRectF(x, 0, width + 2, self.height()), Qt.AlignmentFlag.AlignVCenter, self._label)
            x += width + self.GAP
        if self._key:
            box = QRectF(x, (self.height() - 18) / 2, self._key_width(), 18)
            fill = QColor(ink)
            fill.setAlphaF(0.16)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(fill)
            painter.drawRoundedRect(box, theme.RADIUS_INPUT, theme.RADIUS_INPUT)
            painter.setPen(ink)
            painter.setFont(theme.font(theme.HINT_PIXELS))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._key)


class PrimaryButton(_TextButton):
    """The one thing to do next. `key`: its shortcut, shown inside."""

    def __init__(self, text: str, icon_name: str = "", key: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, icon_name, key, parent)
        self.setProperty("kind", "primary")


class SecondaryButton(_TextButton):
    """Everything else that has a word on it; may be checkable."""


class IconButton(QToolButton):
    """A small flat icon. It keeps its tint right when the theme or its own state changes.

    `role` and `checked_role`: theme colours of the icon, such as "text" and "accent".
    """

    def __init__(
        self,
        icon_name: str,
        tip: str,
        *,
        size: int = 18,
        side: int = 28,
        checkable: bool = False,
        role: str = "text",
        checked_role: str | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._icon_name, self._role, self._checked_role = icon_name, role, checked_role or role
        self.setIconSize(QSize(size, size))
        self.setFixedSize(side, side)
        self.setCheckable(checkable)
        self.setToolTip(tip)
        self.setAccessibleName(tip)
        self.toggled.connect(self._tint)
        self._tint()

    def set_icon(self, icon_name: str, role: str | None = None) -> None:
        self._icon_name = icon_name
        self._role = role or self._role
        self._tint()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._tint()

    def _tint(self) -> None:
        role = self._checked_role if self.isChecked() else self._role
        self.setIcon(icon(self._icon_name, role, self.iconSize().width()))


class SegmentedChoice(QWidget):
    """One of a few values in a row of joined buttons; arrow keys move between them.

    `choices`: pairs of value and text. `chosen(object)` comes when a person picks another value.
    """

    chosen = Signal(object)

    def __init__(self, choices: Sequence[tuple[Hashable, str]], name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._values = [value for value, _ in choices]
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(1)
        for index, (_, text) in enumerate(choices):
            button = QToolButton()
            button.setText(text)
            button.setCheckable(True)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setMinimumHeight(22)
            button.setAccessibleName(f"{name}: {text}" if name else text)
            self._group.addButton(button, index)
            row.addWidget(button)
        self._group.button(0).setChecked(True)
        self._group.idClicked.connect(lambda index: self.chosen.emit(self._values[index]))

    @property
    def value(self) -> Hashable:
        return self._values[self._group.checkedId()]

    def set_value(self, value: Hashable) -> None:
        """Show this value without telling anyone. Raises ValueError when it is not among the choices."""
        self._group.button(self._values.index(value)).setChecked(True)

    def set_tips(self, tips: Sequence[str]) -> None:
        for index, tip in enumerate(tips):
            self._group.button(index).setToolTip(tip)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        look = theme.current()
        painter.setPen(QPen(look.colour("border"), 1))
        painter.setBrush(look.colour("control"))
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(frame, theme.RADIUS_BUTTON, theme.RADIUS_BUTTON)
