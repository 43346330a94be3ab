"""In the window, with computations that end when a test says so: nothing lands in a wrong place, no stroke is lost."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer
from sdedit_studio.files import openraster
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.selection import rectangle
from sdedit_studio.raster.tiles import Tiles, blank
from sdedit_studio.ui.base.dialog import Dialog
from sdedit_studio.ui.document import file_actions
from sdedit_studio.ui.document.session import Session, new_document
from sdedit_studio.ui.document.size_dialogs import ImageSizeDialog
from tests.ui.document.later import Later
from tests.ui.documents import put
from tests.ui.windowed import CTRL, SHIFT, key, paint

LEFT = Qt.MouseButton.LeftButton


def solid(colour, width=96, height=64):
    picture = blank(width, height)
    picture[:] = (*colour, 255)
    return Tiles.from_array(picture)


@pytest.fixture
def later():
    return Later()


@pytest.fixture
def session(dressed, later):
    """Two layers of one colour each below an empty one, which is active."""
    layers = [Layer("Sky", solid((200, 150, 100))), Layer("Land", solid((40, 90, 60))), Layer("Top")]
    return Session(Document.of(96, 64, layers), later)


def layer_of(session, name):
    return next(layer for layer in session.document.layers if layer.name == name)


def place(window, x, y):
    return window.canvas.to_view.map(QPointF(x, y)).toPoint()


def click(window, x=48, y=32):
    QTest.mouseClick(window.canvas, LEFT, pos=place(window, x, y))


def drag(window, start, end):
    QTest.mousePress(window.canvas, LEFT, pos=place(window, *start))
    QTest.mouseMove(window.canvas, place(window, *((a + b) / 2 for a, b in zip(start, end, strict=True))))
    QTest.mouseMove(window.canvas, place(window, *end))
    QTest.mouseRelease(window.canvas, LEFT, pos=place(window, *end))


async def all_computed(later, session):
    for _ in range(50):
        later.finish()
        await asyncio.sleep(0)
    assert not later.busy and not session.busy


def click_row(window, name):
    rows = window.layers.list
    index = next(row for row in range(rows.model().rowCount()) if rows.model().index(row, 0).data() == name)
    box = rows.visualRect(rows.model().index(index, 0))
    QTest.mouseClick(rows.viewport(), LEFT, pos=box.center())


MEANWHILE = {
    "the layer below": lambda window: key(window, Qt.Key.Key_PageDown),
    "a copy": lambda window: key(window, Qt.Key.Key_J, CTRL),
    "a new layer": lambda window: key(window, Qt.Key.Key_N, CTRL | SHIFT),
    "another row": lambda window: click_row(window, "Sky"),
}

TOOLS = {
    "fill": lambda window: click(window),
    "gradient": lambda window: drag(window, (10, 10), (80, 50)),
    "shapes": lambda window: drag(window, (10, 10), (80, 50)),
}


@pytest.mark.parametrize("meanwhile", MEANWHILE)
@pytest.mark.parametrize("tool", TOOLS)
def test_what_a_tool_still_computes_lands_on_the_layer_that_it_was_used_on(show, session, later, tool, meanwhile):
    async def story(window, story):
        session.set_tool(tool)
        TOOLS[tool](window)
        MEANWHILE[meanwhile](window)
        sky, land = layer_of(session, "Sky"), layer_of(session, "Land")
        await all_computed(later, session)
        assert layer_of(session, "Top").pixels.content_bounds() != Rect(0, 0, 0, 0)
        assert layer_of(session, "Sky") is sky and layer_of(session, "Land") is land
        active = {"the layer below": "Land", "a copy": "Top copy", "a new layer": "Layer 1", "another row": "Sky"}
        assert session.document.active_layer.name == active[meanwhile]
        if meanwhile == "a copy":
            copy, top = (layer_of(session, name).pixels.read(session.document.bounds) for name in ("Top copy", "Top"))
            assert np.array_equal(copy, top), "it is a copy of what was filled"

    show(story)


def test_a_layer_that_is_deleted_at_once_is_deleted_with_its_fill(show, session, later):
    async def story(window, story):
        session.set_tool("fill")
        click(window)
        key(window, Qt.Key.Key_Delete, CTRL)
        before = layer_of(session, "Sky"), layer_of(session, "Land")
        await all_computed(later, session)
        assert session.document.layers == before
        assert session.undo_labels == ["Fill", "Delete layer"]

    show(story)


def test_undo_right_after_a_fill_takes_back_the_fill_and_no_stroke(show, session, later):
    async def story(window, story):
        session.set_tool("brush")
        paint(window)
        painted = session.document
        await asyncio.sleep(0.02)
        key(window, Qt.Key.Key_F)
        click(window, 5, 5)
        key(window, Qt.Key.Key_B)
        key(window, Qt.Key.Key_Z, CTRL)
        await all_computed(later, session)
        assert session.document is painted
        assert session.undo_labels == ["Brush stroke"] and session.redo_label == "Fill"

    show(story)


def test_escape_gives_up_a_fill_that_is_still_computed(show, session, later):
    async def story(window, story):
        before = session.document
        key(window, Qt.Key.Key_F)
        click(window)
        key(window, Qt.Key.Key_Escape)
        await all_computed(later, session)
        assert session.document is before and session.undo_labels == []

    show(story)


def test_cut_and_deselect_at_once_cuts_what_was_selected(show, session, later):
    async def story(window, story):
        land = layer_of(session, "Land")
        box = rectangle(Rect(10, 10, 20, 10), session.document.bounds)
        put(session, session.document.replace(active=land.id, selection=box))
        await asyncio.sleep(0.02)
        key(window, Qt.Key.Key_X, CTRL)
        key(window, Qt.Key.Key_D, CTRL)
        await all_computed(later, session)
        alpha = layer_of(session, "Land").pixels.read(session.document.bounds)[..., 3]
        assert (alpha == 0).sum() == 200 and not alpha[10:20, 10:30].any()
        assert session.document.selection is None
        clip = QGuiApplication.clipboard().image()
        assert (clip.width(), clip.height()) == (20, 10)

    show(story)


def test_copy_and_paste_at_once_pastes_what_was_copied(show, session, later):
    async def story(window, story):
        earlier = QImage(3, 3, QImage.Format.Format_ARGB32)
        earlier.fill(QColor(255, 0, 0))
        QGuiApplication.clipboard().setImage(earlier)
        box = rectangle(Rect(10, 10, 20, 10), session.document.bounds)
        put(session, session.document.replace(active=layer_of(session, "Land").id, selection=box))
        key(window, Qt.Key.Key_C, CTRL)
        key(window, Qt.Key.Key_V, CTRL)
        await all_computed(later, session)
        pasted = session.document.active_layer.pixels.content_bounds()
        assert session.undo_labels == ["Add picture"] and (pasted.width, pasted.height) == (20, 10)

    show(story)


@pytest.mark.parametrize(
    ("ask", "step"),
    [
        (lambda window: window.actions_["layer.merge-down"].trigger(), "Merge down"),
        (lambda window: window.actions_["select.all"].trigger(), "Select all"),
        (lambda window: window.actions_["protect.invert"].trigger(), "Invert protection"),
    ],
)
def test_what_is_asked_for_in_mid_stroke_comes_after_the_whole_stroke(show, session, later, ask, step):
    async def story(window, story):
        session.set_tool("brush")
        start, end = place(window, 10, 32), place(window, 80, 32)
        QTest.mousePress(window.canvas, LEFT, pos=start)
        QTest.mouseMove(window.canvas, place(window, 30, 32))
        ask(window)
        later.finish()
        await asyncio.sleep(0.02)
        assert session.undo_labels == [], "the stroke goes on"
        QTest.mouseMove(window.canvas, place(window, 60, 32))
        QTest.mouseRelease(window.canvas, LEFT, pos=end)
        await all_computed(later, session)
        assert session.undo_labels == ["Brush stroke", step]
        row = session.document.active_layer.pixels.read(Rect(10, 32, 70, 1))[0, :, :3]
        painted = np.array(session.foreground[::-1])
        assert (row == painted).all(), "from press to release without a gap"

    show(story)


def test_a_stroke_begun_while_something_is_computed_waits_and_nothing_of_it_is_lost(show, session, later):
    async def story(window, story):
        session.set_tool("brush")
        window.actions_["image.flatten"].trigger()
        drag(window, (10, 32), (80, 32))
        assert session.undo_labels == []
        await all_computed(later, session)
        assert session.undo_labels == ["Flatten", "Brush stroke"]
        row = session.document.active_layer.pixels.read(Rect(10, 32, 70, 1))[0, :, :3]
        assert (row == np.array(session.foreground[::-1])).all()

    show(story)


def selected_land(session):
    box = rectangle(Rect(10, 10, 20, 10), session.document.bounds)
    put(session, session.document.replace(active=layer_of(session, "Land").id, selection=box))
    return session.document


def test_selected_pixels_float_there_and_back(show, session, later):
    async def story(window, story):
        before = selected_land(session)
        session.set_tool("move")
        for which in (Qt.Key.Key_Right, Qt.Key.Key_Left):
            for _ in range(60):
                key(window, which)
                later.finish()
        await all_computed(later, session)
        assert session.undo_labels == []
        alpha = layer_of(session, "Land").pixels.read(session.document.bounds)[..., 3]
        assert (alpha == 255).all(), "no hole is left"
        key(window, Qt.Key.Key_B)
        await all_computed(later, session)
        assert session.document is before and session.undo_labels == []

    show(story)


def test_two_drags_of_selected_pixels_are_one_step(show, session, later):
    async def story(window, story):
        before = selected_land(session)
        session.set_tool("move")
        drag(window, (15, 15), (45, 15))
        await all_computed(later, session)
        drag(window, (45, 15), (45, 40))
        await all_computed(later, session)
        assert session.undo_labels == [], "they float"
        key(window, Qt.Key.Key_D, CTRL)
        await all_computed(later, session)
        assert session.undo_labels == ["Move selected pixels", "Deselect"]
        hole = layer_of(session, "Land").pixels.read(session.document.bounds)[..., 3] == 0
        assert hole.sum() == 200 and hole[10:20, 10:30].all(), "one hole, where they were"
        key(window, Qt.Key.Key_Z, CTRL)
        key(window, Qt.Key.Key_Z, CTRL)
        assert session.document is before

    show(story)


def test_undo_takes_floating_pixels_back_to_where_they_were(show, session, later):
    async def story(window, story):
        before = selected_land(session)
        session.set_tool("move")
        drag(window, (15, 15), (45, 15))
        await all_computed(later, session)
        key(window, Qt.Key.Key_Z, CTRL)
        assert session.document is before and session.undo_labels == []

    show(story)


def test_image_size_asked_for_one_document_leaves_another_alone(show, session, later):
    async def story(window, story):
        window.actions_["image.size"].trigger()
        dialog = await story.appears(window, ImageSizeDialog)
        other, said = new_document(50, 40), []
        session.open(other, None)
        session.notices.told.connect(said.append)
        dialog.accept()
        await story.gone(dialog)
        await all_computed(later, session)
        assert session.document is other
        assert said == ["Image size was meant for the document before, so it was not done."]

    show(story)


def press(dialog, text):
    next(button for button in dialog.findChildren(QPushButton) if button.text() == text).click()


class Held:
    """A function that is called in a thread and goes on when it may. `begun`: it has been called."""

    def __init__(self, function):
        self._function, self._may = function, threading.Event()
        self.begun = threading.Event()

    def __call__(self, *arguments):
        self.begun.set()
        assert self._may.wait(20)
        return self._function(*arguments)

    def go_on(self):
        self._may.set()


def test_a_stroke_painted_while_the_file_is_written_on_quitting_is_asked_about(show, session, tmp_path, monkeypatch):
    session.path = tmp_path / "mine.ora"
    save = Held(openraster.save)
    monkeypatch.setattr(file_actions.openraster, "save", save)

    async def story(window, story):
        paint(window)
        window.close()
        press(await story.appears(window, Dialog), "Save")
        await story.until(save.begun.is_set)
        paint(window, 0, 20)
        save.go_on()
        await story.until(lambda: session.path and session.path.exists())
        again = await story.appears(window, Dialog)
        assert window.isVisible()
        press(again, "Save")
        await story.until(lambda: not window.isVisible())
        document, _ = openraster.load(session.path)
        saved, now = (each.active_layer.pixels.read(each.bounds) for each in (document, session.document))
        assert np.array_equal(saved, now) and len(session.undo_labels) == 2

    show(story)


def test_a_stroke_painted_while_another_file_is_read_is_asked_about(show, session, tmp_path, monkeypatch):
    path = tmp_path / "other.ora"
    openraster.save(path, new_document(30, 20))
    read = Held(file_actions.read)
    monkeypatch.setattr(file_actions, "read", read)

    async def story(window, story):
        window.files.open_path(path)
        await story.until(read.begun.is_set)
        paint(window)
        painted = session.document
        read.go_on()
        press(await story.appears(window, Dialog), "Cancel")
        await story.until(lambda: not window.tasks.busy)
        assert session.document is painted and session.undo_labels == ["Brush stroke"]

    show(story)


def test_flatten_asked_for_before_another_file_is_opened_is_done_to_the_first(show, session, later, tmp_path):
    path = tmp_path / "other.ora"
    openraster.save(path, new_document(30, 20))

    async def story(window, story):
        window.actions_["image.flatten"].trigger()
        window.files.open_path(path)
        await asyncio.sleep(0.05)
        assert session.document.width == 96, "it waits for what was asked for first"
        await all_computed(later, session)
        assert session.undo_labels == ["Flatten"]
        press(await story.appears(window, Dialog), "Don’t save")
        await story.until(lambda: session.path == path)
        await all_computed(later, session)
        assert len(session.document.layers) == 2 and session.undo_labels == []

    show(story)


def test_a_picture_still_decoded_when_another_document_is_opened_does_not_land_there(
    show, session, later, tmp_path, monkeypatch
):
    from sdedit_studio.files import pictures

    read = Held(lambda _path: np.full((4, 4, 4), 255, np.uint8))
    monkeypatch.setattr(pictures, "read", read)

    async def story(window, story):
        said = []
        session.notices.told.connect(said.append)
        window.edit.add_pictures([tmp_path / "boat.png"])
        await story.until(read.begun.is_set)
        other = new_document(30, 20)
        session.open(other, None)
        read.go_on()
        await story.until(lambda: said)
        assert session.document is other
        assert said == ["Add picture was meant for the document before, so it was not done."]

    show(story)
