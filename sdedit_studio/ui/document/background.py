"""Work that is too long for the UI thread, with its result handed back to it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from threading import Lock, Thread
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal

Made = TypeVar("Made")


def _raise(error: BaseException) -> None:
    raise error


class Background(QObject):
    """Runs one piece of work after the other in a thread of its own, which ends when there is no more."""

    _ended = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._works: deque[Callable[[], None]] = deque()
        self._at_work = False
        self._lock = Lock()
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

        def carry_out() -> None:
            try:
                hand_over = partial(then, work())
            except Exception as error:
                hand_over = partial(failed, error)
            except BaseException as error:
                hand_over = partial(_raise, error)
            self._report(hand_over)

        self._waiting += 1
        with self._lock:
            self._works.append(carry_out)
            idle, self._at_work = not self._at_work, True
        if idle:
            Thread(target=self._work, name="canvas").start()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._works:
                    self._at_work = False
                    return
                carry_out = self._works.popleft()
            carry_out()

    def _report(self, hand_over: Callable[[], None]) -> None:
        try:
            self._ended.emit(hand_over)
        except RuntimeError:  # the canvas was closed meanwhile
            return

    def _hand_over(self, hand_over: Callable[[], None]) -> None:
        self._waiting -= 1
        hand_over()
