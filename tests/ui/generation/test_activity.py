"""What is under way, and what may come of it: the whole table, and the real thing under whatever happens."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdedit_studio.editing.edit import edit_of
from sdedit_studio.engine.job import Job, Result
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.generation.activity import Activity
from sdedit_studio.ui.generation.generation import Generation
from tests.editing.documents import painted_document
from tests.ui.document.later import Later
from tests.ui.documents import paint
from tests.ui.fake_clock import FakeClock
from tests.ui.fake_engine import FakeEngine, Run

NOTHING, PREPARING, RUNNING, RESULT, LIVE = Activity

WHAT_WAITS = None
"""RESULT if one waits, else NOTHING."""

TRANSITIONS: dict[str, dict[Activity, Activity | None]] = {
    "generate": dict.fromkeys(Activity, PREPARING),
    "the guide is made": {PREPARING: RUNNING},
    "succeed": {RUNNING: RESULT},
    "fail": {PREPARING: WHAT_WAITS, RUNNING: WHAT_WAITS},
    "cancel": {PREPARING: WHAT_WAITS, RUNNING: WHAT_WAITS},
    "discard": {RESULT: NOTHING},
    "apply": {RESULT: NOTHING},
    "present": dict.fromkeys(Activity, RESULT),
    "toggle live": {NOTHING: LIVE, PREPARING: LIVE, RUNNING: LIVE, RESULT: LIVE, LIVE: NOTHING},
    "stop live": {LIVE: NOTHING},
    "open": {PREPARING: NOTHING, RUNNING: NOTHING, RESULT: NOTHING},
    "paint": {},
}
"""What each event makes of an activity. Where none is given it is refused, or makes no difference."""

FORGETS = {"discard", "toggle live", "open", "apply"}
"""After these no result waits, if they are not refused."""

STEPS = [event for event in TRANSITIONS if event != "the guide is made"]

DECLARED = {(before, after) for table in TRANSITIONS.values() for before, after in table.items()}


def declared(before: Activity, after: Activity) -> bool:
    return (before, after) in DECLARED or (before.is_run and after in (NOTHING, RESULT)) or before is after


def unchanged(job: Job) -> Result:
    return Result(job, job.guide, job.guide, 1.0, 8)


class Story:
    """A generation to which things happen. It remembers every activity that it showed."""

    def __init__(self) -> None:
        self.session = Session(painted_document(), Later(at_once=True))
        self.engine, self.clock = FakeEngine(), FakeClock()
        self.generation = Generation(self.session, self.engine, self.clock)
        self.seen = [self.generation.activity]
        self.generation.changed.connect(lambda: self.seen.append(self.generation.activity))
        self.guide_may_come = threading.Event()
        self.guide_may_come.set()

    def happen(self, event: str) -> bool:
        """Returns whether there was anything that it could happen to."""
        generation, run = self.generation, self._asked
        match event:
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
            case "toggle live":
                generation.toggle_live()
            case "stop live":
                return generation.stop_live()
            case "open":
                self.session.open(painted_document(), None)
            case "paint":
                paint(self.session, Rect(len(self.seen) % 60, 5, 9, 9), (len(self.seen) % 256, 40, 10, 255))
            case _:
                return False
        return True

    @property
    def _asked(self) -> Run | None:
        """The run that the engine is busy with, other than live mode's."""
        running = self.generation.activity is RUNNING
        return next((run for run in reversed(self.engine.runs) if not run.closed), None) if running else None

    async def settle(self) -> None:
        """Until all that is under way waits for the engine."""
        for _ in range(500):
            await asyncio.sleep(0.001)
            if self.generation.activity is not PREPARING or not self.guide_may_come.is_set():
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


async def check(it: Story, event: str) -> None:
    """Have it happen, and compare what is under way then with the table."""
    before, waited, document = it.generation.activity, it.generation.result is not None, it.session.document
    happened = it.happen(event)
    it.guide_may_come.set()
    await it.settle()
    expected = TRANSITIONS[event].get(before, before) if happened else before
    if expected is PREPARING:
        expected = TRANSITIONS["the guide is made"][PREPARING]
    waits = waited and not (happened and event in FORGETS and (event != "apply" or before is RESULT))
    expected = expected or (RESULT if waits else NOTHING)
    now = it.generation.activity
    assert (now, it.generation.result is not None) == (expected, waits or expected is RESULT), (event, before)
    assert it.generation.can_apply == (now is RESULT or (now is LIVE and it.generation.shown is not None))
    assert event in ("apply", "open", "paint") or it.session.document is document
    assert sum(not run.closed for run in it.engine.runs) in {RUNNING: (1,), LIVE: (0, 1)}.get(now, (0,))


PATHS = {
    "nothing": [],
    "preparing": ["hold the guide", "generate"],
    "running": ["generate"],
    "a result": ["generate", "succeed"],
    "preparing while a result waits": ["generate", "succeed", "hold the guide", "generate"],
    "running while a result waits": ["generate", "succeed", "generate"],
    "live": ["toggle live"],
}


@pytest.mark.parametrize("event", STEPS)
@pytest.mark.parametrize("path", PATHS)
def test_every_event_makes_what_the_table_says(qapp, path, event):
    async def story(it: Story) -> None:
        for step in PATHS[path]:
            it.happen(step)
            await it.settle()
        await check(it, event)

    told(story)


LIKELY = st.sampled_from([*STEPS, "generate", "generate", "succeed", "succeed"])


@settings(max_examples=30)
@given(events=st.lists(LIKELY, min_size=5, max_size=20))
def test_every_course_of_events_makes_what_the_table_says(qapp, events):
    async def story(it: Story) -> None:
        for event in events:
            await check(it, event)

    told(story)


@settings(max_examples=60)
@given(events=st.lists(st.tuples(LIKELY, st.sampled_from([0, 0.002, None])), max_size=20))
def test_nothing_undeclared_is_shown_however_events_crowd(qapp, events):
    async def story(it: Story) -> None:
        for event, pause in events:
            it.happen(event)
            await (it.settle() if pause is None else asyncio.sleep(pause))
        await it.settle()
        assert all(declared(before, after) for before, after in pairwise(it.seen)), it.seen
        assert it.generation.activity is not PREPARING

    told(story)


def test_only_a_run_can_be_cancelled():
    assert [each for each in Activity if each.is_run] == [PREPARING, RUNNING]
