"""A follower reacts to changes of the painting: it notices them, waits for a pause, and runs one task at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtCore import QObject

from sdedit_studio.ui.base.clock import SYSTEM_CLOCK, Clock
from sdedit_studio.ui.base.notices import report_failure
from sdedit_studio.ui.document.session import Session


def _nothing() -> None:
    pass


def _up() -> bool:
    return False


class Follower(QObject):
    """Follows the painting of a session for its owner.

    `depends_on`: returns the values that the owner's work depends on, or None while it follows nothing. It is called at
    every pen event, so it must be fast: it returns objects to be compared, and reads no pixels. `pen_down`: returns
    whether a gesture is in progress; a rest lasts at least until it is over.

    Callbacks: `changed()` when `depends_on` returns another value; `replaced()`, right before `changed`, when another
    document was opened or the canvas size changed; `rested()` when a rest is over; `ended()` when the task has ended,
    unless it was withdrawn; `failed(sentence, details)`, before `ended`, when the task raised an exception. Without
    `failed`, a warning is shown.
    """

    def __init__(
        self,
        owner: QObject,
        session: Session,
        depends_on: Callable[[], object | None],
        *,
        changed: Callable[[], None],
        replaced: Callable[[], None] = _nothing,
        rested: Callable[[], None] = _nothing,
        ended: Callable[[], None] = _nothing,
        failed: Callable[[str, str], None] | None = None,
        clock: Clock = SYSTEM_CLOCK,
        pen_down: Callable[[], bool] = _up,
    ) -> None:
        super().__init__(owner)
        self._depends_on, self._pen_down = depends_on, pen_down
        self._changed, self._replaced, self._rested, self._ended = changed, replaced, rested, ended
        self._failed = failed or session.notices.warn
        self._known: object | None = None
        self._task: asyncio.Task[None] | None = None
        self._rest = 0.0
        self._timer = clock.timer(self._rest_over)
        for signal in (
            session.document_changed,
            session.selection_changed,
            session.layers_changed,
            session.parameters_changed,
        ):
            signal.connect(self.check_for_change)
        session.document_replaced.connect(self._start_over)

    @property
    def resting(self) -> bool:
        """Whether a rest has begun and is not over."""
        return self._timer.running

    @property
    def working(self) -> bool:
        """Whether a task is under way."""
        return self._task is not None

    def check_for_change(self) -> None:
        """Call `changed` if `depends_on` has another value. The session's signals do this by themselves."""
        now = self._depends_on()
        if now is not None and now != self._known:
            self._known = now
            self._changed()

    def assume_changed(self) -> None:
        """Check as if everything had changed."""
        self.forget()
        self.check_for_change()

    def forget(self) -> None:
        """Drop the remembered values, so that they can be freed. The next check finds everything changed."""
        self._known = None

    def rest(self, seconds: float) -> None:
        """Call `rested` after these seconds, and not before the pen is up."""
        self._rest = seconds
        self._timer.start(seconds)

    def start(self, work: Callable[[], Coroutine[Any, Any, None]], failure_message: str) -> None:
        """Run a task in place of the one before. `failure_message`: the sentence for the person when it fails."""
        self.withdraw()
        self._task = asyncio.ensure_future(self._run(work, failure_message))

    def withdraw(self) -> None:
        """End the task and the rest. Ending a task closes the engine's iterator, which cancels exactly its jobs."""
        self._timer.stop()
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self, work: Callable[[], Coroutine[Any, Any, None]], failure_message: str) -> None:
        with report_failure(self._failed, failure_message):
            await work()
        if self._task is asyncio.current_task():
            self._task = None
            self._ended()

    def _rest_over(self) -> None:
        if self._pen_down():
            self.rest(self._rest)
        else:
            self._rested()

    def _start_over(self) -> None:
        self._replaced()
        self.assume_changed()
