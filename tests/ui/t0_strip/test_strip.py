"""The t0 strip: what is asked of the engine and when, what is shown, and how a level is chosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from sdedit_studio.document.edits import guide
from sdedit_studio.editing.live_pictures import CALLS
from sdedit_studio.engine.job import Phase
from sdedit_studio.parameters import Refine, Solver
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.ui.document.session import new_document
from sdedit_studio.ui.t0_strip.strip import LEVELS, REST
from tests.ui.documents import push
from tests.ui.fake_clock import FakeClock
from tests.ui.fake_engine import READY, WARMING_UP
from tests.ui.flow import settle


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


SQUARE = Rect(10, 10, 20, 20)


@pytest.fixture
def strip(flow):
    """The flow with a strip in sight."""
    flow.panel.resize(348, 640)
    flow.session.set_parameters(seed=7, t0=0.4)
    return flow


def paint(session, rect: Rect = SQUARE) -> None:
    patch = np.full((rect.height, rect.width, 4), (0, 0, 255, 255), np.uint8)
    layer = session.document.active_layer
    push(session, "Brush", session.document.with_pixels(layer.pixels.with_array(patch, rect.x, rect.y)))


async def rest(flow, seconds: float = 2 * REST) -> None:
    """Let the painting rest, and wait for all that comes of it."""
    await settle()
    flow.generation.clock.advance(seconds)
    await settle()


async def asked(flow, count: int):
    await rest(flow)
    assert len(flow.engine.idle) == count
    return flow.engine.idle[-1]


async def answered(flow, run, colour=(90, 60, 30), photo_distance: float | None = 0.3) -> None:
    t0 = run.job.parameters.t0
    if t0:
        run.progress(CALLS, calls=CALLS, colour=colour)
    run.finish(colour, photo_distance=photo_distance)
    await flow.until(lambda: flow.strip.is_current(t0))


async def filled(flow, photo_distance=lambda t0: 1 - t0) -> None:
    """Answer until every level has its picture, each further from the guide."""
    while not flow.strip.complete:
        await rest(flow)
        assert not flow.engine.idle[-1].closed
        run = flow.engine.idle[-1]
        t0 = run.job.parameters.t0
        await answered(flow, run, (round(120 + 100 * t0),) * 3, photo_distance(t0))


async def quiet(flow) -> int:
    """Let the painting rest. Returns how many jobs are under way then."""
    await rest(flow)
    return sum(not run.closed for run in flow.engine.idle)


def test_it_asks_for_this_very_painting_at_every_t0_nearest_first(strip, tell):
    async def story(flow):
        flow.session.set_parameters(calls=20, refine=Refine.SDE, solver=Solver.EULER_MARUYAMA, t0=0.32)
        await filled(flow)
        jobs = [run.job for run in flow.engine.idle]
        t0s = [job.parameters.t0 for job in jobs]
        assert t0s[:4] == [0.3, 0.4, 0.2, 0.5] and sorted(t0s) == list(LEVELS)
        assert all(np.array_equal(job.guide.array, guide(flow.session.document, Rect(0, 0, 96, 64))) for job in jobs)
        assert {replace(job.parameters, t0=0.0) for job in jobs} == {
            replace(jobs[0].parameters, t0=0.0, seed=7, calls=CALLS, refine=Refine.OFF, solver=Solver.DPMPP_2M)
        }
        assert all(job.judge for job in jobs)
        assert not flow.engine.runs
        assert await quiet(flow) == 0 and len(flow.engine.idle) == len(LEVELS)

    tell(story)


def test_a_few_are_asked_for_first_and_then_as_many_as_go_through_the_network_together(strip, tell):
    async def story(flow):
        flow.engine.become(replace(READY, together=4))
        flow.session.set_parameters(t0=0.21)
        batches: list[list[float]] = []
        while not flow.strip.complete:
            begun = sum(map(len, batches))
            await rest(flow)
            batch = flow.engine.idle[begun:]
            batches.append([run.job.parameters.t0 for run in batch])
            for run in batch:
                assert not run.closed
                await answered(flow, run, photo_distance=run.job.parameters.t0)
        assert batches == [[0.2, 0.3], [0.1, 0.4, 0.5, 0.6], [0.0], [0.7, 0.8, 0.9, 1.0]]
        assert {t0: sample.photo_distance for t0, sample in flow.strip.samples.items()} == {t0: t0 for t0 in LEVELS}

    tell(story)


def test_of_a_batch_the_finished_show_at_once_and_stay_when_the_rest_gives_way(strip, tell):
    async def story(flow):
        flow.engine.become(replace(READY, together=2))
        await asked(flow, 2)
        first, second = flow.engine.idle
        for run, colour in ((second, (10, 20, 30)), (first, (90, 60, 30))):
            run.progress(CALLS, calls=CALLS, colour=colour)
        await answered(flow, first)
        assert flow.strip.samples[0.4].picture.array[0, 0].tolist() == [90, 60, 30]
        flow.view.busy = True
        second.progress(CALLS, calls=CALLS)
        await flow.until(lambda: first.closed and second.closed)
        assert flow.strip.is_current(0.4) and not flow.strip.is_current(second.job.parameters.t0)
        flow.view.busy = False
        await asked(flow, 4)
        assert second.job.parameters.t0 in [run.job.parameters.t0 for run in flow.engine.idle[2:]]

    tell(story)


def test_each_sample_is_measured_against_the_guide(strip, tell):
    async def story(flow):
        await filled(flow)
        samples = flow.strip.samples
        assert samples[0.0].rmse == samples[0.0].l2 == 0
        assert samples[0.0].picture.shape == (96, 144, 3)
        flat = flow.engine.idle[0].job
        picture = samples[flat.parameters.t0].picture.array.astype(float)
        small = guide(flow.session.document, Rect(0, 0, 96, 64))[[16, 48], 48].astype(float)
        expected = np.sqrt(np.mean((small - picture[0, 0]) ** 2))
        assert samples[flat.parameters.t0].rmse == pytest.approx(expected, rel=0.1)
        assert samples[0.8].photo_distance == pytest.approx(0.2)
        low, high = flow.strip.sweet_spot
        assert 0.1 <= low <= high <= 1

    tell(story)


def test_a_change_withdraws_it_at_once_and_begins_again_after_a_rest(strip, tell):
    async def story(flow):
        first = await asked(flow, 1)
        await answered(flow, first)
        second = await asked(flow, 2)
        paint(flow.session)
        await flow.until(lambda: second.closed)
        assert set(flow.strip.samples) == {0.4} and not flow.strip.is_current(0.4)
        third = await asked(flow, 3)
        assert third.job.parameters.t0 == 0.4 and third.job.guide != first.job.guide
        for change in ({"seed": 8}, {"condition": "forest"}):
            count = len(flow.engine.idle)
            flow.session.set_parameters(**change)
            await flow.until(lambda: flow.engine.idle[count - 1].closed)  # noqa: B023
            await asked(flow, count + 1)

    tell(story)


def test_neither_t0_nor_the_refinement_changes_it(strip, tell):
    async def story(flow):
        await filled(flow)
        flow.session.set_parameters(t0=0.7, refine=Refine.OFF)
        assert await quiet(flow) == 0
        assert flow.strip.complete

    tell(story)


def test_it_waits_for_a_second():
    assert REST == 1


def test_nothing_runs_before_the_painting_has_rested(strip, tell):
    async def story(flow):
        for x in range(5):
            paint(flow.session, Rect(4 * x, 4, 8, 8))
            await rest(flow, 0.9 * REST)
            assert not flow.engine.idle
        await asked(flow, 1)

    tell(story)


def test_it_gives_way_to_a_pen_that_is_down(strip, tell):
    async def story(flow):
        flow.view.busy = True
        paint(flow.session)
        assert await quiet(flow) == 0
        flow.view.busy = False
        run = await asked(flow, len(flow.engine.idle) + 1)
        flow.view.busy = True
        run.progress(1, calls=CALLS)
        await flow.until(lambda: run.closed)
        assert await quiet(flow) == 0
        flow.view.busy = False
        assert (await asked(flow, len(flow.engine.idle) + 1)).job == run.job

    tell(story)


def test_it_gives_way_to_a_run_and_goes_on_after_it_with_what_is_missing(strip, tell):
    async def story(flow):
        flow.generation.seed_locked = True
        await answered(flow, await asked(flow, 1))
        second = await asked(flow, 2)
        run = await flow.started()
        await flow.until(lambda: second.closed)
        assert await quiet(flow) == 0
        run.finish()
        third = await asked(flow, 3)
        assert third.job == second.job
        assert flow.strip.is_current(0.4)

    tell(story)


def test_live_mode_goes_first_until_its_picture_is_refined(strip, tell):
    async def story(flow):
        flow.session.set_parameters(refine=Refine.OFF)
        flow.generation.toggle_live()
        await flow.until(lambda: flow.engine.runs)
        assert not flow.generation.live.at_rest
        assert await quiet(flow) == 0
        run = flow.engine.runs[-1]
        run.progress(CALLS, calls=CALLS)
        run.finish()
        await flow.until(lambda: flow.generation.live.at_rest)
        idle = await asked(flow, len(flow.engine.idle) + 1)
        paint(flow.session)
        await flow.until(lambda: idle.closed)
        assert not flow.generation.live.at_rest

    tell(story)


def test_nothing_runs_while_it_cannot_be_seen(strip, tell):
    async def story(flow):
        run = await asked(flow, 1)
        flow.panel.hide()
        await flow.until(lambda: run.closed)
        assert await quiet(flow) == 0
        flow.panel.show()
        await asked(flow, 2)

    tell(story)


def test_it_waits_for_a_model(strip, tell):
    async def story(flow):
        flow.engine.become(WARMING_UP)
        assert await quiet(flow) == 0
        flow.engine.become(READY)
        await asked(flow, 1)
        flow.engine.become(replace(READY, phase=Phase.BROKEN, message="It is gone."))
        assert await quiet(flow) == 0

    tell(story)


def test_an_empty_canvas_says_what_to_do(strip, tell, empty_document):
    async def story(flow):
        await answered(flow, await asked(flow, 1))
        flow.session.open(empty_document, None)
        assert not flow.strip.samples
        await rest(flow)
        assert "Paint something first" in flow.strip.hint
        assert await quiet(flow) == 0
        flow.panel.strip.grab()
        count = len(flow.engine.idle)
        paint(flow.session)
        assert flow.strip.hint == ""
        await asked(flow, count + 1)

    tell(story)


def test_a_failure_is_told_in_its_place_and_not_repeated(strip, tell):
    async def story(flow):
        run = await asked(flow, 1)
        run.fail("The model ran out of memory. Choose a smaller one.")
        await flow.until(lambda: flow.strip.hint)
        assert flow.strip.hint == "The model ran out of memory. Choose a smaller one."
        assert await quiet(flow) == 0
        assert not flow.problems
        paint(flow.session)
        await asked(flow, 2)

    tell(story)


def test_a_failure_is_forgotten_when_a_person_goes_on(strip, tell):
    async def story(flow):
        flow.session.set_parameters(refine=Refine.OFF)
        run = await asked(flow, 1)
        run.fail("The model ran out of memory. Choose a smaller one.")
        await flow.until(lambda: flow.strip.hint)
        flow.generation.toggle_live()
        assert flow.strip.hint == ""
        await flow.until(lambda: flow.engine.runs)
        run = flow.engine.runs[-1]
        run.progress(CALLS, calls=CALLS)
        run.finish()
        await rest(flow)  # of the pen, before what it has painted is refined
        await asked(flow, 2)

    tell(story)


def test_a_model_that_cannot_judge_has_no_green_curve_and_no_sweet_spot(strip, tell):
    async def story(flow):
        def greens() -> int:
            image = flow.panel.strip.grab().toImage()
            colours = (image.pixelColor(x, y) for x in range(image.width()) for y in range(34, 80))
            return sum(colour.green() > 1.2 * max(colour.red(), colour.blue(), 1) for colour in colours)

        await filled(flow, photo_distance=lambda t0: None)
        assert flow.strip.sweet_spot is None
        assert greens() == 0
        paint(flow.session)
        await filled(flow)
        assert flow.strip.sweet_spot is not None
        assert greens() > 100

    tell(story)


def test_old_pictures_are_dimmed_until_new_ones_come(strip, tell):
    async def story(flow):
        view = flow.panel.strip

        def brightness() -> int:
            cell = view._cell(8).center().toPoint()
            return view.grab().toImage().pixelColor(cell).red()

        await filled(flow)
        bright = brightness()
        paint(flow.session)
        assert brightness() < 0.7 * bright

    tell(story)


def test_a_click_chooses_a_level(strip, tell):
    async def story(flow):
        view = flow.panel.strip
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view._cell(7).center().toPoint())
        assert flow.session.parameters.t0 == 0.7
        assert flow.panel.t0.value == 0.7
        assert "0.70" in flow.messages[-1]
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(view.width() // 2, 60))
        assert flow.session.parameters.t0 == 0.7

    tell(story)


def test_arrows_and_enter_choose_a_level(strip, tell):
    async def story(flow):
        view = flow.panel.strip
        view.setFocus()
        QTest.keyClick(view, Qt.Key.Key_Right)
        QTest.keyClick(view, Qt.Key.Key_Right)
        assert flow.session.parameters.t0 == 0.4
        assert "0.6" in view.accessibleDescription()
        QTest.keyClick(view, Qt.Key.Key_Return)
        assert flow.session.parameters.t0 == 0.6
        QTest.keyClick(view, Qt.Key.Key_Home)
        QTest.keyClick(view, Qt.Key.Key_Left)
        QTest.keyClick(view, Qt.Key.Key_Space)
        assert flow.session.parameters.t0 == 0
        QTest.keyClick(view, Qt.Key.Key_End)
        QTest.keyClick(view, Qt.Key.Key_Enter)
        assert flow.session.parameters.t0 == 1

    tell(story)


def test_a_new_document_does_not_show_pictures_of_the_old_one(strip, tell):
    async def story(flow):
        await filled(flow)
        flow.session.open(new_document(200, 100), None)
        assert not flow.strip.samples
        flow.panel.strip.grab()

    tell(story)
