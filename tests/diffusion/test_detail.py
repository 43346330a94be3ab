"""A picture through a detail network, in windows."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import avg_pool2d, conv2d

from sdedit_studio.diffusion.detail import CELL, DetailNetwork, enlarged, with_cell_means, with_detail


def local(factor: int, reach: int) -> DetailNetwork:
    """Looks at exactly `reach` pixels to each side, and adds a pattern and a false colour."""
    generator = torch.Generator().manual_seed(0)
    kernel = torch.randn(3, 3, 2 * reach + 1, 2 * reach + 1, generator=generator) / (6 * reach)

    def run(x):
        seen = conv2d(x, kernel, padding=reach).tanh()
        return enlarged(x, factor) + 0.3 + seen.repeat_interleave(factor, -1).repeat_interleave(factor, -2)

    return DetailNetwork(run, factor, reach)


def shifting(factor: int) -> DetailNetwork:
    """Adds texture, and a colour cast that is stronger where it is light."""

    def run(x):
        larger = enlarged(x, factor)
        texture = torch.rand(larger.shape, generator=torch.Generator().manual_seed(3)) - 0.5
        return larger + texture + 0.2 + 0.1 * larger

    return DetailNetwork(run, factor, 1)


def picture(height: int, width: int) -> torch.Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(1)) * 2 - 1


@settings(max_examples=25)
@given(
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    side=st.integers(1, 60),
    factor=st.sampled_from([2, 4]),
    reach=st.sampled_from([1, 5]),
)
def test_windows_meet_without_seams(height, width, side, factor, reach):
    x, network = picture(height, width), local(factor, reach)
    whole = with_cell_means(network.run(x), x)
    torch.testing.assert_close(with_detail(network, x, side=side), whole, rtol=0, atol=1e-5)


@settings(max_examples=25)
@given(top=st.integers(0, 70), left=st.integers(0, 70), side=st.integers(1, 60))
def test_a_part_is_that_part_of_the_whole(top, left, side):
    x, network = picture(80, 75), local(4, 5)
    wanted = torch.zeros(1, 1, 80, 75)
    wanted[..., top : top + 10, left : left + 5] = 1
    part = with_detail(network, x, side=side, wanted=wanted)
    where = wanted.repeat_interleave(4, -1).repeat_interleave(4, -2)[0, 0] > 0
    whole = with_detail(network, x, side=1000)
    torch.testing.assert_close(part[..., where], whole[..., where], rtol=0, atol=1e-5)


def test_a_part_costs_what_it_is():
    seen = []

    def run(x):
        seen.append(x.shape[-1] * x.shape[-2])
        return enlarged(x, 4)

    wanted = torch.zeros(1, 1, 200, 300)
    wanted[..., 100, 150] = 1
    with_detail(DetailNetwork(run, 4, 21), picture(200, 300), side=288, wanted=wanted)
    assert sum(seen) < 0.1 * 200 * 300
    assert with_detail(DetailNetwork(run, 4, 21), picture(200, 300), side=288, wanted=0 * wanted).shape[-1] == 1200
    assert len(seen) == 1


def test_windows_of_a_network_that_sees_far_fade_into_each_other():
    """Each window has a brightness of its own; no step between neighbours shows."""

    def run(x):
        return enlarged(x, 4) + x.mean((2, 3), keepdim=True)

    ramp = torch.linspace(-0.5, 0.5, 200).expand(1, 3, 60, 200)
    hard, soft = (
        (with_detail(DetailNetwork(run, 4, 4, fade), ramp, side=90) - enlarged(ramp, 4)).diff(dim=-1).abs().max()
        for fade in (0, 16)
    )
    assert soft < hard / 4 or hard < 1e-3


@pytest.mark.parametrize("factor", [2, 4])
def test_colours_and_light_stay_those_of_the_picture(factor):
    x, network = enlarged(picture(6, 10), 8), shifting(factor)

    def drift(made):
        cells = avg_pool2d(made, CELL) - avg_pool2d(enlarged(x, factor), CELL)
        return 127.5 * cells.square().mean().sqrt()

    assert drift(network.run(x)) > 20
    assert drift(with_detail(network, x, side=64)) < 1.5


def test_without_crispness_it_is_a_plain_enlargement():
    x = picture(30, 40)
    torch.testing.assert_close(with_detail(local(4, 2), x, side=24, crispness=0), enlarged(x, 4), rtol=0, atol=1e-6)
