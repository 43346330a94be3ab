"""The flow on the real canvas, painted on with the mouse."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from sdedit_studio.raster.compositor import Composite, flatten
from sdedit_studio.raster.geometry import NOTHING
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.canvas.view import CanvasView
from sdedit_studio.ui.compare.compare import Compare
from sdedit_studio.ui.generation.activity import Activity
from tests.ui.documents import push
from tests.ui.flow import settle


@pytest.fixture
def canvas(flow, qtbot) -> CanvasView:
    canvas = CanvasView(flow.session)
    canvas.resize(480, 360)
    qtbot.addWidget(canvas)
    flow.compare = Compare(flow.generation, canvas)
    canvas.show()
    canvas.fit()
    return canvas


def stroke(canvas: CanvasView, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag the brush between two document points."""
    first, last = (canvas.to_view.map(QPointF(*point)).toPoint() for point in (start, end))
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=first)
    for step in range(1, 9):
        QTest.mouseMove(canvas, first + (last - first) * step / 8)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=last)


def colour_at(canvas: CanvasView, x: float, y: float) -> tuple[int, int, int]:
    at: QPoint = canvas.to_view.map(QPointF(x, y)).toPoint()
    colour = canvas.grab().toImage().pixelColor(at)
    return colour.red(), colour.green(), colour.blue()


def test_a_stroke_during_a_run_shows_at_once_and_stays_after_applying(flow, tell, canvas):
    async def story(flow):
        flow.session.set_colours((255, 0, 255))
        run = await flow.started()
        run.progress(1, colour=(90, 60, 30))
        await flow.until(lambda: flow.compare._overlays.right is not None)
        assert colour_at(canvas, 70, 50) == (90, 60, 30)
        stroke(canvas, (20, 20), (60, 20))
        await flow.until(lambda: flow.session.undo_label)
        assert flow.generation.activity is Activity.RUNNING
        painted = colour_at(canvas, 40, 20)
        assert painted != (90, 60, 30)
        run.finish((200, 40, 10))
        await flow.until(lambda: flow.generation.activity is Activity.RESULT)
        await flow.until(lambda: flow.compare._overlays.right.shown is flow.generation.shown)
        assert colour_at(canvas, 70, 50) == (200, 40, 10)
        assert colour_at(canvas, 40, 20) == painted
        await flow.applied()
        await settle()
        assert colour_at(canvas, 70, 50) == (200, 40, 10)
        assert colour_at(canvas, 40, 20) == painted
        flow.session.undo()
        flow.session.undo()
        assert np.array_equal(
            flatten(flow.session.document.layers, flow.session.document.bounds)[..., 2::-1], run.job.guide.array
        )

    tell(story)


def test_the_split_follows_the_view(flow, tell, canvas):
    async def story(flow):
        await flow.finished((200, 40, 10))
        await flow.until(lambda: flow.compare._overlays.right is not None)
        flow.compare.set_split(0.5)
        for change in (lambda: canvas.zoom_by(1.5), lambda: canvas.rotate_by(40), canvas.toggle_mirror):
            change()
            assert colour_at(canvas, 46, 40) != (200, 40, 10)
            assert colour_at(canvas, 50, 40) == (200, 40, 10)
            await settle()
            grip = canvas.to_document(flow.compare._handle.geometry().center().toPointF())
            assert grip.x() == pytest.approx(48, abs=0.6)

    tell(story)


@pytest.mark.parametrize("split", [0.0, 0.4])
def test_the_painting_is_not_drawn_where_a_picture_hides_it_and_looks_the_same(flow, tell, canvas, monkeypatch, split):
    drawn: list[int] = []
    draw = Composite.draw
    monkeypatch.setattr(Composite, "draw", lambda *args: (drawn.append(1), draw(*args)))

    def looks() -> QImage:
        drawn.clear()
        return canvas.grab().toImage()

    async def story(flow):
        (await flow.started()).finish((200, 40, 10))
        await flow.until(lambda: flow.compare._overlays.right is not None)
        flow.compare.set_split(split)
        overlays = canvas._overlays
        everything = [(overlay, lambda: NOTHING) for overlay, _ in overlays]
        for change in (lambda: None, lambda: canvas.zoom_by(1.7), lambda: canvas.rotate_by(20)):
            change()
            canvas._overlays = overlays
            seen, hidden = looks(), not drawn
            assert hidden == (split == 0 and canvas.viewport.upright)
            canvas._overlays = everything
            assert looks() == seen and drawn

    tell(story)


def test_what_a_picture_hides_is_composited_when_it_comes_to_light_or_when_the_pen_rests(
    flow, tell, canvas, monkeypatch
):
    updated: list[int] = []
    update = Composite.update
    monkeypatch.setattr(Composite, "update", lambda *args: updated.append(1) or update(*args))

    async def story(flow):
        flow.session.set_colours((255, 0, 255))
        await flow.finished((200, 40, 10))
        await flow.until(lambda: flow.compare._overlays.right is not None)
        canvas.grab()
        await flow.until(lambda: not canvas._composite.pending)
        updated.clear()
        stroke(canvas, (20, 20), (60, 20))
        painted = colour_at(canvas, 40, 20)
        assert painted != (200, 40, 10) and not updated
        flow.compare.set_before(True)
        assert colour_at(canvas, 40, 20) == painted and updated
        flow.compare.set_before(False)
        await flow.until(lambda: not canvas._composite.pending)
        updated.clear()
        stroke(canvas, (20, 40), (60, 40))
        canvas.grab()
        assert canvas._composite.pending and not updated
        await flow.until(lambda: not canvas._composite.pending)

    tell(story)


def test_under_a_mask_the_painting_is_drawn(flow, tell, canvas):
    async def story(flow):
        selected = Tiles.from_array(np.full((30, 40), 255, np.uint8), 10, 10)
        push(flow.session, "Select", flow.session.document.replace(selection=selected))
        outside = colour_at(canvas, 80, 50)
        (await flow.started()).finish((200, 40, 10))
        await flow.until(lambda: flow.compare._overlays.right is not None)
        assert colour_at(canvas, 80, 50) == outside
        assert colour_at(canvas, 30, 25) == (200, 40, 10)

    tell(story)
