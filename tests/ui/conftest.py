"""The look, an asyncio loop on Qt's, and what tests work on: a canvas, the generation flow, a whole window."""

from __future__ import annotations

import asyncio
import gc
import threading

import pytest
import qasync
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer
from sdedit_studio.engine.engine import Engine
from sdedit_studio.parameters import Refine
from sdedit_studio.raster.tiles import Tiles, blank
from sdedit_studio.ui.base import theme
from sdedit_studio.ui.base.clock import SYSTEM_CLOCK, Clock
from sdedit_studio.ui.base.preferences import Preferences
from sdedit_studio.ui.base.profile import Profile
from sdedit_studio.ui.base.tasks import Tasks
from sdedit_studio.ui.canvas.view import CanvasView
from sdedit_studio.ui.compare.banner import Banner
from sdedit_studio.ui.compare.compare import Compare
from sdedit_studio.ui.document.file_actions import FileActions
from sdedit_studio.ui.document.session import Session, new_document
from sdedit_studio.ui.generation.generation import Generation
from sdedit_studio.ui.generation.panel import SdeditPanel
from sdedit_studio.ui.models.dialog import ModelsDialog
from sdedit_studio.ui.models.models import Models
from sdedit_studio.ui.results.panel import ResultsPanel
from sdedit_studio.ui.results.result_actions import ResultActions
from sdedit_studio.ui.shell.window import Window
from sdedit_studio.ui.t0_strip.strip import Strip
from sdedit_studio.ui.t0_strip.view import StripView
from sdedit_studio.ui.variations.panel import VariationsRow
from sdedit_studio.ui.variations.variations import Variations
from sdedit_studio.ui.widgets.notice_bar import NoticeBar
from tests import leaks
from tests.editing.documents import painted_document
from tests.ui.fake_engine import CHURCH, SCENES, THOUSAND, WORDS, FakeEngine
from tests.ui.flow import Canvas as PlainCanvas
from tests.ui.flow import Flow
from tests.ui.pointer import HEIGHT, WIDTH, Canvas
from tests.ui.results.history import History
from tests.ui.story import Story


def painted(colour: tuple[int, int, int], width: int = 96, height: int = 64, x: int = 0, y: int = 0) -> Tiles:
    """A rectangle of one RGB colour."""
    picture = blank(width, height)
    picture[:] = (*reversed(colour), 255)
    return Tiles.from_array(picture, x, y)


@pytest.fixture(scope="session", autouse=True)
def look(qapp):
    theme.apply(qapp, theme.DARK)


@pytest.fixture(autouse=True)
def nothing_left(look):
    """A test ends what it begins: its threads and its timers. Its tasks end with the `loop`."""
    before = leaks.running()
    yield
    assert leaks.left(before) == []


@pytest.fixture
def dressed(qapp: QApplication) -> QApplication:
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)
    qapp.setQuitOnLastWindowClosed(False)  # as in the program: it would stop the loop
    theme.apply(qapp, theme.DARK)
    return qapp


def count_threads(loop: qasync.QEventLoop) -> None:
    """Have `loop.in_threads` hold the calls in a thread that are not over, for `settle`."""
    loop.in_threads = in_threads = set()
    run_in_executor = loop.run_in_executor

    def counted(*work):
        future = run_in_executor(*work)
        in_threads.add(future)
        future.add_done_callback(in_threads.discard)
        return future

    loop.run_in_executor = counted


@pytest.fixture
def loop(dressed: QApplication):
    loop = qasync.QEventLoop(dressed)
    count_threads(loop)
    asyncio.set_event_loop(loop)
    yield loop
    waiting = leaks.waiting(loop)
    loop.close()
    asyncio.set_event_loop(None)
    del loop.run_in_executor, loop
    gc.collect()  # here, since its timers cannot be freed in another thread
    assert waiting == []


@pytest.fixture
def preferences(tmp_path) -> Preferences:
    return Preferences(Profile.at(tmp_path).settings)


@pytest.fixture
def session(dressed) -> Session:
    """Four layers, the bottom one "Sky" and the top one "Land", which is active."""
    layers = [
        Layer("Sky", painted((150, 190, 230))),
        Layer("Mountains", painted((100, 105, 115), 60, 30, 10, 20)),
        Layer("Notes", painted((255, 0, 0), 8, 8), in_guide=False, visible=False),
        Layer("Land", painted((50, 80, 40), 96, 20, 0, 44)),
    ]
    return Session(Document.of(96, 64, layers))


@pytest.fixture
def canvas(qtbot):
    view = CanvasView(Session(new_document(WIDTH, HEIGHT)))
    view.resize(600, 400)
    qtbot.addWidget(view)
    with qtbot.waitExposed(view):
        view.show()
    view.actual_size()
    view.brushes.change("brush", size=12, hardness=1.0)
    view.brushes.change("eraser", size=12, hardness=1.0)
    return Canvas(view, qtbot)


@pytest.fixture
def clock() -> Clock:
    """The flow's. A module of tests that lets time pass has a `FakeClock` in its place."""
    return SYSTEM_CLOCK


@pytest.fixture
def flow(qtbot, loop, clock) -> Flow:
    session = Session(painted_document())
    session.set_parameters(t0=0.4)
    engine = FakeEngine()
    generation = Generation(session, engine, clock)
    view = PlainCanvas()
    view.resize(700, 500)
    qtbot.addWidget(view)
    compare = Compare(generation, view)
    banner = Banner(generation, compare, view)
    models = Models(session, engine)
    strip = Strip(session, generation, lambda: view.busy)
    variations = Variations(generation)
    panel = SdeditPanel(session, generation, models, StripView(session, strip), VariationsRow(variations))
    panel.resize(348, 420)
    qtbot.addWidget(panel)
    view.show()
    panel.show()
    flow = Flow(session, engine, generation, models, view, compare, banner, panel, strip, variations)
    session.notices.warned.connect(lambda *problem: flow.problems.append(problem))
    session.notices.told.connect(flow.messages.append)
    yield flow
    models.close()
    variations.close()
    strip.close()
    generation.close()
    flow.compare.close()
    loop.run_until_complete(asyncio.sleep(0.01))


@pytest.fixture
def tell(flow: Flow, loop):
    """Run a story, an async function of the flow."""
    return lambda story: loop.run_until_complete(story(flow))


@pytest.fixture
def empty_document() -> Document:
    return new_document(96, 64)


@pytest.fixture
def live(flow):
    flow.session.set_parameters(refine=Refine.OFF, seed=7)
    return flow


@pytest.fixture
def story(flow, loop, qtbot, tmp_path):
    """Run a story, an async function of a `History`."""

    def run(told) -> None:
        async def whole() -> None:
            errors: list[Exception] = []
            async with asyncio.TaskGroup() as group:
                tasks = Tasks(group, errors.append)
                notice = NoticeBar(flow.view)
                chosen = FileActions(flow.session, tasks, Preferences(Profile.at(tmp_path).settings), flow.view)
                actions = ResultActions(flow.session, flow.generation, flow.compare, chosen, tasks, notice)
                panel = ResultsPanel(flow.session, actions)
                panel.resize(348, 420)
                qtbot.addWidget(panel)
                qtbot.addWidget(notice)
                panel.show()
                await told(History(flow, actions, panel, notice, chosen, errors))
                tasks.cancel()
            for error in errors:
                raise error

        loop.run_until_complete(whole())

    return run


@pytest.fixture
def many(flow) -> Flow:
    """The flow with four models."""
    flow.engine.installed = [SCENES, CHURCH, WORDS, THOUSAND]
    flow.models._refresh()
    return flow


@pytest.fixture
def opened(flow: Flow):
    """Opens the dialog within a story."""
    flow.engine.installed = [SCENES, CHURCH, WORDS, THOUSAND]
    flow.models._refresh()

    async def open_() -> ModelsDialog:
        dialog = ModelsDialog(flow.view, flow.models)
        dialog.open()
        await flow.until(lambda: dialog.card.facts["Licence"].text() == "MIT")
        return dialog

    return open_


@pytest.fixture
def play(loop):
    """Run a story, an async function of a `Story`; a task that fails fails the test."""

    def run(story) -> None:
        errors: list[Exception] = []

        async def whole() -> None:
            async with asyncio.TaskGroup() as group:
                tasks = Tasks(group, errors.append)
                await story(Story(tasks))
                tasks.cancel()

        loop.run_until_complete(whole())
        for error in errors:
            raise error

    return run


@pytest.fixture
def show(play, session, tmp_path):
    """Run a story in a window: `show(story)` with `async def story(window, story)`."""

    def run(told, size=(1280, 860), profile=None, models=None) -> None:
        async def whole(story) -> None:
            place = profile or Profile.at(tmp_path / "profile")
            engine = Engine(models)
            window = Window(session, engine, place, Preferences(place.settings), story.tasks)
            window.resize(*size)
            window.show()
            await story.until(lambda: window.canvas.isVisible() and window._seen)
            window.activateWindow()
            window.canvas.setFocus()
            try:
                await told(window, story)
            finally:
                window.close_without_asking()
                engine.close()
                window.deleteLater()
                await story.until(lambda: not isValid(window))
                assert [thread.name for thread in threading.enumerate() if "journal" in thread.name] == []

        play(whole)

    return run
