"""The t0 strip: samples of the current painting at eleven values of t0, computed while the engine is idle.

`docs/t0-strip.md` explains their measures of faithfulness and realism.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from sdedit_studio.editing.edit import edit_of
from sdedit_studio.editing.live_pictures import live_parameters, picture_dependencies
from sdedit_studio.editing.t0_samples import Sample, guide_at, sample_of
from sdedit_studio.editing.trade_off import Span, sweet_spot
from sdedit_studio.engine.job import Cancelled, Failed, Job, Phase, Pixels, Progress, Result
from sdedit_studio.ui.base import words
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.generation.follower import Follower
from sdedit_studio.ui.generation.generation import Generation

LEVELS = tuple(tenth / 10 for tenth in range(11))

REST = 1.0
"""Seconds that the painting must have rested."""

FIRST = 2
"""Pictures of the first batch. It is over sooner than a larger one, so that there is something to see."""


class Strip(QObject):
    """Follows the document of a session while it is in sight. Needs a running asyncio loop.

    `pen_down`: whether a gesture is under way on the canvas. `changed()`: something here reads differently.
    """

    changed = Signal()

    def __init__(self, session: Session, generation: Generation, pen_down: Callable[[], bool]) -> None:
        super().__init__(session)
        self._session, self._generation, self._pen_down = session, generation, pen_down
        self._in_sight = False
        self._samples: dict[float, Sample] = {}
        self._current: set[float] = set()
        self._hint = ""
        self._settled = False
        self._follower = Follower(
            self,
            session,
            self._depends_on,
            changed=self._painting_changed,
            replaced=self._forget,
            rested=self._begin,
            ended=self._resume,
            failed=self._fail,
            clock=generation.clock,
            pen_down=pen_down,
        )
        generation.changed.connect(self._resume)
        generation.live.followed.connect(self._resume)
        generation.live.switched.connect(self._try_again)

    @property
    def samples(self) -> Mapping[float, Sample]:
        """By their t0, those of an earlier painting included."""
        return self._samples

    def is_current(self, t0: float) -> bool:
        """Whether the sample at a level is of the painting as it is."""
        return t0 in self._current

    @property
    def complete(self) -> bool:
        """Whether every level has a sample of the painting as it is."""
        return len(self._current) == len(LEVELS)

    @property
    def hint(self) -> str:
        """Why there is nothing to see, with what to do; or ""."""
        return self._hint

    @property
    def sweet_spot(self) -> Span | None:
        """The t0 at which faithfulness and realism are best together, of those that change something; None until all is
        measured.
        """
        distances = [sample.photo_distance for sample in self._samples.values() if sample.photo_distance is not None]
        if not self.complete or len(distances) < len(LEVELS):
            return None
        samples = [self._samples[t0] for t0 in LEVELS[1:]]
        return sweet_spot(
            LEVELS[1:], [sample.l2 for sample in samples], [sample.photo_distance or 0.0 for sample in samples]
        )

    def choose(self, t0: float) -> None:
        """Take a level as the t0 of the next edit."""
        self._session.set_parameters(t0=t0)
        self._session.notices.tell(f"t₀ {t0:.2f}: {words.keeps(t0)}")

    def set_in_sight(self, in_sight: bool) -> None:
        """Compute only while the strip is visible."""
        self._in_sight = in_sight
        self._follower.check_for_change()
        self._resume()

    def close(self) -> None:
        self.set_in_sight(False)

    def _depends_on(self) -> object:
        return picture_dependencies(self._session.document, replace(live_parameters(self._session.parameters), t0=0.0))

    def _painting_changed(self) -> None:
        self._settled = False
        self._follower.withdraw()
        if self._current or self._hint:
            self._current, self._hint = set(), ""
            self.changed.emit()
        self._resume(anew=True)

    def _forget(self) -> None:
        """Another canvas: the pictures are not of it."""
        self._samples, self._current = {}, set()
        self.changed.emit()

    def _try_again(self) -> None:
        """Try again after a failure when the person switches live mode on."""
        if self._hint and self._generation.live.on and not self._generation.live.broken:
            self._settled, self._hint = False, ""
            self.changed.emit()
            self._resume(anew=True)

    def _resume(self, *, anew: bool = False) -> None:
        """Go on once the painting has rested, or give way. `anew`: it has just changed, so its rest begins again."""
        follower = self._follower
        if not self._may_run:
            follower.withdraw()
        elif not follower.working and not self._settled and (anew or not follower.resting):
            follower.rest(REST)

    @property
    def _may_run(self) -> bool:
        generation = self._generation
        return (
            self._in_sight
            and generation.status.phase in (Phase.READY, Phase.BUSY)
            and not generation.underway.running
            and (not generation.live.on or generation.live.at_rest)
        )

    def _begin(self) -> None:
        if self._may_run and not self._follower.working:
            self._follower.start(self._compute, "The row of previews could not be made. Your painting is unchanged.")

    async def _compute(self) -> None:
        try:
            self._settled = await self._carry_on()
        except ValueError as nothing_to_do:
            self._stop_at(str(nothing_to_do))

    def _fail(self, sentence: str, details: str) -> None:
        self._stop_at(sentence)
        self._session.notices.warn(sentence, details)

    def _stop_at(self, hint: str) -> None:
        """Show why nothing is computed, and try again only when something has changed."""
        self._settled, self._hint, self._samples = True, hint, {}
        self.changed.emit()

    async def _carry_on(self) -> bool:
        """Make what is missing, the nearest to the chosen t0 first. Returns whether all of it was made.

        Raises ValueError, with a sentence for the person, when there is nothing to work from.
        """
        session = self._session
        parameters = replace(live_parameters(session.parameters), t0=LEVELS[-1])
        edit = await asyncio.to_thread(edit_of, session.document, parameters, session.revision)
        while not self.complete:
            chosen = [replace(parameters, t0=t0) for t0 in self._next()]
            if not await self._make([replace(edit.job, parameters=each, judge=True) for each in chosen]):
                return False
        return True

    def _next(self) -> Sequence[float]:
        """The missing levels nearest to the chosen t0: a few, so that there is something to see, and then as many as go
        through the network together; or 0 by itself, for which the network has nothing to do.
        """
        chosen = self._session.parameters.t0
        missing = sorted((t0 for t0 in LEVELS if t0 not in self._current), key=lambda t0: abs(t0 - chosen))
        if missing[0] == 0:
            return missing[:1]
        count = self._generation.status.together
        return [t0 for t0 in missing if t0 > 0][: count if self._current else min(count, FIRST)]

    async def _make(self, jobs: Sequence[Job]) -> bool:
        """Make pictures of one batch, each with its measures. Returns whether all came: not if a gesture began."""
        previews: dict[float, Pixels] = {}
        async with aclosing(self._generation.engine.run_together(jobs)) as updates:
            async for update in updates:
                if self._pen_down():
                    return False
                t0 = update.job.parameters.t0
                match update:
                    case Progress():
                        previews[t0] = update.preview
                    case Failed():
                        raise ValueError(update.message)
                    case Cancelled():
                        return False
                    case Result():
                        picture = previews.get(t0) or await asyncio.to_thread(self._unchanged, update.job)
                        self._samples[t0] = await asyncio.to_thread(
                            sample_of, update.job, picture, update.photo_distance
                        )
                        self._current.add(t0)
                        self.changed.emit()
        return True

    def _unchanged(self, job: Job) -> Pixels:
        """The sample at t0 = 0: the guide, at the size of the others."""
        guide = job.guide
        seen = self._generation.engine.estimate(guide.width, guide.height, job.parameters)
        return guide_at(job, (seen.native_width, seen.native_height))
