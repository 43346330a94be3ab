"""Networks of others, small and of random weights, as spandrel builds them, in the files that people pass around.

Where spandrel is not installed, tests that need this module are left out; `packaging/dev.py` installs it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from torch import nn

from sdedit_studio.models import upscaler

if find_spec("spandrel") is None:
    pytest.skip("spandrel is not installed", allow_module_level=True)
upscaler._spandrel()  # its first import leaves torchvision out

from spandrel.architectures.Compact import Compact  # noqa: E402
from spandrel.architectures.DAT import DAT  # noqa: E402
from spandrel.architectures.DnCNN import DnCNN  # noqa: E402
from spandrel.architectures.ESRGAN import ESRGAN  # noqa: E402
from spandrel.architectures.HAT import HAT  # noqa: E402
from spandrel.architectures.RestoreFormer import RestoreFormer  # noqa: E402
from spandrel.architectures.SPAN import SPAN  # noqa: E402
from spandrel.architectures.SwinIR import SwinIR  # noqa: E402

NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "ESRGAN 4x": lambda: ESRGAN(num_filters=8, num_blocks=1, scale=4),
    "ESRGAN 2x": lambda: ESRGAN(in_nc=12, num_filters=8, num_blocks=1, scale=4, shuffle_factor=2),
    "SPAN 2x": lambda: SPAN(num_in_ch=3, num_out_ch=3, feature_channels=8, upscale=2),
    "Compact 4x": lambda: Compact(num_feat=8, num_conv=2, upscale=4),
    "SwinIR 2x": lambda: SwinIR(
        img_size=32,
        window_size=8,
        depths=[2],
        embed_dim=12,
        num_heads=[2],
        mlp_ratio=2,
        upscale=2,
        upsampler="pixelshuffledirect",
        resi_connection="1conv",
    ),
    "DAT 4x": lambda: DAT(
        img_size=64,
        split_size=[8, 16],
        depth=[2],
        embed_dim=24,
        num_heads=[2],
        expansion_factor=2.0,
        upscale=4,
        upsampler="pixelshuffledirect",
        resi_connection="1conv",
    ),
    "HAT 4x": lambda: HAT(
        img_size=32,
        window_size=8,
        depths=[2],
        embed_dim=12,
        num_heads=[2],
        upscale=4,
        upsampler="pixelshuffle",
        resi_connection="1conv",
        compress_ratio=3,
        squeeze_factor=6,
    ),
    "ESRGAN 8x": lambda: ESRGAN(num_filters=8, num_blocks=1, scale=8),
    "grey ESRGAN": lambda: ESRGAN(in_nc=1, out_nc=1, num_filters=8, num_blocks=1, scale=4),
    "RestoreFormer": lambda: RestoreFormer(
        n_embed=8, embed_dim=32, ch=32, ch_mult=(1, 1), num_res_blocks=1, z_channels=32, head_size=8
    ),
    "DnCNN": lambda: DnCNN(in_nc=3, out_nc=3, nc=16, nb=5),
}


def state(kind: str) -> dict[str, torch.Tensor]:
    """The weights of one of `NETWORKS`."""
    torch.manual_seed(0)
    with warnings.catch_warnings(action="ignore"):
        return NETWORKS[kind]().state_dict()


def saved(kind: str, path: Path, form: str = "") -> Path:
    """A checkpoint of one of `NETWORKS`, bare or below a name, as BasicSR and Lightning nest it."""
    weights = state(kind)
    torch.save({form: weights, "iter": 5000} if form else weights, path)
    return path
