"""The Colour panel and the colour pair, through real events."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from sdedit_studio.ui.colour.field import ColourField
from sdedit_studio.ui.colour.panel import MATERIALS, RECENT, ColourPanel
from sdedit_studio.ui.shell.tool_column import ColourPair

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def panel(session, preferences, qtbot) -> ColourPanel:
    panel = ColourPanel(session, preferences)
    panel.resize(348, 200)
    qtbot.addWidget(panel)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


def test_a_material_becomes_the_foreground_and_a_recent_colour(panel, session, preferences):
    QTest.mouseClick(panel.materials, LEFT, pos=panel.materials.cell(8).center())
    assert QColor(*session.foreground).name() == MATERIALS[8].colour
    assert preferences.recent_colours == [MATERIALS[8].colour]
    assert panel.hex.text() == MATERIALS[8].colour


def test_recent_colours_are_few_and_the_last_comes_first(panel, preferences):
    for index in range(RECENT + 2):
        QTest.mouseClick(panel.materials, LEFT, pos=panel.materials.cell(index).center())
    QTest.mouseClick(panel.materials, LEFT, pos=panel.materials.cell(4).center())
    assert len(preferences.recent_colours) == RECENT
    assert preferences.recent_colours[0] == MATERIALS[4].colour
    assert len(set(preferences.recent_colours)) == RECENT


@pytest.mark.parametrize("typed", ["#3366cc", "3366cc", "#36c"])
def test_a_number_is_taken_with_or_without_its_sign(panel, session, typed):
    panel.hex.setFocus()
    panel.hex.selectAll()
    QTest.keyClicks(panel.hex, typed)
    QTest.keyClick(panel.hex, Qt.Key.Key_Return)
    assert session.foreground == (0x33, 0x66, 0xCC)


def test_a_wrong_number_changes_nothing(panel, session):
    before = session.foreground
    panel.hex.setFocus()
    panel.hex.selectAll()
    QTest.keyClicks(panel.hex, "blue-")
    QTest.keyClick(panel.hex, Qt.Key.Key_Return)
    assert session.foreground == before
    assert panel.hex.text() == QColor(*before).name()


def test_the_corners_of_the_square_are_white_and_black_and_the_pure_hue(panel, session):
    square = panel.field.square
    QTest.mouseClick(square, LEFT, pos=QPoint(1, 0))  # (0, 0) means "the middle" to QTest
    assert min(session.foreground) > 250
    QTest.mouseClick(square, LEFT, pos=QPoint(square.width() - 1, square.height() - 1))
    assert session.foreground == (0, 0, 0)
    QTest.mouseClick(square, LEFT, pos=QPoint(square.width() - 1, 0))
    assert max(session.foreground) == 255
    assert min(session.foreground) == 0


def test_greys_keep_the_hue(dressed, qtbot):
    field = ColourField()
    qtbot.addWidget(field)
    field.set_colour(QColor("#204080"))
    hue = field.strip.hue
    field.set_colour(QColor("#808080"))
    assert field.strip.hue == hue
    assert field.colour.name() == "#808080"


def test_colours_survive_the_way_through_hue_and_back(panel, session):
    for colour in [(1, 2, 3), (254, 255, 253), (17, 170, 99), (200, 0, 200)]:
        session.set_colours(foreground=colour)
        assert panel.field.colour.getRgb()[:3] == colour


def test_arrow_keys_move_within_the_square_and_the_swatches(panel, session):
    session.set_colours(foreground=(100, 50, 50))
    value = panel.field.square.value
    QTest.keyClick(panel.field.square, Qt.Key.Key_Up)
    assert panel.field.square.value > value
    panel.materials.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Space):
        QTest.keyClick(panel.materials, key)
    assert QColor(*session.foreground).name() == MATERIALS[7].colour


def test_the_pair_is_edited_at_the_front_and_swapped_at_the_back(session, qtbot):
    pair = ColourPair(session)
    qtbot.addWidget(pair)
    with qtbot.waitSignal(pair.edit_requested):
        QTest.mouseClick(pair, LEFT, pos=pair.FRONT + QPoint(4, 4))
    with qtbot.waitSignal(pair.swap_requested):
        QTest.mouseClick(pair, LEFT, pos=pair.BACK + QPoint(17, 17))
    with qtbot.waitSignal(pair.swap_requested):
        QTest.keyClick(pair, Qt.Key.Key_Space)
