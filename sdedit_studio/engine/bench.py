"""What a model costs on this machine: a call, and a picture, by device, precision and solver."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import numpy as np
import torch

from sdedit_studio.diffusion.cascade import TILE, edit
from sdedit_studio.engine.prepare import half_of, seconds_per_call
from sdedit_studio.models.catalogue import ModelCard
from sdedit_studio.models.load import LoadedModel, load
from sdedit_studio.parameters import Parameters, Refine, Solver

SECONDS = 1.0
"""How long calls are repeated for, and no fewer than `LEAST` times."""

LEAST = 3

HOPELESS = 4.0
"""A precision so many times slower than float32 on a small picture is told and left out."""

SMALL = 64


@dataclass(frozen=True)
class Timing:
    """One row. `width`, `height`: of the picture, at the model's native size, `calls` model calls each.

    `ms_per_call`: the median; `seconds_per_picture`: from 8-bit guide to 8-bit result. None where the precision is
    hopeless on this device.
    """

    model: str
    device: str
    precision: str
    solver: str
    width: int
    height: int
    calls: int
    ms_per_call: float | None
    seconds_per_picture: float | None


def devices() -> Sequence[torch.device]:
    """All that could run a model here."""
    found = [torch.device("cpu")]
    if torch.cuda.is_available():
        found.append(torch.device("cuda"))
    if torch.backends.mps.is_available():
        found.append(torch.device("mps"))
    return found


def measure(card: ModelCard, device: torch.device, solvers: Sequence[Solver]) -> Iterator[Timing]:
    """Time a model on a device in float32 and in the 16 bits that suit it. Raises ModelProblem when it is damaged."""
    half = torch.bfloat16 if device.type == "cpu" else half_of(card)
    small = max(card.stride, min(card.native, SMALL))
    exact = load(card, device, torch.float32, compiled=device.type == "cpu")
    yield from _timings(exact, "float32", solvers)
    usual = seconds_per_call(exact, small, small)
    del exact
    coarse = load(card, device, half)
    name = str(half).removeprefix("torch.")
    if seconds_per_call(coarse, small, small) > HOPELESS * usual:
        side, calls = card.native, card.default_calls
        yield Timing(card.name, coarse.device_name, name, "any", side, side, calls, None, None)
    else:
        yield from _timings(coarse, name, solvers)


def _timings(model: LoadedModel, precision: str, solvers: Sequence[Solver]) -> Iterator[Timing]:
    card, side = model.card, model.card.native
    ms = 1000 * _call(model)
    for solver in solvers:
        seconds = _picture(model, solver)
        yield Timing(card.name, model.device_name, precision, solver, side, side, card.default_calls, ms, seconds)


@torch.inference_mode()
def _call(model: LoadedModel) -> float:
    """Seconds of one call, the device waited for."""
    card, space = model.card, model.space
    denoiser = model.denoiser(card.some_class)
    side = card.native // space.factor
    x = torch.zeros(1, space.channels, side, side, device=model.device)
    denoiser(x, 1.0).cpu()
    times: list[float] = []
    while len(times) < LEAST or sum(times) < SECONDS:
        began = perf_counter()
        denoiser(x, 1.0)[0, 0, 0, 0].item()
        times.append(perf_counter() - began)
    return median(times)


def _picture(model: LoadedModel, solver: Solver) -> float:
    """Seconds of one edit at the native size, from pixels to pixels."""
    card = model.card
    guide = np.random.default_rng(0).integers(0, 256, (card.native, card.native, 3), np.uint8)
    parameters = Parameters(t0=card.default_t0, calls=card.default_calls, refine=Refine.OFF, solver=solver)
    passes = card.passes(card.native, card.native, parameters)
    began = perf_counter()
    *_, last = edit(
        model.denoiser(card.some_class),
        guide,
        None,
        passes,
        parameters,
        stride=card.stride,
        device=model.device,
        space=model.space,
        tile=max(TILE, card.native),
    )
    last.picture.cpu()
    return perf_counter() - began
