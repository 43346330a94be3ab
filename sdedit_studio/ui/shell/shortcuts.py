"""The shortcut editor: search, press new keys, see what they were taken from, go back to the defaults."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from sdedit_studio.ui.base.actions import Action, Actions
from sdedit_studio.ui.base.dialog import Dialog, field_row

ACTION_ID = Qt.ItemDataRole.UserRole


class ShortcutsDialog(Dialog):
    """Changes take effect at once and are remembered."""

    def __init__(self, parent: QWidget, actions: Actions) -> None:
        super().__init__(parent, "Keyboard shortcuts", "Choose a command, then press the keys you want for it.")
        self._actions = actions
        self.search = QLineEdit(placeholderText="Search by name or by key", clearButtonEnabled=False)
        self.tree = QTreeWidget(columnCount=2)
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setHeaderLabels(["Command", "Keys"])
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        self.tree.header().resizeSection(1, 150)
        self.tree.setMinimumSize(520, 340)
        self.keys = QKeySequenceEdit()
        self.keys.setMaximumSequenceLength(1)
        self.keys.setClearButtonEnabled(False)
        self.keys.setFixedWidth(170)
        self.keys.setAccessibleName("New keys")
        self.note = QLabel(wordWrap=True)
        self.note.setProperty("role", "hint")
        self.note.setMinimumHeight(18)
        self.body.addWidget(self.search)
        self.body.addWidget(self.tree, 1)
        self.set_button, self.clear, self.reset = (self._button(text) for text in ("Set", "Remove", "Default"))
        self.body.addLayout(field_row("New keys", self.keys, self.set_button, self.clear, self.reset))
        self.body.addWidget(self.note)
        reset_all = self.add_button("Reset all", at_start=True)
        self.add_button("Done").clicked.connect(self.accept)
        self.search.textChanged.connect(self._filter)
        self.tree.currentItemChanged.connect(lambda *_items: self._show_current())
        self.keys.keySequenceChanged.connect(lambda _keys: self._show_conflict())
        self.set_button.clicked.connect(self._set)
        self.clear.clicked.connect(lambda: self._actions.set_key(self._current(), ""))
        self.reset.clicked.connect(lambda: self._actions.reset_key(self._current()))
        reset_all.clicked.connect(actions.reset_all_keys)
        actions.changed.connect(self._fill)
        self._fill()

    def _button(self, text: str) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        return button

    def _current(self) -> str:
        return self.tree.currentItem().data(0, ACTION_ID)

    def _fill(self) -> None:
        """List all actions under their groups, keeping the chosen one."""
        chosen = self._current() if self.tree.currentItem() else ""
        self.tree.clear()
        for action in sorted(self._actions, key=lambda action: action.group):
            text = ", ".join(
                QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
                for key in self._actions.keys(action.id)
            )
            item = QTreeWidgetItem([f"{_group(action)}  ›  {action.title.rstrip('…')}", text])
            item.setData(0, ACTION_ID, action.id)
            if self._actions.is_custom(action.id):
                font = item.font(1)
                font.setBold(True)
                item.setFont(1, font)
            self.tree.addTopLevelItem(item)
            if action.id == chosen:
                self.tree.setCurrentItem(item)
        self._filter(self.search.text())

    def _items(self) -> list[QTreeWidgetItem]:
        items = (self.tree.topLevelItem(index) for index in range(self.tree.topLevelItemCount()))
        return [item for item in items if item is not None]

    def _filter(self, text: str) -> None:
        first = None
        for item in self._items():
            hidden = text.lower().strip() not in f"{item.text(0)} {item.text(1)}".lower()
            item.setHidden(hidden)
            first = first or (None if hidden else item)
        if first is not None and (self.tree.currentItem() is None or self.tree.currentItem().isHidden()):
            self.tree.setCurrentItem(first)
        self._show_current()

    def _show_current(self) -> None:
        there = self.tree.currentItem() is not None
        for part in (self.keys, self.set_button, self.clear, self.reset):
            part.setEnabled(there)
        self.keys.clear()
        if there:
            self.clear.setEnabled(bool(self._actions.keys(self._current())))
            self.reset.setEnabled(self._actions.is_custom(self._current()))
        self._show_conflict()

    def _show_conflict(self) -> None:
        key = self._typed()
        self.set_button.setEnabled(bool(key) and self.tree.currentItem() is not None)
        other = self._actions.taken(key, self._current()) if key and self.tree.currentItem() else None
        self.note.setText(
            f"“{other.title.rstrip('…')}” has these keys now and would lose them." if other is not None else ""
        )

    def _typed(self) -> str:
        return self.keys.keySequence().toString(QKeySequence.SequenceFormat.PortableText)

    def _set(self) -> None:
        self._actions.set_key(self._current(), self._typed())


def _group(action: Action) -> str:
    return action.group.capitalize()
