"""From Generate to a layer: what each step does to the document, and what nothing may do to it."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest

from sdedit_studio.document.edits import frame_of
from sdedit_studio.document.layer import Layer
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.base import words
from sdedit_studio.ui.generation.activity import Activity
from tests.ui.documents import paint, push
from tests.ui.flow import settle


def select(session, rect: Rect, feather: int = 0) -> None:
    coverage = np.full((rect.height, rect.width), 255, np.uint8)
    if feather:
        coverage[:, :feather] = 100
    push(session, "Select", session.document.replace(selection=Tiles.from_array(coverage, rect.x, rect.y)))


def composite(session) -> np.ndarray:
    return flatten(session.document.layers, session.document.bounds)


def test_a_run_goes_through_previews_to_a_result_and_a_layer_in_one_undo_step(tell):
    async def story(flow):
        states = []
        flow.generation.changed.connect(lambda: states.append(flow.generation.activity))
        before = flow.session.document
        run = await flow.started()
        assert np.array_equal(run.job.guide.array[0, 0], (120, 180, 220))
        run.progress(3)
        await flow.until(lambda: flow.generation.progress)
        assert flow.generation.shown.picture.shape == (8, 12, 3)
        assert flow.session.document is before
        run.finish()
        await flow.until(lambda: flow.generation.activity is Activity.RESULT)
        assert flow.session.document is before
        await flow.applied()
        assert [state for i, state in enumerate(states) if i == 0 or state is not states[i - 1]] == [
            Activity.NOTHING,  # the seed changed
            Activity.PREPARING,
            Activity.RUNNING,
            Activity.RESULT,
            Activity.NOTHING,
        ]
        assert (composite(flow.session)[..., :3] == (10, 40, 200)).all()
        layer = flow.session.document.active_layer
        assert layer.generation["seed"] == run.job.parameters.seed
        assert layer.generation["t0"] == 0.4 and layer.generation["model"] == "scenes-96"
        assert layer.generation["seconds"] == 1.25
        flow.session.undo()
        assert flow.session.document is before

    tell(story)


def test_pixels_outside_the_selection_stay_bit_for_bit(tell):
    async def story(flow):
        select(flow.session, Rect(30, 10, 20, 30), feather=5)
        before = composite(flow.session)
        run = await flow.finished()
        frame = frame_of(flow.session.document)
        assert run.job.guide.shape[:2] == (frame.height, frame.width)
        await flow.applied()
        after = composite(flow.session)
        inside = np.zeros((64, 96), bool)
        inside[10:40, 30:50] = True
        assert np.array_equal(after[~inside], before[~inside])
        assert not np.array_equal(after[inside], before[inside])

    tell(story)


def test_discarding_leaves_the_document_and_says_so(tell):
    async def story(flow):
        before = flow.session.document
        await flow.finished()
        assert flow.generation.discard()
        assert flow.generation.activity is Activity.NOTHING and flow.generation.shown is None
        assert flow.session.document is before
        assert flow.messages[-1] == "Discarded. Your painting is unchanged."
        assert not flow.generation.cancel() and not flow.generation.discard()
        assert not flow.generation.apply()

    tell(story)


def test_cancelling_is_immediate_and_closes_just_that_job(tell):
    async def story(flow):
        run = await flow.started()
        run.progress(1)
        await flow.until(lambda: flow.generation.shown)
        assert flow.generation.cancel()
        assert flow.generation.activity is Activity.NOTHING and flow.generation.shown is None
        await flow.until(lambda: run.closed)
        run.finish()
        await settle()
        assert flow.generation.activity is Activity.NOTHING
        assert flow.messages[-1] == "Cancelled. Your painting is unchanged."

    tell(story)


def test_cancelling_while_the_guide_is_prepared_sends_nothing(tell):
    async def story(flow):
        flow.generation.generate()
        assert flow.generation.activity is Activity.PREPARING
        assert flow.generation.cancel()
        await settle()
        assert flow.engine.runs == [] and flow.generation.activity is Activity.NOTHING

    tell(story)


def test_a_cancelled_rerun_gives_the_waiting_result_back(tell):
    async def story(flow):
        first = await flow.finished((10, 20, 30))
        second = await flow.started()
        second.progress(1)
        await flow.until(lambda: flow.generation.shown.edit.job is second.job)
        flow.generation.cancel()
        assert flow.generation.activity is Activity.RESULT
        assert flow.generation.shown.edit.job is first.job

    tell(story)


def test_a_second_result_replaces_the_first(tell):
    async def story(flow):
        await flow.finished((10, 20, 30))
        await flow.finished((50, 60, 70))
        await flow.applied()
        assert (composite(flow.session)[..., :3] == (70, 60, 50)).all()
        assert len(flow.session.document.layers) == 3

    tell(story)


def test_generating_again_gives_up_the_run_under_way(tell):
    async def story(flow):
        first = await flow.started()
        second = await flow.started()
        await flow.until(lambda: first.closed)
        assert not second.closed
        second.finish()
        await flow.until(lambda: flow.generation.activity is Activity.RESULT)

    tell(story)


def test_painting_during_a_run_is_an_undo_step_of_its_own_and_stays_on_top(tell):
    async def story(flow):
        run = await flow.started()
        paint(flow.session, Rect(5, 5, 10, 10))
        run.progress(2)
        await flow.until(lambda: flow.generation.shown)
        assert flow.generation.painted_since.read(Rect(0, 0, 96, 64))[..., 3].sum() == 100 * 255
        run.finish()
        await flow.until(lambda: flow.generation.activity is Activity.RESULT)
        paint(flow.session, Rect(40, 20, 4, 4), (0, 255, 0, 255))
        await flow.applied()
        after = composite(flow.session)
        assert (after[5:15, 5:15] == (0, 0, 255, 255)).all()
        assert (after[20:24, 40:44] == (0, 255, 0, 255)).all()
        assert (after[50, 50] == (10, 40, 200, 255)).all()
        flow.session.undo()
        assert flow.session.document.layers[1].pixels.pixel(41, 21) == (0, 255, 0, 255)
        flow.session.undo()
        assert flow.session.document.layers[1].pixels.pixel(41, 21) == (0, 0, 0, 0)

    tell(story)


def test_undoing_what_was_painted_since_uncovers_the_result_again(tell):
    async def story(flow):
        await flow.finished()
        paint(flow.session, Rect(5, 5, 10, 10))
        assert flow.generation.painted_since.content_bounds() == Rect(5, 5, 10, 10)
        flow.session.undo()
        assert not flow.generation.painted_since.tiles

    tell(story)


@pytest.mark.parametrize("change", [{"opacity": 0.5}, {"visible": False}])
def test_changing_how_a_layer_looks_does_not_take_the_result_away(tell, change):
    async def story(flow):
        paint(flow.session, Rect(0, 0, 40, 40))
        await flow.finished()
        push(flow.session, "Look", flow.session.document.with_layer(flow.session.document.active, **change))
        assert not flow.generation.painted_since.tiles
        await flow.applied()
        assert (composite(flow.session)[..., :3] == (10, 40, 200)).all()

    tell(story)


def test_painting_under_an_opaque_layer_makes_no_hole_in_the_result(tell):
    async def story(flow):
        paint(flow.session, Rect(0, 0, 60, 64))
        await flow.finished()
        push(flow.session, "Paper", flow.session.document.replace(active=flow.session.document.layers[0].id))
        paint(flow.session, Rect(5, 5, 10, 10), (1, 2, 3, 255))
        assert not flow.generation.painted_since.tiles

    tell(story)


def test_a_new_layer_and_an_edited_mask_count_as_painting(tell):
    async def story(flow):
        await flow.finished()
        patch = Tiles.from_array(np.full((10, 10, 4), 255, np.uint8), 5, 5)
        push(flow.session, "Paste", flow.session.document.inserted(Layer("Pasted", patch)))
        assert flow.generation.painted_since.content_bounds() == Rect(5, 5, 10, 10)
        mask = Tiles.from_array(np.full((4, 10), 255, np.uint8), 5, 5)
        push(flow.session, "Mask", flow.session.document.with_layer(flow.session.document.active, mask=mask))
        assert flow.generation.painted_since.content_bounds() == Rect(5, 5, 10, 4)

    tell(story)


def test_a_change_of_the_whole_large_canvas_is_compared_in_slices(tell, monkeypatch):
    monkeypatch.setattr("sdedit_studio.ui.generation.painted.SLICE", 0.0)

    async def story(flow):
        await flow.finished()
        paint(flow.session, Rect(0, 0, 96, 64))
        await flow.until(lambda: flow.generation.painted_since.content_bounds() == Rect(0, 0, 96, 64))

    tell(story)


def test_an_empty_canvas_asks_to_paint_first(tell, empty_document):
    async def story(flow):
        flow.session.open(empty_document, None)
        flow.generation.generate()
        await flow.until(lambda: flow.problems)
        assert flow.problems[0][0].startswith("Paint something first")
        assert flow.engine.runs == [] and flow.generation.activity is Activity.NOTHING

    tell(story)


def test_a_guide_without_layers_says_where_to_mark_one(tell):
    async def story(flow):
        for layer in flow.session.document.layers:
            push(flow.session, "Guide", flow.session.document.with_layer(layer.id, in_guide=False))
        flow.generation.generate()
        await flow.until(lambda: flow.problems)
        assert "part of the guide" in flow.problems[0][0]

    tell(story)


def test_at_t0_nought_nothing_runs(tell):
    async def story(flow):
        flow.session.set_parameters(t0=0.0)
        flow.generation.generate()
        assert flow.problems[0][0].startswith("At 0 nothing changes")
        assert flow.generation.activity is Activity.NOTHING

    tell(story)


def test_at_t0_nought_a_run_under_way_ends_and_its_preview_goes(tell):
    async def story(flow):
        run = await flow.started()
        run.progress(1)
        await flow.until(lambda: flow.generation.shown)
        flow.session.set_parameters(t0=0.0)
        flow.generation.generate()
        assert flow.generation.activity is Activity.NOTHING and flow.generation.shown is None
        assert not flow.banner.activity.isVisible() and flow.problems == [(words.NO_CHANGE, "")]
        await flow.until(lambda: run.closed)

    tell(story)


def test_a_failure_is_one_sentence_with_details_and_leaves_the_painting(tell):
    async def story(flow):
        before = flow.session.document
        run = await flow.started()
        run.progress(1)
        run.fail("Memory ran out. Choose a smaller frame or refine less.", "Traceback …")
        await flow.until(lambda: flow.problems)
        assert flow.problems == [("Memory ran out. Choose a smaller frame or refine less.", "Traceback …")]
        assert flow.generation.activity is Activity.NOTHING and flow.generation.shown is None
        assert flow.session.document is before

    tell(story)


def test_what_was_special_about_a_result_is_said_beside_it(tell):
    async def story(flow):
        run = await flow.started()
        run.finish(note="The graphics card ran out of memory, so the processor made it.")
        await flow.until(lambda: flow.problems)
        assert flow.problems == [("The graphics card ran out of memory, so the processor made it.", "")]
        assert flow.generation.activity is Activity.RESULT

    tell(story)


def test_an_engine_that_raises_is_told_and_does_not_end_the_window(tell, monkeypatch):
    async def story(flow):
        async def run(job, lane=None):
            raise OSError("the device went away")
            yield

        monkeypatch.setattr(flow.engine, "run", run)
        flow.generation.generate()
        await flow.until(lambda: flow.problems)
        assert "Your painting is unchanged" in flow.problems[0][0]
        assert "the device went away" in flow.problems[0][1]
        assert flow.generation.activity is Activity.NOTHING

    tell(story)


def test_each_run_takes_a_new_seed_unless_it_is_locked(tell):
    async def story(flow):
        seeds = [(await flow.finished()).job.parameters.seed for _ in range(3)]
        assert len(set(seeds)) == 3
        assert flow.session.parameters.seed == seeds[-1]
        flow.generation.seed_locked = True
        assert (await flow.finished()).job.parameters.seed == seeds[-1]

    tell(story)


@pytest.mark.parametrize("change", ["another document", "another size"])
@pytest.mark.parametrize("moment", ["running", "waiting"])
def test_another_canvas_ends_the_run_and_puts_the_result_away(tell, empty_document, change, moment):
    async def story(flow):
        run = await (flow.started() if moment == "running" else flow.finished())
        if change == "another document":
            flow.session.open(empty_document, None)
        else:
            push(flow.session, "Crop", flow.session.document.replace(width=50))
        now = flow.session.document
        await flow.until(lambda: run.closed)
        run.finish()
        await settle()
        assert flow.generation.activity is Activity.NOTHING and flow.generation.shown is None
        assert flow.session.document is now

    tell(story)


def test_closing_while_running_ends_quietly(tell):
    async def story(flow):
        run = await flow.started()
        flow.generation.close()
        await flow.until(lambda: run.closed)
        assert flow.problems == [] and flow.generation.activity is Activity.NOTHING

    tell(story)


def test_a_result_that_cannot_be_applied_waits_on_and_says_so(tell, monkeypatch):
    from sdedit_studio.ui.generation import generation as module

    def fail(*_arguments):
        raise MemoryError

    async def story(flow):
        await flow.finished()
        before, result = flow.session.document, flow.generation.result
        with monkeypatch.context() as patch:
            patch.setattr(module, "applied", fail)
            assert flow.generation.apply()
            await flow.until(lambda: flow.problems)
        assert flow.problems[0][0].startswith("“Apply result” could not be done.")
        assert flow.session.document is before and flow.generation.result is result
        await flow.applied()

    tell(story)


def test_a_stroke_made_while_a_large_result_is_applied_is_kept(tell, monkeypatch):
    from sdedit_studio.ui.generation import generation as module

    made = module.applied

    async def story(flow):
        def slow(*arguments):
            loop.call_soon_threadsafe(paint, flow.session, Rect(5, 5, 10, 10))
            loop.call_soon_threadsafe(asked.set)
            asked.wait(2)
            return made(*arguments)

        asked, loop = threading.Event(), asyncio.get_running_loop()
        monkeypatch.setattr(module, "applied", slow)
        await flow.finished()
        flow.generation.apply()
        await flow.until(lambda: flow.generation.activity is Activity.NOTHING)
        assert (composite(flow.session)[5:15, 5:15] == (0, 0, 255, 255)).all()
        assert (composite(flow.session)[40, 40] == (10, 40, 200, 255)).all()
        assert flow.session.undo_labels == ["Apply result", "Brush"]

    tell(story)


@pytest.mark.parametrize(("then", "layers"), [("toggle_live", 3), ("discard", 2)])
def test_what_was_applied_becomes_a_layer_unless_it_is_discarded_meanwhile(tell, then, layers):
    async def story(flow):
        await flow.finished()
        assert flow.generation.apply()
        getattr(flow.generation, then)()
        await flow.session.until_settled()
        await settle()
        assert len(flow.session.document.layers) == layers

    tell(story)


def test_a_run_begun_while_a_result_is_applied_has_that_in_its_guide_and_hides_no_stroke(tell, monkeypatch):
    from sdedit_studio.ui.generation import generation as module

    made, ready = module.applied, threading.Event()

    def slow(*arguments):
        ready.wait(2)
        return made(*arguments)

    async def story(flow):
        monkeypatch.setattr(module, "applied", slow)
        await flow.finished((9, 9, 9))
        paint(flow.session, Rect(40, 30, 10, 10))
        assert flow.generation.apply()
        assert flow.generation.activity is Activity.APPLYING
        flow.generation.generate()
        assert flow.generation.activity is Activity.PREPARING
        paint(flow.session, Rect(60, 30, 10, 10))
        ready.set()
        await flow.until(lambda: len(flow.engine.runs) == 2)
        assert flow.session.document.active_layer.generation
        run = flow.engine.runs[-1]
        assert (run.job.guide.array[5, 5] == (9, 9, 9)).all()
        assert np.array_equal(run.job.guide.array, composite(flow.session)[..., 2::-1])
        for x in (45, 65):
            assert (composite(flow.session)[35, x] == (0, 0, 255, 255)).all()
        run.progress(1)
        await flow.until(lambda: flow.generation.shown and flow.generation.shown.edit.job is run.job)

    tell(story)
