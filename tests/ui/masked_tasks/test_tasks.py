"""Harmonise and Edit with strokes: what they send, and what can be done with what comes back."""

from __future__ import annotations

import asyncio

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sdedit_studio.raster.compositor import flatten
from sdedit_studio.ui.document.drops import Drops, Source
from sdedit_studio.ui.generation.activity import Activity
from sdedit_studio.ui.masked_tasks.offer import HarmoniseOffer
from sdedit_studio.ui.masked_tasks.tasks import MaskedTasks
from tests.editing.documents import BOAT, with_boat
from tests.ui.documents import push
from tests.ui.flow import Flow, settle


@pytest.fixture
def tasks(flow: Flow) -> MaskedTasks:
    flow.session.open(with_boat(), None)
    return MaskedTasks(flow.generation, flow.compare, asyncio.ensure_future)


async def harmonised(flow: Flow, tasks: MaskedTasks):
    runs = len(flow.engine.runs)
    tasks.harmonise()
    await flow.until(lambda: len(flow.engine.runs) > runs)
    run = flow.engine.runs[-1]
    run.finish()
    await flow.until(lambda: flow.generation.activity is Activity.RESULT)
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
        await flow.until(lambda: flow.generation.activity is Activity.RESULT)
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
        assert flow.generation.activity is Activity.NOTHING
        assert not flow.engine.runs

    tell(story)


def test_a_picture_put_on_another_one_offers_to_fit_in(tell, tasks, flow):
    offer = HarmoniseOffer(tasks, flow.view)
    drops = Drops(flow.session)
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
    drops = Drops(flow.session)
    offered = []
    tasks.offered.connect(lambda: offered.append(True))

    async def story(flow: Flow) -> None:
        flow.session.open(empty_document, None)
        drops.add([Source("Boat", lambda: BOAT)], (40, 40))
        await flow.until(lambda: len(flow.session.document.layers) == 3)
        await settle()
        assert not offered

    tell(story)


def test_the_panel_offers_strokes_over_a_photograph_only(tell, tasks):
    async def story(flow: Flow) -> None:
        assert flow.panel.strokes.isVisible()
        push(flow.session, "Hide", flow.session.document.with_layer(flow.session.document.active, visible=False))
        assert not flow.panel.strokes.isVisible()

    tell(story)
