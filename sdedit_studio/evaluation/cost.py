"""The cost of an edit in floating-point operations, counted and not estimated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import torch
from torch import Size, Tensor
from torch.utils.flop_counter import FlopCounterMode

from sdedit_studio.diffusion.cascade import TILE, edit
from sdedit_studio.diffusion.detail import enlarged
from sdedit_studio.diffusion.level import Level
from sdedit_studio.models.catalogue import ModelCard
from sdedit_studio.models.load import load
from sdedit_studio.models.loaded import LoadedModel
from sdedit_studio.parameters import Parameters

META = torch.device("meta")
"""Tensors there have no values, so that operations are counted without being run."""


def gflop(card: ModelCard, width: int, height: int, parameters: Parameters) -> float | None:
    """The networks' operations in an edit of a `width` x `height` picture, in 10^9; a multiply-add is two.

    Every model call, tile and window counts: the edit runs with networks that only record the shapes of their inputs.
    None for a latent model. Raises ModelProblem when the model cannot be read.
    """
    if card.takes_prompt:
        return None
    detail = _on_meta(card).detail(parameters)
    denoised: Counter[Size] = Counter()
    enlarging: Counter[Size] = Counter()

    def noting_denoiser(x: Tensor, sigma: Level) -> Tensor:
        denoised[x.shape] += 1
        return x

    noting_detail = None
    if detail is not None:
        factor = detail.factor

        def noting_run(x: Tensor) -> Tensor:
            enlarging[x.shape] += 1
            return enlarged(x, factor)

        noting_detail = replace(detail, run=noting_run)
    for _ in edit(
        noting_denoiser,
        np.zeros((height, width, 3), np.uint8),
        None,
        card.passes(width, height, parameters),
        parameters,
        stride=card.stride,
        detail=noting_detail,
        tile=max(TILE, card.native),
        few_step=card.few_step,
    ):
        pass
    condition, guidance = parameters.condition, parameters.guidance
    total = sum(times * _denoising(card, condition, guidance, shape) for shape, times in denoised.items())
    if detail is not None:
        total += sum(times * flop(detail.run, _shaped(shape)) for shape, times in enlarging.items())
    return total / 1e9


def flop(function: Callable[..., Tensor], *inputs: object) -> int:
    """The operations of one call: those of convolutions, matrix products and attention, which are nearly all."""
    with FlopCounterMode(display=False) as counter:
        function(*inputs)
    return counter.get_total_flops()


@cache
def _on_meta(card: ModelCard) -> LoadedModel:
    return load(card, META, torch.float32)


@cache
def _denoising(card: ModelCard, condition: str | None, guidance: float, shape: Size) -> int:
    return flop(_on_meta(card).denoiser(condition, guidance=guidance), _shaped(shape), 1.0)


def _shaped(shape: Size) -> Tensor:
    return torch.zeros(shape, device=META)
