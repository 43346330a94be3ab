"""Work that is too long for the UI thread, with its result handed back to it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal

Result = TypeVar("Result")


class Background(QObject):
    """Runs one piece of work after the other in a thread of its own."""

    _finished = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = ThreadPoolExecutor(1, "canvas")
        self._waiting = 0
        self._finished.connect(self._hand_over)

    @property
    def busy(self) -> bool:
        return self._waiting > 0

    def start(self, work: Callable[[], Result], then: Callable[[Result], None]) -> None:
        """Call `work` in the thread, and in this one `then` with what it returned. Its exceptions are raised here."""
        self._waiting += 1
        self._thread.submit(work).add_done_callback(lambda future: self._report(future, then))

    def _report(self, future: Future[Any], then: Callable[[Any], None]) -> None:
        try:
            self._finished.emit(future, then)
        except RuntimeError:  # the canvas was closed meanwhile
            return

    def _hand_over(self, future: Future[Any], then: Callable[[Any], None]) -> None:
        self._waiting -= 1
        then(future.result())
