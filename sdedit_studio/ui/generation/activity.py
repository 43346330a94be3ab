"""The state of the generation: idle, running, a result that waits, or live mode."""

from __future__ import annotations

from enum import Enum


class Activity(Enum):
    """Exactly one at a time.

    PREPARING: the guide is rendered. RUNNING: the model works, or is still being loaded. RESULT: a result waits to be
    applied or discarded. LIVE: live mode is on. A result that waits when another run starts is kept, and waits again
    if that run is cancelled or fails.
    """

    NOTHING = "nothing"
    PREPARING = "preparing"
    RUNNING = "running"
    RESULT = "result"
    LIVE = "live"

    @property
    def is_run(self) -> bool:
        """Whether a run is under way, which can be cancelled."""
        return self in (Activity.PREPARING, Activity.RUNNING)
