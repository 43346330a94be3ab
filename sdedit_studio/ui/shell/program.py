"""The program around the window: Qt, the asyncio loop, the engine, the log, and how all of it ends."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import qasync
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from sdedit_studio import __version__
from sdedit_studio.document.edits import fill
from sdedit_studio.engine.engine import Engine
from sdedit_studio.engine.job import Phase
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.selection import rectangle
from sdedit_studio.ui.base import log, theme
from sdedit_studio.ui.base.preferences import Preferences
from sdedit_studio.ui.base.profile import Profile
from sdedit_studio.ui.base.tasks import Tasks
from sdedit_studio.ui.document.session import Session, new_document
from sdedit_studio.ui.generation.activity import Activity
from sdedit_studio.ui.shell.window import Window

SWITCH_SECONDS = 0.0005
"""How often Python lets another thread in: short, so that the model's thread never holds up a stroke (measured)."""

SMOKE_SECONDS = 120
SMOKE_SIZE, SKY = (96, 64), (120, 170, 220)
"""Pixels of the canvas that it paints on, and what it paints."""


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
    # Every sample of a stroke counts, so none may be merged with the next; the X11 platform asks for that as it starts.
    app.setAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents, False)
    app.setQuitOnLastWindowClosed(False)  # the loop ends it, after everything has been put away
    preferences = Preferences(profile.settings)
    theme.apply(app, theme.named(preferences.theme))
    try:
        return qasync.run(main(files, profile, preferences, smoke=smoke))
    finally:
        preferences.sync()
        log.stop()


async def main(files: Sequence[Path], profile: Profile, preferences: Preferences, *, smoke: bool) -> int:
    session, engine, closed = Session(), Engine(), asyncio.Event()

    def report(error: BaseException) -> None:
        session.notices.warn("Something went wrong here. Your painting is still open; save it.", log.details(error))

    def report_task(error: Exception) -> None:
        log.LOG.error("A task failed\n%s", log.details(error))
        report(error)

    release = log.catch_all(report)
    code = 0
    try:
        async with asyncio.TaskGroup() as group:
            tasks = Tasks(group, report_task)
            window = Window(session, engine, profile, preferences, tasks)
            window.closed.connect(closed.set)
            window.show()
            await window.painted()
            engine.start(session.parameters.model)
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
    try:
        await asyncio.wait_for(_edit_once(window), SMOKE_SECONDS)
    except (TimeoutError, RuntimeError) as error:
        log.LOG.error("The smoke test failed: %s", error or "it took too long")
        return 1
    return 0


async def _edit_once(window: Window) -> None:
    session, generation = window.session, window.generation
    blank = new_document(*SMOKE_SIZE)
    upper_half = rectangle(Rect(0, 0, SMOKE_SIZE[0], SMOKE_SIZE[1] // 2), blank.bounds)
    session.open(fill(blank.replace(selection=upper_half), SKY).replace(selection=None), None)
    session.set_parameters(calls=2, seed=1)
    while generation.status.phase is Phase.WARMING_UP:
        await asyncio.sleep(0.05)
    generation.generate()
    while generation.activity is not Activity.RESULT:
        if generation.activity is Activity.NOTHING:
            raise RuntimeError("the edit ended without a result")
        await asyncio.sleep(0.05)
    painted = session.document
    generation.apply()
    while session.document is painted:
        await asyncio.sleep(0.05)
