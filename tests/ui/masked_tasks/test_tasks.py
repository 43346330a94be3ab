"""Harmonise and Edit with strokes: what they send, and what can be done with what comes back."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer
from sdedit_studio.editing.masked_tasks import EDIT_WITH_STROKES, HARMONISE, LEAST, MOST, at, task_edit
from sdedit_studio.parameters import Parameters, Refine
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.document.drops import Drops, Source
from sdedit_studio.ui.generation.generation import State
from sdedit_studio.ui.masked_tasks.offer import HarmoniseOffer
from sdedit_studio.ui.masked_tasks.tasks import PaperTasks
from tests.ui.flow import Flow

BOAT = np.full((40, 60, 4), 255, np.uint8)


def photograph(width: int = 400, height: int = 300) -> Layer:
    pixels = np.random.default_rng(3).integers(0, 256, (height, width, 4), np.uint8)
    pixels[..., 3] = 255
    return Layer("Photograph", Tiles.from_array(pixels))


def with_boat() -> Document:
    return Document.of(400, 300, [photograph(), Layer("Boat", Tiles.from_array(BOAT, 150, 120))])


@pytest.fixture
def tasks(flow: Flow) -> PaperTasks:
    flow.session.open(with_boat(), None)
    return PaperTasks(flow.generation, flow.compare, asyncio.ensure_future)


# --- The edits -----------------------------------------------------------------------------------------------------


def test_harmonise_chooses_t0_calls_and_frame_and_keeps_the_rest():
    document = with_boat().replace(selection=Tiles.from_array(np.full((9, 9), 255, np.uint8)), frame=Rect(0, 0, 64, 64))
    settings = Parameters(t0=0.9, calls=20, seed=77, condition="mountain", refine=Refine.SDE)
    edit = task_edit(HARMONISE, document, settings, 5)
    job = edit.job
    assert (job.parameters.t0, job.parameters.calls) == (HARMONISE.t0, HARMONISE.calls)
    assert (job.parameters.seed, job.parameters.condition, job.revision) == (77, "mountain", 5)
    assert job.parameters.refine is Refine.SDE
    assert edit.document is document
    assert edit.frame in document.bounds
    assert Rect(150, 120, 60, 40) in edit.frame
    assert np.array_equal(job.guide.array, flatten(document.layers, edit.frame)[..., 2::-1])


def test_the_seam_changes_most_and_the_picture_itself_less():
    edit = task_edit(HARMONISE, with_boat(), Parameters(), 0)
    strength = edit.job.strength.array
    x, y = 150 - edit.frame.x, 120 - edit.frame.y
    assert strength[y + 20, x + 30] == round(255 * HARMONISE.inside)
    assert strength[y, x] > 230
    assert strength[y - 3, x - 3] == 255


def test_what_is_protected_stays_so():
    protected = with_boat().replace(protection=Tiles.from_array(np.full((300, 180), 255, np.uint8)))
    edit = task_edit(HARMONISE, protected, Parameters(), 0)
    strength, free = edit.job.strength.array, 180 - edit.frame.x
    assert not strength[:, :free].any()
    assert strength[:, free:].all()


def test_strokes_are_edited_alike_all_over():
    edit = task_edit(EDIT_WITH_STROKES, with_boat(), Parameters(), 0)
    assert edit.job.strength is None
    assert edit.task == "Edit with strokes"
    mask = edit.job.mask.array
    assert mask.max() == 255 and mask.min() == 0


def test_another_t0_is_the_same_edit_and_stays_within_what_suits():
    edit = task_edit(HARMONISE, with_boat(), Parameters(), 0)
    more = at(edit, 0.352)
    assert more.job.parameters.t0 == 0.35
    assert (more.job.guide, more.job.mask, more.frame) == (edit.job.guide, edit.job.mask, edit.frame)
    assert at(edit, 0.0).job.parameters.t0 == LEAST
    assert at(edit, 2.0).job.parameters.t0 == MOST


# --- At the window -------------------------------------------------------------------------------------------------


async def harmonised(flow: Flow, tasks: PaperTasks):
    runs = len(flow.engine.runs)
    tasks.harmonise()
    await flow.until(lambda: len(flow.engine.runs) > runs)
    run = flow.engine.runs[-1]
    run.finish()
    await flow.until(lambda: flow.generation.state is State.RESULT)
    return run


def test_harmonise_ends_in_before_and_after_and_applies_as_one_step(tell, tasks):
    async def story(flow: Flow) -> None:
        t0, before = flow.session.parameters.t0, flow.session.document
        run = await harmonised(flow, tasks)
        assert flow.compare.split == 0.5
        assert flow.session.parameters.t0 == t0
        assert flow.banner.activity.stage.text() == "t₀ 0.30"
        mask = run.job.mask.array
        frame = flow.generation.edit.frame
        await flow.applied()
        document = flow.session.document
        assert len(document.layers) == len(before.layers) + 1
        picture, old = (flatten(each.layers, each.bounds) for each in (document, before))
        changed = (picture != old).any(axis=2)
        assert changed.any() and not changed[frame.slices][mask == 0].any()
        changed[frame.slices] = False
        assert not changed.any()
        assert flow.compare.split == 0.0, "the next result is shown whole"
        flow.session.undo()
        assert flow.session.document is before

    tell(story)


def test_a_split_that_was_open_stays_where_it_was(tell, tasks):
    async def story(flow: Flow) -> None:
        flow.compare.set_split(0.3)
        await harmonised(flow, tasks)
        flow.generation.discard()
        assert flow.compare.split == 0.3

    tell(story)


def test_what_is_asked_for_next_is_shown_whole(tell, tasks):
    async def story(flow: Flow) -> None:
        await harmonised(flow, tasks)
        tasks.nudge_t0(0.05)
        await flow.until(lambda: len(flow.engine.runs) == 2)
        assert flow.compare.split == 0.5, "it is still about before and after"
        await flow.finished()
        assert flow.compare.split == 0.0
        await harmonised(flow, tasks)
        assert flow.compare.split == 0.5
        flow.generation.toggle_live()
        assert flow.compare.split == 0.0

    tell(story)


def test_less_and_more_do_it_again_from_another_t0(tell, tasks):
    async def story(flow: Flow) -> None:
        pill = flow.banner.activity
        pill.nudged.connect(lambda by: tasks.nudge_t0(0.05 * by))
        first = await harmonised(flow, tasks)
        slider = flow.session.parameters.t0
        assert pill.less.isVisible() and pill.more.isVisible()
        QTest.mouseClick(pill.more, Qt.MouseButton.LeftButton)
        await flow.until(lambda: len(flow.engine.runs) == 2)
        again = flow.engine.runs[-1]
        assert again.job.parameters.t0 == pytest.approx(0.35)
        assert again.job.guide == first.job.guide
        tasks.nudge_t0(-0.1)  # while it runs
        await flow.until(lambda: len(flow.engine.runs) == 3)
        assert flow.engine.runs[-1].job.parameters.t0 == pytest.approx(0.25)
        assert flow.session.parameters.t0 == slider
        assert flow.messages[-1] == "Harmonise from t₀ 0.25."
        flow.engine.runs[-1].finish()
        await flow.until(lambda: flow.generation.state is State.RESULT)
        assert pill.stage.text() == "t₀ 0.25"

    tell(story)


def test_the_keys_move_the_slider_when_no_task_waits(tell, tasks):
    async def story(flow: Flow) -> None:
        flow.session.set_parameters(t0=0.4)
        tasks.nudge_t0(0.05)
        assert flow.session.parameters.t0 == 0.45
        await flow.finished()
        assert not flow.banner.activity.more.isVisible()
        tasks.nudge_t0(0.05)
        assert flow.session.parameters.t0 == 0.5
        assert len(flow.engine.runs) == 1

    tell(story)


def test_nothing_to_do_is_said_in_a_sentence(tell, tasks):
    async def story(flow: Flow) -> None:
        document = flow.session.document
        flow.session.open(document.replace(layers=document.layers[:1], active=document.layers[0].id), None)
        tasks.edit_with_strokes()
        await flow.until(lambda: bool(flow.problems))
        assert flow.problems == [("Paint on a layer above the photo first.", "")]
        assert flow.generation.state is State.IDLE
        assert not flow.engine.runs

    tell(story)


def test_a_picture_put_on_another_one_offers_to_fit_in(tell, tasks, flow):
    offer = HarmoniseOffer(tasks, flow.view)
    drops = Drops(flow.session, flow.view)
    boat = Source("Second boat", lambda: BOAT)

    async def story(flow: Flow) -> None:
        drops.add([boat], (200, 150))
        await flow.until(offer.isVisible)
        assert not flow.engine.runs, "it only offers"
        assert tasks.decline()
        assert not offer.isVisible() and not tasks.decline()

        drops.add([boat], (100, 100))
        await flow.until(offer.isVisible)
        flow.session.undo()
        assert not offer.isVisible(), "the picture is gone"

        drops.add([boat], (100, 100))
        await flow.until(offer.isVisible)
        QTest.mouseClick(offer.harmonise, Qt.MouseButton.LeftButton)
        await flow.until(lambda: bool(flow.engine.runs))
        assert not offer.isVisible()

    tell(story)


def test_a_picture_on_bare_paper_offers_nothing(tell, tasks, flow, empty_document):
    drops = Drops(flow.session, flow.view)
    offered = []
    tasks.offered.connect(lambda: offered.append(True))

    async def story(flow: Flow) -> None:
        flow.session.open(empty_document, None)
        drops.add([Source("Boat", lambda: BOAT)], (40, 40))
        await flow.until(lambda: len(flow.session.document.layers) == 3)
        await asyncio.sleep(0.1)
        assert not offered

    tell(story)


def test_the_panel_offers_strokes_over_a_photograph_only(tell, tasks):
    async def story(flow: Flow) -> None:
        assert flow.panel.strokes.isVisible()
        flow.session.push("Hide", flow.session.document.with_layer(flow.session.document.active, visible=False))
        assert not flow.panel.strokes.isVisible()

    tell(story)
