"""The values that cross threads."""

from dataclasses import replace

import numpy as np
import pytest

from sdedit_studio.engine.job import Job, Pixels
from sdedit_studio.parameters import Parameters

RGB = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)


def test_pixels_are_a_copy_and_read_only():
    source = RGB.copy()
    pixels = Pixels.of(source)
    source[:] = 0
    assert np.array_equal(pixels.array, RGB)
    assert (pixels.width, pixels.height) == (3, 2)
    with pytest.raises(ValueError, match="read-only"):
        pixels.array[0, 0] = 1


@pytest.mark.parametrize("array", [RGB.astype(float), RGB[..., :2], RGB[None]])
def test_other_pixels_are_refused(array):
    with pytest.raises(ValueError, match="8-bit"):
        Pixels.of(array)


def test_equal_jobs_are_equal_whatever_the_revision():
    one, other = (Job(Pixels.of(RGB), Parameters(), revision=revision) for revision in (1, 2))
    assert one == other
    assert hash(one) == hash(other)
    assert one != Job(Pixels.of(RGB), Parameters(seed=2))


def test_a_mask_must_fit_and_edit_something():
    with pytest.raises(ValueError, match=r"mask is 2 x 2 pixels, but the guide is 3 x 2"):
        Job(Pixels.of(RGB), Parameters(), Pixels.of(np.ones((2, 2), np.uint8)))
    with pytest.raises(ValueError, match="all black"):
        Job(Pixels.of(RGB), Parameters(), Pixels.of(np.zeros((2, 3), np.uint8)))


@pytest.mark.parametrize(
    "wrong", [{"t0": 1.1}, {"t0": -0.1}, {"t0": float("nan")}, {"calls": 0}, {"repeats": 11}, {"seed": -1}]
)
def test_parameters_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="must lie between"):
        Parameters(**wrong)


def test_the_record_tells_of_a_strength_map_only_where_there_was_one():
    grey = Pixels.of(np.full((4, 6), 90, np.uint8))
    plain = Job(Pixels.of(np.zeros((4, 6, 3), np.uint8)), Parameters(condition="mountain 60, sea 40"))
    assert plain.record() == plain.parameters.as_dict()
    assert replace(plain, strength=grey).record() == {**plain.parameters.as_dict(), "strength_map": True}
