"""The Colour panel: the foreground colour by hand, by number, or from a palette of what guides are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from sdedit_studio.ui.base import theme
from sdedit_studio.ui.base.preferences import Preferences
from sdedit_studio.ui.colour.field import ColourField
from sdedit_studio.ui.document.session import Colour, Session
from sdedit_studio.ui.widgets.fields import TextField


class Material(NamedTuple):
    """A named colour of the palette. A model of scenes reads it as this material."""

    name: str
    colour: str


MATERIALS = (
    Material("Sky", "#95bce6"),
    Material("Pale sky", "#cfe0ef"),
    Material("Cloud", "#f2eee6"),
    Material("Storm", "#6d7480"),
    Material("Dusk", "#d99a78"),
    Material("Snow", "#eef1f6"),
    Material("Water", "#3f6a8e"),
    Material("Deep water", "#24475f"),
    Material("Forest", "#2d4d2a"),
    Material("Grass", "#5d7f3a"),
    Material("Sand", "#d8bd8c"),
    Material("Earth", "#7b5636"),
    Material("Rock", "#62666f"),
    Material("Dark rock", "#3d4148"),
    Material("Ice", "#a9c9d6"),
    Material("Wall", "#b9aa98"),
    Material("Brick", "#9a5a43"),
    Material("Road", "#4a4c50"),
)

COLUMNS = 6
RECENT = 6


class Swatches(QWidget):
    """Colours in a grid. `chosen(str)` gives the `#rrggbb` of the one that was clicked."""

    chosen = Signal(str)
    GAP, EDGE = 3, 2

    def __init__(self, materials: Sequence[Material], name: str, side: int = 22) -> None:
        super().__init__()
        self._materials, self._side = tuple(materials), side
        self._focused = 0
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def set_materials(self, materials: Sequence[Material]) -> None:
        self._materials = tuple(materials)
        self._focused = 0
        self.update()

    def sizeHint(self) -> QSize:
        rows = max(1, -(-len(self._materials) // COLUMNS))
        step = self._side + self.GAP
        around = 2 * self.EDGE - self.GAP
        return QSize(COLUMNS * step + around, rows * step + around)

    def cell(self, index: int) -> QRect:
        step = self._side + self.GAP
        left, top = self.EDGE + index % COLUMNS * step, self.EDGE + index // COLUMNS * step
        return QRect(left, top, self._side, self._side)

    def _index_at(self, at: QPointF) -> int | None:
        return next((i for i in range(len(self._materials)) if self.cell(i).contains(at.toPoint())), None)

    def paintEvent(self, event: QPaintEvent) -> None:
        look, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hovered = self._index_at(QPointF(self.mapFromGlobal(self.cursor().pos()))) if self.underMouse() else None
        for index, material in enumerate(self._materials):
            square = QRectF(self.cell(index)).adjusted(0.5, 0.5, -0.5, -0.5)
            painter.setBrush(QColor(material.colour))
            painter.setPen(QPen(look.colour("line"), 1))
            painter.drawRoundedRect(square, 3, 3)
            if index == hovered or (self.hasFocus() and index == self._focused):
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(look.colour("accent"), 1.5))
                painter.drawRoundedRect(square.adjusted(-1.5, -1.5, 1.5, 1.5), 4, 4)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event.position())
        if index is not None and event.button() == Qt.MouseButton.LeftButton:
            self._focused = index
            self.chosen.emit(self._materials[index].colour)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -COLUMNS, Qt.Key.Key_Down: COLUMNS}
        if (step := steps.get(Qt.Key(event.key()))) is not None:
            if 0 <= self._focused + step < len(self._materials):
                self._focused += step
                self.setAccessibleDescription(self._materials[self._focused].name)
                self.update()
        elif event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return) and self._materials:
            self.chosen.emit(self._materials[self._focused].colour)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self._index_at(QPointF(event.pos()))
            text = "" if index is None else self._materials[index].name
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)


class ColourPanel(QWidget):
    def __init__(self, session: Session, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._preferences = session, preferences
        self.field = ColourField()
        self.hex = TextField(maxLength=7)
        self.hex.setAccessibleName("Colour as a hexadecimal number")
        self.hex.setToolTip("The foreground colour as #rrggbb")
        self.hex.setFixedWidth(78)
        self.materials = Swatches(MATERIALS, "Guide colours")
        self.recent = Swatches([], "Recent colours")
        palette = QVBoxLayout()
        palette.setSpacing(theme.SPACE)
        palette.addWidget(self.materials)
        self.recent_label = QLabel("Recent")
        self.recent_label.setProperty("role", "hint")
        palette.addWidget(self.recent_label)
        palette.addWidget(self.recent)
        palette.addStretch(1)
        choice = QVBoxLayout()
        choice.setSpacing(2 * theme.SPACE)
        choice.addWidget(self.field, 1)
        number = QHBoxLayout()
        number.addWidget(self.hex)
        number.addStretch(1)
        choice.addLayout(number)
        row = QHBoxLayout(self)
        row.setContentsMargins(4 * theme.SPACE, 3 * theme.SPACE, 4 * theme.SPACE, 3 * theme.SPACE)
        row.setSpacing(4 * theme.SPACE)
        row.addLayout(choice, 1)
        row.addLayout(palette)
        self.field.changed.connect(self._choose)
        self.field.released.connect(self._remember)
        self.hex.editingFinished.connect(self._typed)
        for swatches in (self.materials, self.recent):
            swatches.chosen.connect(lambda name: self._choose(QColor(name)))
        self.materials.chosen.connect(lambda _name: self._remember())
        session.colours_changed.connect(self._show)
        self._show()
        self._show_recent()

    def _show(self) -> None:
        colour = QColor(*self._session.foreground)
        self.field.set_colour(colour)
        if not self.hex.hasFocus() or not self.hex.isModified():
            self.hex.setText(colour.name())

    def _choose(self, colour: QColor) -> None:
        self._session.set_colours(foreground=rgb(colour))

    def edit_hex(self) -> None:
        """Have the person type the colour as a number."""
        self.hex.setFocus()
        self.hex.selectAll()

    def _typed(self) -> None:
        text = self.hex.text().strip()
        colour = QColor(text if text.startswith("#") else f"#{text}")
        self.hex.setModified(False)
        if colour.isValid():
            self._choose(colour)
            self._remember()
        self._show()

    def _remember(self) -> None:
        name = QColor(*self._session.foreground).name()
        others = [known for known in self._preferences.recent_colours if known != name]
        self._preferences.recent_colours = [name, *others][:RECENT]
        self._show_recent()

    def _show_recent(self) -> None:
        recent = self._preferences.recent_colours
        self.recent.set_materials([Material(name, name) for name in recent])
        self.recent_label.setVisible(bool(recent))
        self.recent.setVisible(bool(recent))


def rgb(colour: QColor) -> Colour:
    """A QColor as the session keeps colours."""
    return colour.red(), colour.green(), colour.blue()
