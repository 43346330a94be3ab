"""What is under way between the painting and the model."""

from __future__ import annotations

from enum import Enum


class Activity(Enum):
    """One at a time. A result may wait while another run is under way, and is there again if that comes to nothing.

    PREPARING renders the guide; RUNNING includes waiting for a model that is still loading; RESULT waits to be applied
    or discarded; LIVE lasts until it is switched off.
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
