"""Pictures dropped on the canvas, from a file manager and from a browser."""

import base64
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication

from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.selection import rectangle
from tests.ui.documents import push

RED = (255, 0, 0)


def picture(path, size=(40, 30), colour=RED):
    Image.new("RGB", size, colour).save(path)
    return path


def drop(canvas, mime, x, y):
    """Whether the canvas took it."""
    at = canvas.on_view(x, y)
    arguments = (Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(at.toPoint(), *arguments)
    QApplication.sendEvent(canvas.view, enter)
    if enter.isAccepted():
        QApplication.sendEvent(canvas.view, QDropEvent(QPointF(at), *arguments))
        canvas.settle()
    return enter.isAccepted()


def of_files(*paths):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def test_a_file_becomes_a_layer_at_the_drop_point_with_handles(canvas, tmp_path):
    before = canvas.document
    assert drop(canvas, of_files(picture(tmp_path / "Tree by the lake.png")), 100, 75)
    layer = canvas.document.active_layer
    assert layer.name == "Tree by the lake"
    assert layer.pixels.content_bounds() == Rect(80, 60, 40, 30)
    assert layer.pixels.pixel(100, 75) == (0, 0, 255, 255)
    assert canvas.steps == ["Add picture"]
    assert canvas.session.tool == "move"
    assert canvas.view.tool.placement.box == Rect(80, 60, 40, 30)
    canvas.session.undo()
    assert canvas.document is before


def test_handles_go_round_the_picture_whatever_was_selected(canvas, tmp_path):
    push(
        canvas.session,
        "Select",
        canvas.document.replace(selection=rectangle(Rect(90, 65, 10, 10), canvas.document.bounds)),
    )
    drop(canvas, of_files(picture(tmp_path / "tree.png")), 100, 75)
    assert canvas.document.selection is None
    assert canvas.view.tool.placement.box == Rect(80, 60, 40, 30)
    canvas.session.undo()
    assert canvas.document.selection is not None


def test_several_files_are_one_step_and_do_not_hide_each_other(canvas, tmp_path):
    paths = [picture(tmp_path / f"{name}.png") for name in ("one", "two", "three")]
    drop(canvas, of_files(*paths), 60, 50)
    assert [layer.name for layer in canvas.document.layers[-3:]] == ["one", "two", "three"]
    assert len({layer.pixels.content_bounds() for layer in canvas.document.layers[-3:]}) == 3
    assert canvas.steps == ["Add 3 pictures"]


def test_a_picture_larger_than_the_canvas_is_fitted_and_can_be_scaled_at_once(canvas, tmp_path):
    drop(canvas, of_files(picture(tmp_path / "big.jpg", (1000, 400))), 10, 10)
    box = canvas.document.active_layer.pixels.content_bounds()
    assert (box.width, box.height) == (200, 80)
    canvas.drag((200, 115), (100, 75))
    canvas.view.accept()
    canvas.settle()
    assert canvas.steps == ["Add picture", "Transform layer"]
    assert canvas.alpha()[60, 90] == 255
    assert canvas.alpha()[60, 110] == 0


def test_a_damaged_file_is_named_and_the_others_come_in(canvas, tmp_path):
    bad = tmp_path / "broken.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    drop(canvas, of_files(bad, picture(tmp_path / "good.png")), 60, 50)
    assert canvas.document.active_layer.name == "good"
    assert canvas.steps == ["Add picture"]
    assert "broken.png" in canvas.problems[-1]


def test_a_document_is_handed_on_and_not_added(canvas, tmp_path):
    asked = []
    canvas.view.open_requested.connect(asked.append)
    before = canvas.document
    drop(canvas, of_files(tmp_path / "Lake.ora"), 60, 50)
    assert asked == [tmp_path / "Lake.ora"]
    assert canvas.document is before
    assert canvas.problems == []


def test_a_browser_hands_over_the_bytes_of_a_picture(canvas, tmp_path):
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/photos/Harbour.jpg?size=large")])
    mime.setData("image/png", picture(tmp_path / "a.png").read_bytes())
    assert drop(canvas, mime, 100, 75)
    assert canvas.document.active_layer.name == "Harbour"
    assert canvas.document.active_layer.pixels.pixel(100, 75) == (0, 0, 255, 255)


def test_a_program_hands_over_an_image_with_transparency(canvas):
    image = QImage(40, 30, QImage.Format.Format_ARGB32)
    image.fill(0x80FF0000)
    mime = QMimeData()
    mime.setImageData(image)
    assert drop(canvas, mime, 100, 75)
    assert canvas.document.active_layer.name == "Picture"
    assert canvas.document.active_layer.pixels.pixel(100, 75) == (0, 0, 128, 128)
    assert canvas.document.active_layer.pixels.content_bounds() == Rect(80, 60, 40, 30)


def test_a_page_may_hold_the_picture_in_its_text(canvas, tmp_path):
    data = base64.b64encode(picture(tmp_path / "a.png").read_bytes()).decode()
    mime = QMimeData()
    mime.setHtml(f'<img alt="" src="data:image/png;base64,{data}">')
    assert drop(canvas, mime, 100, 75)
    assert canvas.document.active_layer.pixels.pixel(100, 75) == (0, 0, 255, 255)


@pytest.mark.parametrize(
    ("fill", "words"),
    [
        (lambda mime: mime.setUrls([QUrl("https://example.org/photo.jpg")]), "Save the picture"),
        (lambda mime: mime.setHtml("<b>words</b>"), "no picture"),
        (lambda mime: mime.setHtml('<img src="data:image/png;base64,????">'), "no picture"),
    ],
)
def test_what_is_no_picture_is_explained(canvas, fill, words):
    mime = QMimeData()
    fill(mime)
    before = canvas.document
    drop(canvas, mime, 60, 50)
    assert canvas.document is before
    assert words in canvas.problems[-1]


def test_plain_text_is_not_welcome(canvas):
    mime = QMimeData()
    mime.setText("hello")
    assert not drop(canvas, mime, 60, 50)


def test_the_window_goes_on_while_a_picture_is_decoded(canvas, tmp_path, monkeypatch):
    from threading import Event, get_ident

    from sdedit_studio.files import pictures

    go, threads = Event(), []

    def slow(path):
        threads.append(get_ident())
        go.wait(5)
        return np.full((4, 4, 4), 255, np.uint8)

    monkeypatch.setattr(pictures, "read", slow)
    canvas.view._drops.take(of_files(Path("x.png")), (50, 50))
    canvas.drag((20, 20), (60, 20))
    assert canvas.steps == ["Brush stroke"]
    go.set()
    canvas.settle()
    assert canvas.steps == ["Brush stroke", "Add picture"]
    assert threads != [get_ident()]
    assert canvas.alpha()[50, 50] == 255


def test_a_failing_computation_does_not_block_the_canvas(canvas, monkeypatch):
    from sdedit_studio.ui.tools import flood

    def fails(*_):
        raise ValueError("no")

    monkeypatch.setattr(flood, "paint_over", fails)
    canvas.tool("fill")
    canvas.click(40, 40)
    canvas.settle()
    assert canvas.problems == ["no"]
    canvas.tool("brush")
    canvas.drag((20, 20), (60, 20))
    assert canvas.steps == ["Brush stroke"]
