"""Moving the keyboard about the window without the mouse."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMenuBar, QWidget


def focus_next(parts: Sequence[QWidget]) -> None:
    """Give the focus to the part after the one that has it: to itself, or to the first widget in it that takes Tab."""
    now = QApplication.focusWidget()
    inside = (i for i, part in enumerate(parts) if now is not None and (part is now or part.isAncestorOf(now)))
    start = next(inside, -1)
    for part in (*parts[start + 1 :], *parts[: start + 1]):
        if (first := _first(part)) is not None:
            first.setFocus(Qt.FocusReason.TabFocusReason)
            return


def _first(part: QWidget) -> QWidget | None:
    """The widget of a part that Tab reaches first."""
    widget: QWidget | None = part
    while widget is not None:
        if (widget is part or part.isAncestorOf(widget)) and _takes_tab(widget):
            return widget
        widget = widget.nextInFocusChain()
        if widget is part:
            return None
    return None


def focus_menus(bar: QMenuBar) -> None:
    bar.setFocus(Qt.FocusReason.MenuBarFocusReason)
    bar.setActiveAction(bar.actions()[0])


def _takes_tab(widget: QWidget) -> bool:
    return widget.isVisible() and widget.isEnabled() and bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
