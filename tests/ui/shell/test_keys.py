"""The whole window: keys, commands, and what they do."""

from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from sdedit_studio.parameters import Parameters
from sdedit_studio.ui.base import theme
from sdedit_studio.ui.base.dialog import Dialog
from sdedit_studio.ui.base.preferences import Preferences
from sdedit_studio.ui.base.profile import Profile
from sdedit_studio.ui.results.list import ROW
from sdedit_studio.ui.shell.menus import MENUS
from tests.ui.documents import put
from tests.ui.windowed import CTRL, SHIFT, key, paint

# The offscreen platform has no stack of windows.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support raise", extend=True)


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


def test_a_stroke_is_one_step_and_undo_says_what_it_takes_back(show, session):
    async def story(window, story):
        before = session.document
        paint(window)
        await story.until(lambda: session.undo_label is not None)
        assert session.document is not before
        await story.until(lambda: window.actions_["edit.undo"].isEnabled())
        label = session.undo_label
        assert window.actions_["edit.undo"].text() == f"Undo {label[0].lower()}{label[1:]}"
        assert window.title_label.text() == "Untitled — edited"
        key(window, Qt.Key.Key_Z, CTRL)
        assert session.document.layers == before.layers
        assert window.title_label.text() == "Untitled"

    show(story)


def test_tool_keys_choose_tools_and_the_bar_follows(show, session):
    async def story(window, _story):
        for letter, tool in ((Qt.Key.Key_E, "eraser"), (Qt.Key.Key_G, "gradient"), (Qt.Key.Key_B, "brush")):
            key(window, letter)
            assert session.tool == tool
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


def test_colours_swap_and_reset(show, session):
    async def story(window, _story):
        front, back = session.foreground, session.background
        key(window, Qt.Key.Key_X)
        assert (session.foreground, session.background) == (back, front)
        key(window, Qt.Key.Key_D)
        assert (session.foreground, session.background) == ((0, 0, 0), (255, 255, 255))

    show(story)


def test_comma_and_dot_move_t0_by_steps_and_stop_at_the_ends(show, session):
    async def story(window, _story):
        key(window, Qt.Key.Key_Period)
        assert session.parameters.t0 == pytest.approx(Parameters.t0 + 0.05)
        for _ in range(30):
            key(window, Qt.Key.Key_Comma)
        assert session.parameters.t0 == 0

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
        window.actions_["generate.results"].trigger()
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


def test_the_layer_commands_do_what_they_say(show, session):
    async def story(window, story):
        actions = window.actions_

        def names() -> list[str]:
            return [layer.name for layer in session.document.layers]

        actions["layer.add"].trigger()
        assert names()[-1] == "Layer 1"
        actions["layer.duplicate"].trigger()
        assert names()[-1] == "Layer 1 copy"
        actions["layer.lower"].trigger()
        assert names()[-2] == "Layer 1 copy"
        actions["layer.delete"].trigger()
        assert names() == ["Sky", "Mountains", "Notes", "Land", "Layer 1"]
        put(session, session.document.replace(active=session.document.layers[-1].id))
        count = len(session.document.layers)
        await story.until(lambda: actions["layer.merge-down"].isEnabled())
        actions["layer.merge-down"].trigger()
        await story.until(lambda: len(session.document.layers) == count - 1)
        assert session.undo_label == "Merge down"

    show(story)


def test_selections_are_made_softened_and_dropped(show, session):
    async def story(window, story):
        key(window, Qt.Key.Key_A, CTRL)
        await story.until(lambda: session.document.selection is not None)
        await story.until(lambda: window.actions_["select.none"].isEnabled())
        window.actions_["select.shrink"].trigger()
        dialog = await story.appears(window, Dialog)
        dialog.field.setValue(4)
        QTest.keyClick(dialog, Qt.Key.Key_Return)
        await story.until(lambda: session.undo_label == "Shrink selection")
        await story.gone(dialog)
        window.activateWindow()
        await story.until(window.isActiveWindow)
        window.canvas.setFocus()
        key(window, Qt.Key.Key_D, CTRL)
        await story.until(lambda: session.document.selection is None)

    show(story)


def test_copy_and_paste_make_a_layer_of_what_was_selected(show, session):
    async def story(window, story):
        QApplication.clipboard().clear()
        key(window, Qt.Key.Key_C, CTRL | SHIFT)
        await story.until(lambda: not QApplication.clipboard().image().isNull())
        assert QApplication.clipboard().image().size().toTuple() == (96, 64)
        key(window, Qt.Key.Key_V, CTRL)
        await story.until(lambda: len(session.document.layers) == 5)
        QApplication.clipboard().clear()
        said = []
        session.notices.told.connect(said.append)
        key(window, Qt.Key.Key_V, CTRL)
        assert said == ["There is no picture on the clipboard."]

    show(story)


def test_crop_to_the_selection_changes_the_canvas(show, session):
    async def story(window, story):
        window.actions_["select.layer"].trigger()
        await story.until(lambda: session.document.selection is not None)
        await story.until(lambda: window.actions_["image.crop"].isEnabled())
        window.actions_["image.crop"].trigger()
        await story.until(lambda: (session.document.width, session.document.height) == (96, 20))
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
