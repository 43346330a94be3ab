"""What is under way between the painting and the model, and the one table of what can happen to it."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from enum import Enum


class Activity(Enum):
    """Several can be under way at once. Each lies over those before it, which are there again when it is over."""

    NOTHING = "at the bottom of all, always"
    RESULT = "a result waits to be applied or discarded"
    LIVE = "the picture follows the painting until that is switched off"
    APPLYING = "the result that waits, or the live picture, is made a layer"
    PREPARING = "a run has its guide rendered"
    RUNNING = "a run is with the model, or waits for one that is still loading"
    PLAYING = "the steps that led to the result are played"
    COMPARING = "two pictures are compared that someone chose"


class Event(Enum):
    """What can happen."""

    ASKED = "a run is asked for"
    GUIDE_MADE = "the guide of the run is rendered"
    SUCCEEDED = "the run has a result"
    FAILED = "the run came to nothing"
    CANCELLED = "the run is given up"
    PRESENTED = "a picture that was made before is to wait"
    DISCARDED = "the result is put away"
    APPLY = "a layer is to be made"
    APPLIED = "it is made"
    NOT_APPLIED = "it could not be made"
    LIVE_ON = "live mode is switched on, or on again after a failure"
    LIVE_OFF = "live mode is switched off"
    PLAY = "the steps are to be played"
    PLAY_ENDED = "playing has ended"
    COMPARE = "two pictures are to be compared"
    COMPARE_ENDED = "comparing has ended"
    REPLACED = "there is another document, or another canvas size"


@dataclass(frozen=True)
class Transition:
    """What an event ends and begins. It is refused unless one of `during`, and none of `without`, is under way."""

    during: Set[Activity]
    without: Set[Activity] = frozenset()
    ends: Set[Activity] = frozenset()
    begins: Activity = Activity.NOTHING


NOTHING, RESULT, LIVE, APPLYING, PREPARING, RUNNING, PLAYING, COMPARING = Activity

A_RUN = frozenset({PREPARING, RUNNING})

TRANSITIONS: dict[Event, Transition] = {
    # A run and live mode end before anything else is begun; a result stays under a run, and is there if it fails.
    Event.ASKED: Transition({NOTHING}, without={*A_RUN, LIVE}, ends={PLAYING}, begins=PREPARING),
    Event.GUIDE_MADE: Transition({PREPARING}, ends={PREPARING}, begins=RUNNING),
    Event.SUCCEEDED: Transition({RUNNING}, ends={RUNNING, APPLYING}, begins=RESULT),
    Event.FAILED: Transition(A_RUN, ends=A_RUN),
    Event.CANCELLED: Transition(A_RUN, ends=A_RUN),
    Event.PRESENTED: Transition({NOTHING}, without={*A_RUN, LIVE}, ends={APPLYING, PLAYING}, begins=RESULT),
    Event.DISCARDED: Transition({RESULT}, ends={RESULT, APPLYING, PLAYING}),
    # Live mode goes on under what is applied and after it; a result has become the layer.
    Event.APPLY: Transition({RESULT, LIVE}, without={*A_RUN, APPLYING}, begins=APPLYING),
    Event.APPLIED: Transition({APPLYING}, ends={APPLYING, RESULT, PLAYING}),
    Event.NOT_APPLIED: Transition({APPLYING}, ends={APPLYING}),
    Event.LIVE_ON: Transition({NOTHING}, without={*A_RUN, RESULT}, ends={APPLYING}, begins=LIVE),
    Event.LIVE_OFF: Transition({LIVE}, ends={LIVE, APPLYING}),
    Event.PLAY: Transition({RESULT}, without=A_RUN, begins=PLAYING),
    Event.PLAY_ENDED: Transition({PLAYING}, ends={PLAYING}),
    Event.COMPARE: Transition({NOTHING}, begins=COMPARING),
    Event.COMPARE_ENDED: Transition({COMPARING}, ends={COMPARING}),
    # Live mode follows another canvas as it followed the last one.
    Event.REPLACED: Transition({NOTHING}, ends={*A_RUN, RESULT, APPLYING, PLAYING}),
}


@dataclass
class Underway:
    """All that is under way. Only `happen` changes it, as the table says."""

    _all: frozenset[Activity] = field(default=frozenset({NOTHING}), init=False)

    def __contains__(self, activity: Activity) -> bool:
        return activity in self._all

    @property
    def activity(self) -> Activity:
        """What lies over all else."""
        return next(each for each in reversed(Activity) if each in self._all)

    @property
    def running(self) -> bool:
        """Whether a run is under way, which can be cancelled."""
        return not self._all.isdisjoint(A_RUN)

    @property
    def waits(self) -> bool:
        """Whether a result waits, and no run is under way over it."""
        return RESULT in self._all and not self.running

    @property
    def idle(self) -> bool:
        """Whether nothing is under way, or pictures are just looked at."""
        return self._all <= {NOTHING, COMPARING}

    def happen(self, event: Event) -> bool:
        """Returns whether it could; else nothing has changed."""
        change = TRANSITIONS[event]
        if self._all.isdisjoint(change.during) or not self._all.isdisjoint(change.without):
            return False
        self._all = self._all - change.ends | {change.begins}
        return True
