"""Whatever is painted, computed, saved, opened and closed at once, nothing painted is lost that nobody gave up."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PySide6.QtWidgets import QWidget

from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer
from sdedit_studio.document.results import Results
from sdedit_studio.parameters import Parameters
from sdedit_studio.ui.base.preferences import Preferences
from sdedit_studio.ui.document import file_actions
from sdedit_studio.ui.document.file_actions import CANCEL, DO_NOT_SAVE, SAVE, FileActions
from sdedit_studio.ui.document.session import Session
from tests.ui.document.later import Later

WIDTH = 64
"""Each pixel that is painted has a column of its own."""


def empty() -> Document:
    return Document.of(WIDTH, 1, [Layer("Layer 1")])


def strokes_in(document: Document) -> set[int]:
    painted = set()
    for layer in document.layers:
        painted |= set(np.flatnonzero(layer.pixels.read(document.bounds)[0, :, 3]))
    return painted


class Disk:
    """Reads and writes when a test says so."""

    def __init__(self) -> None:
        self.saved: dict[str, Document] = {}
        self._waiting: list[asyncio.Event] = []

    async def to_thread(self, work, *arguments):
        may = asyncio.Event()
        self._waiting.append(may)
        await may.wait()
        return work(*arguments)

    def finish(self) -> bool:
        if self._waiting:
            self._waiting.pop(0).set()
            return True
        return False


class Person:
    """Paints, saves, opens and quits, and answers questions. `lost`: strokes that went without a question."""

    def __init__(self, disk: Disk, preferences: Preferences, window: QWidget, folder: Path) -> None:
        self.disk, self.later, self._folder = disk, Later(), folder
        self.session = Session(empty(), self.later)
        self.files = FileActions(self.session, SimpleNamespace(start=self._start), preferences, window)
        self.files.ask_what_to_do = self._ask
        self.files.ask_path = self._path
        self.given_up: set[int] = set()
        self.lost: set[int] = set()
        self.closed = False
        self._count = 0
        self._tasks: set[asyncio.Task] = set()
        self._questions: list[tuple[asyncio.Future, set[int]]] = []
        self._gesture = None
        self._down = False
        replace = self.session._replace

        def replaced(document: Document, *, saved: bool) -> None:
            self._look_for_losses()
            replace(document, saved=saved)

        self.session._replace = replaced

    def _start(self, work) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _look_for_losses(self) -> None:
        kept = set().union(*map(strokes_in, self.disk.saved.values()), self.given_up)
        self.lost |= strokes_in(self.session.document) - kept

    async def _path(self, *_arguments, **_options) -> Path:
        return self._folder / "mine.ora"

    async def _ask(self) -> str:
        question = asyncio.get_running_loop().create_future()
        self._questions.append((question, strokes_in(self.session.document)))
        return await question

    def answer(self, what: str) -> bool:
        if not self._questions:
            return False
        question, about = self._questions.pop(0)
        if what == DO_NOT_SAVE:
            self.given_up |= about
        question.set_result(what)
        return True

    def press(self) -> None:
        if not self._down:
            self._down = True
            self.session.in_turn(self._begin, changes=False)

    def _begin(self) -> None:
        self.session.set_pen_down(True)
        self._gesture = self.session.begin("Stroke", self._settle)
        self.move()
        if not self._down:
            self._lift()

    def move(self) -> None:
        """Paint one more pixel, if the pen is down and has its turn."""
        if self._gesture is not None:
            document, column = self.session.document, self._count % WIDTH
            self._count += 1
            pixel = np.full((1, 1, 4), 255, np.uint8)
            self._gesture.show(document.with_pixels(document.active_layer.pixels.with_array(pixel, column, 0)))

    def lift(self) -> None:
        if self._down:
            self._down = False
            if self.session.pen_down:
                self._lift()

    def _lift(self) -> None:
        self._settle()
        self.session.set_pen_down(False)

    def _settle(self) -> None:
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.commit()

    async def _quit(self) -> None:
        if await self.files.may_leave():
            self._look_for_losses()
            self.closed = True

    async def do(self, action: str) -> None:
        match action:
            case "press":
                self.press()
            case "move":
                self.move()
            case "lift":
                self.lift()
            case "stroke":
                self.press()
                self.lift()
            case "add a layer":
                self.session.change("Add layer", lambda document: document.inserted(Layer("New")))
            case "save":
                self.files.save()
            case "open":
                self.files.open_path(self._folder / "other.png")
            case "recover":
                left = SimpleNamespace(load=lambda: (empty(), Parameters()), load_results=lambda _: Results())
                left.original = None
                self.files.recover(left, lambda: None)
            case "quit":
                self._start(self._quit())
            case "compute":
                self.later.finish()
            case "disk":
                self.disk.finish()
            case _:
                self.answer(action)
        for _ in range(6):
            await asyncio.sleep(0)

    async def end(self) -> None:
        """Until everything that was asked for is done."""
        self.lift()
        while self._tasks or self.session.busy:
            for action in ("compute", "disk", SAVE):
                await self.do(action)


ENDS = ("compute", "compute", "disk", "disk", SAVE, DO_NOT_SAVE, CANCEL)

ACTIONS = st.sampled_from(
    ("press", "move", "lift", "stroke", "stroke", "add a layer", "save", "open", "recover", "quit", *ENDS)
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(["press", "open", DO_NOT_SAVE, "disk", "move", "lift"])
@given(st.lists(ACTIONS, max_size=30))
def test_nothing_painted_is_lost_that_nobody_gave_up(dressed, preferences, tmp_path, monkeypatch, actions):
    disk = Disk()
    shim = SimpleNamespace(to_thread=disk.to_thread, Lock=asyncio.Lock)
    with monkeypatch.context() as patch:
        patch.setattr(file_actions, "asyncio", shim)
        patch.setattr(file_actions, "read", lambda path: (empty(), None, Results(), []))
        patch.setattr(
            file_actions,
            "openraster",
            SimpleNamespace(
                save=lambda path, document, *_: disk.saved.__setitem__(path.name + str(id(document)), document)
            ),
        )
        window = QWidget()

        async def story() -> None:
            person = Person(disk, preferences, window, tmp_path)
            for action in actions:
                if person.closed:
                    break
                await person.do(action)
            if not person.closed:
                await person.end()
            assert person.lost == set()

        asyncio.run(asyncio.wait_for(story(), 2))
        window.deleteLater()
