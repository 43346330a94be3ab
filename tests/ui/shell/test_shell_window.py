"""The whole window: layout, keys, commands, and what it remembers."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QTabBar, QWidget
from shiboken6 import isValid

from sdedit_studio.engine.engine import Engine
from sdedit_studio.engine.job import Job, Pixels, Result
from sdedit_studio.files import openraster
from sdedit_studio.parameters import Parameters
from sdedit_studio.ui import theme
from sdedit_studio.ui.dialogs.dialog import Dialog
from sdedit_studio.ui.dialogs.samples import samples
from sdedit_studio.ui.edit import Edit, Shown
from sdedit_studio.ui.menus import MENUS
from sdedit_studio.ui.panels.result_list import ROW
from sdedit_studio.ui.preferences import Preferences
from sdedit_studio.ui.profile import Profile
from sdedit_studio.ui.window import Window

# The offscreen platform has no stack of windows.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support raise", extend=True)

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def show(tell, studio, tmp_path):
    """Run a story in a window: `show(story)` with `async def story(window, story)`."""

    def run(told, size=(1280, 860), profile=None) -> None:
        async def whole(story) -> None:
            place = profile or Profile.at(tmp_path / "profile")
            engine = Engine()
            window = Window(studio, engine, place, Preferences(place.settings), story.tasks)
            window.resize(*size)
            window.show()
            await story.until(lambda: window.canvas.isVisible() and window._seen)
            window.activateWindow()
            window.canvas.setFocus()
            try:
                await told(window, story)
            finally:
                window.close_without_asking()
                engine.close()
                window.deleteLater()
                await story.until(lambda: not isValid(window))
                assert [thread.name for thread in threading.enumerate() if "journal" in thread.name] == []

        tell(whole)

    return run


def paint(window: Window, x: int = 0, y: int = 0) -> None:
    """A short stroke about the middle of the canvas."""
    canvas = window.canvas
    middle = canvas.rect().center() + QPoint(x, y)
    QTest.mousePress(canvas, LEFT, pos=middle)
    for step in range(1, 6):
        QTest.mouseMove(canvas, middle + QPoint(8 * step, 2 * step))
    QTest.mouseRelease(canvas, LEFT, pos=middle + QPoint(40, 10))


def key(window: Window, which: Qt.Key, modifiers=NONE) -> None:
    QTest.keyClick(QApplication.focusWidget() or window, which, modifiers)


# --- What is declared ----------------------------------------------------------------------------------------------

DOCUMENTED = {
    "B": "tool.brush",
    "E": "tool.eraser",
    "S": "tool.smudge",
    "G": "tool.gradient",
    "F": "tool.fill",
    "U": "tool.shapes",
    "M": "tool.rectangle-select",
    "Shift+M": "tool.ellipse-select",
    "L": "tool.lasso",
    "W": "tool.wand",
    "V": "tool.move",
    "C": "tool.crop",
    "I": "tool.pick",
    "H": "tool.pan",
    "Z": "tool.zoom",
    "[": "brush.smaller",
    "]": "brush.larger",
    "Shift+[": "brush.softer",
    "Shift+]": "brush.harder",
    "1": "brush.opacity-10",
    "0": "brush.opacity-100",
    "X": "edit.swap-colours",
    "D": "edit.default-colours",
    "Ctrl+Return": "generate.start",
    "Return": "generate.enter",
    "Esc": "generate.escape",
    "\\": "generate.compare",
    ",": "generate.less",
    ".": "generate.more",
    "Ctrl+K": "help.commands",
    "Tab": "view.hide-panels",
    "Ctrl+0": "view.fit",
    "Ctrl+1": "view.actual",
    "Num+4": "view.rotate-left",
    "Num+6": "view.rotate-right",
    "Ctrl+Z": "edit.undo",
    "Ctrl+S": "file.save",
}
"""The keys that the interface's description promises."""


def test_every_promised_key_is_there_and_no_key_has_two_meanings(show):
    async def story(window, _story):
        actions = window.actions_
        for keys, action in DOCUMENTED.items():
            assert keys in actions.keys(action), f"{keys} for {action}"
        uses = Counter(QKeySequence(keys).toString() for action in actions for keys in actions.keys(action.id))
        assert [keys for keys, count in uses.items() if count > 1] == []
        shifted = {keys for keys in uses if len(keys) == 1 and keys in '{}<>:"?|~!@#$%^&*()_'}
        assert not shifted, "a real press of Shift+[ is { as well, so with both Qt would run neither"
        assert all(QKeySequence(keys).toString() for action in actions for keys in actions.keys(action.id))

    show(story)


def test_every_menu_entry_is_an_action_and_every_action_is_in_a_menu_or_has_a_key(show):
    async def story(window, _story):
        entries = [entry for _, menu in MENUS for entry in menu if entry and not entry.startswith("menu.")]
        for entry in entries:
            assert window.actions_[entry].text()
        unreachable = [
            action.id
            for action in window.actions_
            if action.id not in entries and not action.keys and not action.id.startswith(("tool.", "brush."))
        ]
        assert unreachable == ["generate.split", "view.reset-layout"]  # a button, and the Panels menu

    show(story)


def test_titles_are_short_words_without_exclamation(show):
    async def story(window, _story):
        for action in window.actions_:
            assert action.title[0].isupper() or action.title[0].isdigit()
            assert "!" not in action.title

    show(story)


# --- Keys and commands ---------------------------------------------------------------------------------------------


def test_a_stroke_is_one_step_and_undo_says_what_it_takes_back(show, studio):
    async def story(window, story):
        before = studio.document
        paint(window)
        await story.until(lambda: studio.history.undo_label is not None)
        assert studio.document is not before
        await story.until(lambda: window.actions_["edit.undo"].isEnabled())
        label = studio.history.undo_label
        assert window.actions_["edit.undo"].text() == f"Undo {label[0].lower()}{label[1:]}"
        assert window.title_label.text() == "Untitled — edited"
        key(window, Qt.Key.Key_Z, CTRL)
        assert studio.document.layers == before.layers
        assert window.title_label.text() == "Untitled"

    show(story)


def test_tool_keys_choose_tools_and_the_bar_follows(show, studio):
    async def story(window, _story):
        for letter, tool in ((Qt.Key.Key_E, "eraser"), (Qt.Key.Key_G, "gradient"), (Qt.Key.Key_B, "brush")):
            key(window, letter)
            assert studio.tool == tool
            assert window.tool_column.buttons[tool].isChecked()
            assert window.status_bar.message.text() == window.canvas.tool.hint

    show(story)


def test_brackets_and_digits_change_the_tip(show):
    async def story(window, _story):
        size = window.canvas.tool.tip.size
        key(window, Qt.Key.Key_BracketRight)
        assert window.canvas.tool.tip.size > size
        key(window, Qt.Key.Key_4)
        assert window.canvas.tool.tip.opacity == pytest.approx(0.4)
        key(window, Qt.Key.Key_0)
        assert window.canvas.tool.tip.opacity == 1

    show(story)


def test_generate_shows_the_key_that_it_has(show):
    async def story(window, _story):
        assert window.sdedit.generate._key == "Ctrl ↵"
        window.actions_.set_key("generate.start", "Ctrl+G")
        assert window.sdedit.generate._key == "Ctrl G"
        assert window.sdedit.generate.toolTip() == "Turn the painting into a picture (Ctrl+G)"

    show(story)


def test_colours_swap_and_reset(show, studio):
    async def story(window, _story):
        front, back = studio.foreground, studio.background
        key(window, Qt.Key.Key_X)
        assert (studio.foreground, studio.background) == (back, front)
        key(window, Qt.Key.Key_D)
        assert (studio.foreground, studio.background) == ((0, 0, 0), (255, 255, 255))

    show(story)


def test_comma_and_dot_move_t0_by_steps_and_stop_at_the_ends(show, studio):
    async def story(window, _story):
        key(window, Qt.Key.Key_Period)
        assert studio.parameters.t0 == 0.45
        for _ in range(30):
            key(window, Qt.Key.Key_Comma)
        assert studio.parameters.t0 == 0

    show(story)


def test_tab_hides_everything_but_the_canvas_and_brings_it_back(show):
    async def story(window, story):
        docks = [dock for dock in window.docks if dock is not window.docks.results]  # hidden until asked for
        parts = [*docks, window.tool_column, window.option_bar, window.status_bar]
        width = window.canvas.width()
        key(window, Qt.Key.Key_Tab)
        await story.until(lambda: not any(part.isVisible() for part in parts))
        await story.until(lambda: window.canvas.width() > width + 300)
        key(window, Qt.Key.Key_Tab)
        await story.until(lambda: all(part.isVisible() for part in parts))

    show(story)


def test_the_results_take_room_for_more_than_one_from_the_edit(show):
    async def told(window, story):
        place = window.results.list.parentWidget()
        window.resize(1600, 1000)
        await story.until(lambda: window.height() == 1000 and window.docks.sdedit.all_seen)
        window.toggle_results()
        await story.until(lambda: place.isVisible() and place.height() > 2 * ROW)
        assert window.sdedit.generate.visibleRegion().boundingRect() == window.sdedit.generate.rect()

    show(told)


def test_f6_takes_the_keyboard_round_the_window(show):
    async def story(window, _story):
        seen = []
        for _ in range(5):
            key(window, Qt.Key.Key_F6)
            focus = QApplication.focusWidget()
            seen.append(next((d.objectName() for d in window.docks if d.isAncestorOf(focus)), focus.accessibleName()))
        assert seen[:3] == ["sdedit", "layers", "colour"]
        assert "Canvas" in seen

    show(story)


def test_every_control_in_the_panels_has_a_name_for_screen_readers(show):
    async def story(window, _story):
        for part in (*window.docks, window.tool_column, window.option_bar):
            for widget in part.findChildren(QWidget):
                if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                    named = widget.accessibleName() or getattr(widget, "text", lambda: "")() or widget.toolTip()
                    assert named, f"{type(widget).__name__} in {part.objectName()}"

    show(story)


def test_the_layer_commands_do_what_they_say(show, studio):
    async def story(window, story):
        actions = window.actions_

        def names() -> list[str]:
            return [layer.name for layer in studio.document.layers]

        actions["layer.add"].trigger()
        assert names()[-1] == "Layer 1"
        actions["layer.duplicate"].trigger()
        assert names()[-1] == "Layer 1 copy"
        actions["layer.lower"].trigger()
        assert names()[-2] == "Layer 1 copy"
        actions["layer.delete"].trigger()
        assert names() == ["Sky", "Mountains", "Notes", "Land", "Layer 1"]
        studio.amend(studio.document.but(active=studio.document.layers[-1].id))
        count = len(studio.document.layers)
        await story.until(lambda: actions["layer.merge-down"].isEnabled())
        actions["layer.merge-down"].trigger()
        await story.until(lambda: len(studio.document.layers) == count - 1)
        assert studio.history.undo_label == "Merge down"

    show(story)


def test_selections_are_made_softened_and_dropped(show, studio):
    async def story(window, story):
        key(window, Qt.Key.Key_A, CTRL)
        await story.until(lambda: studio.document.selection is not None)
        await story.until(lambda: window.actions_["select.none"].isEnabled())
        window.actions_["select.shrink"].trigger()
        dialog = await story.appears(window, Dialog)
        dialog.field.setValue(4)
        QTest.keyClick(dialog, Qt.Key.Key_Return)
        await story.until(lambda: studio.history.undo_label == "Shrink selection")
        await story.gone(dialog)
        window.activateWindow()
        await story.until(window.isActiveWindow)
        window.canvas.setFocus()
        key(window, Qt.Key.Key_D, CTRL)
        await story.until(lambda: studio.document.selection is None)

    show(story)


def test_copy_and_paste_make_a_layer_of_what_was_selected(show, studio):
    async def story(window, story):
        key(window, Qt.Key.Key_C, CTRL | SHIFT)
        await story.until(lambda: not QApplication.clipboard().image().isNull())
        assert QApplication.clipboard().image().size().toTuple() == (96, 64)
        key(window, Qt.Key.Key_V, CTRL)
        await story.until(lambda: len(studio.document.layers) == 5)
        QApplication.clipboard().clear()
        said = []
        studio.message.connect(said.append)
        key(window, Qt.Key.Key_V, CTRL)
        assert said == ["There is no picture on the clipboard."]

    show(story)


def test_crop_to_the_selection_changes_the_canvas(show, studio):
    async def story(window, story):
        window.actions_["select.layer"].trigger()
        await story.until(lambda: studio.document.selection is not None)
        await story.until(lambda: window.actions_["image.crop"].isEnabled())
        window.actions_["image.crop"].trigger()
        await story.until(lambda: (studio.document.width, studio.document.height) == (96, 20))
        assert window.status_bar.size_label.text() == "96 × 20"

    show(story)


def test_the_light_theme_is_worn_at_once_and_remembered(show, dressed, tmp_path):
    profile = Profile.at(tmp_path / "p")

    async def story(window, _story):
        before = window.grab().toImage()
        window.actions_["view.light"].trigger()
        assert theme.current() is theme.LIGHT
        after = window.grab().toImage()
        brighter = sum(after.pixelColor(x, 20).lightness() > before.pixelColor(x, 20).lightness() for x in range(400))
        assert brighter > 300

    show(story, profile=profile)
    assert Preferences(profile.settings).theme == "light"
    theme.apply(dressed, theme.DARK)


# --- Small, remembered, closed -------------------------------------------------------------------------------------


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
def test_closing_with_unsaved_work_asks(show, studio, answer):
    async def story(window, story):
        paint(window)
        await story.until(lambda: studio.history.modified)
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


def drop(widget: QWidget, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    arguments = (Qt.DropAction.CopyAction, mime, LEFT, NONE)
    for event in (QDragEnterEvent(QPoint(5, 5), *arguments), QDropEvent(QPointF(5, 5), *arguments)):
        QApplication.sendEvent(widget, event)


@pytest.mark.parametrize("target", ["window", "canvas"])
def test_a_dropped_document_opens_and_a_picture_becomes_a_layer(show, studio, tmp_path, target):
    document = tmp_path / "lake.ora"
    openraster.save(document, studio.document.but(width=50))
    picture = tmp_path / "bird.png"
    image = QImage(20, 10, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    image.save(str(picture))

    async def story(window, story):
        widget = window if target == "window" else window.canvas
        drop(widget, document)
        await story.until(lambda: studio.document.width == 50)
        assert studio.path == document
        drop(widget, picture)
        await story.until(lambda: studio.document.active_layer.name == "bird")

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
    code = "import sys, sdedit_studio.ui.program; print(*(m for m in ('torch', 'diffusers') if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_options_of_every_tool_fit_a_small_screen(show, studio):
    async def story(window, story):
        for tool in window.canvas.toolbox:
            studio.set_tool(tool.id)
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
        window.studio.problem.emit("That is not a picture.", "")
        assert window.banner.problem.isVisible()
        window.files.open_path(samples()[0])
        await story.until(lambda: window.files.name == "mountain-lake.ora")
        assert not window.banner.problem.isVisible()

    show(told)


def test_the_keyboard_reaches_the_options_of_a_tool_before_what_every_tool_has(show):
    async def told(window, story):
        for tool, first in (("brush", "Size"), ("fill", "Tolerance"), ("brush", "Size")):
            window.studio.set_tool(tool)
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


def test_nothing_is_applied_or_discarded_out_of_sight_while_two_pictures_are_compared(show, studio):
    async def told(window, story):
        job = Job(Pixels.of(np.zeros((studio.document.height, studio.document.width, 3), np.uint8)), Parameters())
        edit = Edit(studio.document, studio.document.bounds, job)
        window.generation.present(edit, Result(job, job.guide, job.guide, 1.0, 8))
        actions = [window.actions_[f"generate.{each}"] for each in ("apply", "enter", "discard")]
        await story.until(lambda: all(action.isEnabled() for action in actions))
        window.compare.between(None, Shown(edit, job.guide), ("Your painting", "Seed 1"))
        await story.until(lambda: not any(action.isEnabled() for action in actions))
        window.compare.end_between()
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
