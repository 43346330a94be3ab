"""What holds for each tool."""

import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from sdedit_studio import resources
from sdedit_studio.ui.tools.brushes import DEFAULTS
from sdedit_studio.ui.tools.toolbox import TOOLS
from sdedit_studio.ui.widgets.slider_row import SliderRow

SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
IDS = [tool.id for tool in TOOLS]
PATH = ((30, 30), (60, 40), (110, 90), (140, 60))


@pytest.fixture
def painted(canvas):
    """Something is on the active layer, so that every tool finds something to do."""
    canvas.view.brushes.change("brush", size=60)
    canvas.drag((20, 40), (100, 60), (160, 100))
    canvas.view.brushes.change("brush", size=12)
    canvas.session.set_colours((200, 30, 30), (20, 200, 90))
    return canvas


@pytest.mark.parametrize("tool_id", IDS)
def test_it_is_declared_completely(tool_id):
    tool = next(tool for tool in TOOLS if tool.id == tool_id)
    assert resources.path("icons", f"{tool.icon}.svg").is_file()
    assert tool.title
    assert tool.shortcut
    assert tool.hint.endswith(".")
    assert len(tool.hint) < 120


def test_no_two_tools_share_an_id_an_icon_or_a_key():
    for field in ("id", "icon", "shortcut", "title"):
        assert len({getattr(tool, field) for tool in TOOLS}) == len(TOOLS)


def test_labels_and_hints_do_not_shout():
    assert not any(re.search("!", text) for tool in TOOLS for text in (tool.title, tool.hint))


@pytest.mark.parametrize("modifiers", [Qt.KeyboardModifier.NoModifier, SHIFT, ALT, SHIFT | ALT])
@pytest.mark.parametrize("tool_id", IDS)
def test_a_cancelled_drag_leaves_nothing_behind(painted, tool_id, modifiers):
    before, steps = painted.document, painted.steps
    colours = painted.session.foreground, painted.session.background
    painted.tool(tool_id)
    painted.press(*PATH[0], modifiers)
    for point in PATH[1:]:
        painted.move(*point, modifiers)
    painted.view._input.flush()
    painted.view.cancel()
    painted.settle()
    assert painted.document is before or painted.document.layers == before.layers
    assert painted.document.selection is None
    assert painted.document.frame is None
    assert painted.steps == steps
    assert (painted.session.foreground, painted.session.background) == colours
    assert not painted.view.waits
    painted.release(*PATH[-1], modifiers)
    painted.settle()
    assert painted.steps == steps


@pytest.mark.parametrize("tool_id", IDS)
def test_a_drag_is_at_most_one_step_and_undo_brings_back_all(painted, tool_id):
    before, steps = painted.document, painted.steps
    painted.tool(tool_id)
    painted.drag(*PATH)
    painted.settle()
    painted.view.accept()
    painted.settle()
    assert len(painted.steps) - len(steps) in (0, 1)
    if painted.document is not before:
        assert len(painted.steps) == len(steps) + 1
        painted.session.undo()
    assert painted.document is before


@pytest.mark.parametrize("tool_id", IDS)
def test_it_can_be_left_at_any_moment_and_drawn_at_all_times(painted, tool_id):
    view = painted.view
    for stage in range(4):
        painted.session.set_tool("brush")
        painted.tool(tool_id)
        view.rotate_by(17)
        view.grab()
        if stage > 0:
            painted.press(*PATH[0])
            view.grab()
        if stage > 1:
            painted.move(*PATH[1])
            painted.settle()
            view.grab()
        if stage > 2:
            painted.release(*PATH[1])
            view.grab()
        painted.session.set_tool("pan")
        painted.settle()
        view.grab()
        painted.release(*PATH[1])
        assert not view.waits


@pytest.mark.parametrize("tool_id", IDS)
def test_another_document_may_be_opened_in_the_middle_of_a_drag(painted, tool_id):
    from sdedit_studio.ui.document.session import new_document

    painted.tool(tool_id)
    painted.press(*PATH[0])
    painted.move(*PATH[1])
    painted.view._input.flush()
    other = new_document(64, 48)
    painted.session.open(other, None)
    painted.move(*PATH[2])
    painted.release(*PATH[3])
    painted.settle()
    assert painted.document is other
    assert painted.steps == []


BY_KEYS = {
    "resize": {"brush": ("Size", 45), "eraser": ("Size", 72), "smudge": ("Size", 72), "shapes": ("Line width", 9)},
    "harden": {"brush": ("Hardness", 50), "eraser": ("Hardness", 50), "smudge": ("Hardness", 30)},
    "set_opacity": dict.fromkeys(("brush", "eraser", "smudge", "fill", "gradient", "shapes"), ("Opacity", 50)),
    "scale_tip": {"brush": ("Size", 80), "eraser": ("Size", 128), "smudge": ("Size", 128)},
}
"""For each method that keys call, the sliders that it moves, and where to."""


@pytest.mark.parametrize("tool_id", IDS)
@pytest.mark.parametrize(("key", "argument"), [("resize", 1), ("harden", -1), ("set_opacity", 0.5), ("scale_tip", 2)])
def test_its_options_can_be_shown_and_follow_its_keys(painted, qtbot, tool_id, key, argument):
    for name, tip in DEFAULTS.items():
        painted.view.brushes.change(name, size=tip.size, hardness=tip.hardness)
    tool = painted.tool(tool_id)
    bar = QWidget()
    qtbot.addWidget(bar)
    row = QHBoxLayout(bar)
    for control in tool.options():
        row.addWidget(control)
    bar.show()
    sliders = {slider.label.text(): slider for slider in bar.findChildren(SliderRow)}
    before = {label: slider.value for label, slider in sliders.items()}
    getattr(tool, key)(argument)
    expected = dict([BY_KEYS[key][tool_id]]) if tool_id in BY_KEYS[key] else {}
    assert {label: slider.value for label, slider in sliders.items() if slider.value != before[label]} == expected
    painted.drag(*PATH)
    painted.settle()
    assert {label: slider.value for label, slider in sliders.items()} == before | expected
