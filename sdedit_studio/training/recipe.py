"""The recipe of a training run: network, loss and length. Plain values; loads no torch."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sdedit_studio.training.problem import TrainingProblem

SIGMA_DATA = 0.5
"""The standard deviation of pictures in [-1, 1] that EDM preconditioning assumes."""

GROUPS = 32
"""Channels are multiples of this, for group normalisation and attention heads."""


class Objective(StrEnum):
    """The distribution and weighting of levels in a denoiser's loss, by the names of the command line."""

    EDM = "edm"
    VE = "ve"
    VP = "vp"


@dataclass(frozen=True)
class Recipe:
    """One run. The defaults are those of the bundled model, scenes-96.

    `size`: side of the pictures in pixels. `channels`: of each level of the U-Net, each half the size of the one above;
    `layers`: residual blocks a level; `patch`: pixels are folded `patch` x `patch` into channels before the network.
    `batch`: pictures a step over all processes. `images`: pictures in all, or None when `minutes` is the length.
    `minutes`: with `images` the length of one sitting, and else of the run. `few_step`: consistency tuning of a trained
    network, in place of the objective. `held_out`: share of the pictures kept from training. `seed`: of all random
    numbers.
    """

    size: int = 96
    channels: tuple[int, ...] = (64, 128, 224, 320)
    layers: int = 2
    patch: int = 2
    objective: Objective = Objective.EDM
    few_step: bool = False
    batch: int = 512
    images: int | None = 4_000_000
    minutes: float | None = None
    learning_rate: float = 4e-4
    dropout: float = 0.1
    label_dropout: float = 0.15
    held_out: float = 0.0
    seed: int = 1

    def __post_init__(self) -> None:
        if not self.channels or any(width < GROUPS or width % GROUPS for width in self.channels):
            raise TrainingProblem(f"Channels must be multiples of {GROUPS}, such as 64,128,192,256.")
        if self.layers < 1 or self.patch < 1:
            raise TrainingProblem("Layers and patch must be 1 or more.")
        if self.size < self.stride or self.size % self.stride:
            raise TrainingProblem(f"With this network the size must be a multiple of {self.stride}, not {self.size}.")
        if self.learning_rate <= 0:
            raise TrainingProblem("The learning rate must be more than 0.")
        if self.batch < 1:
            raise TrainingProblem("The batch must hold at least one picture.")
        if self.images is None and self.minutes is None:
            raise TrainingProblem("Say how long to train, with --images or --minutes.")
        if (self.images is not None and self.images < 1) or (self.minutes is not None and self.minutes <= 0):
            raise TrainingProblem("The length of the run must be more than nothing.")

    @property
    def stride(self) -> int:
        """Sides of pictures must be multiples of it."""
        return self.patch * 2 ** (len(self.channels) - 1)

    def network(self, classes: int) -> dict[str, Any]:
        """The `config.json` of the network for `classes` classes: diffusers' `UNet2DModel`, and what is ours.

        Attention in the two smallest levels. One label more than there are classes stands for "any"; without classes
        there are no labels.
        """
        plain = max(len(self.channels) - 2, 0)
        attentive = len(self.channels) - plain
        return {
            "_class_name": "UNet2DModel",
            "sample_size": self.size // self.patch,
            "in_channels": 3 * self.patch**2,
            "out_channels": 3 * self.patch**2,
            "layers_per_block": self.layers,
            "block_out_channels": list(self.channels),
            "down_block_types": ["DownBlock2D"] * plain + ["AttnDownBlock2D"] * attentive,
            "up_block_types": ["AttnUpBlock2D"] * attentive + ["UpBlock2D"] * plain,
            "attention_head_dim": GROUPS,
            "norm_num_groups": GROUPS,
            "resnet_time_scale_shift": "scale_shift",
            "time_embedding_type": "positional",
            "add_attention": True,
            "num_class_embeds": classes + 1 if classes else None,
            "dropout": self.dropout,
            "patch": self.patch,
            "sigma_data": SIGMA_DATA,
        }

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self) | {"channels": list(self.channels)}

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> Recipe:
        """Inverse of `as_dict`."""
        return Recipe(**{**values, "channels": tuple(values["channels"]), "objective": Objective(values["objective"])})

    def differences(self, other: Recipe) -> list[str]:
        """The differences that keep a run of this recipe from resuming as `other`; length and batch may differ."""
        return differences(self.as_dict(), other.as_dict(), free=("images", "minutes", "batch"))


def differences(mine: Mapping[str, Any], theirs: Mapping[str, Any], *, free: Collection[str]) -> list[str]:
    """The differences of two recipes as plain values, worded by `mine`; keys in `free` may differ."""
    fixed = (key for key in mine if key not in free)
    return [f"{key.replace('_', ' ')} {_shown(mine[key])}" for key in fixed if mine[key] != theirs[key]]


def _shown(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
