"""The cost in time of each pass of an edit on this machine. Loads no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sdedit_studio.diffusion.plan import Detail, Stage
from sdedit_studio.engine.measured import Measured
from sdedit_studio.models.catalogue import ModelCard
from sdedit_studio.parameters import Parameters


@dataclass(frozen=True)
class Cost:
    """The cost of one pass. `network`: the name that its times are stored under. `runs`: its runs per model call."""

    stage: Stage
    network: str
    runs: int

    def call_seconds(self, measured: Measured) -> float | None:
        """Seconds of one model call; None until one was measured."""
        seconds = measured.call_seconds(self.network, self.stage.pixels)
        return None if seconds is None else self.runs * seconds

    def seconds(self, measured: Measured) -> float | None:
        """Seconds of the whole pass; None until a call was measured."""
        seconds = self.call_seconds(measured)
        return None if seconds is None else self.stage.model_calls * seconds

    def learn(self, measured: Measured, seconds: float) -> None:
        """Record that a model call took `seconds`."""
        measured.learn(self.network, self.stage.pixels, seconds / self.runs)


def costs(card: ModelCard, width: int, height: int, parameters: Parameters, *, sketch: bool = False) -> Sequence[Cost]:
    """The cost of each pass of an edit of a `width` x `height` frame. `sketch`: see `Job`.

    Raises ModelProblem as `ModelCard.passes` does.
    """
    detail, runs = card.detail(parameters), card.runs(parameters)
    return [
        Cost(stage, detail.measured_as, 1) if detail and isinstance(stage, Detail) else Cost(stage, card.name, runs)
        for stage in card.passes(width, height, parameters, sketch=sketch)
    ]
