"""Computations that end when a test says so."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any


class Later:
    """Takes the place of `Background`: what it is given is computed, one after the other, when `finish` is called."""

    def __init__(self, *, at_once: bool = False) -> None:
        self._at_once = at_once
        self._waiting: deque[tuple[Callable[[], Any], Callable[[Any], None], Callable[[Exception], None]]] = deque()

    @property
    def busy(self) -> bool:
        return bool(self._waiting)

    def start(self, work: Callable[[], Any], then: Callable[[Any], None], failed: Callable[[Exception], None]) -> None:
        self._waiting.append((work, then, failed))
        if self._at_once:
            self.finish()

    def finish(self) -> None:
        """Have the next computation end."""
        if self._waiting:
            work, then, failed = self._waiting.popleft()
            try:
                made = work()
            except Exception as error:
                failed(error)
            else:
                then(made)
