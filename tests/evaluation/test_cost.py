"""Operations counted: known answers, and the parts of an edit."""

from dataclasses import replace

import torch

from sdedit_studio.diffusion.cascade import OVERLAP, TILE
from sdedit_studio.diffusion.tiling import spans
from sdedit_studio.evaluation.cost import META, flop, gflop
from sdedit_studio.models.catalogue import find
from sdedit_studio.models.load import load
from sdedit_studio.parameters import Parameters, Refine

OFF = Parameters(t0=0.4, calls=3, model="tiny", refine=Refine.OFF)


def test_a_multiply_add_is_two_operations():
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.Conv2d(8, 4, 1, stride=2), torch.nn.Flatten(),
        torch.nn.Linear(4 * 5 * 6, 7),
    )  # fmt: skip
    expected = 2 * (3 * 9 * 8 * 10 * 12 + 8 * 4 * 5 * 6 + 4 * 5 * 6 * 7)
    assert flop(network, torch.zeros(1, 3, 10, 12)) == expected
    assert flop(network.to(META), torch.zeros(1, 3, 10, 12, device=META)) == expected


def test_a_first_pass_costs_its_calls(tiny_models):
    card = find("tiny", tiny_models)
    call = flop(load(card, META, torch.float32).denoiser(None), torch.zeros(1, 3, 16, 24, device=META), 1.0)
    assert call > 0
    assert gflop(card, 96, 64, OFF) == 3 * call / 1e9
    assert gflop(card, 96, 64, replace(OFF, repeats=2)) == 6 * call / 1e9
    assert gflop(card, 96, 64, replace(OFF, condition="hill 50, lake 50")) == 6 * call / 1e9


def test_sde_costs_every_tile(tiny_models):
    card = find("tiny", tiny_models)
    denoiser = load(card, META, torch.float32).denoiser(None)
    width, height = 320, 160
    chosen = replace(OFF, refine=Refine.SDE)
    *small, last = card.passes(width, height, chosen)
    tiles = spans(width, TILE, OVERLAP, card.stride)
    assert (last.width, last.height, len(tiles)) == (width, height, 2)
    sizes = [((stage.height, stage.width), stage.calls) for stage in small]
    sizes += [((height, right - left), last.calls) for left, right in tiles]
    expected = sum(calls * flop(denoiser, torch.zeros(1, 3, *size, device=META), 1.0) for size, calls in sizes)
    assert gflop(card, width, height, chosen) == expected / 1e9


def test_a_detail_network_is_one_more_call(detailed_models):
    card = find("tiny", detailed_models)
    chosen = replace(OFF, refine=Refine.DETAIL)
    model = load(card, META, torch.float32)
    passes = card.passes(96, 64, chosen)
    assert len(passes) == 2
    width, height = passes[-1].base
    run = flop(model.detail(chosen).run, torch.zeros(1, 3, height, width, device=META))
    weights = sum(value.numel() for name, value in _weights(card).items() if name.endswith("weight"))
    assert run == 2 * weights * width * height
    assert gflop(card, 96, 64, chosen) == gflop(card, 96, 64, OFF) + run / 1e9


def _weights(card):
    from safetensors.torch import load_file

    return load_file(card.folder / "detail" / "model.safetensors")
