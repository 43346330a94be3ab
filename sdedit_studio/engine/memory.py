"""Fallbacks when a graphics card runs out of memory: the same edit in smaller tiles, then on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import torch

from sdedit_studio.diffusion.cascade import TILE
from sdedit_studio.engine.execute import execute_together
from sdedit_studio.engine.job import Job, Progress, Result
from sdedit_studio.engine.measured import Measured
from sdedit_studio.models.loaded import LoadedModel

IN_TILES = "The graphics card ran out of memory, so this was made in smaller tiles."
ON_CPU = "The graphics card ran out of memory, so this was made on the CPU."


def execute_with_fallbacks(
    jobs: Sequence[Job],
    model: LoadedModel,
    on_cpu: Callable[[], LoadedModel],
    *,
    cancelled: Callable[[], bool],
    measured: Measured,
) -> Iterator[Progress | Result]:
    """`execute_together` with fallbacks; each `Result` has a note where one was used. `on_cpu`: loads the model there.

    A batch that does not fit runs as single jobs.
    """
    ways = [
        (lambda: model, TILE, ""),
        (lambda: model, TILE // 2, IN_TILES),
        (on_cpu, TILE, ON_CPU),
    ]
    left = list(jobs)
    for index, (chosen, tile, note) in enumerate(ways):
        try:
            for update in execute_together(jobs, chosen(), cancelled=cancelled, measured=measured, tile=tile):
                if isinstance(update, Result):
                    left.remove(update.job)
                    update = replace(update, note=note)
                yield update
            return
        except torch.OutOfMemoryError:
            if index == len(ways) - 1:
                raise
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if len(jobs) > 1:
            for job in left:
                yield from execute_with_fallbacks([job], model, on_cpu, cancelled=cancelled, measured=measured)
            return
