"""What live mode shows, made a layer."""

from __future__ import annotations

import numpy as np
import pytest

from sdedit_studio.raster.geometry import Rect
from sdedit_studio.ui.generation import generation
from sdedit_studio.ui.generation.activity import Activity
from tests.editing.documents import painted_document
from tests.ui.documents import paint
from tests.ui.fake_clock import FakeClock
from tests.ui.flow import settle
from tests.ui.generation.living import composite, first_pass, held_back, rest, runs


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def test_enter_takes_exactly_what_is_seen_and_live_goes_on(live, tell):
    async def story(flow):
        flow.generation.toggle_live()
        await runs(flow, 1)
        await first_pass(flow, (90, 60, 30))
        paint(flow.session, Rect(40, 30, 10, 10))
        run = await runs(flow, 2)
        seen = flow.view.grab().toImage()
        painted = flow.session.document
        await flow.applied()
        assert np.array_equal(composite(flow.session)[35, 45], (0, 0, 255, 255))
        assert np.array_equal(composite(flow.session)[5, 5], (30, 60, 90, 255))
        await flow.until(lambda: run.closed)
        flow.view.repaint()
        assert flow.generation.activity is Activity.LIVE and flow.generation.shown is None
        assert flow.session.document.active_layer.generation["seed"] == 7
        assert await rest(flow) == 2
        assert seen.pixelColor(5, 5).red() == 90
        paint(flow.session, Rect(60, 30, 10, 10))
        following = await runs(flow, 3)
        assert tuple(following.job.guide.array[5, 5]) == (90, 60, 30)
        flow.session.undo()
        flow.session.undo()
        assert flow.session.document is painted

    tell(story)


@pytest.mark.parametrize("moment", ["as_result", "applied"])
def test_a_live_picture_is_not_applied_to_another_canvas_and_that_is_followed(live, tell, monkeypatch, moment):
    async def story(flow):
        flow.generation.toggle_live()
        await runs(flow, 1)
        await first_pass(flow)
        ready = held_back(monkeypatch, moment)
        assert flow.generation.apply()
        await flow.until(ready.begun.is_set)
        other = painted_document(60, 80)
        flow.session.open(other, None)
        ready.set()
        await flow.session.until_settled()
        run = await runs(flow, 2)
        assert run.job.guide.width == 60
        assert await rest(flow) == 2 and flow.session.document is other

    tell(story)


def test_what_was_applied_on_another_canvas_has_no_part_in_what_is_applied_on_this_one(live, tell, monkeypatch):
    async def story(flow):
        flow.generation.toggle_live()
        await runs(flow, 1)
        await first_pass(flow)
        first = held_back(monkeypatch, "as_result")
        assert flow.generation.apply()
        await flow.until(first.begun.is_set)
        flow.session.open(painted_document(), None)
        first.set()
        await flow.session.until_settled()
        await runs(flow, 2)
        await first_pass(flow)
        other, edit = flow.session.document, flow.generation.shown.edit
        applied = []
        flow.generation.applied.connect(lambda edit, _result: applied.append(edit))
        second = held_back(monkeypatch, "as_result")
        assert flow.generation.apply()
        await flow.until(second.begun.is_set)
        await settle()
        assert flow.session.document is other and flow.generation.activity is Activity.APPLYING
        second.set()
        await flow.until(lambda: applied)
        await settle()
        assert applied == [edit] and flow.generation.activity is not Activity.APPLYING
        assert len(flow.session.document.layers) == len(other.layers) + 1

    tell(story)


def test_enter_twice_makes_one_layer(live, tell, monkeypatch):
    async def story(flow):
        flow.generation.toggle_live()
        await runs(flow, 1)
        await first_pass(flow)
        ready = held_back(monkeypatch, "as_result")
        assert flow.generation.apply()
        await flow.until(ready.begun.is_set)
        assert not flow.generation.apply()
        ready.set()
        await flow.until(lambda: flow.session.document.active_layer.generation)
        assert await rest(flow) == 1
        assert len(flow.session.document.layers) == 3

    tell(story)


@pytest.mark.parametrize("part", ["as_result", "applied"])
def test_a_live_picture_that_cannot_be_applied_stays_and_live_goes_on(live, tell, monkeypatch, part):
    def fail(*_arguments):
        raise MemoryError

    async def story(flow):
        flow.generation.toggle_live()
        await runs(flow, 1)
        await first_pass(flow)
        before, shown = flow.session.document, flow.generation.shown
        with monkeypatch.context() as patch:
            patch.setattr(generation, part, fail)
            assert flow.generation.apply()
            await flow.until(lambda: flow.problems)
        assert flow.problems[0][0].startswith("“Apply result” could not be done.")
        assert flow.session.document is before and flow.generation.shown is shown
        assert flow.generation.can_apply and flow.generation.result is None
        paint(flow.session, Rect(0, 0, 9, 9))
        await runs(flow, 2)

    tell(story)
