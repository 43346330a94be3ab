"""The t0 strip: this very painting at every t0, computed when there is nothing else to do, and what that costs and
gains. `docs/t0-strip.md` says how it is measured.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image
from PySide6.QtCore import QObject, QTimer, Signal

from sdedit_studio.editing.edit import edit_of
from sdedit_studio.editing.live_pictures import quick, subject
from sdedit_studio.editing.trade_off import Span, sweet_spot
from sdedit_studio.engine.job import Cancelled, Failed, Job, Phase, Pixels, Progress, Result
from sdedit_studio.evaluation.measures import l2, rmse
from sdedit_studio.ui.base import words
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.generation.generation import Generation, State

LEVELS = tuple(tenth / 10 for tenth in range(11))

REST_MS = 1000
"""The painting must have rested this long."""

FIRST = 2
"""Pictures of the first batch. It is over sooner than a larger one, so that there is something to see."""


@dataclass(frozen=True, eq=False)
class Sample:
    """The picture at one t0, at the model's native size.

    Its distance to the guide where it may differ: `l2` as the paper has it, `rmse` in grey levels. `away`: its
    distance to photographs by the model's own estimate, None when the model cannot tell.
    """

    picture: Pixels
    l2: float
    rmse: float
    away: float | None


class Strip(QObject):
    """Follows the document of a session while it is in sight. Needs a running asyncio loop.

    `pen_down`: whether a gesture is under way on the canvas. `changed()`: something here reads differently.
    """

    changed = Signal()

    def __init__(self, session: Session, generation: Generation, pen_down: Callable[[], bool]) -> None:
        super().__init__(session)
        self._session, self._generation, self._pen_down = session, generation, pen_down
        self._in_sight = False
        self._subject: tuple[Any, ...] | None = None
        self._samples: dict[float, Sample] = {}
        self._current: set[float] = set()
        self._hint = ""
        self._settled = False
        self._task: asyncio.Task[None] | None = None
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._begin)
        for signal in (session.document_changed, session.selection_changed, session.layers_changed):
            signal.connect(self._look)
        session.parameters_changed.connect(self._look)
        session.document_replaced.connect(self._forget)
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
        aways = [sample.away for sample in self._samples.values() if sample.away is not None]
        if not self.complete or len(aways) < len(LEVELS):
            return None
        samples = [self._samples[t0] for t0 in LEVELS[1:]]
        return sweet_spot(LEVELS[1:], [sample.l2 for sample in samples], [sample.away or 0.0 for sample in samples])

    def choose(self, t0: float) -> None:
        """Take a level as the t0 of the next edit."""
        self._session.set_parameters(t0=t0)
        self._session.notices.tell(f"t₀ {t0:.2f}: {words.keeps(t0)}")

    def set_in_sight(self, in_sight: bool) -> None:
        """Nothing is computed while nobody can see it."""
        self._in_sight = in_sight
        self._look()
        self._resume()

    def close(self) -> None:
        self.set_in_sight(False)

    def _look(self) -> None:
        """See whether anything changed that the pictures depend on. Runs at every pen event, so it only compares
        identities.
        """
        now = subject(self._session.document, replace(quick(self._session.parameters), t0=0.0))
        if now == self._subject:
            return
        self._subject = now
        self._settled = False
        self._withdraw()
        if self._current or self._hint:
            self._current, self._hint = set(), ""
            self.changed.emit()
        self._resume(anew=True)

    def _forget(self) -> None:
        """Another canvas: the pictures are not of it."""
        self._samples, self._current, self._subject = {}, set(), None
        self._look()
        self.changed.emit()

    def _try_again(self) -> None:
        """What kept it from going on may be over when a person goes on."""
        if self._hint and self._generation.live.on and not self._generation.live.broken:
            self._settled, self._hint = False, ""
            self.changed.emit()
            self._resume(anew=True)

    def _resume(self, *, anew: bool = False) -> None:
        """Go on once the painting has rested, or give way. `anew`: it has just changed, so its rest begins again."""
        if not self._may_run:
            self._withdraw()
            self._rest.stop()
        elif self._task is None and not self._settled and (anew or not self._rest.isActive()):
            self._rest.start()

    @property
    def _may_run(self) -> bool:
        generation = self._generation
        return (
            self._in_sight
            and generation.status.phase in (Phase.READY, Phase.BUSY)
            and generation.state not in (State.PREPARING, State.RUNNING)
            and (not generation.live.on or generation.live.at_rest)
        )

    def _withdraw(self) -> None:
        """Ending the task closes the engine's iterator, which cancels exactly its job."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _begin(self) -> None:
        if self._pen_down():
            self._rest.start()
        elif self._may_run and self._task is None:
            self._task = asyncio.ensure_future(self._compute())

    async def _compute(self) -> None:
        try:
            self._settled = await self._carry_on()
        except ValueError as nothing_to_do:
            self._stop_at(str(nothing_to_do))
        except Exception:
            self._stop_at("The row of previews could not be made. Your painting is unchanged.")
            self._session.notices.warn(self._hint, traceback.format_exc())
        self._task = None
        self._resume()

    def _stop_at(self, hint: str) -> None:
        """Show what keeps it from going on, and try again only when something has changed."""
        self._settled, self._hint, self._samples = True, hint, {}
        self.changed.emit()

    async def _carry_on(self) -> bool:
        """Make what is missing, the nearest to the chosen t0 first. Returns whether all of it was made.

        Raises ValueError, with a sentence for the person, when there is nothing to work from.
        """
        session = self._session
        parameters = replace(quick(session.parameters), t0=LEVELS[-1])
        edit = await asyncio.to_thread(edit_of, session.document, parameters, session.history.revision)
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
                            measured, update.job, picture, update.photo_distance
                        )
                        self._current.add(t0)
                        self.changed.emit()
        return True

    def _unchanged(self, job: Job) -> Pixels:
        """What t0 = 0 gives: the guide, at the size of the others."""
        guide = job.guide
        seen = self._generation.engine.estimate(guide.width, guide.height, job.parameters)
        return Pixels.of(_resized(guide.array, (seen.native_width, seen.native_height)))


def measured(job: Job, picture: Pixels, away: float | None) -> Sample:
    """A picture with its distance to the job's guide, where the mask lets it change. For any thread."""
    size = picture.width, picture.height
    guide, coverage = _resized(job.guide.array, size), job.coverage
    mask = None if coverage is None else _resized(coverage, size) / 255
    if mask is not None and not mask.any():
        mask = None  # too small to be seen at this size
    return Sample(picture, float(l2(guide, picture.array, mask)), float(rmse(guide, picture.array, mask)), away)


def _resized(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))
