from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """The number of threads decides the last bits, and other tests in this process may have changed it."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def photographs(tmp_path) -> Path:
    """A folder of 24 small pictures, a dozen of each of two classes: bright above dark, and the other way round."""
    return taken(tmp_path / "photographs")


@pytest.fixture(scope="session")
def photographs_once(tmp_path_factory) -> Path:
    """The same, for runs that leave it as it is."""
    return taken(tmp_path_factory.mktemp("pictures") / "photographs")


def taken(folder: Path) -> Path:
    random = np.random.default_rng(7)
    for kind in ("day", "night"):
        (folder / kind).mkdir(parents=True)
        for index in range(12):
            pixels = random.integers(0, 60, (20, 20, 3), dtype=np.uint8)
            half = slice(0, 10) if kind == "day" else slice(10, 20)
            pixels[half] += 180
            Image.fromarray(pixels).save(folder / kind / f"{index:02}.png")
    return folder
