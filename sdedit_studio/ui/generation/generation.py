"""Generate, and what becomes of it: the state machine between the document, the engine and whatever shows a result.

A run starts from a snapshot of the document and never touches it. Previews and the result are shown over the canvas
(`compare.py`); applying makes a layer in one undo step, discarding makes nothing. In live mode (`live.py`) the picture
follows the painting instead, and applying takes what is seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import SystemRandom
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from sdedit_studio.document.document import Document
from sdedit_studio.document.edits import frame_of
from sdedit_studio.editing.edit import Edit, EditPicture, applied, edit_of, painted_over
from sdedit_studio.editing.live_pictures import as_result, live_parameters
from sdedit_studio.engine.job import Cancelled, Estimate, Failed, Phase, Progress, Result, Status, Update
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.base import words
from sdedit_studio.ui.base.clock import SYSTEM_CLOCK, Clock
from sdedit_studio.ui.base.notices import report_failure
from sdedit_studio.ui.base.tasks import OwnTasks
from sdedit_studio.ui.document.gesture import Change
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.generation.activity import Activity, Event, Underway
from sdedit_studio.ui.generation.live import Live
from sdedit_studio.ui.generation.painted import PaintedSince

if TYPE_CHECKING:
    from sdedit_studio.engine.engine import Engine

SEEDS = 1_000_000
"""Random seeds stay below this, short enough to read aloud and to type."""

MakeEdit = Callable[[Document, int], Edit]
"""Builds the edit of a document of a revision. Raises ValueError, with a sentence for the person, when there is nothing
to work from.
"""


@dataclass(eq=False)
class _Run:
    """The run under way. `edit` is None until the guide has been rendered, `progress` until a model call has ended."""

    edit: Edit | None = None
    progress: Progress | None = None
    task: asyncio.Task[None] | None = None


@dataclass(eq=False)
class _Finished:
    """The result that waits. `step`: the earlier step that is shown in its place, or None."""

    edit: Edit
    result: Result
    step: Progress | None = None


class Generation(QObject):
    """At most one run and one result. Needs a running asyncio loop from the first `generate` on.

    Signals: `picture_requested()` when another picture is wanted: a run, live mode, or one that was made before;
    `progressed(Edit, Progress)` after each model call of a run; `finished(Edit, Result)` when it succeeded;
    `applied(Edit, Result)` when a result, a live picture too, became a layer;
    `changed()` when any property here may read differently, but for `painted_since`, which also follows every
    pen event, for `shown`, and for what is compared or played back, which those tell who do it; `shown_changed()`;
    `painted_late()` when `painted_since` caught up with a large change only after its `document_changed`.
    """

    picture_requested = Signal()
    progressed = Signal(object, object)
    finished = Signal(object, object)
    applied = Signal(object, object)
    changed = Signal()
    shown_changed = Signal()
    painted_late = Signal()

    def __init__(self, session: Session, engine: Engine, clock: Clock = SYSTEM_CLOCK) -> None:
        super().__init__(session)
        self.session = session
        self.engine = engine
        self.clock = clock
        self.underway = Underway()
        self._run: _Run | None = None
        self._finished: _Finished | None = None
        self._layers_to_be: set[_Finished | EditPicture] = set()
        self._shown: EditPicture | None = None
        self._painted = PaintedSince(session)
        self._painted.caught_up.connect(self.painted_late)
        self._seed_locked = False
        self._frame = frame_of(session.document)
        self._tasks = OwnTasks()
        self._estimate: Estimate | None = None
        self._problem = ""
        self._phase = engine.status.phase
        self._unwatch = engine.watch(self._status_changed)
        session.document_replaced.connect(self._document_replaced)
        session.selection_changed.connect(self._frame_changed)
        session.parameters_changed.connect(self._update_estimate)
        self.live = Live(session, engine, self.underway, self._show_live, clock)
        self.live.switched.connect(self._update_estimate)
        self._update_estimate()

    @property
    def activity(self) -> Activity:
        """What lies over all else that is under way."""
        return self.underway.activity

    @property
    def progress(self) -> Progress | None:
        """The latest report of the run, or None before its first model call has ended."""
        return self._run and self._run.progress

    @property
    def result(self) -> Result | None:
        """The result that waits to be applied or discarded. It is kept during another run, until that one succeeds."""
        return self._finished and self._finished.result

    @property
    def edit(self) -> Edit | None:
        """The edit under way, once its guide is there, or else the one whose result waits."""
        return self._run.edit if self._run else self._finished and self._finished.edit

    @property
    def shown(self) -> EditPicture | None:
        """The newest picture: a preview, the waiting result or one of its steps, or a live picture."""
        return self._shown

    @property
    def painted_since(self) -> Tiles:
        """The painting's pixels that changed after the shown picture's guide was taken; transparent elsewhere.

        They lie above the result, and applying it leaves them out of its mask, so no stroke is ever hidden.
        """
        return self._painted.pixels

    @property
    def status(self) -> Status:
        return self.engine.status

    @property
    def frame(self) -> Rect:
        """The part of the canvas that the next run will send."""
        return self._frame

    @property
    def estimate(self) -> Estimate | None:
        """Calls and time of the next run, or of a live picture. None if it cannot run; `problem` says why."""
        return self._estimate

    @property
    def problem(self) -> str:
        """Why there is no estimate: what is not installed, and what to do; one sentence."""
        return self._problem

    @property
    def can_apply(self) -> bool:
        """Whether a result waits, or a live picture is seen."""
        if self.live.on:
            return self._shown is not None and Activity.APPLYING not in self.underway
        return self.underway.waits

    @property
    def seed_locked(self) -> bool:
        """Whether runs keep the seed of the parameters; else each takes a new one."""
        return self._seed_locked

    @seed_locked.setter
    def seed_locked(self, locked: bool) -> None:
        self._seed_locked = locked
        self.changed.emit()

    def new_seed(self) -> None:
        """Take another seed, and keep it."""
        self.seed_locked = True
        self._draw_seed()

    def nudge_t0(self, by: float) -> None:
        """Move t0 up or down, and say what it does now."""
        t0 = min(1.0, max(0.0, round(self.session.parameters.t0 + by, 2)))
        self.session.set_parameters(t0=t0)
        self.session.notices.tell(f"t₀ {t0:.2f}: {words.keeps(t0)}")

    def generate(self) -> None:
        """Edit the document as it is now. A run under way gives way to it; a waiting result stays until it succeeds.

        Live mode ends, and its seed stays.
        """
        if self.session.parameters.t0 == 0:
            self.cancel()
            self.session.notices.warn(words.NO_CHANGE)
            return
        if not (self._seed_locked or self.live.on):
            self._draw_seed()
        parameters = self.session.parameters
        self.start(lambda document, revision: edit_of(document, parameters, revision))

    def start(self, make: MakeEdit) -> None:
        """Run the edit that `make` builds of the current document. `make` is called in a thread.

        Changes that were requested before, such as a result that is being applied, are part of that document.
        """
        self._give_up()
        self.live.stop()
        run = self._run = _Run()
        self.underway.happen(Event.ASKED)
        run.task = self._tasks.start(self._generate(run, make))
        self.picture_requested.emit()
        self.changed.emit()

    def present(self, edit: Edit, result: Result) -> None:
        """Have a picture that was made before wait to be applied or discarded, as if its run had just ended."""
        self._give_up()
        self.live.stop()
        self._finished = _Finished(edit, result)
        self.underway.happen(Event.PRESENTED)
        self.picture_requested.emit()
        self._show_latest()

    def show_step(self, edit: Edit, step: Progress | None) -> None:
        """Show an earlier step of the run that made the waiting result; None for the result again.

        Applying takes what is seen. Another edit's step is ignored, so it may come late.
        """
        if self._finished and self._finished.edit is edit:
            self._finished.step = step
            if not self._run:
                self._take(self._finished_shown())

    def cancel(self) -> bool:
        """Cancel the run. The worker stops before the next model call. Returns whether a run was in progress."""
        if not self._give_up():
            return False
        self._show_latest()
        self.session.notices.tell("Cancelled. Your painting is unchanged.")
        return True

    def discard(self) -> bool:
        """Discard the waiting result. Returns whether there was one."""
        finished = self._finished
        if finished is None:
            return False
        self._layers_to_be.discard(finished)
        self._put_away()
        self._show_latest()
        self.session.notices.tell("Discarded. Your painting is unchanged.")
        return True

    def apply(self) -> bool:
        """Make the result, or the live picture, a layer in one undo step. Returns whether there is one.

        The layer is computed in a thread. Discarding the result, or opening another document, cancels it.
        """
        if not self.can_apply:
            return False
        if self.underway.happen(Event.APPLY):
            if self._finished:
                self._apply(self._finished)
            elif self._shown:
                self._apply_live(self._shown)
        return True

    def toggle_live(self) -> None:
        """Switch live mode on or off. Switching it on cancels a run and discards a waiting result."""
        if self.live.on and not self.live.broken:
            self.stop_live()
            return
        self._give_up()
        self._put_away()
        self._show(None)
        self.picture_requested.emit()
        self.live.start()

    def stop_live(self) -> bool:
        """Returns whether it was on."""
        if not self.live.stop():
            return False
        self.session.notices.tell("Live is off. Your painting is unchanged.")
        return True

    def close(self) -> None:
        """Cancel the run, drop the result and stop watching the engine, before the window closes."""
        self._unwatch()
        self._give_up()
        self.live.stop()
        self._tasks.cancel()
        self._put_away()
        self._show(None)

    def _draw_seed(self) -> None:
        self.session.set_parameters(seed=SystemRandom().randrange(SEEDS))

    def _give_up(self) -> bool:
        """Forget the run. Ending its task closes the engine's iterator, which cancels exactly this job."""
        if self._run and self._run.task:
            self._run.task.cancel()
        return self._end_run(Event.CANCELLED)

    def _end_run(self, event: Event) -> bool:
        self._run = None
        return self.underway.happen(event)

    def _put_away(self) -> None:
        self._finished = None
        self.underway.happen(Event.DISCARDED)

    async def _generate(self, run: _Run, make: MakeEdit) -> None:
        await self.session.until_settled()
        with report_failure(self._fail, "The guide could not be made, so nothing was changed. Try again."):
            try:
                run.edit = await asyncio.to_thread(make, self.session.document, self.session.revision)
            except ValueError as nothing_to_do:
                self._fail(str(nothing_to_do), "")
        if (edit := run.edit) is None:
            return
        self.underway.happen(Event.GUIDE_MADE)
        self.changed.emit()
        with report_failure(self._fail, "The edit stopped early. Your painting is unchanged; try again."):
            async for update in self.engine.run(edit.job):
                self._receive(run, edit, update)

    def _receive(self, run: _Run, edit: Edit, update: Update) -> None:
        match update:
            case Progress():
                run.progress = update
                self._show(EditPicture(edit, update.preview))
                self.progressed.emit(edit, update)
            case Result():
                self._finished = _Finished(edit, update)
                self._end_run(Event.SUCCEEDED)
                self._show_latest()
                self.finished.emit(edit, update)
                if update.note:
                    self.session.notices.warn(update.note)
            case Cancelled():
                self._end_run(Event.CANCELLED)
                self._show_latest()
            case Failed():
                self._fail(update.message, update.details)

    def _fail(self, sentence: str, details: str) -> None:
        self._end_run(Event.FAILED)
        self._show_latest()
        self.session.notices.warn(sentence, details)

    def _apply(self, finished: _Finished) -> None:
        """Make a waiting result a layer, unless it is discarded meanwhile."""
        step = finished.step

        def make(document: Document) -> Document:
            painted = painted_over(finished.edit, document)
            return applied(finished.edit, finished.result, document, painted, step)

        self._make_layer(finished, make, lambda: finished.result)

    def _apply_live(self, shown: EditPicture) -> None:
        """Apply what live mode shows, which it holds until then, or until another canvas comes."""
        self.live.hold()
        seconds, made = self.live.latency or 0.0, []

        def make(document: Document) -> Document:
            made.append(as_result(shown, seconds))
            return applied(shown.edit, made[-1], document, painted_over(shown.edit, document))

        self._make_layer(shown, make, lambda: made[-1])

    def _make_layer(self, of: _Finished | EditPicture, make: Change, result: Callable[[], Result]) -> None:
        """By the time when it is made, another result may wait. `result` returns what it was made of, once it is."""

        def end(event: Event) -> bool:
            """Returns whether live mode held it until now."""
            self._layers_to_be.discard(of)
            still = of is self._finished or of is self._shown
            return still and self.underway.happen(event) and self.live.on

        def done() -> None:
            held = end(Event.APPLIED)
            if of is self._finished:
                self._finished = None
            self._applied(of.edit, result())
            if held:
                self.live.settle()

        def not_done() -> None:
            if end(Event.NOT_APPLIED):
                self.live.go_on()
            self.changed.emit()

        self._layers_to_be.add(of)
        self.session.change(
            _step_name(of.edit), make, still=lambda: of in self._layers_to_be, then=done, otherwise=not_done
        )

    def _applied(self, edit: Edit, result: Result) -> None:
        if self._shown is not None and self._shown.edit is edit:
            self._show_latest()
        else:
            self.changed.emit()  # another run's picture is seen by now
        again = edit.replaces is not None
        self.session.notices.tell("Made again in its place." if again else "Applied as a new layer.")
        self.applied.emit(edit, result)

    def _show_live(self, shown: EditPicture | None) -> None:
        """As `_show`, but `changed` is emitted only when a first picture comes or the picture goes."""
        if (shown is None) != (self._shown is None):
            self._show(shown)
        else:
            self._take(shown)

    def _show_latest(self) -> None:
        self._show(self._finished_shown())

    def _finished_shown(self) -> EditPicture | None:
        waiting = self._finished
        if waiting is None:
            return None
        return EditPicture(waiting.edit, waiting.step.preview if waiting.step else waiting.result.unpasted)

    def _show(self, shown: EditPicture | None) -> None:
        self._take(shown)
        self.changed.emit()

    def _take(self, shown: EditPicture | None) -> None:
        before, self._shown = self._shown, shown
        if shown is None or before is None or before.edit is not shown.edit:
            self._painted.follow(shown and shown.edit)
        self.shown_changed.emit()

    def _document_replaced(self) -> None:
        """Another document, or another canvas size: neither the run nor the result fits it."""
        self._layers_to_be.clear()
        belonged = self._give_up() or self._finished is not None
        self._finished = None
        self.underway.happen(Event.REPLACED)
        if belonged:
            self._show_latest()
            self.session.notices.tell("The result belonged to the canvas before, so it was put away.")
        self._frame_changed()

    def _frame_changed(self) -> None:
        self._frame = frame_of(self.session.document)
        self._update_estimate()

    def _status_changed(self, status: Status) -> None:
        """Ignore the changes between ready and busy in live mode: they come many times a second."""
        before, self._phase = self._phase, status.phase
        if not (self.live.on and {before, status.phase} <= {Phase.READY, Phase.BUSY}):
            self._update_estimate()

    def _update_estimate(self) -> None:
        parameters = live_parameters(self.session.parameters) if self.live.on else self.session.parameters
        try:
            self._estimate = self.engine.estimate(self._frame.width, self._frame.height, parameters)
        except ValueError as problem:
            self._estimate, self._problem = None, str(problem)
        self.changed.emit()


def _step_name(edit: Edit) -> str:
    return "Apply result" if edit.replaces is None else "Generate again"
