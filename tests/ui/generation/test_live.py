"""Live mode: what is asked of the engine, what is shown, and what nothing may touch."""

from __future__ import annotations

import gc
import threading
from dataclasses import replace
from weakref import ref

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sdedit_studio.document.edits import guide
from sdedit_studio.editing.live_pictures import CALLS, BasePicture
from sdedit_studio.engine.job import Lane
from sdedit_studio.parameters import Refine, Solver
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.ui.generation.activity import Activity
from sdedit_studio.ui.generation.live import PREVIEW_INTERVAL
from tests.editing.documents import painted_document
from tests.ui.documents import paint, push, put
from tests.ui.fake_clock import FakeClock
from tests.ui.flow import settle
from tests.ui.generation.living import colour_seen, drawn, first_pass, rest, runs


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def test_the_picture_follows_every_change_with_one_seed_and_few_calls(live, tell):
    async def story(flow):
        before = flow.session.document
        flow.session.set_parameters(calls=20, repeats=3, solver=Solver.EULER_MARUYAMA)
        flow.generation.toggle_live()
        assert flow.generation.activity is Activity.LIVE
        one = await runs(flow, 1)
        assert np.array_equal(one.job.guide.array, guide(before, before.bounds))
        chosen = one.job.parameters
        assert (chosen.calls, chosen.repeats, chosen.solver, chosen.refine, chosen.seed) == (
            CALLS,
            1,
            Solver.DPMPP_2M,
            Refine.OFF,
            7,
        )
        await first_pass(flow)
        assert colour_seen(flow, 50, 50) == (90, 60, 30)
        assert flow.session.document is before
        paint(flow.session, Rect(10, 10, 20, 20))
        two = await runs(flow, 2)
        assert tuple(two.job.guide.array[15, 15]) == (255, 0, 0)
        assert two.job.parameters == chosen
        await first_pass(flow, (10, 200, 30))
        flow.session.undo()
        three = await runs(flow, 3)
        assert three.job == one.job

    tell(story)


def test_live_jobs_go_through_the_mailbox(live, tell, monkeypatch):
    async def story(flow):
        asked = []
        run = flow.engine.run
        monkeypatch.setattr(flow.engine, "run", lambda job, lane: asked.append(lane) or run(job, lane))
        flow.generation.toggle_live()
        await runs(flow, 1)
        assert asked == [Lane.LIVE]

    tell(story)


def test_never_more_than_one_job_and_the_latest_guide_wins(live, tell):
    async def story(flow):
        flow.generation.toggle_live()
        one = await runs(flow, 1)
        for x in range(0, 60, 10):
            before = flow.session.document
            put(
                flow.session,
                before.with_pixels(before.active_layer.pixels.with_array(np.full((9, 9, 4), 255, np.uint8), x, 0)),
            )
            await settle()
            assert len(flow.engine.runs) == 1
        one.progress(CALLS, calls=CALLS)
        one.finish()
        run = await runs(flow, 2)
        assert one.closed
        assert np.array_equal(run.job.guide.array, guide(flow.session.document, flow.session.document.bounds))

    tell(story)


def test_a_stroke_that_ends_is_followed_at_once(live, tell):
    async def story(flow):
        flow.generation.toggle_live()
        one = await runs(flow, 1)
        paint(flow.session, Rect(10, 10, 20, 20))
        await runs(flow, 2)
        await flow.until(lambda: one.closed)
        assert sum(not run.closed for run in flow.engine.runs) == 1

    tell(story)


def test_nothing_runs_when_nothing_changed(live, tell):
    async def story(flow):
        flow.generation.toggle_live()
        await runs(flow, 1)
        await first_pass(flow)
        document = flow.session.document
        push(flow.session, "Rename layer", document.with_layer(document.active, name="Clouds"))
        flow.session.set_colours((1, 2, 3))
        assert await rest(flow) == 1
        flow.session.set_parameters(t0=0.6)
        assert (await runs(flow, 2)).job.parameters.t0 == 0.6

    tell(story)


def test_it_refines_when_the_pen_rests_from_the_first_pass_and_gives_way_to_the_next_stroke(live, tell):
    async def story(flow):
        flow.session.set_parameters(refine=Refine.SDE)
        flow.generation.toggle_live()
        await runs(flow, 1)
        await first_pass(flow, (90, 60, 30))
        refinement = await runs(flow, 2)
        assert refinement.job.parameters.refine is Refine.SDE
        assert tuple(refinement.job.first.array[0, 0]) == (90, 60, 30)
        paint(flow.session, Rect(10, 10, 20, 20))
        await runs(flow, 3)
        await flow.until(lambda: refinement.closed)
        await first_pass(flow)
        (await runs(flow, 4)).finish((1, 100, 1))
        await flow.until(lambda: flow.generation.shown.picture.width == 96)
        await drawn(flow)
        assert colour_seen(flow, 50, 50) == (1, 100, 1)
        assert await rest(flow) == 4

    tell(story)


def test_where_it_takes_no_time_pictures_are_crisp_while_the_pen_moves(live, tell):
    async def story(flow):
        flow.session.set_parameters(refine=Refine.DETAIL)
        flow.generation.toggle_live()
        one = await runs(flow, 1)
        assert one.job.parameters.refine is Refine.DETAIL and one.job.sketch and one.job.parameters.calls == CALLS
        one.progress(CALLS, calls=CALLS + 1, colour=(90, 60, 30))
        one.progress(CALLS + 1, calls=CALLS + 1, colour=(1, 100, 1), pass_index=1)
        one.finish((1, 100, 1))
        await flow.until(lambda: one.closed and not flow.generation.live.busy)
        await drawn(flow)
        assert colour_seen(flow, 50, 50) == (1, 100, 1)
        assert flow.generation.shown.edit.job.parameters.refine is Refine.DETAIL, "what is applied says how it was made"
        rested = await runs(flow, 2)
        assert tuple(rested.job.first.array[0, 0]) == (90, 60, 30), "it goes on from the first pass"
        assert not rested.job.sketch
        flow.engine.later_seconds = 0.05
        paint(flow.session, Rect(10, 10, 20, 20))
        assert (await runs(flow, 3)).job.parameters.refine is Refine.DETAIL
        flow.engine.runs[-1].finish()
        await flow.until(lambda: not flow.generation.live.busy)
        flow.engine.later_seconds = 0.5
        paint(flow.session, Rect(30, 10, 20, 20))
        assert (await runs(flow, 4)).job.parameters.refine is Refine.OFF

    tell(story)


async def painted_over_a_refined_picture(flow) -> None:
    """Switch on, have the picture refined, and paint a corner, which a first pass then shows."""
    flow.generation.toggle_live()
    await runs(flow, 1)
    await first_pass(flow)
    (await runs(flow, 2)).finish((1, 100, 1))
    await flow.until(lambda: not flow.generation.live.busy)
    paint(flow.session, Rect(0, 0, 12, 12))
    await runs(flow, 3)
    await first_pass(flow, (200, 0, 0))


def test_over_a_refined_picture_only_what_was_painted_on_is_coarse(live, tell):
    async def story(flow):
        flow.session.set_parameters(refine=Refine.SDE)
        await painted_over_a_refined_picture(flow)
        assert colour_seen(flow, 4, 4) == (200, 0, 0)
        assert colour_seen(flow, 80, 50) == (1, 100, 1)

    tell(story)


def test_only_what_was_painted_is_refined_again(live, tell):
    async def story(flow):
        flow.session.set_parameters(refine=Refine.SDE)
        await painted_over_a_refined_picture(flow)
        again = await runs(flow, 4)
        assert again.job.mask.array[6, 6] == 255 and not again.job.mask.array[40:].any()
        assert (again.job.guide.array[40:] == (1, 100, 1)).all()
        again.finish((0, 0, 250))
        await flow.until(lambda: not flow.generation.live.busy)
        await drawn(flow)
        assert colour_seen(flow, 4, 4) == (0, 0, 250)
        assert colour_seen(flow, 80, 50) == (1, 100, 1)
        assert flow.generation.shown.edit.job.mask is None
        flow.session.set_parameters(refine=Refine.DETAIL)
        await runs(flow, 5)
        await first_pass(flow)
        assert (await runs(flow, 6)).job.mask is None

    tell(story)


def test_where_the_guide_is_still_needed_all_of_it_is_refined_again(live, tell):
    """Else the picture before would take its place, and what was painted over would come back."""

    async def story(flow):
        flow.engine.forgets_guide = False
        flow.session.set_parameters(refine=Refine.DETAIL)
        await painted_over_a_refined_picture(flow)
        again = await runs(flow, 4)
        assert again.job.mask is None and tuple(again.job.guide.array[6, 6]) == (255, 0, 0)

    tell(story)


def test_unfinished_pictures_do_not_flicker(live, tell):
    async def story(flow):
        flow.generation.toggle_live()
        run = await runs(flow, 1)
        seen = []
        for call in (1, 2, 3):
            run.progress(call, calls=CALLS)
            await settle()
            seen.append(flow.generation.shown)
            flow.generation.clock.advance(0.6 * PREVIEW_INTERVAL)
        assert seen[0] is seen[1] is not seen[2]

    tell(story)


def test_an_unfinished_picture_shows_only_where_it_was_painted(live, tell):
    async def story(flow):
        flow.generation.toggle_live()
        run = await runs(flow, 1)
        run.progress(1, calls=CALLS, colour=(5, 5, 5))
        await flow.until(lambda: flow.generation.shown)
        await first_pass(flow, (90, 60, 30))
        flow.generation.clock.advance(PREVIEW_INTERVAL)
        paint(flow.session, Rect(0, 0, 12, 12))
        run = await runs(flow, 2)
        run.progress(1, calls=CALLS, colour=(200, 0, 0))
        await flow.until(lambda: replace(flow.generation.shown.edit.job, sketch=True) == run.job)
        await drawn(flow)
        red, *_ = colour_seen(flow, 4, 4)
        assert red > 180
        assert colour_seen(flow, 80, 50) == (90, 60, 30)

    tell(story)


def test_the_next_picture_is_begun_while_the_last_is_made_ready_and_the_newest_is_shown(live, tell, monkeypatch):
    async def story(flow):
        ready, make = threading.Event(), BasePicture.of
        monkeypatch.setattr(BasePicture, "of", lambda *args: ready.wait(30) and make(*args))
        flow.generation.toggle_live()
        (await runs(flow, 1)).finish((90, 60, 30))
        await flow.until(lambda: flow.engine.runs[0].closed)
        for count, x in ((2, 0), (3, 20)):
            paint(flow.session, Rect(x, 0, 9, 9))
            await flow.until(lambda count=count: len(flow.engine.runs) == count)
            flow.engine.runs[-1].finish((count, 200, 30))
            await flow.until(lambda count=count: flow.engine.runs[count - 1].closed)
        assert flow.generation.shown is None and flow.generation.live.busy
        painted, shown = flow.session.document, []
        note = flow.generation.shown_changed.connect(lambda: shown.append(flow.generation.shown.edit.document))
        ready.set()
        await flow.until(lambda: not flow.generation.live.busy)
        flow.generation.shown_changed.disconnect(note)
        assert len(shown) == 2 and shown[-1] is painted
        await drawn(flow)
        assert colour_seen(flow, 50, 50) == (3, 200, 30)

    tell(story)


def test_what_was_not_shown_when_live_ended_never_is(live, tell, monkeypatch):
    async def story(flow):
        ready, make = threading.Event(), BasePicture.of
        monkeypatch.setattr(BasePicture, "of", lambda *args: ready.wait(30) and make(*args))
        flow.generation.toggle_live()
        (await runs(flow, 1)).finish((90, 60, 30))
        await flow.until(lambda: flow.engine.runs[0].closed)
        flow.generation.stop_live()
        ready.set()
        await settle()
        assert flow.generation.shown is None and not flow.generation.live.busy

    tell(story)


def test_a_stroke_stays_in_sight_until_the_picture_that_has_it_is_drawn(live, tell):
    async def story(flow):
        flow.generation.toggle_live()
        await runs(flow, 1)
        await first_pass(flow)
        paint(flow.session, Rect(40, 30, 10, 10))
        seen, shown = [], []
        flow.generation.shown_changed.connect(
            lambda: (shown.append(flow.generation.shown), seen.append(colour_seen(flow, 45, 35)))
        )
        assert colour_seen(flow, 45, 35) == (255, 0, 0)
        await runs(flow, 2)
        await first_pass(flow, (10, 200, 30))
        assert shown and all(colour == (255, 0, 0) for colour in seen)
        assert colour_seen(flow, 45, 35) == (10, 200, 30)

    tell(story)


def test_escape_stops_it_and_leaves_the_painting(live, tell):
    async def story(flow):
        before = flow.session.document
        flow.generation.toggle_live()
        run = await runs(flow, 1)
        run.progress(1, calls=CALLS)
        await flow.until(lambda: flow.generation.shown)
        assert flow.banner.escape()
        assert flow.generation.activity is Activity.NOTHING and flow.generation.shown is None
        await flow.until(lambda: run.closed)
        paint(flow.session, Rect(0, 0, 9, 9))
        assert await rest(flow) == 1
        flow.session.undo()
        assert flow.session.document is before
        assert not flow.banner.escape()

    tell(story)


def test_once_off_it_keeps_no_document_alive(live, tell):
    async def story(flow):
        flow.generation.toggle_live()
        await runs(flow, 1)
        await first_pass(flow)
        flow.generation.stop_live()
        followed = ref(flow.session.document)
        flow.session.open(painted_document(60, 80), None)
        await settle()
        gc.collect()
        assert followed() is None

    tell(story)


def test_a_failure_pauses_it_with_its_message_and_asking_again_goes_on(live, tell):
    async def story(flow):
        flow.generation.toggle_live()
        await runs(flow, 1)
        await first_pass(flow)
        paint(flow.session, Rect(0, 0, 9, 9))
        (await runs(flow, 2)).fail("There is not enough memory. Choose a smaller frame.", "MemoryError")
        await flow.until(lambda: flow.problems)
        assert flow.problems == [("There is not enough memory. Choose a smaller frame.", "MemoryError")]
        assert flow.generation.live.broken and flow.banner.activity.stage.text() == "Live is paused"
        assert flow.banner.activity.detail.text() == "press Live"
        assert flow.generation.shown is not None
        paint(flow.session, Rect(20, 0, 9, 9))
        assert await rest(flow) == 2
        flow.generation.toggle_live()
        await runs(flow, 3)
        assert not flow.generation.live.broken and not flow.banner.problem.isVisible()

    tell(story)


def test_nothing_begins_while_nobody_can_see_it(live, tell):
    async def story(flow):
        flow.generation.toggle_live()
        await runs(flow, 1)
        await first_pass(flow)
        flow.generation.live.set_in_sight(False)
        paint(flow.session, Rect(0, 0, 9, 9))
        assert await rest(flow) == 1
        flow.generation.live.set_in_sight(True)
        await runs(flow, 2)

    tell(story)


def test_with_nothing_to_work_from_it_waits_and_says_why(live, tell, empty_document):
    async def story(flow):
        flow.session.open(empty_document, None)
        flow.generation.toggle_live()
        await flow.until(lambda: flow.generation.live.hint)
        await flow.until(lambda: flow.banner.activity.detail.text() == "Paint something first")
        assert flow.banner.activity.detail.toolTip() == flow.generation.live.hint
        assert flow.engine.runs == [] and flow.problems == []
        assert flow.generation.live.at_rest and flow.generation.live.rate is None
        paint(flow.session, Rect(0, 0, 40, 40))
        await runs(flow, 1)
        assert flow.generation.live.hint == ""

    tell(story)


def test_another_document_is_followed_from_the_beginning(live, tell, empty_document):
    async def story(flow):
        flow.generation.toggle_live()
        run = await runs(flow, 1)
        await first_pass(flow)
        flow.session.open(empty_document, None)
        assert flow.generation.shown is None
        paint(flow.session, Rect(0, 0, 40, 40))
        assert (await runs(flow, 2)).job.guide != run.job.guide

    tell(story)


def test_generate_ends_live_and_keeps_its_seed(live, tell):
    async def story(flow):
        flow.generation.toggle_live()
        one = await runs(flow, 1)
        flow.generation.generate()
        run = await runs(flow, 2)
        assert one.closed and not flow.generation.live.on
        assert run.job.parameters.seed == 7 and run.job.parameters.calls == flow.session.parameters.calls
        run.finish()
        await flow.until(lambda: flow.generation.activity is Activity.RESULT)
        flow.generation.toggle_live()
        assert flow.generation.activity is Activity.LIVE and flow.generation.result is None

    tell(story)


def test_the_button_the_dot_and_the_pace(live, tell):
    async def story(flow):
        button, pill = flow.panel.live, flow.banner.activity
        assert not button.isChecked() and not pill.isVisible()
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        assert button.isChecked() and pill.isVisible() and pill.stop.isVisible() and not pill.apply.isVisible()
        still = button.grab().toImage()
        await runs(flow, 1)
        await first_pass(flow)
        await flow.until(lambda: button.grab().toImage() != still)
        assert pill.apply.isVisible() and pill.compare.isVisible()
        pill._paced_at = 0.0
        pill._show_pace()
        assert pill.detail.text().endswith("s behind")
        assert flow.panel.cost.text().startswith(f"{CALLS + 7} model calls")
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        assert not button.isChecked() and pill.isHidden()

    tell(story)
