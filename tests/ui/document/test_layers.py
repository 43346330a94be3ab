"""The Layers panel, through real events on its rows."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer
from sdedit_studio.document.target import Target
from sdedit_studio.raster.blend import BlendMode
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.base import theme
from sdedit_studio.ui.document.layer_list import LAYER_ROLE, ROW, Parts, summary
from sdedit_studio.ui.document.layers_panel import FAMILIES, LayersPanel
from sdedit_studio.ui.document.thumbnails import fitted, sampled, thumbnail
from tests.ui.documents import push, put

LEFT = Qt.MouseButton.LeftButton


def drain() -> None:
    """Deliver what has been posted: an editor closes after the key that ends it."""
    for _ in range(3):
        QApplication.processEvents()


@pytest.fixture
def panel(session, qtbot) -> LayersPanel:
    panel = LayersPanel(session)
    panel.resize(348, 400)
    qtbot.addWidget(panel)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


def names(session) -> list[str]:
    return [layer.name for layer in reversed(session.document.layers)]


def spot(panel, row: int, part: str) -> QPoint:
    index = panel.list.model().index(row)
    return getattr(Parts.of(panel.list.visualRect(index), index.data(LAYER_ROLE)), part).center()


def click(panel, row: int, part: str = "words") -> None:
    QTest.mouseClick(panel.list.viewport(), LEFT, pos=spot(panel, row, part))


def test_a_click_makes_a_layer_active_without_an_undo_step(panel, session):
    click(panel, 2)
    assert session.document.active_layer.name == "Mountains"
    assert session.undo_label is None


def test_the_eye_and_the_guide_mark_switch_in_one_step_each(panel, session):
    click(panel, 3, "eye")
    assert not session.document.layers[0].visible
    assert session.undo_label == "Hide layer"
    click(panel, 3, "guide")
    assert not session.document.layers[0].in_guide
    session.undo()
    session.undo()
    assert session.document.layers[0].visible
    assert session.document.layers[0].in_guide
    assert session.document.active_layer.name == "Land"


def test_a_click_on_a_thumbnail_chooses_what_tools_paint_on(panel, session):
    mask = Tiles.from_array(np.full((64, 96), 255, np.uint8))
    put(session, session.document.with_layer(session.document.layers[1].id, mask=mask))
    click(panel, 2, "mask")
    assert session.document.active_layer.name == "Mountains"
    assert session.target is Target.MASK
    click(panel, 2, "words")
    assert session.target is Target.MASK
    click(panel, 2, "thumbnail")
    assert session.target is Target.PIXELS
    click(panel, 2, "mask")
    click(panel, 0)
    assert session.target is Target.PIXELS


def drag(panel, row: int, gap: int) -> None:
    """Drag a row to the gap above another."""
    view = panel.list.viewport()
    start = spot(panel, row, "words")
    QTest.mousePress(view, LEFT, pos=start)
    for y in np.linspace(start.y(), gap * ROW, 6):
        QTest.mouseMove(view, QPoint(start.x(), round(y)))
    QTest.mouseRelease(view, LEFT, pos=QPoint(start.x(), gap * ROW))


@pytest.mark.parametrize(
    ("row", "gap", "order"),
    [
        (0, 3, ["Notes", "Mountains", "Land", "Sky"]),
        (3, 0, ["Sky", "Land", "Notes", "Mountains"]),
        (1, 4, ["Land", "Mountains", "Sky", "Notes"]),
        (1, 2, ["Land", "Notes", "Mountains", "Sky"]),
        (1, 1, ["Land", "Notes", "Mountains", "Sky"]),
    ],
)
def test_dragging_a_row_moves_its_layer(panel, session, row, gap, order):
    before = names(session)
    drag(panel, row, gap)
    assert names(session) == order
    assert (session.undo_label == "Move layer") == (order != before)
    if order != before:
        session.undo()
        assert names(session) == before


def test_escape_gives_a_drag_up(panel, session):
    view = panel.list.viewport()
    start = spot(panel, 0, "words")
    QTest.mousePress(view, LEFT, pos=start)
    QTest.mouseMove(view, start + QPoint(0, 100))
    QTest.keyClick(panel.list, Qt.Key.Key_Escape)
    QTest.mouseRelease(view, LEFT, pos=start + QPoint(0, 100))
    assert names(session) == ["Land", "Notes", "Mountains", "Sky"]


def test_double_click_renames_and_escape_does_not(panel, session, qtbot):
    QTest.mouseDClick(panel.list.viewport(), LEFT, pos=spot(panel, 1, "words"))
    editor = QApplication.focusWidget()
    QTest.keyClicks(editor, "Remarks")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: names(session)[1] == "Remarks")
    assert session.undo_label == "Rename layer"
    panel.list.rename_active()
    editor = QApplication.focusWidget()
    QTest.keyClicks(editor, "Nothing")
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    drain()
    assert "Nothing" not in names(session)


def test_an_empty_name_is_not_taken(panel, session):
    panel.list.rename_active()
    editor = QApplication.focusWidget()
    editor.clear()
    QTest.keyClick(editor, Qt.Key.Key_Return)
    drain()
    assert names(session)[0] == "Land"
    assert session.undo_label is None


def test_the_keyboard_walks_the_stack_and_switches_visibility(panel, session):
    panel.list.setFocus()
    QTest.keyClick(panel.list, Qt.Key.Key_Down)
    assert session.document.active_layer.name == "Notes"
    QTest.keyClick(panel.list, Qt.Key.Key_Space)
    assert session.document.active_layer.visible


def test_a_right_click_chooses_the_layer_first(panel, session, qtbot):
    with qtbot.waitSignal(panel.list.menu_requested):
        QTest.mouseClick(panel.list.viewport(), Qt.MouseButton.RightButton, pos=spot(panel, 3, "words"))
    assert session.document.active_layer.name == "Sky"


def test_an_opacity_drag_is_one_step_and_shows_at_once(panel, session):
    track = panel.opacity.track
    middle = track.height() // 2
    QTest.mousePress(track, LEFT, pos=QPoint(round(track.x_of(1.0)), middle))
    for position in (0.8, 0.6, 0.4):
        QTest.mouseMove(track, QPoint(round(track.x_of(position)), middle))
        assert session.document.active_layer.opacity == pytest.approx(position, abs=0.02)
    QTest.mouseRelease(track, LEFT, pos=QPoint(round(track.x_of(0.4)), middle))
    assert session.undo_labels == ["Layer opacity"]
    session.undo()
    assert session.document.active_layer.opacity == 1.0
    assert panel.opacity.value == 100


def test_something_else_ends_an_opacity_drag_as_its_own_step(panel, session):
    track = panel.opacity.track
    QTest.mousePress(track, LEFT, pos=QPoint(round(track.x_of(0.5)), 10))
    push(session, "Add layer", session.document.inserted(Layer("New")))
    assert session.undo_label == "Add layer"
    session.undo()
    assert session.undo_label == "Layer opacity"
    assert session.document.active_layer.opacity == pytest.approx(0.5, abs=0.02)


def test_the_sixteen_modes_are_offered_and_chosen_in_one_step(panel, session):
    assert sorted(mode for family in FAMILIES for mode in family) == sorted(BlendMode)
    assert panel.mode.findData(BlendMode.NORMAL) == panel.mode.currentIndex()
    panel.mode.setFocus()
    panel.mode.setCurrentIndex(panel.mode.findData(BlendMode.MULTIPLY))
    panel.mode.activated.emit(panel.mode.currentIndex())
    assert session.document.active_layer.mode is BlendMode.MULTIPLY
    assert session.undo_label == "Blend mode Multiply"
    session.undo()
    assert panel.mode.currentText() == "Normal"


def test_the_lock_follows_the_layer(panel, session):
    QTest.mouseClick(panel.lock, LEFT)
    assert session.document.active_layer.alpha_locked
    click(panel, 3)
    assert not panel.lock.isChecked()
    click(panel, 0)
    assert panel.lock.isChecked()


def test_a_row_says_mode_and_opacity():
    assert summary(Layer("x", opacity=0.85, mode=BlendMode.SOFT_LIGHT)) == "Soft light · 85 %"


def test_undo_of_a_deletion_brings_the_row_and_the_choice_back(panel, session):
    before = names(session)
    push(session, "Delete layer", session.document.removed(session.document.active))
    assert panel.list.model().rowCount() == 3
    session.undo()
    assert names(session) == before
    assert panel.list.currentIndex().data() == "Land"


def test_thumbnails_come_later_and_only_for_rows_in_sight(dressed, qtbot):
    from sdedit_studio.ui.document.session import Session

    pixels = Tiles.from_array(np.full((64, 96, 4), 255, np.uint8))
    session = Session(Document.of(96, 64, [Layer(f"Layer {n}", pixels) for n in range(500)]))
    panel = LayersPanel(session)
    panel.resize(348, 400)
    qtbot.addWidget(panel)
    with qtbot.waitExposed(panel):
        panel.show()
    thumbnails = panel.list._thumbnails
    qtbot.waitUntil(lambda: len(thumbnails._drawn) >= 7 and not thumbnails._turn.isActive())
    assert len(thumbnails._drawn) < 12


def test_sampling_is_every_nth_pixel_across_tiles():
    rng = np.random.default_rng(1)
    array = rng.integers(1, 255, (600, 700, 4), dtype=np.uint8)
    pixels = Tiles.from_array(array, 0, 0).moved(-13, 7)
    for step in (1, 3, 7, 64):
        for rect in (Rect(0, 0, 500, 400), Rect(-30, -5, 640, 610), Rect(100, 90, 33, 65)):
            expected = pixels.read(rect)[::step, ::step]
            assert (sampled(pixels, rect, step) == expected).all()


def test_thumbnails_follow_what_is_painted_on_pixels_and_on_masks(panel, session, qtbot):
    def drawn(key):
        found = panel.list._thumbnails._drawn.get(key)
        return found and found.pixels

    layer = session.document.active_layer
    mask = Tiles.from_array(np.full((64, 96), 255, np.uint8))
    push(session, "Mask", session.document.with_layer(layer.id, mask=mask))
    push(session, "Paint", session.document.with_pixels(layer.pixels.cleared(Rect(0, 44, 50, 20))))
    push(session, "Paint mask", session.document.with_layer(layer.id, mask=mask.cleared(Rect(0, 0, 50, 64))))
    now = session.document.active_layer
    qtbot.waitUntil(lambda: drawn(layer.id) is now.pixels and drawn(f"{layer.id} mask") is now.mask)


def test_a_line_at_the_foot_of_a_row_shows_how_far_its_layer_is(panel, session):
    def length() -> int:
        row = panel.list.visualRect(panel.list.model().index(1))
        image = panel.list.viewport().grab(row).toImage()
        accent = theme.current().colour("accent")
        return sum(image.pixelColor(x, image.height() - 1) == accent for x in range(image.width()))

    layer_id = session.document.layers[-2].id
    assert length() == 0
    panel.list.show_progress(layer_id, 0.5)
    assert length() == pytest.approx(panel.list.viewport().width() / 2, abs=2)
    panel.list.show_progress(layer_id, 1.0)
    assert length() == 0


def test_a_thumbnail_shows_what_is_there():
    array = np.zeros((512, 1024, 4), np.uint8)
    array[:, :512] = (255, 0, 0, 255)
    image = thumbnail(Tiles.from_array(array), Rect(0, 0, 1024, 512), QSize(44, 22))
    assert image.pixelColor(10, 10).name() == "#0000ff"
    assert image.pixelColor(35, 10).alpha() == 0
    mask = thumbnail(Tiles.from_array(array[..., 3]), Rect(0, 0, 1024, 512), QSize(44, 22))
    assert mask.pixelColor(10, 10).name() == "#ffffff"
    assert mask.pixelColor(35, 10).name() == "#000000"


def test_very_long_pictures_still_have_a_thumbnail_of_some_width():
    assert fitted(8000, 10, QSize(44, 32)) == QSize(44, 8)
