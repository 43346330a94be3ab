"""Sample sheets of a run: edits of simulated strokes, and pictures generated from noise."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

import numpy as np
import torch
from torch import Tensor

from sdedit_studio.diffusion.denoiser import Denoiser
from sdedit_studio.diffusion.noise import noise_source
from sdedit_studio.diffusion.plan import sigma_of_t0
from sdedit_studio.diffusion.solver import solve
from sdedit_studio.evaluation.sheet import sheet
from sdedit_studio.evaluation.strokes import strokes
from sdedit_studio.parameters import Solver

EDIT_CALLS, NOISE_CALLS = 8, 18
FEW_CALLS = 2

SHOWN_SIDE = 96
"""Smaller pictures are shown enlarged to at least this side."""


def sample_sheet(
    denoiser_of: Callable[[Tensor], Denoiser],
    pictures: np.ndarray,
    labels: Tensor,
    *,
    t0: float,
    sigma_max: float,
    few_step: bool,
    device: torch.device,
) -> np.ndarray:
    """A sheet (h, w, 3) uint8 with columns of strokes simulated from `pictures` (n, s, s, 3) uint8, their edits at
    `t0`, the pictures, and pictures of the classes `labels` (n,) generated from noise.
    """
    guides = np.stack([strokes(picture) for picture in pictures])
    size = (3, *pictures.shape[1:3])
    denoiser = denoiser_of(labels.to(device))
    solver = Solver.CONSISTENCY if few_step else Solver.DPMPP_2M

    def solved(start: Tensor, sigma: float, calls: int, seed: int) -> np.ndarray:
        noise = noise_source(range(seed, seed + len(pictures)), size, device=device)
        x = start.to(device) + sigma * noise(0)
        *_, last = solve(denoiser, x, sigma, FEW_CALLS if few_step else calls, noise, solver=solver)
        return _pixels(last.estimate)

    started = torch.from_numpy(guides).permute(0, 3, 1, 2).float() / 127.5 - 1
    edits = solved(started, sigma_of_t0(t0), EDIT_CALLS, 1)
    fresh = solved(torch.zeros(len(pictures), *size), sigma_max, NOISE_CALLS, 1 + len(pictures))
    columns = {"strokes": guides, "edit": edits, "picture": pictures, "of noise": fresh}
    times = ceil(SHOWN_SIDE / pictures.shape[1])
    return sheet({heading: column.repeat(times, 1).repeat(times, 2) for heading, column in columns.items()})


def _pixels(x: Tensor) -> np.ndarray:
    """(n, 3, h, w) in [-1, 1] as (n, h, w, 3) uint8."""
    return ((x + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
