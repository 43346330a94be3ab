"""Live mode: the picture follows the strokes. `engine/live.py` says what to run when; this runs it and shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from sdedit_studio.editing.edit import Edit, EditPicture, edit_of
from sdedit_studio.editing.live_pictures import (
    BasePicture,
    live_parameters,
    partial_refinement,
    picture_dependencies,
    refinement,
)
from sdedit_studio.engine.job import Cancelled, Estimate, Failed, Lane, Pixels, Progress, Result
from sdedit_studio.engine.live import Schedule
from sdedit_studio.parameters import Refine
from sdedit_studio.ui.base import words
from sdedit_studio.ui.base.clock import Clock
from sdedit_studio.ui.base.notices import report_failure
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.generation.activity import Activity, Event, Underway
from sdedit_studio.ui.generation.follower import Follower

if TYPE_CHECKING:
    from sdedit_studio.engine.engine import Engine

PREVIEW_INTERVAL = 0.1
"""Least seconds between two unfinished pictures. With a fast model they would flicker."""

DETAIL_LIMIT = 0.1
"""If the detail network takes at most these seconds, it is also used while the pen moves."""

STOPPED = "Live stopped early. Your painting is unchanged; switch it on again."


@dataclass(frozen=True)
class _NewPicture:
    """A picture that the model made of an edit. `whole`: the result of a whole pass, and no estimate of a step."""

    edit: Edit
    picture: Pixels
    whole: bool


class Live(QObject):
    """Follows the document of a session while it is on. Needs a running asyncio loop.

    The next picture is begun while the last one is still made ready to be shown: with a fast model that takes as long.
    `show`: takes each picture, or None when there is none. Signals: `switched()` when it went on, off or to a halt;
    `followed()` when the picture of a whole pass is shown, and when there turned out to be none.
    """

    switched = Signal()
    followed = Signal()

    def __init__(
        self,
        session: Session,
        engine: Engine,
        underway: Underway,
        show: Callable[[EditPicture | None], None],
        clock: Clock,
    ) -> None:
        super().__init__(session)
        self._session, self._engine, self._underway = session, engine, underway
        self._show, self._clock = show, clock
        self._broken = False
        self._in_sight = True
        self._follower = Follower(
            self,
            session,
            self._depends_on,
            changed=self._changed,
            replaced=self._replaced,
            rested=self._next,
            ended=self._ended,
            failed=self._fail,
            clock=clock,
        )
        session.history_changed.connect(self._lifted)
        self._reset()

    @property
    def on(self) -> bool:
        return Activity.LIVE in self._underway

    @property
    def broken(self) -> bool:
        """Whether a failure stopped it. `start` goes on."""
        return self._broken

    @property
    def busy(self) -> bool:
        """Whether a picture is being made, or made ready to be shown."""
        return self._schedule.running is not None or self._showing is not None

    @property
    def at_rest(self) -> bool:
        """Whether nothing is left to do for the painting as it is: its picture is made, and refined."""
        return self._schedule.running is None and self._schedule.rests_in() is None

    @property
    def rate(self) -> float | None:
        """Pictures a second while painting; None until one was made."""
        return self._schedule.rate

    @property
    def latency(self) -> float | None:
        """Seconds from a stroke to its picture; None until one was made."""
        return self._schedule.behind

    @property
    def hint(self) -> str:
        """Why there is no picture although live mode is on, with what to do; or ""."""
        return self._hint

    def start(self) -> None:
        """Go on, or go on again after a failure."""
        self._underway.happen(Event.LIVE_ON)
        self._broken = False
        self._give_up()
        self._reset()
        self._follower.check_for_change()
        self.switched.emit()

    def stop(self) -> bool:
        """Put the picture away. Returns whether it was on."""
        if not self._underway.happen(Event.LIVE_OFF):
            return False
        self._give_up()
        self._reset()
        self._resume()
        self._show(None)
        self.switched.emit()
        return True

    def set_in_sight(self, in_sight: bool) -> None:
        """Nothing new is begun while nobody can see it."""
        self._in_sight = in_sight
        self._resume()

    def hold(self) -> None:
        """Keep what is shown while it is being applied."""
        self._give_up()
        self._resume()

    def settle(self) -> None:
        """Go on: the picture is part of the painting now, so there is nothing to follow before the next stroke."""
        self._revision += 1
        self._base = None
        self._schedule.settled(self._revision)
        self._resume()

    def go_on(self) -> None:
        """Go on as before: it was not applied."""
        self._resume()

    def _reset(self) -> None:
        self._follower.forget()
        self._schedule = Schedule(self._clock.now)
        self._revision = 0
        self._edit: Edit | None = None
        self._first: Pixels | None = None
        self._newest: _NewPicture | None = None
        self._showing: asyncio.Task[None] | None = None
        self._base: BasePicture | None = None
        self._shown_at = 0.0
        self._hint = ""

    def _replaced(self) -> None:
        """Another canvas: nothing of the last one fits it."""
        if self.on:
            self._give_up()
            self._show(None)
            self._reset()

    def _depends_on(self) -> object | None:
        return picture_dependencies(self._session.document, self._session.parameters) if self.on else None

    def _changed(self) -> None:
        self._revision += 1
        self._schedule.changed(self._revision)
        self._resume()

    def _lifted(self) -> None:
        self._schedule.lifted()
        self._next()

    def _resume(self) -> None:
        held = Activity.APPLYING in self._underway
        self._schedule.paused = not self.on or self._broken or held or not self._in_sight
        self._next()

    def _next(self) -> None:
        order = self._schedule.take()
        if order is not None:
            self._follower.start(self._refine if order.refine else self._follow, STOPPED)
        elif (seconds := self._schedule.rests_in()) is not None:
            self._follower.rest(seconds)

    def _give_up(self) -> None:
        self._follower.withdraw()
        self._forget_newest()
        self._schedule.abandoned()

    def _forget_newest(self) -> None:
        """Drop the picture that is not shown yet."""
        self._newest = None
        if self._showing is not None:
            self._showing.cancel()
            self._showing = None

    def _ended(self) -> None:
        if (order := self._schedule.running) is not None:
            self._schedule.finished(order, empty=bool(self._hint))
            if self._showing is None:
                self.followed.emit()
        self._next()

    async def _follow(self) -> None:
        """The first pass of the painting as it is now."""
        document, parameters = self._session.document, live_parameters(self._session.parameters)
        revision = self._session.revision
        try:
            if parameters.t0 == 0:
                raise ValueError(words.NO_CHANGE)
            edit = await asyncio.to_thread(edit_of, document, parameters, revision, self._edit)
        except ValueError as nothing_to_do:
            self._hint, self._edit, self._first, self._base = str(nothing_to_do), None, None, None
            self._forget_newest()
            self._show(None)
            return
        self._hint, self._edit, self._first = "", edit, None
        shown = self._with_detail(edit) or edit
        async for update in self._engine.run(replace(shown.job, sketch=True), Lane.LIVE):
            match update:
                case Progress():
                    if update.pass_index == 0:
                        self._first = update.preview
                    if update.call < update.calls and self._clock.now() - self._shown_at >= PREVIEW_INTERVAL:
                        self._show_soon(_NewPicture(shown, update.preview, whole=False))
                case Result():
                    if shown is edit:
                        self._first = update.picture
                    self._show_soon(_NewPicture(shown, update.picture, whole=True))
                case Failed():
                    self._fail(update.message, update.details)
                case Cancelled():
                    self._schedule.abandoned()

    def _with_detail(self, edit: Edit) -> Edit | None:
        """The edit with a call of the detail network, where there is one and it takes hardly any time.

        The first picture always has it: what was measured in a busy moment would stay otherwise.
        """
        refine = self._session.parameters.refine
        if refine is not Refine.DETAIL:
            return None
        crisp = refinement(edit, refine)
        estimate = self._estimate(crisp, sketch=True)
        if estimate is None:
            return None
        seconds = estimate.later_seconds
        return crisp if self._base is None or (seconds is not None and seconds <= DETAIL_LIMIT) else None

    def _estimate(self, edit: Edit, *, sketch: bool) -> Estimate | None:
        """None if something that the edit needs is not installed. Running it then gives the message."""
        guide = edit.job.guide
        try:
            return self._engine.estimate(guide.width, guide.height, edit.job.parameters, sketch=sketch)
        except ValueError:
            return None

    async def _refine(self) -> None:
        """Carry the first pass up to the frame's own size, or of a refined picture only what was painted since."""
        refine = self._session.parameters.refine
        if self._edit is None or self._first is None or refine is Refine.OFF:
            return
        edit, part = refinement(self._edit, refine, self._first), None
        estimate = self._estimate(edit, sketch=False)
        if self._base is not None and estimate is not None and estimate.forgets_guide:
            part = await asyncio.to_thread(partial_refinement, self._base, self._edit, refine, self._first)
        last: Progress | None = None
        async for update in self._engine.run((part or edit).job, Lane.LIVE):
            match update:
                case Progress():
                    if last is not None and last.pass_index < update.pass_index:
                        self._show_soon(_NewPicture(edit, last.preview, whole=True))
                    last = update
                case Result():
                    picture = update.picture if part else update.unpasted
                    self._show_soon(_NewPicture(edit, picture, whole=True))
                case Failed():
                    self._fail(update.message, update.details)
                case Cancelled():
                    self._schedule.abandoned()

    def _show_soon(self, new: _NewPicture) -> None:
        """Prepare the picture and show it. A newer one that arrives before it is prepared takes its place."""
        self._newest = new
        if self._showing is None:
            self._showing = asyncio.ensure_future(self._show_newest())

    async def _show_newest(self) -> None:
        with report_failure(self._fail, STOPPED):
            while new := self._newest:
                self._newest = None
                await self._show_whole(new) if new.whole else await self._show_estimate(new)
        self._showing = None

    async def _show_estimate(self, new: _NewPicture) -> None:
        """Show it where the painting changed. Elsewhere the finer picture stays."""
        edit, picture, base = new.edit, new.picture, self._base
        if base is None:
            self._put(EditPicture(edit, picture))
        elif base.fits(edit):
            self._put(EditPicture(edit, await asyncio.to_thread(base.blended_with, edit, picture)))

    async def _show_whole(self, new: _NewPicture) -> None:
        """Show all of it, or only where the painting changed if the picture before is finer."""
        edit, picture, base = new.edit, new.picture, self._base
        if base is not None and base.fits(edit) and base.picture.width > picture.width:
            picture = await asyncio.to_thread(base.blended_with, edit, picture)
        else:
            self._base = await asyncio.to_thread(BasePicture.of, edit, picture)
        self._put(EditPicture(edit, picture))
        self.followed.emit()

    def _put(self, shown: EditPicture) -> None:
        self._shown_at = self._clock.now()
        self._show(shown)

    def _fail(self, sentence: str, details: str) -> None:
        self._broken = True
        self._schedule.abandoned()
        self._resume()
        self._session.notices.warn(sentence, details)
        self.switched.emit()
