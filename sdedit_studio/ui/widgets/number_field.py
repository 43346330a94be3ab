"""A labelled number for the option bar, where there is no range to slide over."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from sdedit_studio.ui.base import theme
from sdedit_studio.ui.widgets.slider_row import ValueField


class NumberField(QWidget):
    """`value_changed(float)`: a person typed a number, or stepped by the arrow keys or the wheel."""

    value_changed = Signal(float)

    def __init__(self, label: str, name: str, suffix: str = "", widest: str = "-8888") -> None:
        super().__init__()
        self._value: float | None = None
        self._suffix = suffix
        self._field = ValueField()
        self._field.setAccessibleName(name)
        self._field.setToolTip(name)
        self._field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._field.setFixedWidth(QFontMetrics(theme.font()).horizontalAdvance(widest + suffix) + 20)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE + 2)
        row.addWidget(QLabel(label))
        row.addWidget(self._field)
        self._field.entered.connect(self._enter)
        self._field.nudged.connect(self._nudge)

    @property
    def value(self) -> float | None:
        return self._value

    def set_value(self, value: float | None) -> None:
        """Show a number, or nothing, without telling anyone."""
        self._value = value
        self._field.show_text("" if value is None else f"{value:.10g}{self._suffix}")
        self._field.setEnabled(value is not None)

    def _nudge(self, steps: float) -> None:
        if self._value is not None:
            self.value_changed.emit(self._value + steps)

    def _enter(self, typed: str) -> None:
        number = typed.replace(self._suffix.strip(), "").strip() if self._suffix.strip() else typed.strip()
        value, understood = QLocale().toDouble(number)
        if not understood:
            value, understood = QLocale.c().toDouble(number.replace(",", "."))
        if understood:
            self.value_changed.emit(value)
        self.set_value(self._value)
