"""The network against golden values: pytorch-fid's own for these weights, computed outside the repository."""

import numpy as np
import pytest
import torch

from sdedit_studio.evaluation.inception import SIDE, WIDTH, Inception


def test_it_has_pytorch_fids_keys_and_shapes():
    with torch.device("meta"):
        weights = Inception().state_dict()
    assert len(weights) == 564
    assert sum(tensor.numel() for name, tensor in weights.items() if name.endswith("conv.weight")) == 21_751_136
    assert weights["Mixed_5b.branch_pool.conv.weight"].shape == (32, 192, 1, 1)
    assert weights["Mixed_6c.branch7x7dbl_4.conv.weight"].shape == (160, 160, 7, 1)
    assert weights["Mixed_7c.branch3x3dbl_3a.bn.running_var"].shape == (384,)


@torch.inference_mode()
def test_known_weights_give_known_features():
    random = np.random.default_rng(0)
    network = Inception().eval()
    for name, tensor in network.state_dict().items():
        if tensor.ndim == 0:
            continue  # counts of batches
        wave = torch.from_numpy(random.random(tuple(tensor.shape), np.float32) * 2 - 1)
        match name.split(".")[-2:]:
            case ["conv", "weight"]:
                tensor.copy_(wave * (6 / tensor[0].numel()) ** 0.5)
            case ["bn", "weight" | "running_var"]:
                tensor.copy_(1 + wave / 4)
            case ["bn", "bias" | "running_mean"]:
                tensor.copy_(wave / 8)
    ramp = torch.linspace(-1, 1, SIDE)
    x = torch.stack([ramp.expand(SIDE, SIDE), ramp[:, None].expand(SIDE, SIDE), (ramp * ramp[:, None])])[None]
    features = network(x)
    assert features.shape == (1, WIDTH)
    golden = [0.724768, 0.178219, 2.990303, 1.194847, 0.468388, 0.0]
    assert torch.allclose(features[0, [0, 400, 800, 1200, 1700, 2047]], torch.tensor(golden), atol=1e-4)
    assert features.mean().item() == pytest.approx(0.5759, abs=1e-4)
    assert features.std().item() == pytest.approx(0.7584, abs=1e-4)
