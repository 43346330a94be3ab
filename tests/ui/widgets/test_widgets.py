"""Slider rows, buttons, docks and icons, through real events."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow, QWidget

from sdedit_studio.ui.base import theme
from sdedit_studio.ui.base.icons import icon, pixmap
from sdedit_studio.ui.widgets.buttons import IconButton, PrimaryButton, SegmentedChoice
from sdedit_studio.ui.widgets.dock import TITLE_HEIGHT, Dock
from sdedit_studio.ui.widgets.slider_row import SliderRow


def wheel(widget: QWidget, notches: int, modifiers=Qt.KeyboardModifier.NoModifier) -> None:
    at = QPointF(widget.rect().center())
    event = QWheelEvent(
        at,
        QPointF(widget.mapToGlobal(at.toPoint())),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def move(widget: QWidget, to: QPoint, modifiers: Qt.KeyboardModifier) -> None:
    """A move with the left button and a modifier held, which QTest cannot send."""
    local, left = QPointF(to), Qt.MouseButton.LeftButton
    event = QMouseEvent(
        QEvent.Type.MouseMove, local, QPointF(widget.mapToGlobal(to)), Qt.MouseButton.NoButton, left, modifiers
    )
    QApplication.sendEvent(widget, event)


@pytest.fixture
def row(dressed, qtbot) -> SliderRow:
    row = SliderRow("Size", 0, 200, 50, suffix=" px")
    row.resize(320, 30)
    qtbot.addWidget(row)
    with qtbot.waitExposed(row):
        row.show()
    row.changes, row.ends = [], []
    row.value_changed.connect(row.changes.append)
    row.released.connect(lambda: row.ends.append(row.value))
    return row


def at(row: SliderRow, value: float) -> QPoint:
    return QPoint(round(row.track.x_of(value / 200)), row.track.height() // 2)


def test_dragging_follows_the_pointer_and_ends_as_one_gesture(row):
    QTest.mousePress(row.track, Qt.MouseButton.LeftButton, pos=at(row, 50))
    for value in (70, 90, 120):
        QTest.mouseMove(row.track, at(row, value))
    assert not row.ends
    QTest.mouseRelease(row.track, Qt.MouseButton.LeftButton, pos=at(row, 120))
    assert row.value == pytest.approx(120, abs=2)
    assert row.changes == sorted(row.changes)
    assert row.ends == [row.value]
    assert row.field.text() == f"{row.value:.0f} px"


def test_a_drag_past_the_end_stays_at_the_end(row):
    QTest.mousePress(row.track, Qt.MouseButton.LeftButton, pos=at(row, 50))
    QTest.mouseMove(row.track, QPoint(5000, 10))
    assert row.value == 200
    QTest.mouseMove(row.track, QPoint(-5000, 10))
    QTest.mouseRelease(row.track, Qt.MouseButton.LeftButton, pos=QPoint(-5000, 10))
    assert row.value == 0


def test_a_click_on_the_track_jumps_there(row):
    QTest.mouseClick(row.track, Qt.MouseButton.LeftButton, pos=at(row, 160))
    assert row.value == pytest.approx(160, abs=2)


def test_shift_drags_ten_times_finer(row):
    shift = Qt.KeyboardModifier.ShiftModifier
    QTest.mousePress(row.track, Qt.MouseButton.LeftButton, shift, at(row, 50))
    far = at(row, 150)
    move(row.track, far, shift)
    QTest.mouseRelease(row.track, Qt.MouseButton.LeftButton, shift, far)
    assert row.value == pytest.approx(60, abs=2)


def test_double_click_resets(row):
    row.set_value(180)
    QTest.mouseDClick(row.track, Qt.MouseButton.LeftButton, pos=at(row, 180))
    assert row.value == 50
    assert row.changes[-1] == 50


def test_wheel_and_arrows_step_and_rest_into_one_gesture(row, qtbot):
    wheel(row.track, 1)
    wheel(row.track, 1)
    assert row.value == 54
    with qtbot.waitSignal(row.released, timeout=2000):
        QTest.keyClick(row.track, Qt.Key.Key_Left)
    assert row.value == 52
    assert row.ends == [52]


def test_the_end_keys_go_to_the_ends_and_never_wrap(row):
    QTest.keyClick(row.track, Qt.Key.Key_End)
    QTest.keyClick(row.track, Qt.Key.Key_Right)
    assert row.value == 200
    QTest.keyClick(row.track, Qt.Key.Key_Home)
    QTest.keyClick(row.track, Qt.Key.Key_Left)
    assert row.value == 0


@pytest.mark.parametrize(("typed", "value"), [("75", 75), ("75 px", 75), ("9999", 200), ("-3", 0), ("12,6", 13)])
def test_a_typed_value_is_taken_with_or_without_its_unit(row, typed, value):
    row.field.setFocus()
    row.field.selectAll()
    QTest.keyClicks(row.field, typed)
    QTest.keyClick(row.field, Qt.Key.Key_Return)
    assert row.value == value
    assert row.field.text() == f"{value} px"
    assert row.ends == [value]


def test_nonsense_and_escape_leave_the_value_alone(row):
    row.field.setFocus()
    row.field.selectAll()
    QTest.keyClicks(row.field, "many")
    QTest.keyClick(row.field, Qt.Key.Key_Return)
    assert row.field.text() == "50 px"
    row.field.selectAll()
    QTest.keyClicks(row.field, "7")
    QTest.keyClick(row.field, Qt.Key.Key_Escape)
    assert (row.value, row.field.text(), row.changes) == (50, "50 px", [])


def test_typing_on_the_track_begins_in_the_field(row):
    row.track.setFocus()
    QTest.keyClicks(row.track, "1")
    QTest.keyClicks(QApplication.focusWidget(), "25")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    assert row.value == 125


def test_setting_a_value_tells_nobody(row):
    row.set_value(500)
    assert row.value == 200
    assert row.changes == []


def test_equal_distances_are_equal_ratios_when_logarithmic(dressed, qtbot):
    row = SliderRow("Size", 1, 1000, 10, suffix=" px", logarithmic=True)
    qtbot.addWidget(row)
    assert row.track.position == pytest.approx(1 / 3, abs=0.01)
    row.set_value(100)
    assert row.track.position == pytest.approx(2 / 3, abs=0.01)


def test_a_segmented_choice_tells_only_what_a_person_chooses(dressed, qtbot):
    choice = SegmentedChoice([("a", "First"), ("b", "Second")], "Kind")
    qtbot.addWidget(choice)
    choice.resize(200, 30)
    choice.show()
    heard = []
    choice.chosen.connect(heard.append)
    choice.set_value("b")
    assert (choice.value, heard) == ("b", [])
    QTest.mouseClick(choice._group.button(0), Qt.MouseButton.LeftButton)
    assert (choice.value, heard) == ("a", ["a"])


def test_icons_are_sharp_at_twice_the_size_and_follow_the_theme(dressed, qtbot):
    assert icon("eye").pixmap(icon("eye").actualSize(pixmap("eye", "#ffffff").size()), 2.0).width() == 36
    button = IconButton("eye", "See")
    qtbot.addWidget(button)
    before = button.icon().pixmap(18, 18).toImage()
    theme.apply(dressed, theme.LIGHT)
    assert button.icon().pixmap(18, 18).toImage() != before
    theme.apply(dressed, theme.DARK)


def test_an_unknown_icon_says_which(dressed):
    with pytest.raises(FileNotFoundError, match=r"no-such-icon\.svg"):
        icon("no-such-icon")


def test_a_primary_button_shows_its_words_and_is_pressed_by_space(dressed, qtbot):
    button = PrimaryButton("Generate", "sparkles", "Ctrl ↵")
    qtbot.addWidget(button)
    button.show()
    with qtbot.waitSignal(button.clicked):
        QTest.keyClick(button, Qt.Key.Key_Space)
    assert button.accessibleName() == "Generate"
    assert button.sizeHint().width() > 120


@pytest.fixture
def docks(dressed, qtbot):
    window = QMainWindow()
    window.setCentralWidget(QWidget())
    content = QWidget()
    content.setFixedHeight(150)
    low, tall = Dock("low", "Low", "eye", content), Dock("tall", "Tall", "layers", QWidget(), fills=True)
    for dock in (low, tall):
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    window.resize(800, 600)
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    return window, low, tall


def test_a_click_on_its_title_folds_a_panel_and_gives_its_room_away(docks, qtbot):
    _, low, tall = docks
    before = tall.height()
    QTest.mouseClick(low._title, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: low.height() <= TITLE_HEIGHT + 2)
    assert low.folded
    assert tall.height() > before
    QTest.keyClick(low._title, Qt.Key.Key_Space)
    assert not low.folded
    qtbot.waitUntil(lambda: low.height() > TITLE_HEIGHT + 100)


def test_a_panel_is_no_higher_than_its_content(docks):
    _, low, _ = docks
    assert low.height() <= TITLE_HEIGHT + 150 + 1


def contrast(one: str, other: str) -> float:
    def luminance(name: str) -> float:
        channels = [QColor(name).redF(), QColor(name).greenF(), QColor(name).blueF()]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("look", theme.THEMES.values(), ids=theme.THEMES)
def test_text_has_enough_contrast_wherever_it_stands(look):
    planes = {role: getattr(look, role) for role in ("window", "panel", "raised", "control")}
    for role in ("text", "strong", "secondary", "hint", "faithful", "realistic", "error", "accent"):
        for plane, colour in planes.items():
            assert contrast(getattr(look, role), colour) >= 4.5, f"{role} on {plane}"
    for role in ("text", "strong", "secondary"):
        assert contrast(getattr(look, role), look.selected) >= 4.5, f"{role} on selected"
        assert contrast(getattr(look, role), look.button) >= 4.5, f"{role} on button"
    assert contrast(look.on_accent, look.accent) >= 4.5
    assert contrast(look.on_accent, look.accent_hover) >= 4.5


def test_the_sheet_has_a_value_for_each_of_its_names(dressed):
    assert "$" not in dressed.styleSheet()
    label = QLabel("x")
    assert label.font().family() == dressed.font().family() == "Inter"
