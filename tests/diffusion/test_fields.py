"""The one home of noise, for those who may not load torch."""

import subprocess
import sys

import numpy as np

from sdedit_studio.diffusion.fields import field
from sdedit_studio.diffusion.noise import noise_source


def test_it_is_what_runs_draw():
    for step, place in ((0, (0, 0)), (3, (1, 2))):
        drawn = noise_source([4, 5], (3, 8, 16), place=place)(step)
        assert np.array_equal(drawn.numpy(), [field(seed, step, (3, 8, 16), place) for seed in (4, 5)])


def test_it_loads_no_torch():
    code = "import sys, sdedit_studio.engine.noised, sdedit_studio.diffusion.fields; print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
