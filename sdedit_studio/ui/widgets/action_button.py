"""A small icon button that is an action: its icon, tip, state and click are the action's."""

from __future__ import annotations

from sdedit_studio.ui.base.actions import Actions
from sdedit_studio.ui.widgets.buttons import IconButton


class ActionButton(IconButton):
    def __init__(self, actions: Actions, action_id: str, *, size: int = 18, side: int = 28) -> None:
        declared, made = actions.declared(action_id), actions[action_id]
        super().__init__(
            declared.icon,
            actions.tip(action_id),
            size=size,
            side=side,
            checkable=made.isCheckable(),
            checked_role="accent",
        )
        self._actions, self._id = actions, action_id
        self.clicked.connect(made.trigger)
        made.changed.connect(self._follow)
        actions.changed.connect(self._show_tip)
        self._follow()

    def _follow(self) -> None:
        made = self._actions[self._id]
        self.setEnabled(made.isEnabled())
        self.setChecked(made.isChecked())

    def _show_tip(self) -> None:
        self.setToolTip(self._actions.tip(self._id))
