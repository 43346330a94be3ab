import pytest
import torch
from torch import nn

from sdedit_studio.training.ema import SHARE, Ema, decay


def test_half_of_the_average_is_left_after_the_half_life():
    images, batch = 100_000, 50
    steps = round(SHARE * images / batch)
    assert decay(images, batch) ** steps == pytest.approx(0.5)


def test_the_average_follows_its_recurrence():
    torch.manual_seed(0)
    network = nn.Linear(3, 2)
    ema = Ema(network)
    expected = network.weight.detach().clone()
    for step in range(1, 6):
        with torch.no_grad():
            network.weight.add_(torch.randn(2, 3))
        ema.update(network, 8 * step, 8)
        keep = 0.5 ** (8 / (SHARE * 8 * step))
        expected = keep * expected + (1 - keep) * network.weight.detach()
        torch.testing.assert_close(ema.network.weight.detach(), expected)


def test_the_average_is_for_inference_only():
    network = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5))
    ema = Ema(network)
    assert not ema.network.training
    assert not any(parameter.requires_grad for parameter in ema.network.parameters())
    assert network.training
