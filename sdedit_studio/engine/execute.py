"""Running a job on the calling thread: the same bytes for the window and the command line."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import Any, TypeVar, cast

import numpy as np
from torch import Tensor

from sdedit_studio.diffusion.cascade import TILE, EditState, as_pixels, edit, resized
from sdedit_studio.diffusion.level import of_picture
from sdedit_studio.diffusion.pasting import coverage, paste, strength_coverage
from sdedit_studio.diffusion.plan import Detail, Stage, t0_of_sigma
from sdedit_studio.diffusion.seam import colour_matched
from sdedit_studio.engine.cost import costs as costs_of
from sdedit_studio.engine.job import Job, Pixels, Progress, Result
from sdedit_studio.engine.judge import judged
from sdedit_studio.engine.measured import Measured
from sdedit_studio.engine.preview import Previews
from sdedit_studio.models.interruption import interruptible
from sdedit_studio.models.loaded import LoadedModel

Network = TypeVar("Network", bound=Callable[..., Tensor])


class Stopped(Exception):
    """The job was cancelled, between two model calls or, on the CPU, between two layers of the network."""


def execute(
    job: Job, model: LoadedModel, *, cancelled: Callable[[], bool], measured: Measured, tile: int = TILE
) -> Iterator[Progress | Result]:
    """Yield a `Progress` after each model call, then the `Result`.

    `cancelled`: called before every run of the network, tiles included, and on the CPU before every layer. `measured`:
    records the time of model calls. `tile`: the side of tiles in pixels, unless the model's native size is larger.
    Raises Stopped when cancelled, and ModelProblem for an unknown class.
    """
    yield from execute_together((job,), model, cancelled=cancelled, measured=measured, tile=tile)


def execute_together(
    jobs: Sequence[Job], model: LoadedModel, *, cancelled: Callable[[], bool], measured: Measured, tile: int = TILE
) -> Iterator[Progress | Result]:
    """`execute` for jobs of the same `batch_key` as one batch.

    Yields a `Progress` of every job after each model call, then the `Result` of every job.
    """
    began = perf_counter()
    job = jobs[0]
    card, parameters = model.card, job.parameters
    guide = job.guide.array
    mask, strength = (None if part is None else part.array for part in (job.mask, job.strength))
    costs = costs_of(card, job.guide.width, job.guide.height, parameters, sketch=job.sketch)
    passes = [cost.stage for cost in costs]
    others = [
        (other.parameters, card.passes(other.guide.width, other.guide.height, other.parameters, sketch=other.sketch))
        for other in jobs[1:]
    ]
    denoise = model.denoiser(parameters.condition, prompt=parameters.prompt, guidance=parameters.guidance)
    stoppable = partial(_stoppable, cancelled=cancelled, in_layers=model.device.type == "cpu")
    denoiser = stoppable(denoise)
    first = _first(job, passes)
    detail = model.detail(parameters)
    if detail is not None:
        detail = replace(detail, run=stoppable(detail.run))
    details = sum(isinstance(stage, Detail) for stage in passes)
    calls = sum(stage.model_calls for stage in passes[0 if first is None else 1 :])
    states = edit(
        denoiser,
        guide,
        mask,
        passes,
        parameters,
        stride=card.stride,
        strength=strength,
        device=model.device,
        first=first,
        detail=detail,
        space=model.space,
        tile=max(tile, card.native),
        few_step=card.few_step,
        others=others,
    )

    def progress_of(job: Job, call: int, state: EditState, preview: Pixels, sigma: float) -> Progress:
        this, *after = costs[state.index :]
        seconds_left = (state.stage.model_calls - state.call) * (this.call_seconds(measured) or 0.0)
        seconds_left += sum(cost.seconds(measured) or 0.0 for cost in after)
        return Progress(
            job, call, calls, state.index, len(passes), preview, seconds_left, sigma, t0_of_sigma(sigma), details
        )

    picture, previews = None, [each.guide for each in jobs]
    call_began = perf_counter()
    for call, (state, previews) in enumerate(_previewed(states, Previews(model.device), len(jobs)), 1):
        if len(jobs) == 1 and mask is None and strength is None:  # with either, some tiles may not be run
            costs[state.index].learn(measured, perf_counter() - call_began)
        picture = state.picture
        for index, (each, preview) in enumerate(zip(jobs, previews, strict=True)):
            yield progress_of(each, call, state, preview, of_picture(state.sigma, index))
        call_began = perf_counter()
    if picture is not None and not job.sketch and (cover := coverage(mask, strength)) is not None:
        picture = colour_matched(guide, picture, cover)
    seconds = (perf_counter() - began) / len(jobs)
    finished = []
    for index, preview in enumerate(previews):
        if job.sketch:
            pasted = whole = preview
        else:
            unpasted = guide if picture is None else as_pixels(resized(picture[index : index + 1], guide.shape[:2]))
            if strength is not None:
                unpasted = paste(guide, unpasted, strength_coverage(strength))
            pasted = Pixels.of(paste(guide, unpasted, mask))
            whole = pasted if mask is None else Pixels.of(unpasted)
        finished.append((pasted, whole))
    distances = (
        judged(job, model, [whole.array for _, whole in finished], stoppable) if job.judge else [None] * len(jobs)
    )
    for each, (pasted, whole), distance in zip(jobs, finished, distances, strict=True):
        yield Result(each, pasted, whole, seconds, calls, photo_distance=distance)


def _previewed(states: Iterator[EditState], previews: Previews, count: int) -> Iterator[tuple[EditState, list[Pixels]]]:
    """Each state with the previews of its `count` pictures."""
    waiting: deque[tuple[EditState, list[Callable[[], Pixels]]]] = deque()
    for state in states:
        pictures = [state.picture[index : index + 1] for index in range(count)]
        waiting.append((state, [previews.begin(picture) for picture in pictures]))
        if len(waiting) > previews.behind:
            ready, arrived = waiting.popleft()
            yield ready, [preview() for preview in arrived]
    for ready, arrived in waiting:
        yield ready, [preview() for preview in arrived]


def _first(job: Job, passes: Sequence[Stage]) -> np.ndarray | None:
    """The job's picture of the first pass, if the later passes can start from it."""
    if job.first is None or len(passes) < 2 or job.first.shape[:2] != (passes[0].height, passes[0].width):
        return None
    return job.first.array


def _stoppable(network: Network, cancelled: Callable[[], bool], *, in_layers: bool) -> Network:
    """`network` raising Stopped once `cancelled` is true; with `in_layers` also between layers.

    A graphics card runs ahead of the host, or replays a graph, so it is checked between runs only.
    """

    def stop() -> None:
        if cancelled():
            raise Stopped

    def run(*inputs: Any) -> Tensor:
        stop()
        with interruptible(stop) if in_layers else nullcontext():
            return network(*inputs)

    return cast(Network, run)
