"""The controls of the option bar."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QWidget

from sdedit_studio.ui.tools.brushes import DEFAULTS, LARGEST, SMALLEST, Brushes
from sdedit_studio.ui.widgets.buttons import IconButton, SegmentedChoice
from sdedit_studio.ui.widgets.slider_row import SliderRow

Value = TypeVar("Value", bound=Hashable)


class Setting(QObject, Generic[Value]):
    """One choice that a tool offers in the option bar. `changed()`: it has another value."""

    changed = Signal()

    def __init__(self, value: Value) -> None:
        super().__init__()
        self._value = value

    @property
    def value(self) -> Value:
        return self._value

    def set(self, value: Value) -> None:
        if value != self._value:
            self._value = value
            self.changed.emit()


def slider(
    label: str, setting: Setting[float], minimum: float, maximum: float, suffix: str, *, logarithmic: bool = False
) -> SliderRow:
    """A number; a double-click goes back to the one it has now."""
    row = SliderRow(label, minimum, maximum, setting.value, suffix=suffix, logarithmic=logarithmic)
    row.value_changed.connect(setting.set)
    setting.changed.connect(lambda: row.set_value(setting.value))
    return row


def percent(label: str, setting: Setting[float]) -> SliderRow:
    return slider(label, setting, 0, 100, " %")


def switch(icon: str, tip: str, setting: Setting[bool]) -> IconButton:
    """A button that stays down."""
    made = IconButton(icon, tip, checkable=True, checked_role="strong")
    made.setChecked(setting.value)
    made.toggled.connect(setting.set)
    setting.changed.connect(lambda: made.setChecked(setting.value))
    return made


def button(icon: str, tip: str, clicked: Callable[[], object]) -> IconButton:
    made = IconButton(icon, tip)
    made.clicked.connect(lambda: clicked())
    return made


def choice(name: str, setting: Setting[Value], choices: Sequence[tuple[Value, str]]) -> SegmentedChoice:
    """One of a few words."""
    made = SegmentedChoice(choices, name)
    made.setToolTip(name)
    made.set_value(setting.value)
    made.chosen.connect(setting.set)
    setting.changed.connect(lambda: made.set_value(setting.value))
    return made


def icon_choice(name: str, setting: Setting[Value], choices: Sequence[tuple[Value, str, str]]) -> QWidget:
    """One of a few icons: triples of value, icon and tool tip."""
    made = QWidget()
    made.setAccessibleName(name)
    group = QButtonGroup(made)
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(2)
    buttons = {value: IconButton(icon, tip, checkable=True, checked_role="strong") for value, icon, tip in choices}
    for value, icon_button in buttons.items():
        icon_button.clicked.connect(lambda _checked, value=value: setting.set(value))
        group.addButton(icon_button)
        row.addWidget(icon_button)
    buttons[setting.value].setChecked(True)
    setting.changed.connect(lambda: buttons[setting.value].setChecked(True))
    return made


def tip_controls(brushes: Brushes, tool: str, flow: str = "Flow") -> list[QWidget]:
    """Size, opacity, hardness and flow of a tool's tip, and what pen pressure does to it."""
    default = DEFAULTS[tool]

    def part(label: str, field: str, least: float = 0) -> SliderRow:
        row = SliderRow(label, least, 100, 100 * getattr(default, field), suffix=" %")
        row.value_changed.connect(lambda value: brushes.change(tool, **{field: value / 100}))
        return row

    size = SliderRow("Size", SMALLEST, LARGEST, default.size, suffix=" px", logarithmic=True)
    size.value_changed.connect(lambda value: brushes.change(tool, size=value))
    rows = {
        "opacity": part("Opacity", "opacity"),
        "hardness": part("Hardness", "hardness"),
        "flow": part(flow, "flow", least=1),
    }
    by_pressure = {
        "size_pressure": IconButton("pen-tool", "Pen pressure changes the size", checkable=True, checked_role="strong"),
        "opacity_pressure": IconButton(
            "contrast", "Pen pressure changes the opacity", checkable=True, checked_role="strong"
        ),
    }
    for field, made in by_pressure.items():
        made.toggled.connect(lambda on, field=field: brushes.change(tool, **{field: on}))

    def show() -> None:
        tip = brushes[tool]
        size.set_value(tip.size)
        for field, row in rows.items():
            row.set_value(100 * getattr(tip, field))
        for field, made in by_pressure.items():
            made.setChecked(getattr(tip, field))

    brushes.changed.connect(show)
    show()
    return [size, *rows.values(), *by_pressure.values()]
