"""Actions of the window itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMainWindow, QWidget

from sdedit_studio.ui.base import theme
from sdedit_studio.ui.base.actions import Action, Actions
from sdedit_studio.ui.base.dialog import answered
from sdedit_studio.ui.base.preferences import Preferences
from sdedit_studio.ui.base.tasks import Tasks
from sdedit_studio.ui.results.panel import ResultsPanel
from sdedit_studio.ui.shell.about import AboutDialog
from sdedit_studio.ui.shell.arrangement import Arrangement
from sdedit_studio.ui.shell.docks import Docks
from sdedit_studio.ui.shell.enter_and_escape import EnterAndEscape
from sdedit_studio.ui.shell.focus import focus_menus
from sdedit_studio.ui.shell.palette import Palette
from sdedit_studio.ui.shell.shortcuts import ShortcutsDialog


def enter_and_escape_actions(keys: EnterAndEscape) -> list[Action]:
    return [
        Action("generate.enter", "Accept", keys.enter, ("Return", "Enter"), enabled=keys.can_enter),
        Action("generate.escape", "Cancel or discard", keys.escape, ("Esc",)),
    ]


def results_dock_action(docks: Callable[[], Docks], results: ResultsPanel, canvas: QWidget) -> Action:
    """Shows the results with the keyboard in their list, or hides them with the keyboard back on the canvas."""

    def toggle() -> None:
        dock = docks().results
        if dock.isVisible():
            dock.hide()
            canvas.setFocus()
        else:
            dock.reveal()
            results.list.setFocus()

    return Action(
        "generate.results",
        "Results",
        toggle,
        ("Ctrl+Shift+H",),
        "history",
        checked=lambda: docks().results.isVisible(),
    )


def layout_actions(
    window: QMainWindow, arrangement: Callable[[], Arrangement], preferences: Preferences
) -> list[Action]:
    """Actions for panels, full screen, layout and theme."""

    def toggle_theme() -> None:
        preferences.theme = (theme.DARK if theme.current() is theme.LIGHT else theme.LIGHT).name

    def toggle_full_screen() -> None:
        window.setWindowState(window.windowState() ^ Qt.WindowState.WindowFullScreen)

    return [
        Action(
            "view.hide-panels",
            "Hide all panels",
            lambda: arrangement().toggle_hidden(),
            ("Tab",),
            checked=lambda: arrangement().hidden,
            on_canvas=True,
        ),
        Action("view.full-screen", "Full screen", toggle_full_screen, ("F11",), checked=window.isFullScreen),
        Action("view.light", "Light theme", toggle_theme, (), "sun", checked=lambda: theme.current() is theme.LIGHT),
        Action("view.reset-layout", "Put all panels back", lambda: arrangement().reset()),
    ]


def focus_actions(window: QMainWindow, next_part: Callable[[], None]) -> list[Action]:
    return [
        Action("view.next-part", "Move the keyboard to the next part of the window", next_part, ("F6",)),
        Action("view.menu", "Move the keyboard to the menus", lambda: focus_menus(window.menuBar()), ("F10",)),
    ]


def help_actions(window: QMainWindow, actions: Callable[[], Actions], tasks: Tasks, logs: Path) -> list[Action]:
    def show_shortcuts() -> None:
        tasks.start(answered(ShortcutsDialog(window, actions())))

    def open_logs() -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(logs)))

    def show_about() -> None:
        tasks.start(answered(AboutDialog(window, logs)))

    return [
        Action("help.commands", "All commands…", lambda: Palette(actions(), window), ("Ctrl+K",), "search"),
        Action("help.shortcuts", "Keyboard shortcuts…", show_shortcuts, (), "keyboard"),
        Action("help.logs", "Open log folder", open_logs),
        Action("help.about", "About SDEdit Studio", show_about, (), "info"),
    ]
