"""The studio as a person starts it, for a story to be played in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import qasync
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QApplication

from sdedit_studio.engine.engine import Engine
from sdedit_studio.ui.base import theme
from sdedit_studio.ui.base.preferences import Preferences
from sdedit_studio.ui.base.profile import Profile
from sdedit_studio.ui.base.tasks import Tasks
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.shell.window import Window
from tests.stories.hand import Hand

Story = Callable[[Hand], Awaitable[None]]


def perform(story: Story, folder: Path, *, model: bool = True, engine: Engine | None = None) -> None:
    """Open a window on a fresh profile in `folder`, play, and close it.

    `model`: start the engine too; `engine`: another one than the studio's own.
    """
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    app.setQuitOnLastWindowClosed(False)
    theme.apply(app, theme.DARK)
    loop = qasync.QEventLoop(app)
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(_play(story, Profile.at(folder), engine or Engine(), model=model))
    finally:
        loop.close()
        asyncio.set_event_loop(None)


async def _play(story: Story, profile: Profile, engine: Engine, *, model: bool) -> None:
    failures = list[Exception]()
    try:
        async with asyncio.TaskGroup() as group:
            tasks = Tasks(group, failures.append)
            window = Window(Session(), engine, profile, Preferences(profile.settings), tasks)
            window.show()
            await window.painted()
            if model:
                engine.start(window.session.parameters.model)
            await story(Hand(window))
            window.close_without_asking()
            tasks.cancel()
    finally:
        engine.close()
    for failure in failures:
        raise failure
