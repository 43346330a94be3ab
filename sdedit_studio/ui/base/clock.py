"""A clock with timers, passed to everything that waits, so that tests can replace it."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from time import monotonic
from typing import Protocol

from PySide6.QtCore import QTimer


class Timer(Protocol):
    """Calls a function once, some time after it was started."""

    @property
    def running(self) -> bool: ...

    def start(self, seconds: float) -> None:
        """Wait for this long from now, however long it has waited before."""
        ...

    def stop(self) -> None: ...


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since some moment in the past."""
        ...

    def timer(self, call: Callable[[], object]) -> Timer: ...


class SystemClock:
    """The computer's own clock. Timers need Qt's event loop."""

    def now(self) -> float:
        return monotonic()

    def timer(self, call: Callable[[], object]) -> Timer:
        return _QtTimer(call)


class _QtTimer:
    def __init__(self, call: Callable[[], object]) -> None:
        self._timer = QTimer(singleShot=True)
        self._timer.timeout.connect(call)

    @property
    def running(self) -> bool:
        return self._timer.isActive()

    def start(self, seconds: float) -> None:
        self._timer.start(ceil(1000 * seconds))

    def stop(self) -> None:
        self._timer.stop()


SYSTEM_CLOCK = SystemClock()
