"""Consistency tuning on a toy whose truth is known: six Gaussians on a ring in the plane."""

import math
from copy import deepcopy

import torch
from torch import nn

from sdedit_studio.diffusion.denoiser import edm_scales
from sdedit_studio.diffusion.solver import solve
from sdedit_studio.parameters import Solver
from sdedit_studio.training.ema import Ema
from sdedit_studio.training.loss import Batch, Consistency, Edm

CPU = torch.device("cpu")
ANGLES = torch.arange(6) * (2 * math.pi / 6)
CENTRES = 0.7 * torch.stack([ANGLES.cos(), ANGLES.sin()], 1)


class Plane(nn.Module):
    """A denoiser of points (b, 2, 1, 1) under EDM preconditioning."""

    def __init__(self):
        super().__init__()
        wide = 64
        layers = [nn.Linear(6, wide), nn.SiLU(), nn.Linear(wide, wide), nn.SiLU(), nn.Linear(wide, wide), nn.SiLU()]
        self.network = nn.Sequential(*layers, nn.Linear(wide, 2))

    def forward(self, x, sigma, labels):
        skip, out, scale = edm_scales(sigma[:, None], 0.5)
        points, level = x.flatten(1), sigma.log()[:, None] / 4
        waves = [level.sin(), level.cos(), (4 * level).sin(), (4 * level).cos()]
        return (skip * points + out * self.network(torch.cat([scale * points, *waves], 1))).reshape(x.shape)


def points(count):
    return (CENTRES[torch.randint(6, (count,))] + 0.06 * torch.randn(count, 2)).reshape(count, 2, 1, 1)


def fitted(network, loss, steps, rate, batch=256):
    ema = Ema(network)
    optimizer = torch.optim.AdamW(network.parameters(), betas=(0.9, 0.99))
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = rate * min(1, (step + 1) / 50) * (1 - step / steps)
        clean = points(batch)
        value = loss(network, Batch(clean, torch.randn_like(clean), loss.levels(batch, CPU), None), step / steps)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        ema.update(network, (step + 1) * batch, batch)
    return ema.network


def energy_distance(a, b):
    """0 for equal laws (Szekely 2003)."""
    a, b = a.flatten(1), b.flatten(1)
    within = torch.cdist(a, a).mean() + torch.cdist(b, b).mean()
    return (2 * torch.cdist(a, b).mean() - within).item()


def test_tuning_makes_one_and_two_calls_as_good_as_twenty():
    torch.manual_seed(0)
    trained = fitted(Plane(), Edm(), 700, 3e-3)
    tuned = fitted(deepcopy(trained).requires_grad_(True), Consistency(), 700, 1.5e-3)
    truth, start, sigma = points(1500), points(1500), 2.0
    fields = [torch.randn_like(start) for _ in range(21)]
    noise = fields.__getitem__

    @torch.no_grad()
    def distance(network, calls, solver=Solver.DPMPP_2M):
        def denoise(x, level):
            return network(x, torch.full((len(x),), level), None)

        *_, last = solve(denoise, start + sigma * noise(0), sigma, calls, noise, solver=solver)
        return energy_distance(last.estimate, truth)

    twenty = distance(trained, 20)
    for calls in (1, 2):
        before = min(distance(trained, calls), distance(trained, calls, Solver.CONSISTENCY))
        after = distance(tuned, calls, Solver.CONSISTENCY)
        assert after < before / 5
        assert after < 2 * max(twenty, 0.008)
