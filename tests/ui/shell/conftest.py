"""An asyncio loop on Qt's, a dressed application, and a profile of the test's own."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
import qasync
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLineEdit, QWidget
from shiboken6 import isValid

from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer
from sdedit_studio.engine.engine import Engine
from sdedit_studio.raster.tiles import Tiles, blank
from sdedit_studio.ui.base import theme
from sdedit_studio.ui.base.preferences import Preferences
from sdedit_studio.ui.base.profile import Profile
from sdedit_studio.ui.base.tasks import Tasks
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.shell.window import Window


def painted(colour: tuple[int, int, int], width: int = 96, height: int = 64, x: int = 0, y: int = 0) -> Tiles:
    """A rectangle of one RGB colour."""
    picture = blank(width, height)
    picture[:] = (*reversed(colour), 255)
    return Tiles.from_array(picture, x, y)


@pytest.fixture
def dressed(qapp: QApplication) -> QApplication:
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)
    qapp.setQuitOnLastWindowClosed(False)  # as in the program: it would stop the loop
    theme.apply(qapp, theme.DARK)
    return qapp


@pytest.fixture
def loop(dressed: QApplication):
    loop = qasync.QEventLoop(dressed)
    asyncio.set_event_loop(loop)
    yield loop
    loop.close()
    asyncio.set_event_loop(None)


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


async def until(condition, seconds: float = 5.0) -> None:
    """Let the loop run until something is so."""
    for _ in range(round(seconds / 0.01)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"It did not happen within {seconds} seconds.")


class Story:
    """What an async test has at hand."""

    def __init__(self, tasks: Tasks) -> None:
        self.tasks = tasks

    until = staticmethod(until)

    async def appears(self, parent: QWidget, kind: type[QDialog]) -> QDialog:
        """The dialog of this kind that opens over `parent`."""
        await until(lambda: any(dialog.isVisible() for dialog in parent.findChildren(kind)))
        return next(dialog for dialog in parent.findChildren(kind) if dialog.isVisible())

    async def gone(self, dialog: QDialog) -> None:
        await until(lambda: not isValid(dialog) or not dialog.isVisible())

    async def file_chosen(self, parent: QWidget, path: Path) -> None:
        """Type a path into the file dialog and press Enter."""
        dialog = await self.appears(parent, QFileDialog)
        field = dialog.findChild(QLineEdit, "fileNameEdit")
        field.setText(str(path))
        QTest.keyClick(field, Qt.Key.Key_Return)
        await self.gone(dialog)


@pytest.fixture
def tell(loop):
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
def show(tell, session, tmp_path):
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

        tell(whole)

    return run
