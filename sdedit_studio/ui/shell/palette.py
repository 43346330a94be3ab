"""All commands by name: type some letters, choose, Enter."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from sdedit_studio.ui.base import theme
from sdedit_studio.ui.base.actions import Action, Actions
from sdedit_studio.ui.base.icons import pixmap
from sdedit_studio.ui.widgets.fields import TextField
from sdedit_studio.ui.widgets.item_option import fields

Index = QModelIndex | QPersistentModelIndex
ENTRY = Qt.ItemDataRole.UserRole
ROW, ROWS, WIDTH, TOP = 34, 11, 560, 84


@dataclass(frozen=True)
class Match:
    """How well letters fit a title: a higher score is better; `positions` are the letters' indices in the title."""

    score: int
    positions: tuple[int, ...]


def match(letters: str, title: str) -> Match | None:
    """Fit letters in order into a title, the starts of words first; None when they are not all there."""
    wanted, text = letters.lower().replace(" ", ""), title.lower()
    if (start := text.find(letters.lower().strip())) >= 0 and letters.strip():
        positions = tuple(range(start, start + len(letters.strip())))
        begins_word = start == 0 or not text[start - 1].isalnum()
        return Match((300 if begins_word else 5 * len(positions)) - start // 4, positions)
    found: list[int] = []
    score, at = 0, 0
    for letter in wanted:
        starts = (i for i in range(at, len(text)) if text[i] == letter and (i == 0 or not text[i - 1].isalnum()))
        place = text.find(letter, at)
        if found and place == found[-1] + 1:
            score += 4
        elif (word := next(starts, None)) is not None:
            place = word
            score += 6
        if place < 0:
            return None
        found.append(place)
        at = place + 1
    return Match(score - len(text) // 10, tuple(found))


@dataclass(frozen=True)
class Entry:
    """An action that fits what was typed."""

    action: Action
    title: str
    key: str
    enabled: bool
    positions: tuple[int, ...]


class _Entries(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.entries: list[Entry] = []

    def show_entries(self, entries: list[Entry]) -> None:
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{entry.title} {entry.key}".strip()
        return entry if role == ENTRY else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        return Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled


class _EntryDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(WIDTH - 20, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look, entry, row = theme.current(), index.data(ENTRY), fields(option).rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if fields(option).state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.colour("selected"))
            painter.drawRoundedRect(row, theme.RADIUS_INPUT, theme.RADIUS_INPUT)
        ink = look.text if entry.enabled else look.disabled
        if entry.action.icon:
            drawn = pixmap(entry.action.icon, ink, 16, painter.device().devicePixelRatioF())
            painter.drawPixmap(row.x() + 12, row.center().y() - 7, drawn)
        x = row.x() + 40
        painter.setFont(theme.font())
        for place, letter in enumerate(entry.title):
            hit = place in entry.positions and entry.enabled
            painter.setFont(theme.font(weight=QFont.Weight.DemiBold if hit else QFont.Weight.Normal))
            painter.setPen(look.colour("accent") if hit else QColor(ink))
            width = painter.fontMetrics().horizontalAdvance(letter)
            painter.drawText(QRect(x, row.y(), width + 4, row.height()), Qt.AlignmentFlag.AlignVCenter, letter)
            x += width
        painter.setFont(theme.font(theme.HINT_PIXELS))
        painter.setPen(QColor(look.secondary if entry.enabled else look.disabled))
        painter.drawText(
            row.adjusted(0, 0, -12, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, entry.key
        )
        painter.restore()


class Palette(QFrame):
    """Lies over the upper part of the window, and goes when the keyboard goes elsewhere."""

    def __init__(self, actions: Actions, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("card")
        self._actions = actions
        self._before = QApplication.focusWidget()
        self.setAccessibleName("All commands")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.field = TextField(placeholderText="Type a command")
        self.field.setAccessibleName("Command")
        self.field.setMinimumHeight(26)
        self.list = QListView()
        self.list.setUniformItemSizes(True)
        self.list.setItemDelegate(_EntryDelegate(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._entries = _Entries(self)
        self.list.setModel(self._entries)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.field)
        column.addWidget(self.list)
        self.setFixedSize(min(WIDTH, window.width() - 40), min(60 + ROWS * ROW, window.height() - 2 * TOP))
        self.move((window.width() - self.width()) // 2, TOP)
        self.field.textChanged.connect(self._search)
        self.field.installEventFilter(self)
        self.list.clicked.connect(self._run)
        self._search("")
        self.show()
        self.raise_()
        self.field.setFocus()

    def _search(self, letters: str) -> None:
        found: list[tuple[int, Entry]] = []
        for action in self._actions:
            made = self._actions[action.id]
            title = made.text().replace("&&", "&")
            if (fit := match(letters, title)) is not None:
                found.append(
                    (
                        fit.score + (0 if made.isEnabled() else -50),
                        Entry(action, title, self._actions.key_text(action.id), made.isEnabled(), fit.positions),
                    )
                )
        if letters.strip():
            found.sort(key=lambda item: -item[0])
        self._entries.show_entries([entry for _, entry in found])
        self.list.setCurrentIndex(self._entries.index(0))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut:
            self.close()
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._key(Qt.Key(event.key()))
        return super().eventFilter(watched, event)

    def _key(self, key: Qt.Key) -> bool:
        """Returns whether the key has done something here, so that the field does not see it."""
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: ROWS, Qt.Key.Key_PageUp: -ROWS}
        if (step := steps.get(key)) is not None:
            row = min(len(self._entries.entries) - 1, max(0, self.list.currentIndex().row() + step))
            self.list.setCurrentIndex(self._entries.index(row))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run(self.list.currentIndex())
        elif key in (Qt.Key.Key_Escape, Qt.Key.Key_Tab):
            self._leave()
        else:
            return False
        return True

    def _run(self, index: QModelIndex) -> None:
        if index.isValid() and (entry := self._entries.entries[index.row()]).enabled:
            self._leave()
            self._actions[entry.action.id].trigger()

    def _leave(self) -> None:
        """Close, with the keyboard back where it was."""
        if self._before is not None:
            self._before.setFocus()
        self.close()
