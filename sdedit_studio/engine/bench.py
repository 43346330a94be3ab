"""Benchmarks of a model on this machine: times by device, precision, solver and way of refining, all measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import numpy as np
import torch
from torch import Tensor

from sdedit_studio.diffusion.cascade import TILE, as_pixels, edit, resized
from sdedit_studio.diffusion.plan import Detail
from sdedit_studio.engine.prepare import half_of, seconds_per_call
from sdedit_studio.models.catalogue import ModelCard
from sdedit_studio.models.load import load
from sdedit_studio.models.loaded import LoadedModel
from sdedit_studio.parameters import Parameters, Refine, Solver

SECONDS = 1.0
"""Seconds that model calls are repeated for, at least `LEAST` times."""

LEAST = 3

HOPELESS = 4.0
"""How many times slower than float32 on a small picture a precision may be before it is left out."""

SMALL = 64

DETAIL = "detail network"

CANVAS = 768, 512
"""Width and height of the whole pictures that ways of refining are timed on."""


@dataclass(frozen=True)
class Timing:
    """One row: the model at its native size, a whole picture by a way of refining, or a detail network alone.

    `width`, `height`: of the picture, or of the detail network's input. `calls`: model calls of a picture, of all
    networks. `solver`: "detail network" for that alone, "any" where it does not matter. `ms_per_call`: the median, None
    for whole pictures, whose calls differ. `seconds_per_picture`: from 8-bit guide to 8-bit result, None for a detail
    network. Both are None where the precision is too slow on this device (`HOPELESS`).
    """

    model: str
    device: str
    precision: str
    solver: str
    refine: str
    width: int
    height: int
    calls: int
    ms_per_call: float | None
    seconds_per_picture: float | None


def devices() -> Sequence[torch.device]:
    """The devices of this machine that a model can run on."""
    found = [torch.device("cpu")]
    if torch.cuda.is_available():
        found.append(torch.device("cuda"))
    if torch.backends.mps.is_available():
        found.append(torch.device("mps"))
    return found


def measure(
    card: ModelCard, device: torch.device, solvers: Sequence[Solver], ways: Sequence[Refine]
) -> Iterator[Timing]:
    """Time a model on a device in float32 and in a 16-bit format.

    `ways`: the ways of refining to time whole pictures with. Raises ModelProblem when the model or its detail network
    is damaged or missing.
    """
    half = torch.bfloat16 if device.type == "cpu" else half_of(card)
    small = max(card.stride, min(card.native, SMALL))
    exact = load(card, device, torch.float32, compiled=device.type == "cpu")
    yield from _timings(exact, "float32", solvers, ways)
    usual = seconds_per_call(exact, small, small)
    del exact
    coarse = load(card, device, half)
    name = str(half).removeprefix("torch.")
    if seconds_per_call(coarse, small, small) > HOPELESS * usual:
        side, calls = card.native, card.default_calls
        yield Timing(card.name, coarse.device_name, name, "any", Refine.OFF, side, side, calls, None, None)
    else:
        yield from _timings(coarse, name, solvers, ways)


def _timings(model: LoadedModel, precision: str, solvers: Sequence[Solver], ways: Sequence[Refine]) -> Iterator[Timing]:
    card, side, device = model.card, model.card.native, model.device_name
    ms = 1000 * _call(model)
    for solver in solvers:
        chosen = _parameters(card, Refine.OFF, solver)
        calls, seconds = _picture(model, side, side, chosen)
        yield Timing(card.name, device, precision, solver, Refine.OFF, side, side, calls, ms, seconds)
    for way in ways:
        chosen = _parameters(card, way, card.default_solver)
        if found := _detail_call(model, chosen):
            width, height, seconds = found
            yield Timing(card.name, device, precision, DETAIL, Refine.OFF, width, height, 1, 1000 * seconds, None)
        _picture(model, *CANVAS, chosen)  # the first run at a size sets the networks up
        calls, seconds = _picture(model, *CANVAS, chosen)
        yield Timing(card.name, device, precision, chosen.solver, way, *CANVAS, calls, None, seconds)


def _parameters(card: ModelCard, refine: Refine, solver: Solver) -> Parameters:
    return Parameters(t0=card.default_t0, calls=card.default_calls, refine=refine, solver=solver)


def _call(model: LoadedModel) -> float:
    """Seconds of one model call at the native size."""
    card, space = model.card, model.space
    denoiser = model.denoiser(card.default_condition)
    side = card.native // space.factor
    x = torch.zeros(1, space.channels, side, side, device=model.device)
    return _seconds(lambda: denoiser(x, 1.0))


def _detail_call(model: LoadedModel, parameters: Parameters) -> tuple[int, int, float] | None:
    """Width and height of the detail network's input for a whole picture, and seconds of one call; None without one."""
    *_, last = model.card.passes(*CANVAS, parameters)
    network = model.detail(parameters)
    if network is None or not isinstance(last, Detail):
        return None
    width, height = last.base
    x = torch.zeros(1, 3, height, width, device=model.device)
    return width, height, _seconds(lambda: network.run(x))


@torch.inference_mode()
def _seconds(call: Callable[[], Tensor]) -> float:
    """The median time of several calls after a first one, with the device synchronised."""
    call().cpu()
    times: list[float] = []
    while len(times) < LEAST or sum(times) < SECONDS:
        began = perf_counter()
        call()[0, 0, 0, 0].item()
        times.append(perf_counter() - began)
    return median(times)


def _picture(model: LoadedModel, width: int, height: int, parameters: Parameters) -> tuple[int, float]:
    """Model calls and seconds of one edit, from 8-bit guide to 8-bit result."""
    card = model.card
    guide = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    passes = card.passes(width, height, parameters)
    began = perf_counter()
    *_, last = edit(
        model.denoiser(card.default_condition),
        guide,
        None,
        passes,
        parameters,
        stride=card.stride,
        detail=model.detail(parameters),
        device=model.device,
        space=model.space,
        tile=max(TILE, card.native),
        few_step=card.few_step,
    )
    as_pixels(resized(last.picture, (height, width)))
    return sum(stage.model_calls for stage in passes), perf_counter() - began
