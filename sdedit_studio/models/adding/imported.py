"""What the importers share: the options a person gives, the network that results, and its checks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor

from sdedit_studio.diffusion.schedule import Betas, DiscreteVP
from sdedit_studio.models.catalogue import ModelProblem, Prediction
from sdedit_studio.models.unet import build


@dataclass(frozen=True)
class ImportOptions:
    """What a person states about a model that its files do not; None for what is not stated.

    `head_channels`, `new_attention_order`: guided-diffusion's `num_head_channels` and `use_new_attention_order`.
    """

    name: str | None = None
    licence: str | None = None
    prediction: Prediction | None = None
    betas: Betas | None = None
    head_channels: int | None = None
    new_attention_order: bool | None = None


@dataclass(frozen=True)
class ImportedNetwork:
    """A network as diffusers' `UNet2DModel`: its `config.json`, its weights, and the other facts of `model.json`."""

    config: Mapping[str, Any]
    weights: Mapping[str, Tensor]
    facts: Mapping[str, Any] = field(default_factory=dict)


def schedule_facts(schedule: DiscreteVP) -> dict[str, Any]:
    """What `model.json` says of a network on a discrete schedule. The last level of a cosine schedule is left out."""
    highest = schedule.sigmas[-2] if schedule.betas is Betas.COSINE else schedule.sigmas[-1]
    return {"schedule": schedule, "sigma_min": schedule.sigmas[0], "sigma_max": highest}


def as_json(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Plain JSON values, as `model.json` has them."""
    return json.loads(json.dumps(facts, default=asdict))


def stride_of(config: Mapping[str, Any]) -> int:
    """The stride of a network: it halves the sides of pictures at every level but the last."""
    return 2 ** (len(config["block_out_channels"]) - 1)


def check(network: ImportedNetwork, label: str) -> ImportedNetwork:
    """Returns `network`. Raises ModelProblem unless its weights fit its `config` one to one and are finite."""
    try:
        with torch.device("meta"):
            expected = build(network.config).state_dict()
    except (TypeError, ValueError, KeyError, IndexError, RuntimeError, ZeroDivisionError) as error:
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
        raise ModelProblem(f"{label} describes a network that cannot be built ({reason}).") from error
    compare(expected, network.weights, label)
    return network


def compare(expected: Mapping[str, Tensor], weights: Mapping[str, Tensor], label: str) -> None:
    """Raises ModelProblem unless `weights` match `expected` in names and shapes and are finite floats."""
    if lacking := [name for name in expected if name not in weights]:
        raise ModelProblem(f"{label} is incomplete: {len(lacking)} of its weights are missing, such as {lacking[0]}.")
    if unknown := [name for name in weights if name not in expected]:
        raise ModelProblem(f"{label} has {len(unknown)} weights that no known network has, such as {unknown[0]}.")
    for name, weight in weights.items():
        if weight.shape != expected[name].shape:
            shapes = f"{_shape(weight)} and not {_shape(expected[name])}"
            raise ModelProblem(f"{label} does not fit its kind of network: {name} is {shapes}.")
        if not weight.is_floating_point():
            raise ModelProblem(f"{label} holds {weight.dtype} weights ({name}), which cannot be used.")
        if not weight.isfinite().all():
            raise ModelProblem(f"{label} holds values that are not numbers (in {name}): it is damaged.")


def _shape(tensor: Tensor) -> str:
    return "x".join(str(side) for side in tensor.shape) or "one number"
