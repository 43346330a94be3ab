"""Everything a person can ask for, declared once; menus, tool tips, the command palette and shortcuts read it here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from sdedit_studio.ui.base.icons import icon
from sdedit_studio.ui.base.preferences import Preferences


@dataclass(frozen=True)
class Action:
    """`id`: group and name, such as "edit.undo". `keys`: default shortcuts as portable text, the first one shown.

    `enabled` and `checked`: asked whenever the state of the window may have changed; `checked` makes it a switch.
    `label`: a title that follows the state, such as "Undo brush stroke". `repeats`: holding the key runs it again and
    again. `on_canvas`: the key works only while the canvas has the focus, because elsewhere it means something else.
    `key_run`: what its key does, where holding that differs from choosing the action in a menu or the palette.
    """

    id: str
    title: str
    run: Callable[[], object]
    keys: tuple[str, ...] = ()
    icon: str = ""
    enabled: Callable[[], bool] | None = None
    checked: Callable[[], bool] | None = None
    label: Callable[[], str] | None = None
    repeats: bool = False
    on_canvas: bool = False
    key_run: Callable[[], object] | None = None

    @property
    def group(self) -> str:
        return self.id.partition(".")[0]


class Actions(QObject):
    """The actions as QActions of a window. `changed()` when a shortcut was changed."""

    changed = Signal()

    def __init__(self, declared: Iterable[Action], window: QWidget, canvas: QWidget, preferences: Preferences) -> None:
        super().__init__(window)
        self._preferences = preferences
        self._custom = preferences.keys
        self._declared = {action.id: action for action in declared}
        self._made: dict[str, QAction] = {}
        for action in self._declared.values():
            made = QAction(action.title, self, autoRepeat=action.repeats, checkable=action.checked is not None)
            made.setShortcutContext(
                Qt.ShortcutContext.WidgetWithChildrenShortcut if action.on_canvas else Qt.ShortcutContext.WindowShortcut
            )
            made.triggered.connect(lambda _checked, run=action.run: (run(), self.refresh()))
            if action.key_run is not None:
                made.installEventFilter(self)
            (canvas if action.on_canvas else window).addAction(made)
            self._made[action.id] = made
            self._set_keys(action)
        self._refresh = QTimer(self, singleShot=True, interval=0)
        self._refresh.timeout.connect(self._refresh_now)
        self.retint()
        self.refresh()

    def __iter__(self) -> Iterator[Action]:
        return iter(self._declared.values())

    def __getitem__(self, action_id: str) -> QAction:
        return self._made[action_id]

    def declared(self, action_id: str) -> Action:
        return self._declared[action_id]

    def refresh(self) -> None:
        """Ask all actions anew whether they can run, once the present event has been dealt with."""
        self._refresh.start()

    def retint(self) -> None:
        """Renew the icons after a change of theme."""
        for action in self._declared.values():
            if action.icon:
                self._made[action.id].setIcon(icon(action.icon))

    def keys(self, action_id: str) -> tuple[str, ...]:
        """The shortcuts in force, as portable text."""
        custom = self._custom.get(action_id)
        if custom is None:
            return self._declared[action_id].keys
        return (custom,) if custom else ()

    def key_text(self, action_id: str) -> str:
        """The first shortcut as a person reads it on this platform; "" for none."""
        keys = self.keys(action_id)
        return QKeySequence(keys[0]).toString(QKeySequence.SequenceFormat.NativeText) if keys else ""

    def tip(self, action_id: str) -> str:
        """The title with its shortcut, for a tool tip."""
        key, title = self.key_text(action_id), self._declared[action_id].title.rstrip("…")
        return f"{title} ({key})" if key else title

    def taken(self, key: str, by_other_than: str) -> Action | None:
        """The action that already has this shortcut."""
        wanted = QKeySequence(key)
        return next(
            (
                action
                for action in self._declared.values()
                if action.id != by_other_than and any(QKeySequence(known) == wanted for known in self.keys(action.id))
            ),
            None,
        )

    def is_custom(self, action_id: str) -> bool:
        return action_id in self._custom

    def set_key(self, action_id: str, key: str) -> None:
        """Give an action this shortcut, or none when empty, taking it from whatever had it."""
        if key and (other := self.taken(key, action_id)):
            kept = [known for known in self.keys(other.id) if QKeySequence(known) != QKeySequence(key)]
            self._custom[other.id] = kept[0] if kept else ""
            self._set_keys(other)
        self._custom[action_id] = key
        self._set_keys(self._declared[action_id])
        self._keys_changed()

    def reset_key(self, action_id: str) -> None:
        """Go back to the default shortcuts, taking them from whatever has them now."""
        for key in self._declared[action_id].keys:
            if (other := self.taken(key, action_id)) is not None:
                self._custom[other.id] = ""
                self._set_keys(other)
        self._custom.pop(action_id, None)
        self._set_keys(self._declared[action_id])
        self._keys_changed()

    def reset_all_keys(self) -> None:
        self._custom.clear()
        for action in self._declared.values():
            self._set_keys(action)
        self._keys_changed()

    def _keys_changed(self) -> None:
        self._preferences.keys = self._custom
        self.changed.emit()

    def _set_keys(self, action: Action) -> None:
        self._made[action.id].setShortcuts([QKeySequence(key) for key in self.keys(action.id)])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Only an action's event tells its key from its menu entry."""
        if event.type() != QEvent.Type.Shortcut:
            return False
        key_run = next(action.key_run for action in self._declared.values() if self._made[action.id] is watched)
        assert key_run is not None
        key_run()
        self.refresh()
        return True

    def _refresh_now(self) -> None:
        for action in self._declared.values():
            made = self._made[action.id]
            if action.enabled is not None:
                made.setEnabled(action.enabled())
            if action.checked is not None:
                made.setChecked(action.checked())
            if action.label is not None:
                made.setText(action.label())
