"""Harmonise and Edit with strokes: the paper's masked tasks, each in one gesture."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtCore import QObject, Signal

from sdedit_studio.document.regions import lies_on_a_picture
from sdedit_studio.editing.edit import Edit
from sdedit_studio.editing.masked_tasks import EDIT_WITH_STROKES, HARMONISE, Task, task_edit, with_t0
from sdedit_studio.engine.job import Result
from sdedit_studio.ui.compare.compare import Compare
from sdedit_studio.ui.generation.activity import Activity
from sdedit_studio.ui.generation.generation import Generation


class MaskedTasks(QObject):
    """Starts the tasks and shows before and after when one is done. `start` runs a coroutine.

    `offered()`: a picture was put on another one, so that Harmonise suggests itself. `declined()`: no longer.
    """

    offered = Signal()
    declined = Signal()

    def __init__(
        self, generation: Generation, compare: Compare, start: Callable[[Coroutine[Any, Any, None]], object]
    ) -> None:
        super().__init__(generation)
        self._generation, self._session, self._compare = generation, generation.session, compare
        self._layer: str | None = None
        self._opened_split = False
        self._session.picture_added.connect(lambda layer: start(self._offer(layer)))
        self._session.layers_changed.connect(self._layers_changed)
        generation.finished.connect(self._finished)
        generation.changed.connect(self._generation_changed)

    @property
    def waiting(self) -> Edit | None:
        """The edit of a task that runs, or whose result waits."""
        edit = self._generation.edit
        return edit if edit is not None and edit.task else None

    def harmonise(self) -> None:
        """Fit the active layer's picture into what lies under it."""
        self._start(HARMONISE)
        if self._session.tool == "move":
            self._session.set_tool("pan")  # the box would lie over the seam, and a drag move what was sent

    def edit_with_strokes(self) -> None:
        """Make a picture of what was painted over the photograph, and of nothing else."""
        self._start(EDIT_WITH_STROKES)

    def nudge_t0(self, by: float) -> None:
        """Do a task's edit again from another t0, while it runs or its result waits; else move the slider's t0."""
        edit = self.waiting
        if edit is None:
            self._generation.nudge_t0(by)
            return
        t0 = edit.job.parameters.t0
        again = with_t0(edit, t0 + by)
        if again.job.parameters.t0 != t0:
            self._generation.start(lambda *_: again)
            self._session.notices.tell(f"{edit.task} from t₀ {again.job.parameters.t0:.2f}.")

    def decline(self) -> bool:
        """Take the offer back. Returns whether there was one."""
        if self._layer is None:
            return False
        self._layer = None
        self.declined.emit()
        return True

    def _start(self, task: Task) -> None:
        self._session.settle()  # a picture that is being scaled is fitted in as it is now
        parameters, engine = self._session.parameters, self._generation.engine
        self._generation.start(
            lambda document, revision: task_edit(task, document, engine.with_refinement(parameters), revision)
        )

    async def _offer(self, layer: str) -> None:
        fits = await asyncio.to_thread(lies_on_a_picture, self._session.document)
        if fits and self._session.document.active == layer and self._generation.underway.idle:
            self._layer = layer
            self.offered.emit()

    def _layers_changed(self) -> None:
        if self._layer is not None and self._session.document.active != self._layer:
            self.decline()

    def _generation_changed(self) -> None:
        underway, edit = self._generation.underway, self._generation.edit
        if not underway.idle:
            self.decline()
        of_a_task = Activity.PREPARING in underway or (edit is not None and bool(edit.task))
        if self._opened_split and not of_a_task:
            self._opened_split = False
            self._compare.set_split(0.0)

    def _finished(self, edit: Edit, _result: Result) -> None:
        if edit.task and not self._compare.split:
            self._opened_split = True
            self._compare.set_split(0.5)
