"""Work that is too long for the UI thread, with its result handed back to it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal

Made = TypeVar("Made")


def _raise(error: Exception) -> None:
    raise error


class Background(QObject):
    """Runs one piece of work after the other in a thread of its own."""

    _ended = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = ThreadPoolExecutor(1, "canvas")
        self._waiting = 0
        self._ended.connect(self._hand_over, Qt.ConnectionType.QueuedConnection)  # even if it ends before `start` does

    @property
    def busy(self) -> bool:
        return self._waiting > 0

    def start(
        self,
        work: Callable[[], Made],
        then: Callable[[Made], None],
        failed: Callable[[Exception], None] = _raise,
    ) -> None:
        """Call `work` in the thread, and in this one `then` with what it made, or `failed` with what it raised."""

        def hand_over(future: Future[Made]) -> None:
            error = future.exception()
            if error is None:
                then(future.result())
            elif isinstance(error, Exception):
                failed(error)
            else:
                raise error

        self._waiting += 1
        self._thread.submit(work).add_done_callback(lambda future: self._report(partial(hand_over, future)))

    def _report(self, hand_over: Callable[[], None]) -> None:
        try:
            self._ended.emit(hand_over)
        except RuntimeError:  # the canvas was closed meanwhile
            return

    def _hand_over(self, hand_over: Callable[[], None]) -> None:
        self._waiting -= 1
        hand_over()
