"""The whole window: layout, and what it remembers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QTabBar, QWidget

from sdedit_studio.editing.edit import Edit, EditPicture, edit_of
from sdedit_studio.engine.job import Job, Pixels, Result
from sdedit_studio.files import openraster
from sdedit_studio.parameters import Parameters
from sdedit_studio.ui.base.dialog import Dialog
from sdedit_studio.ui.base.profile import Profile
from sdedit_studio.ui.document.samples_dialog import samples
from tests.ui.windowed import LEFT, NONE, paint

# The offscreen platform has no stack of windows.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support raise", extend=True)


def test_it_fits_a_small_screen_with_all_tools_in_sight(show):
    async def story(window, story):
        await story.until(lambda: window.docks[0].width() < 400)
        assert window.width() <= 1024
        assert window.height() <= 700
        column = window.tool_column
        for button in column.buttons.values():
            assert column.rect().contains(button.geometry())
        assert button.geometry().bottom() < column.colours.geometry().top()
        generate = window.sdedit.generate
        bottom = generate.mapTo(window, QPoint(0, generate.height())).y()
        assert bottom < window.docks[0].mapTo(window, QPoint(0, window.docks[0].height())).y(), "Generate is in sight"

    show(story, size=(1024, 700))


def test_panels_and_brushes_are_as_they_were_left(show, tmp_path):
    profile = Profile.at(tmp_path / "p")

    async def first(window, story):
        window.docks[2].set_folded(True)
        window.docks[1].setFloating(True)
        window.canvas.brushes.change("brush", size=123.0)
        await story.until(lambda: window.docks[1].isFloating())

    async def second(window, _story):
        assert window.docks[2].folded
        assert window.docks[1].isFloating()
        assert window.canvas.brushes["brush"].size == 123
        window.actions_["view.reset-layout"].trigger()
        assert not window.docks[1].isFloating()
        assert not window.docks[2].folded

    show(first, profile=profile)
    show(second, profile=profile)


@pytest.mark.parametrize("answer", ["Cancel", "Don’t save"])
def test_closing_with_unsaved_work_asks(show, session, answer):
    async def story(window, story):
        paint(window)
        await story.until(lambda: session.modified)
        closed = []
        window.closed.connect(lambda: closed.append(True))
        window.close()
        assert window.isVisible()
        dialog = await story.appears(window, Dialog)
        assert dialog.windowTitle() == "Save “Untitled”?"
        button = next(button for button in dialog.findChildren(QPushButton) if button.text() == answer)
        QTest.mouseClick(button, LEFT)
        await story.gone(dialog)
        await story.until(lambda: closed == ([] if answer == "Cancel" else [True]))

    show(story)


def test_a_comparison_that_is_being_made_ready_ends_with_the_window(show, session):
    async def story(window, story):
        edit = edit_of(session.document, Parameters(), 0)
        window.compare.compare_pictures(None, EditPicture(edit, edit.job.guide), ("Your painting", "Its guide"))
        preparing = window.compare._preparing
        window.close_without_asking()
        await story.until(preparing.done)
        assert preparing.cancelled()

    show(story)


def drop(widget: QWidget, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    arguments = (Qt.DropAction.CopyAction, mime, LEFT, NONE)
    for event in (QDragEnterEvent(QPoint(5, 5), *arguments), QDropEvent(QPointF(5, 5), *arguments)):
        QApplication.sendEvent(widget, event)


@pytest.mark.parametrize("target", ["window", "canvas"])
def test_a_dropped_document_opens_and_a_picture_becomes_a_layer(show, session, tmp_path, target):
    document = tmp_path / "lake.ora"
    openraster.save(document, session.document.replace(width=50))
    picture = tmp_path / "bird.png"
    image = QImage(20, 10, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    image.save(str(picture))

    async def story(window, story):
        widget = window if target == "window" else window.canvas
        drop(widget, document)
        await story.until(lambda: session.document.width == 50)
        assert session.path == document
        drop(widget, picture)
        await story.until(lambda: session.document.active_layer.name == "bird")

    show(story)


def test_the_keyboard_follows_the_pointer_but_not_out_of_a_text_field(show):
    async def story(window, _story):
        window.layers.opacity.track.setFocus()
        QTest.mouseMove(window.canvas, QPoint(30, 30))
        QApplication.sendEvent(window.canvas, _enter())
        assert window.canvas.hasFocus()
        window.colour.hex.setFocus()
        QApplication.sendEvent(window.canvas, _enter())
        assert window.colour.hex.hasFocus()

    show(story)


def _enter():
    from PySide6.QtGui import QEnterEvent

    return QEnterEvent(QPointF(30, 30), QPointF(30, 30), QPointF(30, 30))


def test_nothing_heavy_is_loaded_before_the_window_shows():
    code = "import sys, sdedit_studio.ui.shell.program; print(*(m for m in ('torch', 'diffusers') if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_options_of_every_tool_fit_a_small_screen(show, session):
    async def story(window, story):
        for tool in window.canvas.toolbox:
            session.set_tool(tool.id)
            options = window.option_bar._made[tool.id]
            await story.until(lambda options=options: options.layout().minimumSize().width() <= options.width())

    show(story, size=(1024, 700))


def test_a_notice_that_goes_away_leaves_the_keyboard_to_the_canvas(show):
    async def told(window, story):
        taken = []
        window.notice.show_notice("Found", "Something.", [("Take", lambda: taken.append(True))])
        take = next(button for button in window.notice.findChildren(QPushButton) if button.text() == "Take")
        take.setFocus()
        assert QApplication.focusWidget() is take
        QTest.keyClick(take, Qt.Key.Key_Space)
        assert taken and window.notice.isHidden()
        assert QApplication.focusWidget() is window.canvas

    show(told)


def test_a_problem_is_over_when_another_document_opens(show):
    async def told(window, story):
        window.session.notices.warn("That is not a picture.")
        assert window.banner.problem.isVisible()
        window.files.open_path(samples()[0])
        await story.until(lambda: window.files.name == "mountain-lake.ora")
        assert not window.banner.problem.isVisible()

    show(told)


def test_the_keyboard_reaches_the_options_of_a_tool_before_what_every_tool_has(show):
    async def told(window, story):
        for tool, first in (("brush", "Size"), ("fill", "Tolerance"), ("brush", "Size")):
            window.session.set_tool(tool)
            window.colour.hex.setFocus()
            QTest.keyClick(window, Qt.Key.Key_F6)
            assert QApplication.focusWidget().accessibleName() == first
            reached = []
            while window.option_bar.isAncestorOf(QApplication.focusWidget()):
                reached.append(QApplication.focusWidget())
                QTest.keyClick(reached[-1], Qt.Key.Key_Tab)
            assert reached[-1].toolTip().startswith("Stabiliser"), "undo and redo have nothing to do"

    show(told)


def test_the_split_button_follows_the_handle(show):
    async def told(window, story):
        split = window.actions_["generate.split"]
        window.compare.set_split(0.3)
        await story.until(split.isChecked)
        window.compare.set_split(0.0)
        await story.until(lambda: not split.isChecked())

    show(told)


def test_nothing_is_applied_or_discarded_out_of_sight_while_two_pictures_are_compared(show, session):
    async def told(window, story):
        job = Job(Pixels.of(np.zeros((session.document.height, session.document.width, 3), np.uint8)), Parameters())
        edit = Edit(session.document, session.document.bounds, job)
        window.generation.present(edit, Result(job, job.guide, job.guide, 1.0, 8))
        actions = [window.actions_[f"generate.{each}"] for each in ("apply", "enter", "discard")]
        await story.until(lambda: all(action.isEnabled() for action in actions))
        window.compare.compare_pictures(None, EditPicture(edit, job.guide), ("Your painting", "Seed 1"))
        await story.until(lambda: not any(action.isEnabled() for action in actions))
        window.compare.end_comparison()
        await story.until(lambda: all(action.isEnabled() for action in actions))

    show(told)


def test_panels_in_one_place_have_tabs(show):
    async def told(window, story):
        sdedit, _layers, colour, _results = window.docks
        window.tabifyDockWidget(sdedit, colour)
        await story.until(lambda: any(tabs.isVisible() for tabs in window.findChildren(QTabBar)))
        tabs = next(tabs for tabs in window.findChildren(QTabBar) if tabs.isVisible())
        tabs.hide()  # as Qt leaves them when the mouse has dropped one panel on another
        colour.topLevelChanged.emit(False)
        await story.until(tabs.isVisible)

    show(told)
