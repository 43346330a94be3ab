"""Coroutines that nobody waits for, such as file access, and coroutines that wait for signals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtCore import SignalInstance


class Tasks:
    """Starts coroutines in a TaskGroup. One that fails is reported and ends alone: nobody's painting closes for it.

    `report(error)` is called with the exception. Needs a running loop.
    """

    def __init__(self, group: asyncio.TaskGroup, report: Callable[[Exception], None]) -> None:
        self._group, self._report = group, report
        self._running: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        return bool(self._running)

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        task = self._group.create_task(self._guarded(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def cancel(self) -> None:
        """End everything that still runs."""
        for task in self._running:
            task.cancel()

    async def _guarded(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except Exception as error:
            self._report(error)


class OwnTasks:
    """Coroutines that belong to one object, tell of their own failures, and end with it. Needs a running loop."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._running.add(task)  # a loop alone would not keep it alive
        task.add_done_callback(self._running.discard)
        return task

    def cancel(self) -> None:
        """End everything that still runs."""
        for task in self._running:
            task.cancel()


async def until(condition: Callable[[], bool], *signals: SignalInstance) -> None:
    """Wait until the condition holds. It is tested at once, and again after each of the signals."""
    happened = asyncio.Event()
    for signal in signals:
        signal.connect(happened.set)
    try:
        while not condition():
            happened.clear()
            await happened.wait()
    finally:
        for signal in signals:
            signal.disconnect(happened.set)
