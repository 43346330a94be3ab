"""The recipe of a run that trains a detail network. Plain values; loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sdedit_studio.training.problem import TrainingProblem
from sdedit_studio.training.recipe import differences

KINDS = 3
"""Kinds of pictures in a batch: light passes, usual passes and degraded photographs."""


@dataclass(frozen=True)
class DetailRecipe:
    """One run. The defaults suit the bundled model and take about ten minutes on two cores.

    `batch`: patches a step over all processes. `steps`: length of the run, or None when `minutes` is the length.
    `minutes`: with `steps`, the length of one sitting, and else of the run; the base model's passes are not counted.
    `adversarial`: weight of the adversarial loss; more makes results crisper, and in the end scratched. `critic_first`:
    steps that the critic learns before its loss counts. `frames`: how many photographs the base model runs on. `seed`:
    of all random numbers.
    """

    batch: int = 8
    steps: int | None = 500
    minutes: float | None = None
    learning_rate: float = 4e-5
    adversarial: float = 0.03
    critic_first: int = 200
    frames: int = 96
    seed: int = 1

    def __post_init__(self) -> None:
        if self.batch < KINDS:
            raise TrainingProblem(f"The batch must hold at least {KINDS} patches: one of each kind.")
        if self.learning_rate <= 0:
            raise TrainingProblem("The learning rate must be more than 0.")
        if self.adversarial < 0 or self.critic_first < 0:
            raise TrainingProblem("The adversarial loss and the critic's first steps must be 0 or more.")
        if self.frames < 1:
            raise TrainingProblem("The base model's passes must be made of at least one frame.")
        if self.steps is None and self.minutes is None:
            raise TrainingProblem("Say how long to train, with --steps or --minutes.")
        if (self.steps is not None and self.steps < 1) or (self.minutes is not None and self.minutes <= 0):
            raise TrainingProblem("The length of the run must be more than nothing.")

    @property
    def images(self) -> int | None:
        """Patches in all, or None when `minutes` is the length."""
        return None if self.steps is None else self.steps * self.batch

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    def differences(self, values: Mapping[str, Any]) -> list[str]:
        """The differences that keep a run of recipe `values`, as of `as_dict`, from resuming as this one."""
        return differences(values, self.as_dict(), free=("steps", "minutes", "batch"))
