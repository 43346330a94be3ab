"""How far the picture of one t0 is from its guide."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sdedit_studio.editing.t0_samples import sample_of
from sdedit_studio.engine.job import Job, Pixels
from sdedit_studio.parameters import Parameters


def test_only_what_the_mask_lets_change_is_sample_of():
    picture, mask = np.full((64, 96, 3), 100, np.uint8), np.zeros((64, 96), np.uint8)
    mask[:, :48] = 255
    job = Job(Pixels.of(picture), Parameters(), Pixels.of(mask))
    edited = picture.copy()
    edited[:, :48] += 20
    sample = sample_of(job, Pixels.of(edited), None)
    assert sample.rmse == pytest.approx(20)
    assert sample.l2 == pytest.approx(3 * 48 * 64 * (20 / 255) ** 2)
    held = replace(job, mask=None, strength=Pixels.of(mask))
    assert sample_of(held, Pixels.of(edited), None).rmse == pytest.approx(20)
    speck = np.zeros((64, 96), np.uint8)
    speck[0, 0] = 255
    small = Pixels.of(np.full((2, 3, 3), 110, np.uint8))
    assert sample_of(replace(job, mask=Pixels.of(speck)), small, None).rmse == pytest.approx(10)
