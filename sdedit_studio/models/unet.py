"""diffusers' `UNet2DModel` under EDM preconditioning: the format of the bundled model."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers.models.unets.unet_2d import UNet2DModel
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

from sdedit_studio.diffusion.denoiser import Denoiser, from_edm
from sdedit_studio.models.catalogue import ModelCard, ModelProblem

OWN_KEYS = {"patch", "sigma_data", "nimg"}
"""What the training adds to the network's configuration."""

TIME_SCALE = 250.0
"""The network was trained on `250 ln(sigma) / 4`, so that its sinusoids resolve the levels."""


def load_edm_unet(card: ModelCard, device: torch.device, dtype: torch.dtype) -> Callable[[int | None], Denoiser]:
    """The denoiser by class label: `D = c_skip y + c_out F(unshuffle(c_in y), 250 ln(sigma) / 4, class)`, DESIGN
    section 6.

    `dtype`: what the network computes in; pictures stay float32. Raises ModelProblem when a file cannot be read.
    """
    config = read_config(card)
    network = _network(card, config, dtype).to(device)
    patch = config.get("patch", 1)

    @torch.inference_mode()
    def predict(label: int | None, x: Tensor, log_sigma: float) -> Tensor:
        folded = pixel_unshuffle(x, patch).to(dtype, memory_format=torch.channels_last)
        classes = None if label is None else torch.full((len(x),), label, device=device)
        # As a tensor: UNet2DModel takes a plain number for a step of a schedule, and drops its fraction.
        time = torch.full((len(x),), TIME_SCALE * log_sigma, device=device)
        output = network(folded, time, classes, return_dict=False)[0]
        return pixel_shuffle(output.float(), patch)

    return lambda label: from_edm(partial(predict, label), card.sigma_data)


def build(config: Mapping[str, Any]) -> UNet2DModel:
    """The network of a `config.json`, with fresh weights."""
    return UNet2DModel(**{key: value for key, value in config.items() if key not in OWN_KEYS})


def read_config(card: ModelCard) -> dict[str, Any]:
    """What the model's `config.json` says. Raises ModelProblem when it cannot be read."""
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


def _network(card: ModelCard, config: dict[str, Any], dtype: torch.dtype) -> torch.nn.Module:
    path = card.folder / card.weights
    weights = read_weights(card)
    try:
        # On the meta device nothing is initialised only to be overwritten.
        with torch.device("meta"):
            network = build(config)
        network.load_state_dict({key: _laid_out(value.to(dtype)) for key, value in weights.items()}, assign=True)
    except (RuntimeError, TypeError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[-1].strip()
        raise _damaged(card, path, f"its weights do not fit config.json ({reason})") from error
    return network.eval().requires_grad_(False)


def _laid_out(weight: Tensor) -> Tensor:
    """Convolutions run up to a fifth faster with channels last."""
    return weight.contiguous(memory_format=torch.channels_last) if weight.ndim == 4 else weight


def _damaged(card: ModelCard, path: Path, reason: str) -> ModelProblem:
    return ModelProblem(
        f"The model {card.name} cannot be loaded from {path}: {reason}. Restore the file, or add the model again."
    )
