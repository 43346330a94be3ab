"""How long the model takes: `python tests/benchmarks/model.py [--json]`.

Measures a call of the bundled model at the sizes of its passes in both precisions, and then, as the studio runs it on
its worker thread, the seconds from Generate to the first preview, the first pass and the refined picture.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from sdedit_studio.engine.engine import Engine
from sdedit_studio.engine.job import Job, Phase, Pixels, Progress, Result, Status
from sdedit_studio.engine.measured import Measured
from sdedit_studio.engine.prepare import compute_threads
from sdedit_studio.models.catalogue import find
from sdedit_studio.parameters import Parameters

CANVAS = (768, 512)
SIZES = ((144, 96), (288, 192), (576, 384))
REPEATS = 5


def machine() -> str:
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text().splitlines() if cpus.exists() else []
    name = next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor()
    )
    bf16 = "with" if any("amx_bf16" in line or "avx512_bf16" in line for line in lines) else "without"
    cores = f"{os.cpu_count()} cores, {compute_threads()} threads, {bf16} bfloat16 in hardware"
    return f"{name}, {cores}, {platform.system()}, Python {platform.python_version()}"


def strokes(width: int, height: int) -> np.ndarray:
    """A crude guide: sky, mountain, lake and meadow."""
    y, x = np.mgrid[:height, :width]
    y, x = y / height, x / width
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = (110, 160, 210)
    picture[(y > 0.2 + abs(x - 0.45) * 1.1)] = (92, 92, 100)
    picture[y > 0.65] = (70, 118, 150)
    picture[y > 0.85] = (112, 138, 62)
    return picture


async def as_in_the_studio(folder: Path) -> dict[str, Any]:
    """Seconds of start-up and of the second default edit of a fresh canvas, on the worker thread."""
    engine = Engine(measured=Measured(compute_threads(), folder / "measured.json"))
    ready = asyncio.Event()

    def watch(status: Status) -> None:
        if status.phase is Phase.READY:
            ready.set()

    engine.watch(watch)
    job = Job(Pixels.of(strokes(*CANVAS)), Parameters(condition="mountain"))
    began = time.perf_counter()
    engine.start(job.parameters.model)
    await ready.wait()
    seconds: dict[str, Any] = {"from start to a warm model": time.perf_counter() - began}
    for _ in range(2):
        estimate = engine.estimate(*CANVAS, job.parameters)
        began = time.perf_counter()
        async for update in engine.run(job):
            if isinstance(update, Progress) and update.call == 1:
                seconds["to the first preview"] = time.perf_counter() - began
            if isinstance(update, Progress) and update.call == job.parameters.calls:
                seconds[f"to the first pass, {update.call} calls"] = time.perf_counter() - began
            if isinstance(update, Result):
                seconds[f"to the refined {CANVAS[0]}x{CANVAS[1]} picture, {update.calls} calls"] = update.seconds
    seconds["what the studio had estimated for it"] = estimate.seconds
    engine.close()
    return seconds


def calls() -> dict[str, dict[str, float]]:
    """Milliseconds of one call, the best of a few, by size and precision."""
    import torch

    from sdedit_studio.models.load import load

    torch.set_num_threads(compute_threads())
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    table: dict[str, dict[str, float]] = {}
    for precision in ("float32", "bfloat16"):
        compiled = device.type == "cpu" and precision == "float32"
        model = load(find(Parameters.model), device, getattr(torch, precision), compiled=compiled)
        denoiser = model.denoiser(None)
        for width, height in SIZES:
            x = torch.zeros(1, 3, height, width, device=device)
            denoiser(x, 1.0).cpu()
            times = []
            for _ in range(REPEATS):
                began = time.perf_counter()
                denoiser(x, 1.0).cpu()
                times.append(1000 * (time.perf_counter() - began))
            table.setdefault(f"{width}x{height}", {})[precision] = round(min(times), 1)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what the model takes.")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    as_json = parser.parse_args().json
    with tempfile.TemporaryDirectory() as folder:
        session = {what: round(each, 2) for what, each in asyncio.run(as_in_the_studio(Path(folder))).items()}
    milliseconds = calls()
    if as_json:
        print(json.dumps({"machine": machine(), "milliseconds_a_call": milliseconds, "seconds": session}, indent=2))
        return
    print(machine())
    print(f"\n{'one call, ms':12} {'float32':>9} {'bfloat16':>9}")
    for size, by_precision in milliseconds.items():
        print(f"{size:12} {by_precision['float32']:9.0f} {by_precision['bfloat16']:9.0f}")
    print(f"\n{'in the studio':48} {'seconds':>8}")
    for what, each in session.items():
        print(f"{what:48} {each:8.2f}")


if __name__ == "__main__":
    main()
