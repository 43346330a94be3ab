"""What a test must not leave behind: threads that run, timers that tick, asyncio tasks that wait."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from typing import ClassVar
from weakref import WeakSet

from PySide6 import QtCore
from shiboken6 import isValid

GRACE = 5.0
"""Seconds in which a thread whose work is over may end, on a busy machine."""


class Timer(QtCore.QTimer):
    """A QTimer that can be found again."""

    made: ClassVar[WeakSet[Timer]] = WeakSet()

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        Timer.made.add(self)


def watch_timers() -> None:
    """Find every timer of the modules that are imported from now on."""
    QtCore.QTimer = Timer


def running() -> set[object]:
    """The threads and timers that run now."""
    ticking = {timer for timer in Timer.made if isValid(timer) and timer.isActive()}
    return {*threading.enumerate(), *ticking}


def left(before: set[object]) -> list[str]:
    """What has begun to run since `before` and does not end, described."""
    QtCore.QCoreApplication.sendPostedEvents(None, QtCore.QEvent.Type.DeferredDelete)
    if running() - before:
        gc.collect()
    deadline = time.monotonic() + GRACE
    while (more := running() - before) and time.monotonic() < deadline:
        QtCore.QCoreApplication.processEvents()  # what a thread has made is handed over
        time.sleep(0.01)
    return [f"a timer of {one.parent()!r}" if isinstance(one, Timer) else repr(one) for one in more]


def waiting(loop: asyncio.AbstractEventLoop) -> list[str]:
    """The tasks of a loop that do not end, described."""
    tasks = asyncio.all_tasks(loop)
    if tasks:
        _, tasks = loop.run_until_complete(asyncio.wait(tasks, timeout=GRACE))
    return [repr(task) for task in tasks]
