"""Live mode by itself, without a window and on a clock that stands still: what it runs, and what it shows of that."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest

from sdedit_studio.editing.edit import EditPicture
from sdedit_studio.editing.live_pictures import CALLS, BasePicture
from sdedit_studio.engine.job import Cancelled
from sdedit_studio.engine.live import REST
from sdedit_studio.parameters import Refine
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.generation.activity import Event, Underway
from sdedit_studio.ui.generation.live import PREVIEW_INTERVAL, Live
from tests.editing.documents import painted_document
from tests.ui.documents import paint, push
from tests.ui.fake_clock import FakeClock
from tests.ui.fake_engine import FakeEngine, Run

RED, GREEN, BLUE, GREY = (200, 0, 0), (0, 200, 0), (0, 0, 200), (90, 90, 90)


class Alone:
    """Live mode of a painting of 96 x 64 pixels, with what it has shown, by its one colour where it has one."""

    def __init__(self) -> None:
        self.session, self.engine, self.clock = Session(painted_document()), FakeEngine(), FakeClock()
        self.session.set_parameters(t0=0.4, refine=Refine.SDE, seed=7)
        self.shown: list[EditPicture | None] = []
        self.underway = Underway()
        self.live = Live(self.session, self.engine, self.underway, self.shown.append, self.clock)

    @property
    def colours(self) -> list[tuple[int, ...] | None]:
        return [None if each is None else one_colour(each) for each in self.shown]

    def hold(self) -> None:
        """What is shown is being applied."""
        self.underway.happen(Event.APPLY)
        self.live.hold()

    def settle(self) -> None:
        """It has become a layer."""
        self.underway.happen(Event.APPLIED)
        self.live.settle()

    def go_on(self) -> None:
        """It was not applied."""
        self.underway.happen(Event.NOT_APPLIED)
        self.live.go_on()

    async def until(self, condition) -> None:
        for _ in range(1000):
            if condition():
                return
            await asyncio.sleep(0.005)
        raise AssertionError("It did not happen within 5 seconds.")

    async def run(self, count: int) -> Run:
        """The run with this number, once it has begun."""
        await self.until(lambda: len(self.engine.runs) >= count)
        assert len(self.engine.runs) == count
        return self.engine.runs[-1]

    async def heard(self, run: Run) -> None:
        """All updates of a run have come, and what follows from them at once has been done."""
        await self.until(run.updates.empty)
        for _ in range(10):
            await asyncio.sleep(0)

    async def first_pass(self, colour=GREY) -> None:
        run = self.engine.runs[-1]
        run.progress(CALLS, calls=CALLS, colour=colour)
        run.finish(colour)
        await self.until(lambda: run.closed and not self.live.busy)

    async def refined(self, colour=GREEN) -> Run:
        """Follow the painting, and refine that once it rests."""
        self.live.start()
        await self.run(1)
        await self.first_pass()
        self.clock.advance(REST)
        run = await self.run(2)
        run.finish(colour)
        await self.until(lambda: run.closed and not self.live.busy)
        return run


def one_colour(shown: EditPicture) -> tuple[int, ...] | None:
    """The colour of all of a picture, or None."""
    pixels = shown.picture.array
    return tuple(pixels[0, 0].tolist()) if (pixels == pixels[0, 0]).all() else None


@pytest.fixture
def alone(loop):
    """Run a story, an async function of an `Alone`."""

    def run(story) -> None:
        async def whole() -> None:
            alone = Alone()
            try:
                await story(alone)
            finally:
                alone.live.stop()
                await asyncio.sleep(0.01)

        loop.run_until_complete(whole())

    return run


def test_pictures_on_the_way_are_shown_no_faster_than_an_eye_follows(alone):
    async def story(alone):
        alone.live.start()
        run = await alone.run(1)
        for call, (seconds, colour) in enumerate(
            [(0, RED), (PREVIEW_INTERVAL / 2, GREEN), (PREVIEW_INTERVAL, BLUE)], 1
        ):
            alone.clock.advance(seconds)
            run.progress(call, calls=CALLS, colour=colour)
            await alone.heard(run)
        assert alone.colours == [RED, BLUE]

    alone(story)


def test_the_last_estimate_is_not_shown_as_the_picture_itself_comes_right_after_it(alone):
    async def story(alone):
        alone.live.start()
        run = await alone.run(1)
        run.progress(CALLS, calls=CALLS, colour=RED)
        await alone.heard(run)
        assert alone.shown == []
        run.finish(GREEN)
        await alone.until(lambda: alone.shown)
        assert alone.colours == [GREEN]

    alone(story)


def test_a_refinement_that_runs_is_not_started_again(alone):
    async def story(alone):
        alone.live.start()
        await alone.run(1)
        await alone.first_pass()
        alone.clock.advance(REST)
        refinement = await alone.run(2)
        push(alone.session, "Rename", alone.session.document.with_layer(alone.session.document.active, name="Else"))
        alone.live.set_in_sight(True)
        alone.clock.advance(10 * REST)
        await alone.heard(refinement)
        assert len(alone.engine.runs) == 2 and not refinement.closed
        refinement.finish(GREEN)
        await alone.until(lambda: not alone.live.busy)
        assert alone.colours == [GREY, GREEN] and alone.live.at_rest

    alone(story)


def test_of_an_edit_in_a_selection_all_of_the_picture_is_kept_and_not_what_was_pasted(alone):
    """So that what is painted later, and where, can still uncover any part of it."""

    async def story(alone):
        selection = Tiles.from_array(np.full((20, 20), 255, np.uint8), 10, 10)
        push(alone.session, "Select", alone.session.document.replace(selection=selection))
        run = await alone.refined()
        assert run.job.mask is not None and not run.job.mask.array.all()
        assert alone.colours == [GREY, GREEN]

    alone(story)


def test_of_a_part_that_is_refined_again_the_rest_is_the_picture_before(alone):
    async def story(alone):
        await alone.refined()
        paint(alone.session, Rect(0, 0, 12, 12))
        await alone.run(3)
        await alone.first_pass(RED)
        alone.clock.advance(REST)
        part = await alone.run(4)
        part.finish(BLUE)
        await alone.until(lambda: not alone.live.busy)
        picture = alone.shown[-1].picture.array
        assert tuple(picture[4, 4]) == BLUE and (picture[48:] == GREEN).all()

    alone(story)


def test_each_pass_of_a_refinement_is_shown_when_it_is_over(alone):
    async def story(alone):
        alone.live.start()
        await alone.run(1)
        await alone.first_pass()
        alone.clock.advance(REST)
        run = await alone.run(2)
        for call, (pass_index, colour) in enumerate([(1, RED), (1, GREEN), (2, RED)], CALLS + 1):
            run.progress(call, calls=CALLS + 4, pass_index=pass_index, colour=colour)
            await alone.heard(run)
        await alone.until(lambda: alone.live.busy and len(alone.shown) == 2)
        assert alone.colours == [GREY, GREEN]
        run.finish(BLUE)
        await alone.until(lambda: not alone.live.busy)
        assert alone.colours == [GREY, GREEN, BLUE]

    alone(story)


def test_with_other_settings_the_picture_before_has_no_part_in_the_new_one(alone):
    async def story(alone):
        await alone.refined()
        alone.session.set_parameters(t0=0.6)
        run = await alone.run(3)
        alone.clock.advance(PREVIEW_INTERVAL)
        run.progress(1, calls=CALLS, colour=BLUE)
        await alone.heard(run)
        assert alone.colours == [GREY, GREEN], "an estimate of it says less than what is shown"
        await alone.first_pass(RED)
        assert alone.colours == [GREY, GREEN, RED]

    alone(story)


def test_what_is_part_of_the_painting_now_is_not_followed_before_the_next_stroke(alone):
    async def story(alone):
        await alone.refined()
        alone.hold()
        paint(alone.session, Rect(0, 0, 90, 60))
        alone.settle()
        alone.clock.advance(10 * REST)
        assert len(alone.engine.runs) == 2 and alone.live.at_rest and not alone.live.busy
        paint(alone.session, Rect(0, 0, 12, 12), (255, 0, 0, 255))
        await alone.run(3)

    alone(story)


def test_what_has_become_part_of_the_painting_has_no_part_in_the_next_picture(alone):
    async def story(alone):
        await alone.refined()
        alone.hold()
        alone.settle()
        paint(alone.session, Rect(0, 0, 12, 12))
        await alone.run(3)
        await alone.first_pass(RED)
        assert alone.colours == [GREY, GREEN, RED]

    alone(story)


def test_holding_gives_up_what_runs(alone):
    async def story(alone):
        alone.live.start()
        run = await alone.run(1)
        alone.hold()
        await alone.until(lambda: run.closed)
        assert not alone.live.busy and alone.shown == []
        alone.go_on()
        assert (await alone.run(2)).job == run.job

    alone(story)


def test_what_is_not_ready_yet_when_it_is_held_is_never_shown(alone, monkeypatch):
    ready, made, make = threading.Event(), [], BasePicture.of

    def slow(*arguments):
        ready.wait(30)
        made.append(make(*arguments))
        return made[-1]

    async def story(alone):
        monkeypatch.setattr(BasePicture, "of", slow)
        alone.live.start()
        run = await alone.run(1)
        run.finish(RED)
        await alone.until(lambda: run.closed)
        alone.hold()
        ready.set()
        await alone.until(lambda: made)
        await alone.heard(run)
        await asyncio.sleep(0.02)
        assert alone.shown == []

    alone(story)


def test_what_the_engine_gave_up_is_asked_for_again(alone):
    async def story(alone):
        alone.live.start()
        first = await alone.run(1)
        first.updates.put_nowait(Cancelled(first.job))
        again = await alone.run(2)
        assert again.job == first.job
        await alone.first_pass()
        alone.clock.advance(REST)
        refinement = await alone.run(3)
        refinement.updates.put_nowait(Cancelled(refinement.job))
        assert (await alone.run(4)).job == refinement.job

    alone(story)
