"""The menu bar, made from the declared actions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QDockWidget, QMenu, QMenuBar, QWidget

from sdedit_studio.ui.base.actions import Actions
from sdedit_studio.ui.base.preferences import Preferences

SEPARATOR = None

ONE_LAYER = (
    "layer.visible",
    "layer.guide",
    "layer.alpha-lock",
    SEPARATOR,
    "layer.add-mask",
    "layer.mask-from-selection",
    "layer.paint-mask",
    "layer.remove-mask",
    SEPARATOR,
    "layer.again",
    "layer.follow",
)
"""What the Layer menu and a click on a layer with the right button both have."""

MENUS: tuple[tuple[str, tuple[str | None, ...]], ...] = (
    (
        "File",
        (
            "file.new",
            "file.open",
            "menu.recent",
            "file.samples",
            SEPARATOR,
            "file.save",
            "file.save-as",
            "file.export",
            SEPARATOR,
            "file.add-picture",
            SEPARATOR,
            "file.quit",
        ),
    ),
    (
        "Edit",
        (
            "edit.undo",
            "edit.redo",
            SEPARATOR,
            "edit.cut",
            "edit.copy",
            "edit.copy-merged",
            "edit.paste",
            SEPARATOR,
            "edit.fill",
            "edit.clear",
            SEPARATOR,
            "edit.swap-colours",
            "edit.default-colours",
            SEPARATOR,
            "help.shortcuts",
        ),
    ),
    (
        "Image",
        (
            "image.canvas-size",
            "image.size",
            "image.crop",
            SEPARATOR,
            "image.flip-horizontal",
            "image.flip-vertical",
            SEPARATOR,
            "image.merge-visible",
            "image.flatten",
        ),
    ),
    (
        "Layer",
        (
            "layer.add",
            "layer.duplicate",
            "layer.delete",
            "layer.rename",
            SEPARATOR,
            "generate.harmonise",
            "layer.merge-down",
            "layer.raise",
            "layer.lower",
            SEPARATOR,
            *ONE_LAYER,
        ),
    ),
    (
        "Select",
        (
            "select.all",
            "select.none",
            "select.inverse",
            "select.layer",
            SEPARATOR,
            "select.feather",
            "select.grow",
            "select.shrink",
            SEPARATOR,
            "protect.paint",
            "protect.selection",
            "protect.invert",
            "protect.clear",
            "protect.select",
        ),
    ),
    (
        "Generate",
        (
            "generate.start",
            "generate.live",
            "generate.harmonise",
            "generate.strokes",
            "generate.cancel",
            SEPARATOR,
            "generate.apply",
            "generate.discard",
            "generate.compare",
            SEPARATOR,
            "generate.play",
            "generate.step-back",
            "generate.step-forward",
            "generate.export-steps",
            SEPARATOR,
            "generate.less",
            "generate.more",
            "generate.seed",
            SEPARATOR,
            "variations.make",
            "variations.work-out",
            "variations.more",
            "variations.star",
            "variations.lock",
            "variations.blend",
            "variations.stop",
            SEPARATOR,
            "generate.results",
            "generate.models",
        ),
    ),
    (
        "View",
        (
            "view.zoom-in",
            "view.zoom-out",
            "view.fit",
            "view.actual",
            SEPARATOR,
            "view.rotate-left",
            "view.rotate-right",
            "view.rotate-reset",
            "view.mirror",
            SEPARATOR,
            "view.result-split",
            "view.result-beside",
            "view.result-window",
            "view.result-flicker",
            "view.result-difference",
            SEPARATOR,
            "menu.panels",
            "view.hide-panels",
            "view.full-screen",
            "view.light",
        ),
    ),
    ("Help", ("help.commands", "help.shortcuts", SEPARATOR, "help.logs", "help.about")),
)
"""Titles with the ids of their actions; "menu." entries are menus that are filled as they open."""


LAYER_MENU: tuple[str | None, ...] = (
    "layer.rename",
    "layer.duplicate",
    "layer.delete",
    "layer.merge-down",
    SEPARATOR,
    *ONE_LAYER,
    "select.layer",
    "generate.harmonise",
)

VARIATION_MENU: tuple[str | None, ...] = (
    "variations.work-out",
    "variations.more",
    SEPARATOR,
    "variations.star",
    "variations.lock",
    "variations.blend",
)


def show_menu(window: QWidget, actions: Actions, entries: tuple[str | None, ...], at: QPoint) -> None:
    """A context menu of actions at a global position."""
    menu = QMenu(window)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for entry in entries:
        menu.addAction(actions[entry]) if entry else menu.addSeparator()
    menu.popup(at)


def fill_menu_bar(bar: QMenuBar, actions: Actions, submenus: dict[str, tuple[str, Callable[[QMenu], None]]]) -> None:
    """Make all menus. `submenus`: title and filling of each "menu." entry, by its name without the prefix."""
    for title, entries in MENUS:
        menu = bar.addMenu(title)
        menu.setToolTipsVisible(True)
        for entry in entries:
            if entry is None:
                menu.addSeparator()
            elif entry.startswith("menu."):
                subtitle, fill = submenus[entry.removeprefix("menu.")]
                submenu = menu.addMenu(subtitle)
                submenu.aboutToShow.connect(lambda submenu=submenu, fill=fill: (submenu.clear(), fill(submenu)))
            else:
                menu.addAction(actions[entry])


def fill_recent(menu: QMenu, preferences: Preferences, open_path: Callable[[Path], None]) -> None:
    for path in preferences.recent:
        menu.addAction(path.name, lambda path=path: open_path(path)).setToolTip(str(path))
    if menu.isEmpty():
        menu.addAction("Nothing yet").setEnabled(False)


def fill_panels(menu: QMenu, docks: Iterable[QDockWidget], actions: Actions) -> None:
    for dock in docks:
        menu.addAction(dock.toggleViewAction())
    menu.addSeparator()
    menu.addAction(actions["view.reset-layout"])
