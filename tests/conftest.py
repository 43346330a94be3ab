"""Set before Qt and torch load: no display is needed, and one torch thread leaves the other core to Qt."""

import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# A property holds or not; how long an example takes on a busy machine is for tests/benchmarks to say.
settings.register_profile("studio", deadline=None)
settings.load_profile("studio")


def pytest_configure() -> None:
    from tests.leaks import watch_timers

    watch_timers()  # before any module of the window takes QTimer


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with one in it, `tiny`: random weights in the very format of the bundled one, 16 px native."""
    import torch
    from diffusers.models.unets.unet_2d import UNet2DModel
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("models") / "tiny"
    folder.mkdir()
    config = {
        "sample_size": 8,
        "in_channels": 12,
        "out_channels": 12,
        "layers_per_block": 1,
        "block_out_channels": [8, 16],
        "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
        "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
        "attention_head_dim": 8,
        "norm_num_groups": 4,
        "resnet_time_scale_shift": "scale_shift",
        "num_class_embeds": 3,
    }
    torch.manual_seed(0)
    weights = {name: value.half() for name, value in UNet2DModel(**config).state_dict().items()}
    save_file(weights, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config | {"patch": 2, "sigma_data": 0.5}))
    card = {
        "title": "Tiny",
        "format": "edm-unet",
        "weights": "model.safetensors",
        "native": 16,
        "stride": 8,
        "classes": ["hill", "lake"],
        "any_class": 2,
        "sigma_min": 0.002,
        "sigma_max": 80.0,
    }
    (folder / "model.json").write_text(json.dumps(card))
    return folder.parent


@pytest.fixture(scope="session")
def detailed_models(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`tiny_models` again, whose `tiny` brings a detail network, with random weights in the bundled one's format."""
    import torch
    from safetensors.torch import save_file

    from sdedit_studio.models.span import Span

    folder = tmp_path_factory.mktemp("detailed") / "models"
    shutil.copytree(tiny_models, folder)
    detail = folder / "tiny" / "detail"
    detail.mkdir()
    torch.manual_seed(0)
    weights = {name: value.half() for name, value in Span().state_dict().items()}
    weights["up.weight"] /= 50  # what it adds stays within the range of pictures
    save_file(weights, detail / "model.safetensors")
    card = {"title": "Tiny, detail", "format": "span", "weights": "model.safetensors", "factor": 4, "reach": 21}
    (detail / "detail.json").write_text(json.dumps(card))
    return folder
