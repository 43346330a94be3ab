"""Results made again in their place: when it is asked for, and by themselves as the layers below change."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from sdedit_studio.document.edits import guide
from sdedit_studio.document.layer import Layer
from sdedit_studio.document.sources import outdated
from sdedit_studio.editing.regeneration import frame_to_regenerate, regeneration_edit
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.generation.activity import Activity
from sdedit_studio.ui.generation.regeneration import REST, Regeneration
from tests.ui.documents import push
from tests.ui.fake_clock import FakeClock
from tests.ui.flow import settle


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def tool() -> SimpleNamespace:
    """What the flow needs to know of the chosen tool."""
    return SimpleNamespace(gesture=None, waits=False)


@pytest.fixture
def again(flow, tool) -> Regeneration:
    flow.strip.set_in_sight(False)  # it rests and is idle as well
    again = Regeneration(flow.generation, lambda: tool)
    yield again
    again.close()


def paint_below(flow, level: int = 30) -> None:
    """On the lowest layer, in one step."""
    document = flow.session.document
    paper = document.layers[0]
    patch = np.full((20, 30, 4), (level, level, level, 255), np.uint8)
    pixels = paper.pixels.with_array(patch, 10, 10)
    push(flow.session, "Brush stroke", document.with_layer(paper.id, pixels=pixels))


async def rest(flow) -> None:
    """Let the painting rest, and wait for all that comes of it."""
    await settle()
    flow.generation.clock.advance(3 * REST)
    await settle()


async def made(flow, select: Rect | None = None, follows: bool = False) -> Layer:
    """A result that was applied."""
    if select is not None:
        box = Tiles.from_array(np.full((select.height, select.width), 255, np.uint8), select.x, select.y)
        push(flow.session, "Select", flow.session.document.replace(selection=box))
    flow.generation.seed_locked = True
    await flow.finished()
    await flow.applied()
    document = flow.session.document
    push(flow.session, "Deselect", document.replace(selection=None).with_layer(document.active, follows=follows))
    return flow.session.document.active_layer


def layer(flow, old: Layer) -> Layer:
    return flow.session.document.layer(old.id)


@pytest.mark.parametrize("select", [None, Rect(20, 10, 50, 40)])
def test_with_nothing_changed_below_it_is_the_very_same_job(tell, again, select):
    async def story(flow):
        result = await made(flow, select)
        first = flow.engine.runs[-1].job
        assert not outdated(flow.session.document, result)
        assert regeneration_edit(flow.session.document, result.id, 0).job == first

    tell(story)


def test_it_is_made_again_from_what_is_below_now_in_one_step(tell, again):
    async def story(flow):
        result = await made(flow, Rect(20, 10, 50, 40))
        above = Layer("Above", Tiles.from_array(np.full((64, 96, 4), 255, np.uint8)))
        push(flow.session, "Add", flow.session.document.inserted(above).replace(active=result.id))
        push(flow.session, "Opacity", flow.session.document.with_layer(result.id, opacity=0.5))
        paint_below(flow)
        before, steps = flow.session.document, len(flow.session.undo_labels)
        assert outdated(before, layer(flow, result))
        again.regenerate()
        await flow.until(lambda: len(flow.engine.runs) == 2)
        run = flow.engine.runs[-1]
        frame = frame_to_regenerate(before, layer(flow, result))
        assert np.array_equal(
            run.job.guide.array, guide(before.replace(layers=before.layers[:2], active=before.layers[0].id), frame)
        )
        assert run.job.parameters == flow.engine.runs[0].job.parameters
        run.finish((1, 2, 3))
        await flow.until(lambda: flow.session.document is not before)
        now = layer(flow, result)
        assert now.pixels.pixel(30, 30) == (3, 2, 1, 255)
        assert (now.mask, now.opacity, now.name) == (result.mask, 0.5, result.name)
        assert [x.id for x in flow.session.document.layers] == [x.id for x in before.layers]
        assert not outdated(flow.session.document, now)
        assert flow.session.undo_label == "Generate again" and len(flow.session.undo_labels) == steps + 1
        assert flow.generation.activity is Activity.NOTHING
        flow.session.undo()
        assert flow.session.document is before

    tell(story)


def test_a_stroke_is_not_cut_in_two_by_it(tell, again):
    async def story(flow):
        await made(flow)
        paint_below(flow)
        before = flow.session.document
        again.regenerate()
        await flow.until(lambda: len(flow.engine.runs) == 2)
        flow.session.set_pen_down(True)
        flow.engine.runs[-1].finish()
        await settle()
        assert flow.session.document is before
        flow.session.set_pen_down(False)
        await flow.until(lambda: flow.session.document is not before)

    tell(story)


def test_it_ends_no_transform(tell, again, tool):
    async def story(flow):
        await made(flow)
        paint_below(flow)
        again.regenerate()
        await flow.until(lambda: len(flow.engine.runs) == 2)
        tool.gesture, tool.waits = flow.session.begin("Transform", lambda: tool.gesture.commit()), True
        before = flow.session.document
        flow.engine.runs[-1].finish((1, 2, 3))
        await settle()
        assert flow.session.document is before and flow.generation.activity is Activity.RESULT
        gesture, tool.gesture, tool.waits = tool.gesture, None, False
        gesture.cancel()
        await flow.until(lambda: flow.session.document is not before)

    tell(story)


def test_one_that_follows_waits_for_pixels_that_float(tell, again, tool):
    async def story(flow):
        result = await made(flow, follows=True)
        paint_below(flow)
        await rest(flow)
        tool.gesture = flow.session.begin("Move", lambda: tool.gesture.commit())
        flow.engine.idle[0].finish((1, 2, 3))
        await settle()
        assert layer(flow, result).pixels is result.pixels
        gesture, tool.gesture = tool.gesture, None
        gesture.commit()
        await flow.until(lambda: layer(flow, result).pixels.pixel(30, 30) == (3, 2, 1, 255))

    tell(story)


def test_a_layer_that_was_deleted_meanwhile_comes_back_as_one_of_its_own(tell, again):
    async def story(flow):
        result = await made(flow)
        again.regenerate()
        await flow.until(lambda: len(flow.engine.runs) == 2)
        push(flow.session, "Delete layer", flow.session.document.removed(result.id))
        before = flow.session.document
        flow.engine.runs[-1].finish()
        await flow.until(lambda: flow.session.document is not before)
        assert len(flow.session.document.layers) == len(before.layers) + 1

    tell(story)


def test_one_that_follows_is_made_anew_once_painting_rests_and_undo_has_the_last_word(tell, again):
    async def story(flow):
        told = []
        again.progressed.connect(lambda *progress: told.append(progress))
        result = await made(flow, follows=True)
        await rest(flow)
        assert not flow.engine.idle
        paint_below(flow)
        flow.session.set_pen_down(True)
        await rest(flow)
        assert not flow.engine.idle
        flow.session.set_pen_down(False)
        await rest(flow)
        assert flow.engine.idle
        before = flow.session.document
        flow.engine.idle[-1].progress(2)
        await flow.until(lambda: told == [(result.id, 0.25)])
        assert f"“{result.name}” anew" in flow.messages[-1]
        flow.engine.idle[-1].finish((1, 2, 3))
        await flow.until(lambda: flow.session.document is not before)
        assert layer(flow, result).pixels.pixel(30, 30) == (3, 2, 1, 255)
        assert flow.session.undo_label == "Follow the layers below"
        await flow.until(lambda: told[-1] == (result.id, 1.0))
        assert layer(flow, result).follows and not outdated(flow.session.document, layer(flow, result))
        flow.session.undo()
        assert flow.session.document is before
        await rest(flow)
        assert len(flow.engine.idle) == 1
        paint_below(flow, 99)
        await rest(flow)
        assert len(flow.engine.idle) == 2

    tell(story)


def test_it_waits_while_anything_else_runs_and_begins_again_when_painting_goes_on(tell, again):
    async def story(flow):
        await made(flow, Rect(20, 10, 50, 40), follows=True)
        run = await flow.started()
        paint_below(flow)
        await rest(flow)
        assert not flow.engine.idle
        run.fail("No.")
        await rest(flow)
        assert flow.engine.idle
        paint_below(flow, 99)
        await flow.until(lambda: flow.engine.idle[0].closed)
        await rest(flow)
        assert len(flow.engine.idle) == 2
        assert flow.engine.idle[1].job.guide.array[20, 25].tolist() == [99, 99, 99]

    tell(story)


def test_it_does_not_come_between_a_picture_and_its_painting(tell, again):
    async def story(flow):
        result = await made(flow, Rect(20, 10, 50, 40), follows=True)
        paint_below(flow)
        await rest(flow)
        assert flow.engine.idle
        await flow.finished((5, 6, 7))
        flow.engine.idle[0].finish((1, 2, 3))
        await rest(flow)
        assert layer(flow, result).pixels is result.pixels
        assert flow.generation.painted_since.content_bounds().empty
        flow.generation.discard()
        await flow.until(lambda: layer(flow, result).pixels.pixel(30, 30) == (3, 2, 1, 255))

    tell(story)


def test_nothing_is_made_by_itself_while_a_step_can_be_redone(tell, again):
    async def story(flow):
        await made(flow, follows=True)
        paint_below(flow)
        await rest(flow)
        assert flow.engine.idle
        push(flow.session, "Select", flow.session.document.replace(selection=Tiles(1)))
        flow.session.undo()
        await flow.until(lambda: flow.engine.idle[0].closed)
        await rest(flow)
        assert len(flow.engine.idle) == 1 and flow.session.redo_label == "Select"
        flow.session.redo()
        await rest(flow)
        assert len(flow.engine.idle) == 2

    tell(story)


def test_what_was_given_up_is_made_once_it_is_wanted_again(tell, again):
    async def story(flow):
        result = await made(flow, follows=True)
        paint_below(flow)
        await rest(flow)
        assert flow.engine.idle
        follow = flow.session.document.with_layer
        push(flow.session, "Follow", follow(result.id, follows=False))
        await flow.until(lambda: flow.engine.idle[0].closed)
        push(flow.session, "Follow", follow(result.id, follows=True))
        await rest(flow)
        assert len(flow.engine.idle) == 2

    tell(story)


def test_a_failure_is_told_once_and_leaves_the_layer(tell, again):
    async def story(flow):
        await made(flow, follows=True)
        paint_below(flow)
        before = flow.session.document
        await rest(flow)
        assert flow.engine.idle
        flow.engine.idle[-1].fail("The model is not installed.")
        await flow.until(lambda: flow.problems)
        await rest(flow)
        assert len(flow.engine.idle) == 1 and flow.session.document is before

    tell(story)
