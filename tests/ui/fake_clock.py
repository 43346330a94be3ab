"""A clock that stands still until a test moves it on."""

from __future__ import annotations

from collections.abc import Callable


class FakeTimer:
    def __init__(self, clock: FakeClock, call: Callable[[], object]) -> None:
        self.clock, self.call = clock, call
        self.due: float | None = None

    @property
    def running(self) -> bool:
        return self.due is not None

    def start(self, seconds: float) -> None:
        self.due = self.clock.now() + seconds

    def stop(self) -> None:
        self.due = None


class FakeClock:
    def __init__(self) -> None:
        self._now = 1000.0
        self._timers: list[FakeTimer] = []

    def now(self) -> float:
        return self._now

    def timer(self, call: Callable[[], object]) -> FakeTimer:
        self._timers.append(FakeTimer(self, call))
        return self._timers[-1]

    def advance(self, seconds: float) -> None:
        """Let time pass, and each timer call when it is due."""
        end = self._now + seconds
        while due := [timer for timer in self._timers if timer.due is not None and timer.due <= end]:
            timer = min(due, key=lambda timer: timer.due)
            self._now, timer.due = timer.due, None
            timer.call()
        self._now = end
