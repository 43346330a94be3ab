"""Playback of the run that made the waiting result. Its steps are recorded while it runs."""

from __future__ import annotations

import asyncio
from bisect import bisect
from dataclasses import dataclass, field
from math import ceil

from PySide6.QtCore import QObject, QTimer, Signal

from sdedit_studio.editing.edit import Edit
from sdedit_studio.engine.job import Progress, Result
from sdedit_studio.engine.trajectory import Point, Trajectory
from sdedit_studio.ui.generation.activity import Activity, Event
from sdedit_studio.ui.generation.generation import Generation

RATE = 10
"""Pictures a second that playing shows."""

MOST = 150
"""Pictures that playing shows at most, each way; of longer runs it leaves out steps, evenly."""


@dataclass(eq=False)
class _Run:
    """`result` is None until the run is over."""

    edit: Edit
    trajectory: Trajectory = field(default_factory=Trajectory)
    result: Result | None = None


class Playback(QObject):
    """Follows a generation. Live mode, and results that were made before, have no steps.

    Signals: `changed()` when there are other steps, or none any more; `moved()` when another step is looked at, or
    playing began or ended.
    """

    changed = Signal()
    moved = Signal()

    def __init__(self, generation: Generation) -> None:
        super().__init__(generation)
        self._generation = generation
        self._running: _Run | None = None
        self._over: _Run | None = None
        self._call = 0
        self._backwards = False
        self._was_available = False
        self._packing: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._timer = QTimer(self, interval=1000 // RATE)
        self._timer.timeout.connect(self._advance)
        generation.progressed.connect(self._keep)
        generation.finished.connect(self._finish)
        generation.changed.connect(self._follow)

    @property
    def available(self) -> bool:
        """Whether a result waits that has steps to look at."""
        return self._over is not None and self._generation.underway.waits

    @property
    def trajectory(self) -> Trajectory | None:
        """The steps of the result, at least two."""
        return self._over and self._over.trajectory

    @property
    def result(self) -> Result | None:
        """The result of the run."""
        return self._over and self._over.result

    @property
    def position(self) -> int:
        """Which of the steps is looked at; the last one is the result itself.

        Told by its model call: packing goes on when a run is over, and can still leave out steps for want of room.
        """
        return bisect(self._over.trajectory, self._call, key=lambda point: point.call) - 1 if self._over else 0

    @property
    def last(self) -> int:
        return len(self._over.trajectory) - 1 if self._over else 0

    @property
    def point(self) -> Point | None:
        """The step that is looked at."""
        return self._over and self._over.trajectory[self.position]

    @property
    def playing(self) -> bool:
        return Activity.PLAYING in self._generation.underway

    def go(self, position: int) -> None:
        """Stop playing and look at a step."""
        self._pause()
        self._move(position)

    def step(self, by: int) -> None:
        self.go(self.position + by)

    def toggle(self) -> None:
        """Play to the end, from there back to the noise first; or stop."""
        if self.playing:
            self._pause()
        elif self.available:
            self._backwards = self.position == self.last
            self._generation.underway.happen(Event.PLAY)
            self._timer.start()
        self.moved.emit()

    def _pause(self) -> None:
        self._generation.underway.happen(Event.PLAY_ENDED)
        self._timer.stop()

    def _advance(self) -> None:
        stride = ceil((self.last + 1) / MOST)
        self._move(self.position + (-stride if self._backwards else stride))
        if self.position == 0:
            self._backwards = False
        elif self.position == self.last:
            self._pause()
            self.moved.emit()

    def _move(self, position: int) -> None:
        if self._over is None or not self.available:
            return
        self._call = self._over.trajectory[min(self.last, max(0, position))].call
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(self._show_steps())
        self.moved.emit()

    async def _show_steps(self) -> None:
        """Show the step, and then another one if that is asked for meanwhile."""
        shown = None
        while (run := self._over) is not None and shown is not self.point:
            shown, at_end = self.point, self.position == self.last
            step = None if shown is None or at_end else await asyncio.to_thread(shown.unpacked)
            self._generation.show_step(run.edit, step)

    def _keep(self, edit: Edit, progress: Progress) -> None:
        if self._running is None or self._running.edit is not edit:
            self._running = _Run(edit)
        self._running.trajectory.add(progress)
        if self._packing is None or self._packing.done():
            self._packing = asyncio.ensure_future(self._pack())

    async def _pack(self) -> None:
        while (run := self._running or self._over) is not None and (
            loose := run.trajectory.first_unpacked()
        ) is not None:
            packed, steps = await asyncio.to_thread(loose.packed), len(run.trajectory)
            run.trajectory.replace_packed(loose, packed)
            if run is self._over and len(run.trajectory) < steps:
                self.changed.emit()

    def _finish(self, edit: Edit, result: Result) -> None:
        run, self._running = self._running, None
        if run is not None and run.edit is edit and len(run.trajectory) > 1:
            run.result = result
            self._over, self._call = run, run.trajectory[-1].call
            self._follow()
            self.changed.emit()

    def _follow(self) -> None:
        """Drop the steps of a result that is gone, and those of a run that was cancelled or failed."""
        underway, shown, run = self._generation.underway, self._generation.shown, self._running
        if run is not None and Activity.RUNNING not in underway and (shown is None or shown.edit is not run.edit):
            self._running = None
        if self._over is not None and self._generation.result is not self._over.result:
            self._over = None
            if self._looking is not None:
                self._looking.cancel()
                self._looking = None
        if not self.playing:
            self._timer.stop()
        if self.available != self._was_available:
            self._was_available = self.available
            self.changed.emit()
