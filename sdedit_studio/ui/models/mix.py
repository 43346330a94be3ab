"""The further classes of a mix, one row each with its share. The first class gets the remaining share."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from sdedit_studio.ui.base import theme
from sdedit_studio.ui.widgets.buttons import IconButton
from sdedit_studio.ui.widgets.slider_row import SliderRow

MOST = 3
"""Classes in one mix; of more, none would show."""


class MixRows(QWidget):
    """`changed(dict)`: the shares of the classes in order, together 1, after a person changed them."""

    changed = Signal(object)  # a dict would come out in the order of its keys

    def __init__(self) -> None:
        super().__init__()
        self._classes: Sequence[str] = ()
        self._percents: dict[str, int] = {}
        self.rows = [_Row(place) for place in range(1, MOST)]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE)
        for row in self.rows:
            row.hide()
            column.addWidget(row)
            row.chosen.connect(self._choose)
            row.moved.connect(self._move)
            row.removed.connect(self._remove)

    def set_shares(self, classes: Sequence[str], shares: dict[str, float]) -> None:
        """Show the shares of some of a model's classes; of fewer than two, nothing is shown."""
        self._classes = classes
        self._percents = {name: max(1, round(100 * share)) for name, share in shares.items()}
        names = list(shares)
        for row in self.rows:
            there = row.place < len(names)
            if there:
                others = {name for name in names if name != names[row.place]}
                row.show_share([name for name in classes if name not in others], names[row.place])
                row.share.set_default(round(100 / len(names)))
                row.share.set_value(self._percents[names[row.place]])
            row.setVisible(there)
        self.setVisible(len(names) > 1)

    def can_add(self, shares: dict[str, float], classes: Sequence[str]) -> bool:
        """Whether another class can be mixed in."""
        return 0 < len(shares) < min(MOST, len(classes))

    def add(self) -> None:
        """Mix in the first class that is not there yet, as an equal part."""
        percents, count = self._percents, len(self._percents) + 1
        scaled = {name: percent * (count - 1) / count for name, percent in percents.items()}
        added = next(name for name in self._classes if name not in percents)
        self._tell({**scaled, added: 100 / count})
        self.rows[count - 2].kind.setFocus()

    def _choose(self, place: int, name: str) -> None:
        items = list(self._percents.items())
        items[place] = (name, items[place][1])
        self._tell(dict(items))

    def _move(self, place: int, percent: float) -> None:
        """The first class makes room, and when it has no more, the others."""
        names = list(self._percents)
        changed = {**self._percents, names[place]: percent}
        others = [name for name in names[1:] if name != names[place]]
        left = 100 - percent - 1
        for name in others:
            changed[name] = max(1, min(changed[name], left))
            left -= changed[name]
        first = 100 - sum(changed[name] for name in names[1:])
        if first < 1:
            changed[names[place]] += first - 1
        self._tell({**changed, names[0]: max(1, first)})

    def _remove(self, place: int) -> None:
        names = list(self._percents)
        self._tell({name: percent for name, percent in self._percents.items() if name != names[place]})

    def _tell(self, percents: dict[str, float]) -> None:
        total = sum(percents.values())
        self.changed.emit({name: percent / total for name, percent in percents.items()})


class _Row(QWidget):
    """`place`: of its class in the mix, from 1."""

    chosen = Signal(int, str)
    moved = Signal(int, float)
    removed = Signal(int)

    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place
        self.kind = QComboBox()
        self.kind.setAccessibleName("Kind of scene mixed in")
        self.kind.setToolTip("What to mix in. Type to find it.")
        self.kind.activated.connect(lambda index: self.chosen.emit(place, self.kind.itemText(index)))
        self.share = SliderRow("", 1, 99, 50, suffix=" %")
        for part in (self.share.track, self.share.field):
            part.setAccessibleName("Share")
        self.share.track.setToolTip("How much of it. Double-click for equal parts.")
        self.share.value_changed.connect(lambda percent: self.moved.emit(place, percent))
        self.remove = IconButton("x", "Take it out of the mix")
        self.remove.clicked.connect(lambda: self.removed.emit(place))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * theme.SPACE)
        row.addWidget(self.kind, 2)
        row.addWidget(self.share, 3)
        row.addWidget(self.remove)

    def show_share(self, offered: Sequence[str], name: str) -> None:
        if [self.kind.itemText(index) for index in range(self.kind.count())] != list(offered):
            with QSignalBlocker(self.kind):
                self.kind.clear()
                self.kind.addItems(offered)
        self.kind.setCurrentIndex(self.kind.findText(name))
