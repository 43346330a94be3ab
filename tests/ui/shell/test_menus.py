"""Menus that are filled as they open."""

from __future__ import annotations

from PySide6.QtWidgets import QMenu

from sdedit_studio.ui.shell.menus import fill_recent


def test_the_files_of_late_are_offered_and_open(dressed, preferences, tmp_path):
    menu, opened = QMenu(), []
    fill_recent(menu, preferences, opened.append)
    assert [(entry.text(), entry.isEnabled()) for entry in menu.actions()] == [("Nothing yet", False)]
    menu.clear()
    paths = [tmp_path / "lake.ora", tmp_path / "hill.png"]
    for path in paths:
        preferences.add_recent(path)
    fill_recent(menu, preferences, opened.append)
    for entry in menu.actions():
        entry.trigger()
    assert opened == paths[::-1]


def test_the_menu_bar_offers_files_of_late_and_every_panel(show, tmp_path):
    async def story(window, _story):
        window.files._preferences.add_recent(tmp_path / "lake.ora")
        menus = {menu.title(): menu for menu in window.menuBar().findChildren(QMenu)}
        for title, entries in (("Open recent", ["lake.ora"]), ("Panels", ["SDEdit", "Layers", "Colour", "Results"])):
            menus[title].aboutToShow.emit()
            assert [entry.text() for entry in menus[title].actions()][: len(entries)] == entries

    show(story)
