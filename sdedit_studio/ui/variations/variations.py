"""Variations: the painting with several seeds, made in the idle time, and what can be done with the chosen ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from sdedit_studio.document.target import Target
from sdedit_studio.editing.live_pictures import picture_dependencies
from sdedit_studio.editing.variation import (
    SEEDS,
    Variation,
    above_later_results,
    blended,
    seeds_from,
    variations_of,
    variations_of_painting,
)
from sdedit_studio.engine.job import Cancelled, Failed, Progress, Result, Update
from sdedit_studio.parameters import Parameters, Refine
from sdedit_studio.ui.base import words
from sdedit_studio.ui.base.tasks import OwnTasks
from sdedit_studio.ui.generation.follower import Follower
from sdedit_studio.ui.generation.generation import Generation

COUNTS = (4, 8, 12, 16)

MadeOf = tuple[tuple[Any, ...], Parameters | None, int]
"""The painting of a sheet, its settings where its seeds go on, and the seed that comes next."""

WHITE, BLACK = (255, 255, 255), (0, 0, 0)


class Variations(QObject):
    """One sheet of small pictures, and those of it that are chosen. Needs a running asyncio loop.

    Nothing here touches the document but `blend`. Signals: `changed()` when any property may read differently;
    `drawn(Variation)` when only that one's picture is newer; `starred(Variation)` when one is done and has a star.
    """

    changed = Signal()
    drawn = Signal(object)
    starred = Signal(object)

    def __init__(self, generation: Generation) -> None:
        super().__init__(generation)
        self._generation = generation
        self._session = generation.session
        self._engine = generation.engine
        self._tasks = OwnTasks()
        self._sheet: tuple[Variation, ...] = ()
        self._chosen: tuple[Variation, ...] = ()
        self._painted: tuple[Any, ...] = ()
        self._settings: Parameters | None = None
        self._earlier = False
        self._next_seed = 0
        self._showing: Variation | None = None
        self.count = COUNTS[0]
        session = self._session
        self._model = session.parameters.model
        session.parameters_changed.connect(self._parameters_changed)
        self._follower = Follower(
            self,
            session,
            self._depends_on,
            changed=self._painting_changed,
            replaced=self._clear,
            ended=self._filled,
        )
        generation.changed.connect(self.changed)

    @property
    def sheet(self) -> Sequence[Variation]:
        """Starred ones of earlier sheets first; those that are not done yet have no picture, or an unfinished one."""
        return self._sheet

    @property
    def chosen(self) -> Sequence[Variation]:
        """In the order in which they were chosen."""
        return self._chosen

    @property
    def filling(self) -> bool:
        return self._follower.working

    @property
    def outdated(self) -> bool:
        """Whether the painting or its settings are not those of the sheet any more."""
        return self._earlier

    @property
    def continues_seeds(self) -> bool:
        """Whether the sheet is of this very painting, seed and settings, so that `make` takes the seeds after it."""
        same = self._settings == _without_detail(self._session.parameters)
        return bool(self._sheet) and not self._earlier and same

    @property
    def origin(self) -> Variation | None:
        """The variation that the newest ones are small changes of; None for variations of the painting."""
        return self._sheet[-1].origin if self._sheet else None

    @property
    def seconds_left(self) -> float | None:
        """Until the sheet is full if nothing comes between; None when not known."""
        left = [each for each in self._sheet if not each.done]
        if not left:
            return None
        job = left[0].edit.job
        try:
            each = self._engine.estimate(job.guide.width, job.guide.height, job.parameters).seconds
        except ValueError:
            return None
        return None if each is None else len(left) * each

    @property
    def single_choice(self) -> Variation | None:
        """The chosen variation, if exactly one is chosen and it is finished."""
        return self._chosen[0] if len(self._chosen) == 1 and self._chosen[0].done else None

    @property
    def can_lock(self) -> bool:
        """Whether the chosen one's seed alone, on its painting, makes it again."""
        return self.single_choice is not None and self.single_choice.origin is None

    @property
    def can_blend(self) -> bool:
        return len(self._chosen) == 2 and all(each.done for each in self._chosen)

    @property
    def can_make_full_size(self) -> bool:
        """Whether exactly one variation is chosen that is not at full size, and no run is in progress."""
        result = self._generation.result
        free = not self._generation.underway.running
        return (
            self.single_choice is not None
            and free
            and (result is None or result.job.first is not self.single_choice.picture)
        )

    def make(self) -> None:
        """Make a sheet of the painting as it is now: its seed and those after it, or those after a sheet of it.

        Starred ones stay.
        """
        parameters = self._session.parameters
        if parameters.t0 == 0:
            self._session.notices.warn(words.NO_CHANGE)
            return
        first = self._next_seed if self.continues_seeds else parameters.seed
        document, revision, seeds = (
            self._session.document,
            self._session.revision,
            seeds_from(first, self.count),
        )
        painted, settings = self._painting(), _without_detail(parameters)
        made_of = painted, settings, (first + self.count) % SEEDS
        self._fill(lambda: variations_of_painting(document, parameters, revision, seeds), [], made_of)

    def more_like_this(self) -> None:
        """Make a sheet of small changes of the chosen one, which stays as its first."""
        chosen = self.single_choice
        if chosen is not None:
            seeds = seeds_from(chosen.seed + 1, self.count - 1)
            self._fill(lambda: variations_of(chosen, seeds), [chosen], (self._painted, None, self._next_seed))

    def stop(self) -> bool:
        """Leave the sheet as far as it is. Returns whether it was being filled."""
        if not self._follower.working:
            return False
        self._follower.withdraw()
        self._filled()
        return True

    def choose(self, chosen: Sequence[Variation]) -> None:
        """Choose some of the sheet. A single one is shown over the canvas."""
        kept = [each for each in self._chosen if each in chosen]
        self._chosen = (*kept, *(each for each in chosen if each not in kept))
        self.changed.emit()
        self.show_chosen()

    def show_chosen(self) -> None:
        """Lay the chosen one over the canvas, to be applied or discarded."""
        self._showing = chosen = self.single_choice
        shown = self._generation.shown
        if chosen is None or (shown is not None and shown.edit.job is chosen.edit.job):
            return
        if self._generation.underway.running:
            self._session.notices.tell(words.UNDER_WAY)
        else:
            self._tasks.start(self._show(chosen))

    def make_full_size(self) -> None:
        """Carry the chosen one up to full size, and keep its seed."""
        if self.single_choice is None or not self.can_make_full_size:
            return
        now, own = self._session.parameters, self.single_choice.edit.job.parameters
        try:
            chosen = self._engine.with_refinement(now if now.model == own.model else own)
        except ValueError as problem:
            self._session.notices.warn(str(problem))
            return
        edit = above_later_results(self.single_choice.at_full_size(chosen), self._session.document)
        self._showing = None
        self.lock_seed()
        self._generation.start(lambda *_: edit)

    def lock_seed(self) -> None:
        """Have all that comes use the chosen one's seed."""
        if self.single_choice is not None and self.can_lock:
            self._session.set_parameters(seed=self.single_choice.seed)
            self._generation.seed_locked = True
            self._session.notices.tell(f"Seed {self.single_choice.seed} is kept from now on.")

    def star(self) -> None:
        """Star the chosen ones, or take their stars away if all have one."""
        starred = not all(each.starred for each in self._chosen)
        for each in self._chosen:
            each.starred = starred
            self._tell_star(each)
        self.changed.emit()

    def _tell_star(self, variation: Variation) -> None:
        if variation.starred and variation.done:
            self.starred.emit(variation)

    def blend(self) -> None:
        """Make the two chosen ones layers, in one undo step, and have the brush paint the upper one in."""
        if self.can_blend:
            below, above = self._chosen
            self._session.change(
                "Blend two variations",
                lambda document: blended(below, above, document),
                still=lambda: below in self._sheet and above in self._sheet,
                then=lambda: self._blended(below, above),
            )

    def close(self) -> None:
        """Let go of the engine, before the window goes."""
        self._follower.withdraw()
        self._tasks.cancel()

    def _set_sheet(self, sheet: Sequence[Variation]) -> None:
        self._sheet = tuple(sheet)
        self._chosen = tuple(each for each in self._chosen if each in self._sheet)
        self.changed.emit()

    def _clear(self) -> None:
        """Another canvas: nothing of the sheet fits it."""
        self._follower.withdraw()
        self._earlier, self._settings, self._showing = False, None, None
        self._set_sheet(())

    def _parameters_changed(self) -> None:
        """Give up what is filling for another model: the worker would load the two by turns, whenever it is idle."""
        before, self._model = self._model, self._session.parameters.model
        if self._model != before and self.stop():
            self._session.notices.tell("Another model was chosen, so the sheet of variations stays as far as it is.")

    def _painting(self) -> tuple[Any, ...]:
        """The values that a sheet of the painting depends on."""
        return picture_dependencies(self._session.document, _unseeded(self._session.parameters))

    def _depends_on(self) -> object | None:
        return self._painting() if self._sheet else None

    def _painting_changed(self) -> None:
        """See whether the sheet is still one of this painting."""
        earlier = self._painting() != self._painted
        if earlier is not self._earlier:
            self._earlier = earlier
            self.changed.emit()

    def _fill(self, make: Callable[[], list[Variation]], kept: Sequence[Variation], made_of: MadeOf) -> None:
        self._follower.start(
            partial(self._fill_with, make, kept, made_of),
            "The variations stopped early. Your painting is unchanged; try again.",
        )
        self.changed.emit()

    async def _fill_with(self, make: Callable[[], list[Variation]], kept: Sequence[Variation], made_of: MadeOf) -> None:
        try:
            made = await asyncio.to_thread(make)
            stay = [*kept, *(each for each in self._sheet if each.starred and each.done and each not in kept)]
            new = [each for each in made if not any(each.same_as(other) for other in stay)]
            self._painted, self._settings, self._next_seed = made_of
            self._set_sheet([*stay, *new])
            self._follower.assume_changed()
            if new:
                async with aclosing(self._engine.run_together([each.edit.job for each in new])) as updates:
                    async for update in updates:
                        self._receive(update)
                        if isinstance(update, Failed | Cancelled):
                            break
        except ValueError as nothing_to_do:
            self._session.notices.warn(str(nothing_to_do))

    def _filled(self) -> None:
        self._set_sheet([each for each in self._sheet if each.done])

    def _receive(self, update: Update) -> None:
        variation = next(each for each in self._sheet if each.edit.job is update.job)
        match update:
            case Progress():
                if update.call > variation.call:  # less, when it gave way to something and began again
                    variation.picture, variation.call = update.preview, update.call
                    self.drawn.emit(variation)
            case Result():
                variation.seconds = update.seconds
                self.changed.emit()
                self._tell_star(variation)
            case Failed():
                self._session.notices.warn(update.message, update.details)

    async def _show(self, chosen: Variation) -> None:
        result = await asyncio.to_thread(chosen.result)
        await self._session.until_settled()
        if chosen is self._showing and not self._generation.underway.running:
            self._generation.present(above_later_results(chosen.edit, self._session.document), result)

    def _blended(self, below: Variation, above: Variation) -> None:
        session = self._session
        self._generation.discard()
        session.set_tool("brush")
        session.set_colours(foreground=WHITE, background=BLACK)
        session.set_target(Target.MASK)
        session.notices.tell(
            f"Paint with white where {above.name} should show, with black (X) where {below.name} should."
        )


def _unseeded(parameters: Parameters) -> Parameters:
    """The parameters that a sheet depends on: all but the seed, of which it has several, and the refinement."""
    return replace(_without_detail(parameters), seed=0)


def _without_detail(parameters: Parameters) -> Parameters:
    return replace(parameters, refine=Refine.OFF, detail=None, crispness=1.0)
