"""Variations in the whole window: their commands, their keys, and closing while a sheet fills."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from sdedit_studio.engine.job import Pixels, Progress, Result

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


async def at_once(jobs):
    """As the engine, for a model that takes no time and paints nothing."""
    for job in jobs:
        yield Progress(job, 1, 1, 0, 1, Pixels(bytes(3 * 12 * 8), (8, 12, 3)), 0.0)
        yield Result(job, job.guide, job.guide, 0.0, 1)


async def filled(window, story):
    window.generation.engine.run_together = at_once
    window.actions_["variations.make"].trigger()
    variations = window.variations
    await story.until(lambda: len(variations.sheet) == 4 and not variations.filling)
    return variations


def overrides(widget, key) -> bool:
    """Whether the widget keeps a key for itself instead of leaving it to the window's shortcuts."""
    event = QKeyEvent(QEvent.Type.ShortcutOverride, key, Qt.KeyboardModifier.NoModifier)
    event.ignore()
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def test_commands_can_be_used_when_they_mean_something(show):
    async def told(window, story):
        names = ("work-out", "more", "star", "lock", "blend", "stop")
        enabled = lambda: {name for name in names if window.actions_[f"variations.{name}"].isEnabled()}  # noqa: E731
        await story.until(lambda: enabled() == set())
        variations = await filled(window, story)
        variations.choose([variations.sheet[0]])
        await story.until(lambda: enabled() == {"work-out", "more", "star", "lock"})
        variations.choose([variations.sheet[0], variations.sheet[1]])
        await story.until(lambda: enabled() == {"star", "blend"})

    show(told)


def test_a_right_click_opens_the_menu(show):
    async def told(window, story):
        await filled(window, story)
        sheet = window.sdedit.sheet.sheet
        at = sheet.visualRect(sheet.model().index(1, 0)).center()
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, sheet.viewport().mapToGlobal(at))
        QApplication.sendEvent(sheet.viewport(), event)
        await story.until(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
        menu = QApplication.activePopupWidget()
        assert "Work out the variation at full size" in [action.text() for action in menu.actions()]
        menu.close()

    show(told)


def test_keys_are_the_sheets_only_while_it_has_the_focus(show):
    async def told(window, story):
        variations = await filled(window, story)
        sheet = window.sdedit.sheet.sheet
        for key in (Qt.Key.Key_S, Qt.Key.Key_L, Qt.Key.Key_M, Qt.Key.Key_B, Qt.Key.Key_Left):
            assert overrides(sheet, key)
        assert not overrides(sheet, Qt.Key.Key_V)
        assert not overrides(sheet, Qt.Key.Key_Return), "none is chosen"
        variations.choose([variations.sheet[0]])
        assert overrides(sheet, Qt.Key.Key_Return)
        QTest.keyClick(window.canvas, Qt.Key.Key_S)
        assert window.session.tool == "smudge" and not variations.sheet[0].starred

    show(told)


def test_a_sheet_is_brought_in_sight_where_the_panel_is_too_low(show):
    async def told(window, story):
        await filled(window, story)
        await story.until(lambda: not window.sdedit.sheet.sheet.visibleRegion().isEmpty())

    show(told, size=(1024, 600))


def test_closing_while_a_sheet_fills(show):
    async def told(window, story):
        window.actions_["variations.make"].trigger()  # the engine was not started, so it waits
        await story.until(lambda: len(window.variations.sheet) == 4)
        assert window.variations.filling

    show(told)
