"""Preparing a model for this machine: threads, device and precision. Its functions import torch when called."""

from __future__ import annotations

import logging
import os
import sys
from math import inf
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from sdedit_studio.engine.measured import Measured
from sdedit_studio.models.catalogue import ModelCard, ModelProblem, find
from sdedit_studio.parameters import Parameters, Refine

if TYPE_CHECKING:
    import torch

    from sdedit_studio.models.loaded import LoadedModel

# OpenMP's threads that wait by spinning would take the cores from painting; those that sleep take up to a quarter of a
# model call to be woken again and again. So they spin for some 15 µs, as long as there is between two operations, and
# then sleep. Measured on two quiet cores, once: 77 ms a call instead of 103, and a pen no later; with another program
# on one of the cores, 150 instead of 130. libgomp reads this once, when torch loads it; other runtimes know the first
# alone.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "1000")


MOST_TOGETHER, LONGEST = 8, 0.5
"""On a CPU: the largest batch, and the longest model call of a batch in seconds. A batch is interrupted at once for
anything more urgent, but starts again after it.
"""

MOST_ON_CARD, GIVES_WAY = 4, 0.25
"""The same on a graphics card, where anything more urgent waits for the end of the model call."""

COMPARED, COMPARISONS = 96, 3
"""Side in pixels at which precisions are compared, and the number of measurements; the shortest time counts."""


def compute_threads() -> int:
    """CPU threads for the model, equal for window and command line, as their number changes the last bits of results.

    On Linux all cores, since the worker's low priority keeps painting smooth (measured: 1 ms more at p95, and a third
    to a half less time); elsewhere all but one.
    """
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return max(1, (os.cpu_count() or 2) - 1)


def together(model: LoadedModel, call_seconds: float | None) -> int:
    """The batch size, where a model call for one picture takes `call_seconds`.

    A graphics card makes four in little more than the time of one; on a CPU each of eight takes half to nine tenths of
    that (`docs/variations.md`).
    """
    most, longest = (MOST_TOGETHER, LONGEST) if model.device.type == "cpu" else (MOST_ON_CARD, GIVES_WAY)
    return 1 if call_seconds is None else max(1, min(most, int(longest / max(call_seconds, 1e-6))))


def open_model(name: str, measured: Measured, models_dir: Path | None = None) -> LoadedModel:
    """Load the model `name` on this machine's best device, with `measured.threads` CPU threads.

    That is the CPU where the graphics card has too little memory. Raises ModelProblem when the model is missing or
    damaged.
    """
    import torch

    from sdedit_studio.models.load import load

    card = find(name, models_dir)
    torch.set_num_threads(measured.threads)
    device = _device()
    if device.type == "cpu":
        return open_on_cpu(card, measured)
    try:
        return load(card, device, half_of(card) if device.type == "cuda" else torch.float32)
    except torch.OutOfMemoryError:
        return open_on_cpu(card, measured)


def half_of(card: ModelCard) -> torch.dtype:
    """The 16-bit format on a graphics card: bfloat16 for our own networks, which are trained in it, float16 for others.

    float16 is finer, which matters where the noise is predicted: the error is multiplied by the noise level.
    """
    import torch

    return torch.bfloat16 if card.format == "edm-unet" else torch.float16


def _device() -> torch.device:
    import torch

    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def open_on_cpu(card: ModelCard, measured: Measured) -> LoadedModel:
    """The model on the CPU, in the precision measured faster: compiled in float32, or in bfloat16.

    bfloat16 is twice as fast on a CPU that has it in hardware, and 10 to 100 times slower on others: time both, once,
    and a few times by turns, since the window is still busy when the studio starts for the first time.
    """
    import torch

    from sdedit_studio.models.load import load

    cpu = torch.device("cpu")
    known = measured.precision(card.name)
    if known is not None:
        return load(card, cpu, getattr(torch, known), compiled=known == "float32")
    candidates = {
        name: load(card, cpu, getattr(torch, name), compiled=name == "float32") for name in ("float32", "bfloat16")
    }
    # A large picture would tell no more, and take minutes where bfloat16 is slow.
    side = min(card.native, max(COMPARED, card.stride))
    seconds = dict.fromkeys(candidates, inf)
    for _ in range(COMPARISONS):
        for name, model in candidates.items():
            seconds[name] = min(seconds[name], seconds_per_call(model, side, side))
    faster = min(seconds, key=lambda name: seconds[name])
    measured.set_precision(card.name, faster)
    measured.save()
    return candidates[faster]


def seconds_per_call(model: LoadedModel, width: int, height: int) -> float:
    """Seconds of one model call on one picture, after a first call for set-up."""
    import torch

    denoiser = model.denoiser(model.card.default_condition)
    space = model.space
    x = torch.zeros(1, space.channels, height // space.factor, width // space.factor, device=model.device)
    denoiser(x, 1.0).cpu()
    began = perf_counter()
    denoiser(x, 1.0).cpu()
    return perf_counter() - began


def warm_up(model: LoadedModel, measured: Measured) -> None:
    """Call the model, and the detail network that it brings, until their times are steady, and record them."""
    card, side = model.card, model.card.native
    measured.learn(card.name, side * side, seconds_per_call(model, side, side))
    if card.default_refine is Refine.DETAIL:
        try:
            _warm_up_detail(model, side, measured)
        except ModelProblem as problem:  # told where it is asked for; everything else goes without it
            logging.getLogger(__name__).warning("%s", problem)


def _warm_up_detail(model: LoadedModel, side: int, measured: Measured) -> None:
    import torch

    parameters = Parameters(model=model.card.name, refine=Refine.DETAIL)
    card, network = model.card.detail(parameters), model.detail(parameters)
    assert card is not None and network is not None
    picture = torch.zeros(1, 3, side, side, device=model.device)
    network.run(picture).cpu()
    began = perf_counter()
    network.run(picture).cpu()
    measured.learn(card.measured_as, side * side, perf_counter() - began)
