"""The estimate of how far a picture is from the data, against laws where it is known."""

from functools import partial
from math import log

import pytest
import torch

from sdedit_studio.diffusion.exact import GaussianDenoiser, MixtureDenoiser
from sdedit_studio.diffusion.noise import noise_source
from sdedit_studio.diffusion.realism import LARGEST, LEVEL, distance_to_photographs

SIZE = (3, 96, 96)
VARIANCE = 0.25
DENOISER = GaussianDenoiser(torch.zeros(SIZE), torch.full(SIZE, VARIANCE))


def fields(seed: int = 0) -> torch.Tensor:
    return noise_source([seed], SIZE, place=(9, 9))(0)


def sample(variance: float, seed: int = 3) -> torch.Tensor:
    return variance**0.5 * noise_source([seed], SIZE)(0)


def distance(denoiser, picture, noise, where=None) -> float:
    (alone,) = distance_to_photographs(denoiser, picture, noise, where)
    return alone


def test_the_data_themselves_are_not_away():
    assert distance(DENOISER, sample(VARIANCE), fields()) < 0.1


def test_neither_is_a_sample_of_a_mixture():
    means = torch.stack([torch.full(SIZE, -0.5), torch.full(SIZE, 0.5)])
    denoiser = MixtureDenoiser(means, 0.3)
    assert distance(denoiser, means[1:] + 0.3 * noise_source([5], SIZE)(0), fields()) < 0.1


@pytest.mark.parametrize("variance", [0.0, 0.02, 1.0])
def test_too_little_and_too_much_detail_are_away_by_what_theory_says(variance):
    """With D = g y, g = v / (v + s^2): E|e|^2 = ((1 - g)^2 w + g^2 s^2) n for data of variance w, and s E z.e = g s^2
    n.
    """
    gain = VARIANCE / (VARIANCE + LEVEL**2)
    theory = abs(log(((1 - gain) ** 2 * variance + gain**2 * LEVEL**2) / (gain * LEVEL**2)))
    assert distance(DENOISER, sample(variance), fields()) == pytest.approx(theory, rel=0.1)
    assert theory > 0.2


def test_only_what_counts_is_judged():
    half = torch.zeros(1, 1, *SIZE[1:])
    half[..., :48] = 1
    picture = torch.where(half > 0, sample(VARIANCE), torch.zeros(SIZE))
    judge = partial(distance, DENOISER, picture, fields())
    assert judge(half) < 0.1
    assert judge(1 - half) > judge(None) > judge(half)


def test_the_same_picture_has_the_same_estimate():
    assert distance(DENOISER, sample(0.1), fields()) == distance(DENOISER, sample(0.1), fields())


def test_a_denoiser_that_gives_back_the_picture_is_bounded():
    picture = sample(VARIANCE)
    assert distance(lambda x, sigma: picture, picture, fields()) == 0
    constant = distance(lambda x, sigma: torch.zeros_like(x), picture, fields())
    assert 0 < constant <= LARGEST


def test_too_little_and_too_much_side_by_side_do_not_cancel():
    halves = torch.cat([torch.zeros(1, 3, 96, 48), sample(2 * VARIANCE)[..., 48:]], dim=3)
    assert distance(DENOISER, halves, fields()) > 0.2


def test_several_are_judged_in_the_calls_of_one():
    pictures = torch.cat([sample(VARIANCE), sample(0.02), torch.zeros(1, *SIZE)])
    calls = []

    def denoise(x, sigma):
        calls.append(len(x))
        return DENOISER(x, sigma)

    together = distance_to_photographs(denoise, pictures, fields())
    assert calls == [3, 3]
    assert together == pytest.approx([distance(DENOISER, picture[None], fields()) for picture in pictures], rel=1e-5)
