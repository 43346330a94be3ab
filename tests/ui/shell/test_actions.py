"""Actions, their keys, the command palette and the shortcut editor."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMenu, QVBoxLayout, QWidget

from sdedit_studio.ui.base.actions import Action, Actions
from sdedit_studio.ui.base.preferences import Preferences
from sdedit_studio.ui.shell.palette import Palette, match
from sdedit_studio.ui.shell.shortcuts import ACTION_ID, ShortcutsDialog
from sdedit_studio.ui.widgets.action_button import ActionButton
from sdedit_studio.ui.widgets.fields import TextField


class Shell:
    """A window with three actions that write down what ran."""

    def __init__(self, preferences: Preferences) -> None:
        self.ran: list[str] = []
        self.may_undo, self.is_light = True, False
        self.window, self.canvas = QWidget(), QWidget()
        self.canvas.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.field, self.plain = TextField(), QLineEdit()
        column = QVBoxLayout(self.window)
        for part in (self.canvas, self.field, self.plain):
            column.addWidget(part)
        self.declared = [
            Action(
                "edit.undo",
                "Undo",
                lambda: self.ran.append("undo"),
                ("Ctrl+Z", "F4"),
                "undo-2",
                enabled=lambda: self.may_undo,
                label=lambda: "Undo stroke",
            ),
            Action("tool.brush", "Brush", lambda: self.ran.append("brush"), ("B",), "brush"),
            Action("view.light", "Light theme", self._switch, checked=lambda: self.is_light),
            Action("view.hide-panels", "Hide all panels", lambda: self.ran.append("hide"), ("Tab",), on_canvas=True),
            Action("generate.enter", "Accept", lambda: self.ran.append("accept"), ("Return",)),
            Action(
                "generate.compare",
                "See before (hold)",
                lambda: self.ran.append("glance"),
                ("\\",),
                enabled=lambda: self.may_undo,
                key_run=lambda: self.ran.append("peek"),
            ),
        ]
        self.preferences = preferences
        self.actions = Actions(self.declared, self.window, self.canvas, preferences)

    def _switch(self) -> None:
        self.is_light = not self.is_light
        self.ran.append("light")


@pytest.fixture
def shell(dressed, qtbot, preferences):
    shell = Shell(preferences)
    shell.window.resize(300, 200)
    qtbot.addWidget(shell.window)
    with qtbot.waitExposed(shell.window):
        shell.window.show()
    shell.window.activateWindow()
    shell.canvas.setFocus()
    return shell


def test_keys_run_actions(shell):
    QTest.keyClick(shell.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(shell.canvas, Qt.Key.Key_F4)
    QTest.keyClick(shell.canvas, Qt.Key.Key_B)
    assert shell.ran == ["undo", "undo", "brush"]


def test_a_disabled_action_does_nothing_and_the_state_follows(shell, qtbot):
    shell.may_undo = False
    shell.actions.refresh()
    qtbot.waitUntil(lambda: not shell.actions["edit.undo"].isEnabled())
    QTest.keyClick(shell.canvas, Qt.Key.Key_F4)
    assert shell.ran == []
    shell.actions["view.light"].trigger()
    qtbot.waitUntil(lambda: shell.actions["view.light"].isChecked())
    assert shell.actions["edit.undo"].text() == "Undo stroke"


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # the offscreen platform cannot raise a menu
def test_what_is_held_with_its_key_is_something_else_in_a_menu(shell, qtbot):
    QTest.keyClick(shell.canvas, Qt.Key.Key_Backslash)
    menu = QMenu(shell.window)
    menu.addAction(shell.actions["generate.compare"])
    menu.popup(shell.window.pos())
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(menu.actions()[0]).center())
    assert shell.ran == ["peek", "glance"]
    shell.may_undo = False
    shell.actions.refresh()
    qtbot.waitUntil(lambda: not shell.actions["generate.compare"].isEnabled())
    QTest.keyClick(shell.canvas, Qt.Key.Key_Backslash)
    assert shell.ran == ["peek", "glance"]


def test_letters_typed_into_a_field_are_no_shortcuts(shell):
    shell.field.setFocus()
    QTest.keyClicks(shell.field, "bb")
    assert (shell.field.text(), shell.ran) == ("bb", [])


def test_enter_belongs_to_a_field_of_ours_while_it_has_the_focus(shell):
    shell.field.setFocus()
    QTest.keyClick(shell.field, Qt.Key.Key_Return)
    assert shell.ran == []
    shell.canvas.setFocus()
    QTest.keyClick(shell.canvas, Qt.Key.Key_Return)
    assert shell.ran == ["accept"]


def test_tab_hides_panels_on_the_canvas_and_moves_on_elsewhere(shell):
    QTest.keyClick(shell.canvas, Qt.Key.Key_Tab)
    assert shell.ran == ["hide"]
    shell.field.setFocus()
    QTest.keyClick(shell.field, Qt.Key.Key_Tab)
    assert shell.ran == ["hide"]
    assert shell.plain.hasFocus()


def test_a_new_key_works_is_remembered_and_is_taken_from_who_had_it(shell):
    shell.actions.set_key("edit.undo", "B")
    assert shell.actions.keys("tool.brush") == ()
    QTest.keyClick(shell.canvas, Qt.Key.Key_B)
    QTest.keyClick(shell.canvas, Qt.Key.Key_F4)
    assert shell.ran == ["undo"]
    assert Shell(shell.preferences).actions.keys("edit.undo") == ("B",)


def test_a_reset_key_comes_back_from_whoever_took_it(shell):
    shell.actions.set_key("edit.undo", "B")
    shell.actions.reset_key("tool.brush")
    assert shell.actions.keys("tool.brush") == ("B",)
    assert shell.actions.keys("edit.undo") == ()
    shell.actions.reset_all_keys()
    assert shell.actions.keys("edit.undo") == ("Ctrl+Z", "F4")
    assert shell.preferences.keys == {}


def test_tips_name_the_first_key(shell, qtbot):
    assert shell.actions.tip("edit.undo") == "Undo (Ctrl+Z)"
    button = ActionButton(shell.actions, "tool.brush")
    qtbot.addWidget(button)
    assert button.toolTip() == "Brush (B)"
    shell.actions.set_key("tool.brush", "Shift+B")
    assert button.toolTip() == "Brush (Shift+B)"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert shell.ran == ["brush"]


# --- The palette ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("letters", "title", "fits"),
    [
        ("lay", "Add layer", True),
        ("al", "Add layer", True),
        ("dly", "Add layer", True),
        ("ADD LAYER", "Add layer", True),
        ("layx", "Add layer", False),
        ("rl", "Add layer", False),
        ("", "Add layer", True),
    ],
)
def test_letters_fit_in_order(letters, title, fits):
    assert (match(letters, title) is not None) == fits


def best(letters: str, *titles: str) -> str:
    return max(titles, key=lambda title: found.score if (found := match(letters, title)) else -1000)


def test_whole_words_come_before_their_letters_apart():
    assert best("fill", "Flip left to right", "Fill with the foreground colour") == "Fill with the foreground colour"
    assert best("inv", "Fit in the view", "Invert selection") == "Invert selection"
    assert best("dl", "Add layer", "Duplicate layer", "Handle") == "Duplicate layer"


def test_the_marked_letters_are_those_typed():
    found = match("sl", "Select layer")
    assert "".join("Select layer"[place] for place in found.positions).lower() == "sl"


def test_typing_and_enter_run_a_command_after_the_palette_has_gone(shell, qtbot):
    palette = Palette(shell.actions, shell.window)
    QTest.keyClicks(palette.field, "brus")
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert shell.ran == ["brush"]
    assert shell.canvas.hasFocus()


def test_arrows_choose_and_disabled_commands_stay_where_they_are(shell, qtbot):
    shell.may_undo = False
    shell.actions.refresh()
    qtbot.waitUntil(lambda: not shell.actions["edit.undo"].isEnabled())
    palette = Palette(shell.actions, shell.window)
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert (shell.ran, palette.isVisible()) == ([], True)
    QTest.keyClick(palette.field, Qt.Key.Key_Down)
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert shell.ran == ["brush"]


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_Tab])
def test_leaving_the_palette_runs_nothing_and_gives_the_keyboard_back(shell, key):
    palette = Palette(shell.actions, shell.window)
    QTest.keyClick(palette.field, key)
    assert shell.ran == []
    assert shell.canvas.hasFocus()


# --- The editor ----------------------------------------------------------------------------------------------------


@pytest.fixture
def editor(shell, qtbot):
    editor = ShortcutsDialog(shell.window, shell.actions)
    qtbot.addWidget(editor)
    with qtbot.waitExposed(editor):
        editor.show()
    return editor


def shown(editor) -> list[str]:
    items = (editor.tree.topLevelItem(i) for i in range(editor.tree.topLevelItemCount()))
    return [item.data(0, ACTION_ID) for item in items if not item.isHidden()]


def test_search_finds_names_and_keys(editor):
    QTest.keyClicks(editor.search, "brush")
    assert shown(editor) == ["tool.brush"]
    editor.search.clear()
    QTest.keyClicks(editor.search, "ctrl+z")
    assert shown(editor) == ["edit.undo"]


def test_pressed_keys_say_whom_they_are_taken_from_and_are_set(editor, shell):
    QTest.keyClicks(editor.search, "light")
    editor.keys.setKeySequence(QKeySequence("B"))
    assert editor.note.text() == "“Brush” has these keys now and would lose them."
    QTest.mouseClick(editor.set_button, Qt.MouseButton.LeftButton)
    assert shell.actions.keys("view.light") == ("B",)
    assert shell.actions.keys("tool.brush") == ()
    QTest.mouseClick(editor.reset, Qt.MouseButton.LeftButton)
    assert shell.actions.keys("view.light") == ()


def test_a_key_can_be_removed(editor, shell):
    QTest.keyClicks(editor.search, "undo")
    QTest.mouseClick(editor.clear, Qt.MouseButton.LeftButton)
    assert shell.actions.keys("edit.undo") == ()
    assert not editor.clear.isEnabled()
