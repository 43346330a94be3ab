"""A follower: what it notices, when it says that the painting has rested, and its one task."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QObject

from sdedit_studio.editing.live_pictures import picture_dependencies
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.generation.follower import Follower
from tests.editing.documents import painted, painted_document
from tests.ui.documents import push
from tests.ui.fake_clock import FakeClock


class Followed:
    """A follower of a small painting, with all that it says."""

    def __init__(self) -> None:
        self.session = Session(painted_document())
        self.clock = FakeClock()
        self.on, self.pen = True, False
        self.said: list[str | tuple[str, str]] = []
        self.then: dict[str, Callable[[], object]] = {}
        self._owner = QObject()
        self.follower = Follower(
            self._owner,
            self.session,
            self._depends_on,
            changed=partial(self._say, "changed"),
            replaced=partial(self._say, "replaced"),
            rested=partial(self._say, "rested"),
            ended=partial(self._say, "ended"),
            failed=lambda sentence, details: self.said.append((sentence, details[:9])),
            clock=self.clock,
            pen_down=lambda: self.pen,
        )
        self.follower.check_for_change()
        self.said.clear()

    def _say(self, what: str) -> None:
        self.said.append(what)
        self.then.get(what, lambda: None)()

    def _depends_on(self) -> object | None:
        return picture_dependencies(self.session.document, self.session.parameters) if self.on else None

    def heard(self) -> list[str | tuple[str, str]]:
        said, self.said = self.said, []
        return said

    def paint(self, x: int = 0) -> None:
        push(self.session, "Brush", painted(self.session.document, Rect(x, 0, 5, 5)))


@pytest.fixture
def followed(qapp) -> Followed:
    return Followed()


def test_a_change_of_what_it_depends_on_is_noticed_once_and_no_other(followed):
    session = followed.session
    followed.paint()
    assert followed.heard() == ["changed"]
    push(session, "Select", session.document.replace(selection=Tiles(1)))
    assert followed.heard() == ["changed"]
    push(session, "Keep out", session.document.with_layer(session.document.active, in_guide=False))
    assert followed.heard() == ["changed"]
    session.set_parameters(t0=0.9)
    assert followed.heard() == ["changed"]
    push(session, "Rename", session.document.with_layer(session.document.active, name="Clouds"))
    session.set_colours((1, 2, 3))
    followed.paint()
    followed.follower.check_for_change()
    assert followed.heard() == []


def test_another_document_is_a_change_even_where_it_looks_the_same(followed):
    followed.session.open(followed.session.document, None)
    assert followed.heard() == ["replaced", "changed"]


def test_it_notices_nothing_while_nothing_is_followed(followed):
    followed.on = False
    followed.paint()
    followed.session.open(painted_document(), None)
    assert followed.heard() == ["replaced"]
    followed.on = True
    followed.follower.check_for_change()
    assert followed.heard() == ["changed"]
    followed.follower.assume_changed()
    followed.follower.forget()
    followed.follower.check_for_change()
    assert followed.heard() == ["changed", "changed"]


def test_a_rest_begins_again_with_each_call_and_waits_for_the_pen(followed):
    follower, clock = followed.follower, followed.clock
    follower.rest(1.0)
    clock.advance(0.9)
    follower.rest(1.0)
    clock.advance(0.9)
    assert follower.resting and followed.heard() == []
    clock.advance(0.2)
    assert not follower.resting and followed.heard() == ["rested"]
    followed.pen = True
    follower.rest(1.0)
    clock.advance(3.5)
    assert follower.resting and followed.heard() == []
    followed.pen = False
    clock.advance(0.6)
    assert followed.heard() == ["rested"]
    follower.rest(1.0)
    follower.withdraw()
    clock.advance(2.0)
    assert followed.heard() == []


class Work:
    """A task that goes on until it is told to end."""

    def __init__(self) -> None:
        self.fate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.begun = self.over = False

    async def run(self) -> None:
        self.begun = True
        try:
            await self.fate
        finally:
            self.over = True


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_a_task_ends_by_itself_or_is_withdrawn(followed):
    async def story():
        follower = followed.follower
        one, two = Work(), Work()
        follower.start(one.run, "No.")
        await settled()
        assert one.begun and follower.working
        follower.start(two.run, "No.")
        await settled()
        assert one.over and not two.over and follower.working and followed.heard() == []
        two.fate.set_result(None)
        await settled()
        assert two.over and not follower.working and followed.heard() == ["ended"]
        follower.start(Work().run, "No.")
        follower.withdraw()
        follower.start(Work().run, "No.")
        await settled()
        follower.withdraw()
        await settled()
        assert not follower.working and followed.heard() == []

    asyncio.run(story())


def test_a_failure_is_told_before_the_end(followed):
    async def story():
        work = Work()
        followed.follower.start(work.run, "It could not be made.")
        work.fate.set_exception(RuntimeError("What went wrong."))
        await settled()
        assert followed.heard() == [("It could not be made.", "Traceback"), "ended"]
        assert not followed.follower.working

    asyncio.run(story())


def test_what_its_end_begins_goes_on(followed):
    async def story():
        one, two = Work(), Work()
        followed.then["ended"] = lambda: None if two.begun else followed.follower.start(two.run, "No.")
        followed.follower.start(one.run, "No.")
        one.fate.set_result(None)
        await settled()
        assert followed.follower.working and two.begun
        two.fate.set_result(None)
        await settled()
        assert not followed.follower.working and followed.heard() == ["ended", "ended"]

    asyncio.run(story())


def test_a_task_that_starts_another_in_its_own_place_does_not_end_it(followed):
    async def story():
        two = Work()

        async def one() -> None:
            followed.follower.start(two.run, "No.")

        followed.follower.start(one, "No.")
        await settled()
        assert two.begun and followed.follower.working and followed.heard() == []
        followed.follower.withdraw()
        await settled()

    asyncio.run(story())


EVENTS = st.lists(st.sampled_from(["start", "withdraw", "end", "fail", "rest", "wait", "press", "lift"]), max_size=25)


@given(events=EVENTS)
def test_at_most_one_task_runs_and_no_rest_is_over_too_soon_or_under_the_pen(qapp, events):
    async def story():
        followed, works, rested, begun = Followed(), [], [], [0.0]
        follower, clock = followed.follower, followed.clock
        followed.then["rested"] = lambda: rested.append((clock.now() - begun[-1], followed.pen))
        for event in events:
            running = [work for work in works if not work.over]
            match event:
                case "start":
                    works.append(Work())
                    follower.start(works[-1].run, "No.")
                case "withdraw":
                    follower.withdraw()
                case "end" | "fail" if running and not running[-1].fate.done():
                    fate = running[-1].fate
                    fate.set_result(None) if event == "end" else fate.set_exception(RuntimeError())
                case "rest":
                    follower.rest(1.0)
                    begun.append(clock.now())
                case "wait":
                    clock.advance(0.4)
                case "press" | "lift":
                    followed.pen = event == "press"
            await settled()
            assert sum(work.begun and not work.over for work in works) == follower.working
            assert all(seconds >= 0.999 and not pen for seconds, pen in rested)
        follower.withdraw()

    asyncio.run(story())
