"""Sizes: of a new canvas, of the canvas of this document, and of its picture."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QSpinBox, QToolButton, QWidget

from sdedit_studio.document.document import MAX_SIDE
from sdedit_studio.ui.base import theme
from sdedit_studio.ui.base.dialog import Dialog, field_row
from sdedit_studio.ui.document.session import DEFAULT_SIZE, Colour
from sdedit_studio.ui.widgets.buttons import IconButton, SegmentedChoice

PRESETS = (
    ("Landscape", 768, 512),
    ("Square", 512, 512),
    ("Portrait", 512, 768),
    ("Large landscape", 1536, 1024),
    ("Large square", 1024, 1024),
    ("Large portrait", 1024, 1536),
    ("Full HD", 1920, 1080),
    ("4K", 3840, 2160),
)

WHITE, FOREGROUND, TRANSPARENT = "white", "foreground", "transparent"


class SizeFields(QWidget):
    """Width and height in pixels. `changed()` when a person changes one; the lock keeps the ratio of `set_size`."""

    changed = Signal()

    def __init__(self, width: int, height: int, *, locked: bool = False, lockable: bool = True) -> None:
        super().__init__()
        self._ratio = width / height
        self.width_field, self.height_field = self._field("Width"), self._field("Height")
        self.lock = IconButton("lock-open", "Keep the proportions", size=16, side=26, checkable=True)
        self.lock.toggled.connect(self._locked)
        self.lock.setVisible(lockable)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * theme.SPACE)
        row.addWidget(self.width_field)
        row.addWidget(QLabel("×"))
        row.addWidget(self.height_field)
        row.addWidget(self.lock)
        self.set_size(width, height)
        self.lock.setChecked(locked)
        self.width_field.valueChanged.connect(lambda _value: self._follow(self.height_field, 1 / self._ratio))
        self.height_field.valueChanged.connect(lambda _value: self._follow(self.width_field, self._ratio))

    @property
    def value(self) -> tuple[int, int]:
        return self.width_field.value(), self.height_field.value()

    def set_size(self, width: int, height: int) -> None:
        self._ratio = width / height
        for field, side in ((self.width_field, width), (self.height_field, height)):
            field.blockSignals(True)
            field.setValue(side)
            field.blockSignals(False)

    def _field(self, name: str) -> QSpinBox:
        field = QSpinBox(minimum=1, maximum=MAX_SIDE, suffix=" px")
        field.setAccessibleName(name)
        field.setFixedWidth(92)
        return field

    def _locked(self, locked: bool) -> None:
        self._ratio = self.width_field.value() / self.height_field.value()
        self.lock.set_icon("lock" if locked else "lock-open", "accent" if locked else "text")

    def _follow(self, other: QSpinBox, factor: float) -> None:
        if self.lock.isChecked():
            source = self.height_field if other is self.width_field else self.width_field
            other.blockSignals(True)
            other.setValue(round(source.value() * factor))
            other.blockSignals(False)
        self.changed.emit()


class _Preset(QToolButton):
    """A size by name, drawn in its proportions."""

    def __init__(self, name: str, width: int, height: int) -> None:
        super().__init__()
        self.size_in_pixels = (width, height)
        self._name = name
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setAccessibleName(f"{name}, {width} by {height} pixels")
        self.setFixedSize(124, 112)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        look, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width, height = self.size_in_pixels
        shape = QSize(width, height).scaled(QSize(60, 44), Qt.AspectRatioMode.KeepAspectRatio)
        page = QRectF((self.width() - shape.width()) / 2, 34 - shape.height() / 2, shape.width(), shape.height())
        painter.setPen(QPen(look.colour("strong" if self.isChecked() else "hint"), 1.5))
        painter.setBrush(look.colour("control"))
        painter.drawRoundedRect(page, 2, 2)
        painter.setPen(look.colour("strong" if self.isChecked() else "text"))
        painter.setFont(theme.font())
        painter.drawText(QRectF(0, 66, self.width(), 18), Qt.AlignmentFlag.AlignCenter, self._name)
        painter.setPen(look.colour("secondary"))
        painter.setFont(theme.font(theme.HINT_PIXELS))
        painter.drawText(QRectF(0, 84, self.width(), 16), Qt.AlignmentFlag.AlignCenter, f"{width} × {height}")


class NewDialog(Dialog):
    """`size` and `paper` hold the answer; `paper` is None for a transparent canvas."""

    def __init__(self, parent: QWidget, foreground: Colour) -> None:
        super().__init__(parent, "New document")
        self._foreground = foreground
        self.fields = SizeFields(*DEFAULT_SIZE)
        self.colour = SegmentedChoice(
            [(WHITE, "White"), (FOREGROUND, "Foreground"), (TRANSPARENT, "Transparent")], "Paper"
        )
        self.presets = [_Preset(*preset) for preset in PRESETS]
        grid = QGridLayout()
        grid.setSpacing(theme.SPACE)
        for index, preset in enumerate(self.presets):
            preset.clicked.connect(lambda _checked, preset=preset: self.fields.set_size(*preset.size_in_pixels))
            grid.addWidget(preset, index // 4, index % 4)
        self.presets[0].setChecked(True)
        self.body.addLayout(grid)
        self.body.addLayout(field_row("Size", self.fields))
        self.body.addLayout(field_row("Paper", self.colour))
        self.add_cancel()
        self.add_button("Create", default=True).clicked.connect(self.accept)

    @property
    def size_in_pixels(self) -> tuple[int, int]:
        return self.fields.value

    @property
    def paper(self) -> Colour | None:
        return {WHITE: (255, 255, 255), FOREGROUND: self._foreground, TRANSPARENT: None}[str(self.colour.value)]


class Anchor(QWidget):
    """Which part of the picture stays in place: one of nine, by click or arrow keys. `value`: 0, 0.5 or 1 each way."""

    SIDE = 78

    def __init__(self) -> None:
        super().__init__()
        self.value = (0.5, 0.5)
        self.setFixedSize(self.SIDE, self.SIDE)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Anchor")
        self.setToolTip("Which part of the picture stays in place")

    def paintEvent(self, event: QPaintEvent) -> None:
        look, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(look.colour("accent" if self.hasFocus() else "border"), 1))
        painter.setBrush(look.colour("control"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setPen(Qt.PenStyle.NoPen)
        for column in range(3):
            for row in range(3):
                chosen = (column / 2, row / 2) == self.value
                painter.setBrush(look.colour("accent" if chosen else "button"))
                painter.drawRoundedRect(QRectF(6 + column * 23, 6 + row * 23, 20, 20), 3, 3)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._choose(int(event.position().x() // (self.SIDE / 3)), int(event.position().y() // (self.SIDE / 3)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, -1),
            Qt.Key.Key_Down: (0, 1),
        }
        if (step := steps.get(Qt.Key(event.key()))) is None:
            super().keyPressEvent(event)
        else:
            self._choose(round(2 * self.value[0]) + step[0], round(2 * self.value[1]) + step[1])

    def _choose(self, column: int, row: int) -> None:
        self.value = (min(2, max(0, column)) / 2, min(2, max(0, row)) / 2)
        self.update()


class CanvasSizeDialog(Dialog):
    """More or less room around the picture. `fields.value` and `anchor.value` hold the answer."""

    def __init__(self, parent: QWidget, width: int, height: int) -> None:
        super().__init__(parent, "Canvas size", "Adds or takes away room at the edges. The picture keeps its size.")
        self.fields = SizeFields(width, height)
        self.anchor = Anchor()
        self.body.addLayout(field_row("Size", self.fields))
        self.body.addLayout(field_row("Anchor", self.anchor))
        self.add_cancel()
        self.add_button("Change size", default=True).clicked.connect(self.accept)


class ImageSizeDialog(Dialog):
    """The picture made larger or smaller. `fields.value` holds the answer."""

    def __init__(self, parent: QWidget, width: int, height: int) -> None:
        super().__init__(parent, "Image size", "Makes the whole picture larger or smaller.")
        self.fields = SizeFields(width, height, locked=True)
        halves = [("50 %", 0.5), ("75 %", 0.75), ("150 %", 1.5), ("200 %", 2.0)]
        self.body.addLayout(field_row("Size", self.fields))
        buttons = []
        for text, factor in halves:
            button = QPushButton(text)
            button.setAutoDefault(False)
            size = (max(1, min(MAX_SIDE, round(width * factor))), max(1, min(MAX_SIDE, round(height * factor))))
            button.clicked.connect(lambda _checked=False, size=size: self.fields.set_size(*size))
            buttons.append(button)
        self.body.addLayout(field_row("", *buttons))
        self.add_cancel()
        self.add_button("Resize", default=True).clicked.connect(self.accept)


class NumberDialog(Dialog):
    """One number with its unit. `field.value()` holds the answer."""

    def __init__(self, parent: QWidget, title: str, explanation: str, label: str, value: int, maximum: int) -> None:
        super().__init__(parent, title, explanation)
        self.explanation.setMinimumWidth(300)
        self.field = QSpinBox(minimum=1, maximum=maximum, value=value, suffix=" px")
        self.field.setFixedWidth(92)
        self.field.selectAll()
        self.body.addLayout(field_row(label, self.field))
        self.add_cancel()
        self.add_button(title.split()[0], default=True).clicked.connect(self.accept)
