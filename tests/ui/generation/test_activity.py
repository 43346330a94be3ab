"""The real generation under whatever happens: what is under way is what the table makes of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdedit_studio.editing.edit import edit_of
from sdedit_studio.engine.job import Job, Result
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.generation.activity import Activity, Event
from sdedit_studio.ui.generation.generation import Generation
from tests.editing.documents import painted_document
from tests.ui.document.later import Later
from tests.ui.documents import paint
from tests.ui.fake_clock import FakeClock
from tests.ui.fake_engine import FakeEngine, Run

STEPS: dict[str, tuple[Event, ...]] = {
    "generate": (Event.CANCELLED, Event.LIVE_OFF, Event.ASKED),
    "succeed": (Event.SUCCEEDED,),
    "fail": (Event.FAILED,),
    "cancel": (Event.CANCELLED,),
    "discard": (Event.DISCARDED,),
    "apply": (Event.APPLY, Event.APPLIED),
    "present": (Event.CANCELLED, Event.LIVE_OFF, Event.PRESENTED),
    "start live": (Event.CANCELLED, Event.DISCARDED, Event.LIVE_ON),
    "stop live": (Event.LIVE_OFF,),
    "open": (Event.REPLACED,),
    "paint": (),
}
"""What a person or the engine does, and the events that come of it until everything waits for the engine."""


def unchanged(job: Job) -> Result:
    return Result(job, job.guide, job.guide, 1.0, 8)


class Story:
    """A generation to which things happen. It notices whenever what is under way is not what there is."""

    def __init__(self) -> None:
        self.session = Session(painted_document(), Later(at_once=True))
        self.engine, self.clock = FakeEngine(), FakeClock()
        self.generation = Generation(self.session, self.engine, self.clock)
        self.wrong: list[Activity] = []
        self.strokes = 0
        self.generation.changed.connect(self._changed)
        self.guide_may_come = threading.Event()
        self.guide_may_come.set()

    def _changed(self) -> None:
        generation, underway = self.generation, self.generation.underway
        waits, running = generation.result is not None, generation._run is not None
        if waits != (Activity.RESULT in underway) or running != underway.running:
            self.wrong.append(generation.activity)

    def happen(self, step: str) -> bool:
        """Returns whether there was anything that it could happen to."""
        generation, run = self.generation, self._asked
        match step:
            case "hold the guide":
                self.guide_may_come.clear()
            case "generate":
                parameters = self.session.parameters
                generation.start(
                    lambda document, revision: self.guide_may_come.wait(5) and edit_of(document, parameters, revision)
                )
            case "succeed" if run is not None:
                run.updates.put_nowait(unchanged(run.job))
            case "fail" if run is not None:
                run.fail("There is not enough memory.")
            case "cancel":
                return generation.cancel()
            case "discard":
                return generation.discard()
            case "apply":
                return generation.apply()
            case "present":
                edit = edit_of(self.session.document, self.session.parameters, 0)
                generation.present(edit, unchanged(edit.job))
            case "start live" if not generation.live.on:
                generation.toggle_live()
            case "stop live":
                return generation.stop_live()
            case "open":
                self.session.open(painted_document(), None)
            case "paint":
                self.strokes += 1
                paint(self.session, Rect(self.strokes % 60, 5, 9, 9), (self.strokes % 256, 40, 10, 255))
            case _:
                return False
        return True

    @property
    def _asked(self) -> Run | None:
        """The run that the engine is busy with, other than live mode's."""
        running = Activity.RUNNING in self.generation.underway
        return next((run for run in reversed(self.engine.runs) if not run.closed), None) if running else None

    async def settle(self) -> None:
        """Until all that is under way waits for the engine."""
        for _ in range(500):
            await asyncio.sleep(0.001)
            if Activity.PREPARING not in self.generation.underway or not self.guide_may_come.is_set():
                break
        await self.session.until_settled()
        for _ in range(5):
            await asyncio.sleep(0)

    async def close(self) -> None:
        self.guide_may_come.set()
        self.generation.close()
        await asyncio.sleep(0)


def told(story: Callable[[Story], Awaitable[None]]) -> None:
    async def whole() -> None:
        of = Story()
        await story(of)
        await of.close()

    asyncio.run(whole())


async def check(it: Story, step: str) -> None:
    """Have it happen, and compare what is under way then with what the table makes of it."""
    generation, document = it.generation, it.session.document
    expected = deepcopy(generation.underway)
    happened = it.happen(step)
    it.guide_may_come.set()
    await it.settle()
    for event in STEPS[step] if happened else ():
        expected.happen(event)
    expected.happen(Event.GUIDE_MADE)
    assert generation.underway == expected, step
    picture_waits = Activity.LIVE in expected and generation.shown is not None
    assert generation.can_apply == (expected.waits or picture_waits)
    assert step in ("apply", "open", "paint") or it.session.document is document
    with_the_engine = sum(not run.closed for run in it.engine.runs)
    assert with_the_engine in ((0, 1) if Activity.LIVE in expected else (int(expected.running),))
    assert it.wrong == []


PATHS = {
    "nothing": [],
    "preparing": ["hold the guide", "generate"],
    "running": ["generate"],
    "a result": ["generate", "succeed"],
    "preparing while a result waits": ["generate", "succeed", "hold the guide", "generate"],
    "running while a result waits": ["generate", "succeed", "generate"],
    "live": ["start live"],
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("path", PATHS)
def test_every_step_makes_what_the_table_says(qapp, path, step):
    async def story(it: Story) -> None:
        for before in PATHS[path]:
            it.happen(before)
            await it.settle()
        await check(it, step)

    told(story)


LIKELY = st.sampled_from([*STEPS, "generate", "generate", "succeed", "succeed"])


@settings(max_examples=30)
@given(steps=st.lists(LIKELY, min_size=5, max_size=20))
def test_every_course_of_steps_makes_what_the_table_says(qapp, steps):
    async def story(it: Story) -> None:
        for step in steps:
            await check(it, step)

    told(story)


@settings(max_examples=60)
@given(steps=st.lists(st.tuples(LIKELY, st.sampled_from([0, 0.002, None])), max_size=20))
def test_what_is_under_way_is_what_there_is_however_steps_crowd(qapp, steps):
    async def story(it: Story) -> None:
        for step, pause in steps:
            it.happen(step)
            await (it.settle() if pause is None else asyncio.sleep(pause))
        await it.settle()
        assert it.wrong == []
        assert Activity.PREPARING not in it.generation.underway and Activity.APPLYING not in it.generation.underway

    told(story)
