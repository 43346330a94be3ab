"""What making several pictures at once gains: `python -m tests.benchmarks.batches [MODEL]`.

First passes of one guide of 3:2 with the bundled model on this machine's device, in batches of 1, 2, 4 and 8.
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from sdedit_studio.engine.execute import execute_together
from sdedit_studio.engine.job import Job, Pixels, Progress
from sdedit_studio.engine.measured import Measured
from sdedit_studio.engine.prepare import compute_threads, open_model
from sdedit_studio.parameters import Parameters, Refine

SIZES = (1, 2, 4, 8)
ROUNDS = 3


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else Parameters.model
    with TemporaryDirectory() as folder:
        measured = Measured(compute_threads(), Path(folder) / "measured.json")
        model = open_model(name, measured)
        rough = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)
        guide = Pixels.of(rough.repeat(64, 0).repeat(64, 1))
        jobs = [Job(guide, Parameters(model=name, refine=Refine.OFF, seed=seed)) for seed in range(max(SIZES))]
        alone: dict[int, np.ndarray] = {}
        print(f"{name} on {model.device_name}\nbatch  ms per call  ms per call and picture  largest difference")
        for size in SIZES:
            times, apart = [], 0
            for _ in range(ROUNDS + 1):
                last = began = perf_counter()
                for update in execute_together(jobs[:size], model, cancelled=lambda: False, measured=measured):
                    if isinstance(update, Progress):
                        last, calls, seed = perf_counter(), update.calls, update.job.parameters.seed
                        if update.call == calls:
                            known = alone.setdefault(seed, update.preview.array)
                            apart = max(apart, int(np.abs(known.astype(int) - update.preview.array).max()))
                times.append(1000 * (last - began) / calls)
            if size == 1:
                for job in jobs[1:]:
                    *_, final, _ = execute_together([job], model, cancelled=lambda: False, measured=measured)
                    alone[job.parameters.seed] = final.preview.array
            call = median(times[1:])
            print(f"{size:5}  {call:11.1f}  {call / size:23.1f}  {apart:18}")


if __name__ == "__main__":
    main()
