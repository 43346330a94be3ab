"""Loading a detail network onto a device from its card. Importing this module loads torch."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format

from sdedit_studio.diffusion.detail import DetailNetwork
from sdedit_studio.models.compiled import Compiled, NotCompiled
from sdedit_studio.models.detail import DetailCard
from sdedit_studio.models.graphs import CudaGraphs
from sdedit_studio.models.problem import ModelProblem
from sdedit_studio.models.span import Span
from sdedit_studio.models.upscaler import build

UNKNOWN_REACH, FADE = 16, 16
"""For networks of unknown receptive field, in pixels of their input: the margin of windows, and their blending."""


def load_detail(card: DetailCard, device: torch.device, dtype: torch.dtype, *, compiled: bool = False) -> DetailNetwork:
    """Load a detail network. `dtype`: of its computation; pictures stay float32. `compiled`: see `load`.

    Raises ModelProblem when its file is missing or damaged, or the library that reads it is not installed.
    """
    weights = _weights(card)
    if card.format == "spandrel":
        return _upscaler(card, weights, device, dtype)
    with torch.device("meta"):
        network = Span()
    try:
        network.load_state_dict({key: value.to(dtype) for key, value in weights.items()}, assign=True)
    except RuntimeError as error:
        raise _damaged(card, "its weights are not those of this network") from error
    network.eval().requires_grad_(False)
    run = (_compiled(network, card) if compiled else None) or _in_torch(network, device, dtype)
    return DetailNetwork(run, card.factor, UNKNOWN_REACH if card.reach is None else card.reach)


def _in_torch(network: nn.Module, device: torch.device, dtype: torch.dtype) -> Callable[[Tensor], Tensor]:
    convert_conv2d_weight_memory_format(network, torch.channels_last)
    graphs = CudaGraphs(network.to(device), device)

    @torch.inference_mode()
    def run(x: Tensor) -> Tensor:
        return graphs(x.to(dtype, memory_format=torch.channels_last)).float()

    return run


def _compiled(network: Span, card: DetailCard) -> Callable[[Tensor], Tensor] | None:
    """The network compiled for ONNX Runtime, or None where that is not possible."""
    try:
        return Compiled(network, (torch.zeros(2, 3, 8, 12),), f"{card.format}, {network}")
    except NotCompiled as reason:
        logging.getLogger(__name__).warning("The detail network %s runs in torch: %s", card.name, reason)
        return None


def _upscaler(card: DetailCard, weights: dict[str, Tensor], device: torch.device, dtype: torch.dtype) -> DetailNetwork:
    found = build(weights, f"The detail network {card.name}")
    if found.purpose == "Inpainting" or found.scale != card.factor:
        raise _damaged(card, "it is not the network of its card")
    half = {torch.float16: found.supports_half, torch.bfloat16: found.supports_bfloat16}
    dtype = dtype if device.type != "cpu" and half.get(dtype) else torch.float32
    found.to(device, dtype)

    @torch.inference_mode()
    def run(x: Tensor) -> Tensor:
        pictures = ((x.clamp(-1, 1) + 1) / 2).to(dtype)
        # One at a time, as spandrel wants it: some of its networks take no more.
        return torch.cat([found(picture) for picture in pictures.split(1)]).float() * 2 - 1

    return DetailNetwork(run, card.factor, UNKNOWN_REACH, FADE)


def _weights(card: DetailCard) -> dict[str, Tensor]:
    try:
        return load_file(card.folder / card.weights)
    except (OSError, SafetensorError) as error:
        raise _damaged(card, str(error)) from error


def _damaged(card: DetailCard, reason: str) -> ModelProblem:
    path: Path = card.folder / card.weights
    return ModelProblem(
        f"The detail network {card.name} cannot be loaded from {path}: {reason}. Restore the file, or refine by SDE."
    )
