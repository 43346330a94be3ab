"""What SDEdit does to a whole picture, against theory: frequencies, faithfulness, precision, and another's solver."""

from math import log, sqrt

import pytest
import torch
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler

from sdedit_studio.diffusion.exact import GaussianDenoiser, MixtureDenoiser
from sdedit_studio.diffusion.noise import noise_source
from sdedit_studio.diffusion.sdedit import sdedit
from sdedit_studio.diffusion.solver import multistep
from sdedit_studio.parameters import Solver

SIDE = 6


def natural_covariance():
    """Of a texture on a torus with the 1/f^2 spectrum of photographs: (36, 36), and its eigenvalues by frequency."""
    frequencies = torch.fft.fftfreq(SIDE, dtype=torch.float64) * SIDE
    spectrum = 1 / (frequencies[:, None] ** 2 + frequencies**2 + 0.5)
    waves = torch.fft.fft2(torch.eye(SIDE**2, dtype=torch.float64).reshape(-1, SIDE, SIDE), norm="ortho")
    basis = waves.flatten(1)
    return (basis.conj() @ torch.diag(spectrum.flatten()).to(basis.dtype) @ basis.T).real, spectrum


@pytest.mark.parametrize(("solver", "power"), [(Solver.DPMPP_2M_SDE, 1.0), (Solver.DPMPP_2M, 0.5)])
def test_low_frequencies_of_the_guide_stay_and_high_ones_are_redrawn(solver, power):
    """A frequency of variance v is kept by v / (v + sigma^2), its root for the ODE."""
    covariance, spectrum = natural_covariance()
    denoiser = GaussianDenoiser(torch.zeros(1, SIDE, SIDE, dtype=torch.float64), covariance)
    sigma = 0.6
    pixels = torch.eye(SIDE**2, dtype=torch.float64).reshape(-1, 1, SIDE, SIDE)
    silence = torch.zeros_like(pixels)
    *_, last = sdedit(denoiser, pixels, sigma, 300, lambda repeat: lambda step: silence, solver=solver)
    kept = torch.fft.fft2(last.estimate[0, 0]).real
    torch.testing.assert_close(kept, (spectrum / (spectrum + sigma**2)) ** power, rtol=0.02, atol=0.01)
    assert kept[0, 0] > 0.8 ** (2 * power)
    assert kept[SIDE // 2, SIDE // 2] < 0.15**power


def test_proposition_1():
    """With |score|^2 <= C: |g - SDEdit(g)|^2 <= sigma^2 (C sigma^2 + d + 2 sqrt(-d log p) - 2 log p), but for p."""
    count, sigma, chance = 400, 0.5, 0.05
    means = torch.randn(6, 1, 4, 4, generator=torch.Generator().manual_seed(1)) * 0.5
    mixture = MixtureDenoiser(means, 0.3)
    guide = torch.zeros(count, 1, 4, 4)
    largest = torch.zeros(())

    def denoiser(x, level):
        nonlocal largest
        estimate = mixture(x, level)
        largest = torch.maximum(largest, ((estimate - x) / level**2).flatten(1).square().sum(1).max())
        return estimate

    seeds = range(count)
    *_, last = sdedit(
        denoiser, guide, sigma, 60, lambda repeat: noise_source(seeds, (1, 4, 4)), solver=Solver.EULER_MARUYAMA
    )
    d, p = 16, log(chance)
    bound = sigma**2 * (largest * sigma**2 + d + 2 * sqrt(-d * p) - 2 * p)
    distances = last.x.flatten(1).square().sum(1)
    assert (distances <= bound).float().mean() >= 1 - chance


@pytest.mark.parametrize("solver", Solver)
def test_single_precision_is_enough(solver):
    """Far below a grey level, from a noise level of 80 down."""
    guide = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(2), dtype=torch.float64) * 2 - 1

    def edited(dtype):
        denoiser = GaussianDenoiser(torch.zeros(3, 8, 8, dtype=dtype), torch.full((3, 8, 8), 0.1, dtype=dtype))
        source = noise_source([1], (3, 8, 8))
        *_, last = sdedit(
            denoiser, guide.to(dtype), 80.0, 20, lambda repeat: lambda step: source(step).to(dtype), solver=solver
        )
        return last.estimate.double()

    assert (edited(torch.float32) - edited(torch.float64)).abs().max() < 1 / 255 / 4


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # the scheduler's own
def test_2m_agrees_with_diffusers_scheduler():
    scheduler = DPMSolverMultistepScheduler(
        beta_start=1e-4,
        beta_end=0.02,
        beta_schedule="linear",
        prediction_type="sample",
        use_karras_sigmas=True,
        lower_order_final=False,
        final_sigmas_type="zero",
        timestep_spacing="trailing",
    )
    scheduler.set_timesteps(10)
    sigmas = [float(sigma) for sigma in scheduler.sigmas]
    generator = torch.Generator().manual_seed(3)
    mean, x = (torch.randn(shape, generator=generator, dtype=torch.float64) for shape in ((3, 4, 4), (2, 3, 4, 4)))
    denoiser = GaussianDenoiser(mean, torch.full((3, 4, 4), 0.2, dtype=torch.float64))
    x = x * sigmas[0]
    *_, last = multistep(denoiser, x, sigmas, lambda step: x, lambda x, *_: x, eta=0.0, order=2)
    theirs = x / sqrt(1 + sigmas[0] ** 2)
    for sigma, time in zip(sigmas[:-1], scheduler.timesteps, strict=True):
        clean = denoiser(theirs * sqrt(1 + sigma**2), sigma)
        theirs = scheduler.step(clean, time, theirs, return_dict=False)[0]
    torch.testing.assert_close(last.x, theirs, rtol=0, atol=1e-5)
