"""What live mode's refine passes cost, and may leave out: `python -m tests.benchmarks.live_refine [--sample NAME]`.

The sample is refined in one piece, and in tiles of several sides: the longest single run of the network (a dab waits
for one at most), its processor time in all, and how far the picture is from the one in one piece. Then a stroke is
added, and only the part around it goes through the first pass, and only that is refined again, over the picture
before: the time that saves, and how far the result is from making everything anew. Printed as Markdown tables.
Processor time in all threads, which other programs hardly lengthen.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time

import numpy as np
from PIL import Image
from torch import Tensor

from sdedit_studio import resources
from sdedit_studio.diffusion.cascade import TILE, as_pixels, as_tensor, resized
from sdedit_studio.diffusion.denoiser import Denoiser
from sdedit_studio.diffusion.noise import noise_source
from sdedit_studio.diffusion.sdedit import sdedit
from sdedit_studio.document.edits import frame_of
from sdedit_studio.document.edits import guide as guide_of
from sdedit_studio.editing.edit import Edit
from sdedit_studio.editing.live_pictures import BasePicture, live_parameters, partial_refinement, refinement
from sdedit_studio.engine.execute import execute
from sdedit_studio.engine.job import Job, Pixels, Result
from sdedit_studio.engine.measured import Measured
from sdedit_studio.engine.prepare import compute_threads, open_model
from sdedit_studio.files.openraster import load
from sdedit_studio.models.loaded import LoadedModel
from sdedit_studio.parameters import Refine

SIDES = (416, 288, 256, 192)
WHOLE = 100_000
STRIDE = 16
"""Of the bundled model."""


@dataclass
class Counted:
    """A denoiser that notes the pixels and the processor time of each run."""

    denoiser: Denoiser
    runs: list[tuple[int, float]]

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        began = process_time()
        answer = self.denoiser(x, sigma)
        self.runs.append((x.shape[-1] * x.shape[-2], process_time() - began))
        return answer


def refined(model: LoadedModel, job: Job, tile: int) -> tuple[np.ndarray, list[tuple[int, float]]]:
    """The picture of a job, (h, w, 3), and the pixels and processor time of each run of the network."""
    runs: list[tuple[int, float]] = []
    counting = replace(model, by_class=lambda label: Counted(model.by_class(label), runs))
    *_, result = execute(job, counting, cancelled=lambda: False, measured=Measured(1), tile=tile)
    assert isinstance(result, Result)
    return result.picture.array.astype(int), runs


def first_pass(model: LoadedModel, edit: Edit) -> Pixels:
    *_, last, _ = execute(edit.job, model, cancelled=lambda: False, measured=Measured(1))
    return last.preview


def first_pass_of_part(model: LoadedModel, job: Job, box: tuple[slice, slice]) -> tuple[np.ndarray, float]:
    """The first pass of a part of the native picture alone, with that part of the noise, and its processor time."""
    stage = model.card.passes(job.guide.width, job.guide.height, job.parameters)[0]
    guide = resized(as_tensor(job.guide.array, model.device), (stage.height, stage.width))
    noise = noise_source([job.parameters.seed], (3, stage.height, stage.width))
    runs: list[tuple[int, float]] = []
    denoiser = Counted(model.denoiser(job.parameters.condition), runs)
    *_, step = sdedit(
        denoiser,
        guide[..., *box],
        stage.sigma,
        stage.calls,
        lambda _round: lambda field: noise(field)[..., *box],
        solver=job.parameters.solver,
    )
    return as_pixels(step.estimate).astype(int), sum(seconds for _, seconds in runs)


def row(*cells: object) -> None:
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def apart(one: np.ndarray, other: np.ndarray, where: np.ndarray) -> str:
    differs = np.abs(one - other).mean(axis=2)[where]
    return f"{differs.mean():.1f}, {np.percentile(differs, 99):.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what live mode's refine passes cost.")
    parser.add_argument("--sample", default="mountain-lake")
    parser.add_argument("--sides", type=int, nargs="*", default=SIDES)
    parser.add_argument("--stroke", type=int, nargs="*", default=(TILE,), help="sides of tiles in the second table")
    parser.add_argument("--pictures", type=Path, help="folder to put the pictures of the second table in")
    args = parser.parse_args()
    document, parameters = load(resources.path("samples") / f"{args.sample}.ora")
    assert parameters is not None
    model = open_model(parameters.model, Measured(compute_threads()))
    frame = frame_of(document)
    parameters = replace(parameters, refine=Refine.SDE)
    painting = guide_of(document, frame)
    edit = Edit(document, frame, Job(Pixels.of(painting), live_parameters(parameters)))
    first = first_pass(model, edit)

    everywhere = np.ones(painting.shape[:2], bool)
    print(f"{args.sample}, {frame.width} x {frame.height}, refined in tiles\n")
    row("tile", "runs", "largest run, pixels", "pixels in all", "processor time, s", "from one piece: mean, 99th pct.")
    row(*["---"] * 6)
    whole = None
    for side in (WHOLE, *args.sides) if args.sides else ():
        picture, runs = refined(model, refinement(edit, Refine.SDE, first).job, side)
        whole = picture if whole is None else whole
        pixels, seconds = zip(*runs, strict=True)
        name = "one piece" if side == WHOLE else side
        row(name, len(runs), max(pixels), sum(pixels), f"{sum(seconds):.1f}", apart(picture, whole, everywhere))

    height, width = painting.shape[:2]
    painted = painting.copy()
    stroke = slice(height // 5, height // 5 + 40), slice(width // 6, width // 6 + 160)
    painted[stroke] = 255 - painting[stroke].mean((0, 1)).astype(np.uint8)
    later = Edit(document, frame, Job(Pixels.of(painted), live_parameters(parameters), revision=1))
    later_first = first_pass(model, later)
    native = later_first.array.astype(int)
    scale = height / native.shape[0]
    top, bottom, left, right = (round(edge / scale) for part in stroke for edge in (part.start, part.stop))
    everything = first_pass_of_part(model, later.job, (slice(None), slice(None)))[1]
    print("\nOne stroke more, only the part around it in the first pass\n")
    row(
        "pixels around the stroke", "part of the pixels", "part of the processor time", "inside the stroke", "beside it"
    )
    row(*["---"] * 5)
    for margin in (16, 32, 48):
        box = tuple(
            slice(max(0, (low - margin) // STRIDE * STRIDE), min(limit, -(-(high + margin) // STRIDE) * STRIDE))
            for low, high, limit in zip((top, left), (bottom, right), native.shape[:2], strict=True)
        )
        part, seconds = first_pass_of_part(model, later.job, box)
        inside = np.zeros(native.shape[:2], bool)
        inside[top:bottom, left:right] = True
        zones = inside[box], ~inside[box]
        pixels = f"{inside[box].size / inside.size:.2f}"
        row(margin, pixels, f"{seconds / everything:.2f}", *(apart(part, native[box], zone) for zone in zones))

    print("\nOne stroke more, refined alone over the picture before\n")
    row("tile", "part of the pixels run", "inside the stroke", "where the two fade", "elsewhere")
    row(*["---"] * 5)
    for side in args.stroke:
        before, runs = refined(model, refinement(edit, Refine.SDE, first).job, side)
        base = BasePicture.of(refinement(edit, Refine.SDE, first), Pixels.of(before.astype(np.uint8)))
        anew, all_runs = refined(model, refinement(later, Refine.SDE, later_first).job, side)
        again = partial_refinement(base, later, Refine.SDE, later_first)
        assert again is not None
        patched, runs = refined(model, again.job, side)
        cover = again.job.mask.array
        inside = np.zeros_like(everywhere)
        inside[stroke] = True
        zones = inside, (cover > 0) & (cover < 255), cover == 0
        part = sum(pixels for pixels, _ in runs) / sum(pixels for pixels, _ in all_runs)
        row(side, f"{part:.2f}", *(apart(patched, anew, zone) for zone in zones))
        for name, picture in (("before", before), ("anew", anew), ("patched", patched)):
            if args.pictures:
                Image.fromarray(picture.astype(np.uint8)).save(args.pictures / f"{name}-{side}.png")


if __name__ == "__main__":
    main()
