"""The ways to compare: where pictures show, by turns, their difference, and any two of them."""

from __future__ import annotations

import asyncio
import threading
import warnings
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import SIGNAL, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QHideEvent, QImage, QShowEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sdedit_studio.editing.edit import EditPicture
from sdedit_studio.editing.live_pictures import CALLS
from sdedit_studio.engine.job import Pixels
from sdedit_studio.parameters import Refine
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.ui.base.preferences import Preferences
from sdedit_studio.ui.canvas.view import CanvasView
from sdedit_studio.ui.compare.banner import Banner
from sdedit_studio.ui.compare.compare import Compare, CompareMode, Overlays
from sdedit_studio.ui.compare.overlay_image import AMPLIFIED, OverlayImage, difference_colours
from sdedit_studio.ui.compare.stage import Stage
from sdedit_studio.ui.generation.activity import Activity
from sdedit_studio.ui.generation.live import PREVIEW_INTERVAL
from tests.editing.documents import painted_document
from tests.ui.documents import paint, push
from tests.ui.flow import settle

RED, BLUE, SKY = (200, 40, 10), (10, 40, 200), (120, 180, 220)
LOW = 44, 56
"""A point of the land, away from all names and handles."""


@pytest.fixture
def stage(flow, qtbot, tmp_path) -> Stage:
    canvas = CanvasView(flow.session)
    flow.compare = Compare(flow.generation, canvas)
    stage = Stage(canvas, flow.compare, Preferences(tmp_path / "settings.ini"))
    flow.banner = Banner(flow.generation, flow.compare, stage)
    stage.canvas = canvas
    stage.resize(900, 420)
    qtbot.addWidget(stage)
    stage.show()
    canvas.fit()
    return stage


def colour_at(view, to_view, x: float = LOW[0], y: float = LOW[1]) -> tuple[int, int, int]:
    at: QPoint = to_view.map(QPointF(x, y)).toPoint()
    colour = view.grab().toImage().pixelColor(at)
    return colour.red(), colour.green(), colour.blue()


async def ready(flow) -> None:
    """Wait until what is wanted has been made."""
    compare = flow.compare
    await asyncio.sleep(0)
    await flow.until(lambda: compare._preparing is None or compare._preparing.done())


async def two_results(flow) -> tuple[EditPicture, EditPicture]:
    await flow.finished(RED)
    first = flow.generation.shown
    await flow.finished(BLUE)
    await ready(flow)
    return first, flow.generation.shown


def test_beside_shows_the_painting_and_the_result_at_the_same_place(flow, tell, stage):
    async def story(flow):
        await flow.finished(RED)
        flow.compare.set_mode(CompareMode.SIDE_BY_SIDE)
        await ready(flow)
        await flow.until(stage.side_by_side.isVisible)
        canvas = stage.canvas
        assert canvas.width() == pytest.approx(stage.side_by_side.width(), abs=1)
        for move in (lambda: None, lambda: canvas.zoom_by(1.5), lambda: stage.side_by_side.pan_by(QPointF(20, 9))):
            move()
            assert canvas.to_view.map(QPointF(*LOW)) == stage.side_by_side.viewport.to_view.map(QPointF(*LOW))
            assert colour_at(canvas, canvas.to_view) == (60, 90, 40)
            assert colour_at(stage.side_by_side, stage.side_by_side.viewport.to_view) == RED
        QTest.mouseDClick(stage.side_by_side, Qt.MouseButton.LeftButton)
        await asyncio.sleep(0)
        assert canvas.viewport == canvas.viewport.fitted()
        flow.compare.set_mode(CompareMode.SPLIT)
        assert not stage.side_by_side.isVisible() and colour_at(canvas, canvas.to_view) == RED

    tell(story)


def test_beside_follows_strokes_and_says_what_to_do_while_there_is_nothing(flow, tell, stage):
    async def story(flow):
        flow.compare.set_mode(CompareMode.SIDE_BY_SIDE)
        await flow.until(stage.side_by_side.isVisible)
        assert colour_at(stage.side_by_side, stage.side_by_side.viewport.to_view) == (60, 90, 40)
        patch = np.full((20, 20, 4), (0, 0, 255, 255), np.uint8)
        layer = flow.session.document.active_layer
        push(flow.session, "Brush", flow.session.document.with_pixels(layer.pixels.with_array(patch, 34, 44)))
        assert colour_at(stage.side_by_side, stage.side_by_side.viewport.to_view) == (255, 0, 0)

    tell(story)


def test_the_window_shows_the_whole_result_and_closing_it_goes_back(flow, tell, stage):
    async def story(flow):
        await flow.finished(RED)
        flow.compare.set_mode(CompareMode.WINDOW)
        await ready(flow)
        await flow.until(stage.window_.isVisible)
        view = stage.window_.view
        assert colour_at(stage.canvas, stage.canvas.to_view) == (60, 90, 40)
        assert colour_at(view, view.viewport.to_view) == RED
        stage.canvas.zoom_by(4.0)
        assert view.viewport == view.viewport.fitted()
        view.zoom_by(2.0)
        assert view.viewport != view.viewport.fitted() and stage.canvas.viewport != view.viewport
        stage.window_.resize(500, 300)
        stage.window_.close()
        assert flow.compare.mode is CompareMode.SPLIT and not stage.window_.isVisible()
        assert not stage._preferences.result_geometry.isEmpty()

    tell(story)


def test_a_window_that_is_minimised_is_hidden_again_without_a_fuss(flow, tell, stage):
    async def story(flow):
        await flow.finished(RED)
        flow.compare.set_mode(CompareMode.SIDE_BY_SIDE)
        await ready(flow)
        await flow.until(stage.side_by_side.isVisible)
        redrawn = SIGNAL("redrawn()")
        seen = flow.compare.receivers(redrawn)
        for event, told in ((QHideEvent, seen - 1), (QShowEvent, seen), (QHideEvent, seen - 1)):
            for _ in range(2):
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    QApplication.sendEvent(stage.side_by_side, event())
                assert flow.compare.receivers(redrawn) == told

    tell(story)


def test_the_place_is_remembered_but_not_a_passing_look(flow, tell, stage, qtbot):
    async def story(flow):
        await flow.finished(RED)
        flow.compare.set_mode(CompareMode.SIDE_BY_SIDE)
        flow.compare.set_mode(CompareMode.DIFFERENCE)
        again = Stage(CanvasView(flow.session), Compare(flow.generation, stage.canvas), stage._preferences)
        qtbot.addWidget(again)
        assert again._compare.mode is CompareMode.SIDE_BY_SIDE
        flow.compare.toggle_mode(CompareMode.DIFFERENCE)
        assert flow.compare.mode is CompareMode.SIDE_BY_SIDE
        flow.compare.toggle_mode(CompareMode.FLICKER)
        assert flow.generation.discard()
        assert flow.compare.mode is CompareMode.SIDE_BY_SIDE

    tell(story)


def test_flicker_takes_turns_and_stops_with_the_result(flow, tell, stage):
    async def story(flow):
        await flow.finished(RED)
        flow.compare.set_mode(CompareMode.FLICKER)
        await ready(flow)
        assert flow.compare._turns.isActive()
        seen = [colour_at(stage.canvas, stage.canvas.to_view)]
        for _ in range(2):
            flow.compare._turns.timeout.emit()
            seen.append(colour_at(stage.canvas, stage.canvas.to_view))
        assert seen == [RED, (60, 90, 40), RED]
        flow.generation.discard()
        assert not flow.compare._turns.isActive() and flow.compare.mode is CompareMode.SPLIT

    tell(story)


def test_a_difference_is_amplified_and_coloured(flow, tell, stage):
    async def story(flow):
        await flow.finished((60 + 20, 90, 40 + 3))  # the land moves by 20 grey levels at most
        flow.compare.set_mode(CompareMode.DIFFERENCE)
        await ready(flow)
        assert colour_at(stage.canvas, stage.canvas.to_view) == tuple(difference_colours()[20 * AMPLIFIED])
        await flow.finished((60, 90, 40))
        await ready(flow)
        assert colour_at(stage.canvas, stage.canvas.to_view) == (0, 0, 0)

    tell(story)


def test_what_cannot_be_made_ready_is_said_and_something_plainer_shown(flow, tell, stage, monkeypatch):
    def too_large(*_args):
        raise MemoryError

    async def story(flow):
        first, second = await two_results(flow)
        canvas = stage.canvas
        flow.compare.set_mode(CompareMode.DIFFERENCE)
        await ready(flow)
        monkeypatch.setattr(OverlayImage, "of_difference", too_large)
        flow.compare.compare_pictures(None, first, ("Your painting", "Seed 1"))
        await ready(flow)
        assert [sentence for sentence, _ in flow.problems] == [
            "This could not be shown. Your painting and results are unchanged."
        ]
        assert flow.compare.mode is CompareMode.SPLIT and flow.compare.comparing
        assert flow.generation.activity is Activity.COMPARING
        assert colour_at(canvas, canvas.to_view, 70, 56) == RED

        with monkeypatch.context() as patch:
            patch.setattr(OverlayImage, "of", too_large)
            flow.compare.compare_pictures(first, second, ("Seed 1", "Seed 2"))
            await ready(flow)
            assert not flow.compare.comparing and len(flow.problems) == 3
            assert colour_at(canvas, canvas.to_view, 70, 56) == (60, 90, 40), "nothing rather than another picture"
        await flow.finished(RED)
        await ready(flow)
        assert colour_at(canvas, canvas.to_view) == RED

    tell(story)


def test_a_difference_of_two_results_knows_their_masks_and_their_sizes(flow, tell, stage):
    async def story(flow):
        first, second = await two_results(flow)
        land = np.zeros((64, 96), np.uint8)
        land[48:] = 255
        masked = replace(first.edit, job=replace(first.edit.job, mask=Pixels.of(land)))
        small = Pixels.of(second.picture.array[::4, ::4])
        overlay = OverlayImage.of_difference(EditPicture(masked, first.picture), EditPicture(second.edit, small))
        colours = difference_colours()
        image = overlay.levels[0]
        assert image.pixelColor(40, 60).getRgb()[:3] == tuple(colours[255])  # red and blue
        far = max(abs(a - b) for a, b in zip(BLUE, (60, 90, 40), strict=True))
        assert image.pixelColor(40, 40).getRgb()[:3] == tuple(colours[min(255, AMPLIFIED * far)])  # land and blue
        assert (np.diff(colours.astype(int).sum(axis=1)) >= 0).all()

    tell(story)


def test_any_two_pictures_are_compared_until_escape(flow, tell, stage):
    async def story(flow):
        first, second = await two_results(flow)
        flow.compare.compare_pictures(first, second, ("Seed 1", "Seed 2"))
        await ready(flow)
        canvas, pill = stage.canvas, flow.banner.comparing
        assert pill.isVisible() and pill.names.text() == "Seed 1 · Seed 2" and not flow.banner.activity.isVisible()
        assert colour_at(canvas, canvas.to_view, 30, 56) == RED
        assert colour_at(canvas, canvas.to_view, 70, 56) == BLUE
        flow.compare.set_mode(CompareMode.SIDE_BY_SIDE)
        await ready(flow)
        await flow.until(stage.side_by_side.isVisible)
        assert colour_at(canvas, canvas.to_view) == RED
        assert colour_at(stage.side_by_side, stage.side_by_side.viewport.to_view) == BLUE
        flow.compare.set_mode(CompareMode.SPLIT)
        assert flow.banner.escape() and not flow.compare.comparing and flow.compare.split == 0
        await ready(flow)
        assert colour_at(canvas, canvas.to_view) == BLUE
        assert flow.generation.activity is Activity.RESULT and flow.banner.activity.isVisible()

    tell(story)


def test_the_painting_is_a_side_too_and_a_run_ends_the_comparison(flow, tell, stage, empty_document):
    async def story(flow):
        first, _ = await two_results(flow)
        flow.compare.compare_pictures(first, None, ("Seed 1", "Your painting"))
        await ready(flow)
        canvas = stage.canvas
        assert flow.compare.comparison.names == ("Your painting", "Seed 1")
        assert colour_at(canvas, canvas.to_view, 30, 56) == (60, 90, 40)
        assert colour_at(canvas, canvas.to_view, 70, 56) == RED
        await flow.started()
        assert not flow.compare.comparing
        flow.compare.compare_pictures(None, first, ("Your painting", "Seed 1"))
        flow.session.open(empty_document, None)
        assert not flow.compare.comparing and flow.compare.comparison.right is None

    tell(story)


def test_whatever_is_asked_for_next_ends_the_comparison(flow, tell, stage):
    async def story(flow):
        generation = flow.generation
        first, second = await two_results(flow)
        edit, result = generation.edit, generation.result
        for ask in (lambda: generation.present(edit, result), generation.toggle_live):
            flow.compare.compare_pictures(first, second, ("Seed 1", "Seed 2"))
            ask()
            assert not flow.compare.comparing and flow.banner.activity.isVisible()
        flow.compare.compare_pictures(first, second, ("Seed 1", "Seed 2"))
        generation.stop_live()
        assert flow.compare.comparing

    tell(story)


def test_escape_ends_a_comparison_before_the_run_behind_it(flow, tell, stage):
    async def story(flow):
        first, second = await two_results(flow)
        await flow.started()
        flow.compare.compare_pictures(first, second, ("Seed 1", "Seed 2"))
        assert flow.banner.escape()
        assert not flow.compare.comparing and flow.generation.activity is Activity.RUNNING
        assert flow.banner.escape() and flow.generation.activity is Activity.RESULT

    tell(story)


def test_the_icons_choose_the_mode_where_there_is_room(flow, tell, stage):
    async def story(flow):
        await flow.finished(RED)
        await settle()
        modes = flow.banner.activity.modes
        assert modes.isVisible()
        QTest.mouseClick(modes._group.button(1), Qt.MouseButton.LeftButton)
        assert flow.compare.mode is CompareMode.SIDE_BY_SIDE
        flow.compare.set_mode(CompareMode.DIFFERENCE)
        assert modes._group.checkedId() == 4
        stage.resize(520, 420)
        await settle()
        assert not modes.isVisible() and flow.banner.activity.apply.isVisible()

    tell(story)


def pixels(view) -> np.ndarray:
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_ARGB32)
    return np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width()).copy()


def test_no_picture_that_is_being_made_ready_outlives_the_window(flow, tell, monkeypatch):
    async def story(flow):
        first, second = await two_results(flow)
        made, begun, may_end = Overlays.of, threading.Event(), threading.Event()
        monkeypatch.setattr(Overlays, "of", lambda *wanted: begun.set() or (may_end.wait(5) and made(*wanted)))
        flow.compare.compare_pictures(first, second, ("Seed 1", "Seed 2"))
        await flow.until(begun.is_set)
        flow.generation.close()
        flow.compare.close()
        shown = []
        flow.compare.redrawn.connect(lambda: shown.append(True))
        may_end.set()
        await settle()
        assert not shown and flow.compare._preparing is None

    tell(story)


@pytest.mark.parametrize("view", [lambda canvas: canvas.fit(), lambda canvas: canvas.zoom_to(2.6)])
@pytest.mark.parametrize("colours", [[(0, 80, 0)], [(0, 80, 0), (0, 160, 0)], [RED]])
def test_of_a_new_live_picture_only_what_it_changes_is_drawn(flow, tell, stage, monkeypatch, view, colours):
    async def story(flow):
        canvas = stage.canvas
        flow.session.open(painted_document(960, 640), None)
        view(canvas)
        flow.session.set_parameters(refine=Refine.OFF)
        flow.generation.toggle_live()
        await flow.until(lambda: flow.engine.runs)
        flow.engine.runs[-1].progress(CALLS, calls=CALLS, colour=RED)
        flow.engine.runs[-1].finish(RED)
        await flow.until(lambda: flow.generation.shown and not flow.generation.live.busy)
        await ready(flow)
        paint(flow.session, Rect(440, 300, 60, 30))
        await flow.until(lambda: len(flow.engine.runs) == 2)
        canvas.repaint()
        overlay, drawn = flow.compare._overlays.right, []
        for call, colour in enumerate(colours, 1):
            await asyncio.sleep(PREVIEW_INTERVAL)
            await flow.until(lambda: not (canvas._resting.isActive() or canvas._catching_up.isActive()))
            before, shown = pixels(canvas), flow.generation.shown
            with monkeypatch.context() as patch:
                patch.setattr(canvas, "update", lambda area: drawn.append(area))
                flow.engine.runs[-1].progress(call, calls=CALLS, colour=colour)
                await flow.until(lambda: flow.generation.shown is not shown)  # noqa: B023
                await ready(flow)
            assert flow.compare._overlays.right is not overlay
            ((area,), overlay) = drawn, flow.compare._overlays.right
            unlike = before != pixels(canvas)
            rows, columns = (np.flatnonzero(unlike.any(axis=axis)) for axis in (1, 0))
            assert area.contains(QRect(QPoint(columns[0], rows[0]), QPoint(columns[-1], rows[-1])))
            assert area.width() * area.height() < 0.3 * canvas.width() * canvas.height() or canvas.zoom > 2
            drawn.clear()
            canvas.repaint()

    tell(story)
