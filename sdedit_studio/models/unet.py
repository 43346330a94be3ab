"""Models that are diffusers' `UNet2DModel`: the formats "edm-unet", as our training makes it, and "unet"."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from functools import partial
from operator import mul
from pathlib import Path
from typing import Any, TypeVar

import torch
from diffusers.models.attention_processor import Attention
from diffusers.models.unets.unet_2d import UNet2DModel
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import pixel_shuffle, pixel_unshuffle
from torch.nn.utils import convert_conv2d_weight_memory_format

from sdedit_studio.diffusion.denoiser import (
    Denoiser,
    Network,
    from_consistency,
    from_edm,
    from_noise,
    from_picture,
    from_score,
    from_velocity,
)
from sdedit_studio.diffusion.level import Level, as_vector, map_level
from sdedit_studio.models.catalogue import ModelCard, ModelProblem, Prediction
from sdedit_studio.models.graphs import CudaGraphs

Module = TypeVar("Module", bound=nn.Module)

OWN_KEYS = {"patch", "sigma_data", "nimg", "attention_heads"}
"""Keys that our training and importers add to diffusers' configuration."""

TIME_SCALE = 250.0
"""Our own networks take `250 ln(sigma) / 4` as their time input, so that its sinusoids resolve the levels."""

OTHERS_TIME_SCALE = 1000.0
"""OpenAI's EDM and consistency networks take `1000 ln(sigma) / 4` (Song et al. 2023)."""


def load_unet(
    card: ModelCard, device: torch.device, dtype: torch.dtype, *, compiled: bool
) -> Callable[[int | None], Denoiser]:
    """Load a U-Net; returns its denoiser by class label, None for a network without classes.

    "edm-unet" is `D = c_skip x + c_out F(unshuffle(c_in x), 250 ln(sigma) / 4, label)`. `dtype`: of the computation;
    pictures stay float32. `compiled`: see `load`. Raises ModelProblem when a file cannot be read.
    """
    config = read_config(card)
    network = _Output(_network(card, config, dtype))
    run = _compiled(network, card, config) if compiled else None
    run = run or CudaGraphs(channels_last(network).to(device), device)
    patch = config.get("patch", 1)
    time_scale = _time_scale(card)

    @torch.inference_mode()
    def predict(label: int | None, x: Tensor, time: Level) -> Tensor:
        folded = pixel_unshuffle(x, patch).to(dtype, memory_format=torch.channels_last)
        # As a tensor: UNet2DModel takes a plain number for a step of a schedule, and drops its fraction.
        times = as_vector(map_level(partial(mul, time_scale), time), x)
        classes = () if label is None else (torch.full((len(x),), label, device=device),)
        return pixel_shuffle(run(folded, times, *classes).float(), patch)

    return lambda label: adapted(card, partial(predict, label))


class _Output(nn.Module):
    """diffusers' network with its one output unpacked from a tuple."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.network(*inputs, return_dict=False)[0]


def _compiled(network: nn.Module, card: ModelCard, config: dict[str, Any]) -> Callable[..., Tensor] | None:
    """The network compiled for ONNX Runtime, or None where that is not possible."""
    from sdedit_studio.models.compiled import Compiled, NotCompiled

    ((label, _), *_) = card.shares(card.default_condition)
    side = card.stride // config.get("patch", 1)
    example = (torch.zeros(2, config["in_channels"], 2 * side, 3 * side), torch.tensor([1.0, 30.0]))
    if label is not None:
        example = (*example, torch.tensor([label, 0]))
    try:
        return Compiled(network.eval(), example, json.dumps(config | {"classes": label is not None}, sort_keys=True))
    except NotCompiled as reason:
        logging.getLogger(__name__).warning("The model %s runs in torch, more slowly: %s", card.name, reason)
        return None


def adapted(card: ModelCard, network: Network) -> Denoiser:
    """The denoiser of a network that predicts `card.prediction`. Raises ModelProblem when it lacks its schedule."""
    if card.prediction in (Prediction.NOISE, Prediction.VELOCITY, Prediction.PICTURE) and card.schedule is None:
        raise ModelProblem(f"The model {card.name} has no schedule in its model.json: add the model again.")
    label = card.schedule.label if card.schedule else float
    match card.prediction:
        case Prediction.NOISE:
            return from_noise(network, label)
        case Prediction.VELOCITY:
            return from_velocity(network, label)
        case Prediction.PICTURE:
            return from_picture(network, label)
        case Prediction.SCORE:
            return from_score(network, *card.range)
        case Prediction.EDM:
            return from_edm(network, card.sigma_data)
        case Prediction.CONSISTENCY:
            return from_consistency(network, card.sigma_min, card.sigma_data)


def build(config: Mapping[str, Any]) -> UNet2DModel:
    """The network of a `config.json`, with random weights. Its key `attention_heads` sets the heads of every level."""
    network = UNet2DModel(**{key: value for key, value in config.items() if key not in OWN_KEYS})
    if heads := config.get("attention_heads"):
        for part in network.modules():
            if isinstance(part, Attention):
                part.heads, part.scale = heads, (part.inner_dim / heads) ** -0.5
    return network


def _time_scale(card: ModelCard) -> float:
    if card.format == "edm-unet":
        return TIME_SCALE
    return OTHERS_TIME_SCALE if card.prediction in (Prediction.EDM, Prediction.CONSISTENCY) else 1.0


def read_config(card: ModelCard) -> dict[str, Any]:
    """The contents of the model's `config.json`. Raises ModelProblem when it cannot be read."""
    path = card.folder / "config.json"
    try:
        config = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise _damaged(card, path, error.strerror or str(error)) from error
    except ValueError as error:
        raise _damaged(card, path, str(error)) from error
    if not isinstance(config, dict):
        raise _damaged(card, path, "it must hold one JSON object")
    return config


def read_weights(card: ModelCard) -> dict[str, Tensor]:
    """The model's weights by their names in `build`'s network. Raises ModelProblem when they cannot be read."""
    path = card.folder / card.weights
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise _damaged(card, path, str(error)) from error


def _network(card: ModelCard, config: dict[str, Any], dtype: torch.dtype) -> nn.Module:
    path = card.folder / card.weights
    weights = read_weights(card)
    try:
        # On the meta device nothing is initialised only to be overwritten.
        with torch.device("meta"):
            network = build(config)
        network.load_state_dict({key: value.to(dtype) for key, value in weights.items()}, assign=True)
    except (RuntimeError, TypeError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[-1].strip()
        raise _damaged(card, path, f"its weights do not fit config.json ({reason})") from error
    return network.eval().requires_grad_(False)


def channels_last(network: Module) -> Module:
    """The same network with its convolutions in the channels-last layout, which runs up to a fifth faster."""
    convert_conv2d_weight_memory_format(network, torch.channels_last)
    return network


def _damaged(card: ModelCard, path: Path, reason: str) -> ModelProblem:
    return ModelProblem(
        f"The model {card.name} cannot be loaded from {path}: {reason}. Restore the file, or add the model again."
    )
