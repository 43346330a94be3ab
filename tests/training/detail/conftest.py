from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from sdedit_studio.models.catalogue import read_card
from sdedit_studio.models.span import Span


@pytest.fixture
def base(tiny_models):
    """A base model whose frame is 128x96, and that brings no detail network."""
    return read_card(tiny_models / "tiny")


@pytest.fixture(scope="session")
def views(tmp_path_factory) -> Path:
    """Six photographs of 160x120: coarse noise, smooth between."""
    folder = tmp_path_factory.mktemp("views") / "views"
    folder.mkdir()
    random = np.random.default_rng(3)
    for index in range(6):
        coarse = Image.fromarray(random.integers(0, 256, (15, 20, 3), dtype=np.uint8))
        coarse.resize((160, 120), Image.Resampling.BICUBIC).save(folder / f"{index}.png")
    return folder


@pytest.fixture(scope="session")
def start_file(tmp_path_factory) -> Path:
    """Weights to begin from: of nothing, but of the right layout."""
    torch.manual_seed(11)
    path = tmp_path_factory.mktemp("start") / "start.safetensors"
    save_file({name: value.half() for name, value in Span().state_dict().items()}, path)
    return path
