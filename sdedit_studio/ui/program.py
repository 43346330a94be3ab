"""The program around the window: Qt, the asyncio loop, the engine, the log, and how all of it ends."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

import qasync
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from sdedit_studio import __version__
from sdedit_studio.engine.engine import Engine
from sdedit_studio.engine.job import Phase
from sdedit_studio.ui import log, theme
from sdedit_studio.ui.generation import State
from sdedit_studio.ui.preferences import Preferences
from sdedit_studio.ui.profile import Profile
from sdedit_studio.ui.studio import Studio, new_document
from sdedit_studio.ui.tasks import Tasks
from sdedit_studio.ui.window import Window

SWITCH_SECONDS = 0.0005
"""How often Python lets another thread in: short, so that the model's thread never holds up a stroke (measured)."""

SMOKE_SECONDS = 120
SMOKE_SIZE = (96, 64)
"""Pixels of the canvas that it paints on."""


def run(files: Sequence[Path], profile_folder: Path | None, *, smoke: bool) -> int:
    """Open the studio; returns the exit code."""
    sys.setswitchinterval(SWITCH_SECONDS)
    profile = Profile.at(profile_folder) if profile_folder else Profile.of_user()
    log.start(profile.logs)
    log.LOG.info("SDEdit Studio %s on Python %s", __version__, sys.version.split()[0])
    QCoreApplication.setApplicationName("SDEdit Studio")
    QGuiApplication.setDesktopFileName("sdedit-studio")
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setQuitOnLastWindowClosed(False)  # the loop ends it, after everything has been put away
    preferences = Preferences(profile.settings)
    theme.apply(app, theme.THEMES.get(preferences.theme, theme.DARK))
    try:
        return qasync.run(main(files, profile, preferences, smoke=smoke))
    finally:
        preferences.sync()
        log.stop()


async def main(files: Sequence[Path], profile: Profile, preferences: Preferences, *, smoke: bool) -> int:
    studio, engine, closed = Studio(), Engine(), asyncio.Event()

    def report(error: BaseException) -> None:
        studio.problem.emit("Something went wrong here. Your painting is still open; save it.", log.details(error))

    def report_task(error: Exception) -> None:
        log.LOG.error("A task failed\n%s", log.details(error))
        report(error)

    release = log.catch_all(report)
    code = 0
    try:
        async with asyncio.TaskGroup() as group:
            tasks = Tasks(group, report_task)
            window = Window(studio, engine, profile, preferences, tasks)
            window.closed.connect(closed.set)
            window.show()
            await window.painted()
            engine.start(studio.parameters.model)
            if smoke:
                code = await _smoke(window)
                window.close_without_asking()
            else:
                window.begin(files)
            await closed.wait()
            tasks.cancel()
    finally:
        release()
        engine.close()
    return code


async def _smoke(window: Window) -> int:
    """Wait for the model, make one small edit and apply it. Returns 0 if that worked."""
    studio, generation = window.studio, window.generation
    studio.open(new_document(*SMOKE_SIZE), None)
    studio.set_parameters(calls=2, seed=1)
    layers = len(studio.document.layers)

    async def edit() -> None:
        while generation.status.phase is Phase.WARMING_UP:
            await asyncio.sleep(0.05)
        generation.generate()
        while generation.state is not State.RESULT:
            if generation.state is State.IDLE:
                raise RuntimeError("The edit ended without a result.")
            await asyncio.sleep(0.05)
        generation.apply()
        while len(studio.document.layers) == layers:
            await asyncio.sleep(0.05)

    with contextlib.suppress(TimeoutError, RuntimeError):
        await asyncio.wait_for(edit(), SMOKE_SECONDS)
        return 0
    return 1
