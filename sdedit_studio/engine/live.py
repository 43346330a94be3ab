"""The schedule of live mode: what runs when. A pure object without Qt and asyncio; the clock is handed in."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

REST = 0.5
"""Seconds without a change after which the picture is refined."""

REMEMBERED = 8
"""The number of first passes that the rate is averaged over."""


@dataclass(frozen=True)
class Order:
    """What to run: the first pass of a revision's guide, or with `refine` the passes after it."""

    revision: int
    refine: bool


class Schedule:
    """Decides from revisions alone what runs next. Its owner runs that and reports how it ended.

    The latest revision is run next. A running first pass is finished, so that a pen that never rests is followed at the
    model's own rate. A running refinement is given up at once for a new revision; so is the first pass of half a stroke
    when the stroke ends, but not twice in a row. At most one order runs at a time. `clock`: returns seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._wanted: int | None = None
        self._changed_at = 0.0
        self._done: Order | None = None
        self._running: Order | None = None
        self._began = 0.0
        self._gave_way = False
        self._seconds: deque[float] = deque(maxlen=REMEMBERED)
        self.paused = False
        """While set, nothing new is ordered."""

    @property
    def running(self) -> Order | None:
        return self._running

    @property
    def rate(self) -> float | None:
        """First passes per second while the pen moves; None until one was made."""
        return len(self._seconds) / max(sum(self._seconds), 1e-6) if self._seconds else None

    @property
    def behind(self) -> float | None:
        """The age in seconds of the newest picture's guide when the picture came; None until there was one."""
        return self._seconds[-1] if self._seconds else None

    def changed(self, revision: int) -> None:
        """The painting, or a setting, is now at `revision`."""
        self._wanted, self._changed_at = revision, self._clock()

    def lifted(self) -> None:
        """A stroke has ended, so a picture of all of it is wanted soon."""
        running = self._running
        if running is not None and not running.refine and running.revision != self._wanted and not self._gave_way:
            self._running, self._gave_way = None, True

    def settled(self, revision: int) -> None:
        """`revision` needs no picture: the painting is the picture already."""
        self._wanted, self._running, self._done = revision, None, Order(revision, refine=True)

    def take(self) -> Order | None:
        """The order to start now, which then counts as running in place of any other; None for nothing."""
        order = self._due()
        if order is not None:
            self._running, self._began = order, self._clock()
        return order

    def rests_in(self) -> float | None:
        """Seconds until `take` returns a refinement if nothing changes; None when it will not."""
        first = None if self._wanted is None else Order(self._wanted, refine=False)
        if self.paused or self._running or first is None or self._done != first:
            return None
        return max(0.0, self._changed_at + REST - self._clock())

    def finished(self, order: Order, *, empty: bool = False) -> None:
        """The order has run. One that was given up meanwhile is ignored.

        `empty`: there was no guide, so there is nothing to refine and no time to record.
        """
        if order == self._running:
            self._running, self._gave_way = None, False
            self._done = replace(order, refine=True) if empty else order
            if not self._done.refine:
                self._seconds.append(self._clock() - self._began)

    def abandoned(self) -> None:
        """The running order was given up; it is ordered again if its revision is still the latest."""
        self._running = None

    def _due(self) -> Order | None:
        wanted, running = self._wanted, self._running
        if self.paused or wanted is None:
            return None
        first = Order(wanted, refine=False)
        if running is not None:
            return first if running.refine and running.revision != wanted else None
        if self._done is None or self._done.revision != wanted:
            return first
        rested = self._clock() - self._changed_at >= REST
        return replace(first, refine=True) if self._done == first and rested else None
