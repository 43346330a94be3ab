"""A graphics card without enough memory: smaller tiles, then the CPU, and a sentence that says so."""

import numpy as np
import pytest
import torch

from sdedit_studio.diffusion.cascade import TILE
from sdedit_studio.engine.job import Job, Pixels, Result
from sdedit_studio.engine.measured import Measured
from sdedit_studio.engine.memory import IN_TILES, ON_CPU, execute_with_fallbacks
from sdedit_studio.models.catalogue import ModelCard
from sdedit_studio.models.loaded import LoadedModel
from sdedit_studio.parameters import Parameters, Refine

CARD = {
    "title": "",
    "format": "edm-unet",
    "weights": "",
    "native": 96,
    "stride": 16,
    "sigma_min": 0.01,
    "sigma_max": 80,
}


def model(tmp_path, limit):
    """One that runs out of memory for pictures with a longer side than `limit`."""
    seen = []

    def denoise(x, sigma):
        if max(x.shape) > limit:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        seen.append(max(x.shape))
        return x * 0

    return LoadedModel(ModelCard("m", tmp_path, **CARD), torch.device("cpu"), lambda label: denoise), seen


def edited(tmp_path, limit, cpu_limit=10_000):
    job = Job(Pixels.of(np.zeros((600, 600, 3), np.uint8)), Parameters(t0=0.4, calls=1, refine=Refine.SDE))
    loaded, seen = model(tmp_path, limit)
    on_cpu, seen_on_cpu = model(tmp_path, cpu_limit)
    *_, result = execute_with_fallbacks(
        [job], loaded, lambda: on_cpu, cancelled=lambda: False, measured=Measured(1, tmp_path / "measured.json")
    )
    assert isinstance(result, Result)
    return result.note, seen, seen_on_cpu


def test_with_enough_nothing_is_said(tmp_path):
    note, seen, seen_on_cpu = edited(tmp_path, TILE)
    assert (note, seen_on_cpu) == ("", [])
    assert max(seen) > TILE // 2


def test_with_less_it_works_in_smaller_tiles(tmp_path):
    note, seen, seen_on_cpu = edited(tmp_path, TILE // 2)
    assert (note, seen_on_cpu) == (IN_TILES, [])
    assert max(seen) <= TILE // 2


def test_with_too_little_it_works_on_the_cpu(tmp_path):
    note, _, seen_on_cpu = edited(tmp_path, 10)
    assert note == ON_CPU
    assert max(seen_on_cpu) > TILE // 2


def test_without_any_it_fails(tmp_path):
    with pytest.raises(torch.OutOfMemoryError):
        edited(tmp_path, 10, 10)
