"""Strokes and smudges on coverage: a mask, or what is protected."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdedit_studio.raster.brush import Brush
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.smudge import Smudge
from sdedit_studio.raster.stroke import Stroke
from sdedit_studio.raster.tiles import COVERAGE, NO_COVERAGE, Tiles, grey

AREA = Rect(0, 0, 300, 280)
HARD = Brush(size=40, hardness=1.0, size_pressure=False)
LEVELS = st.integers(0, 255)


def full(level: int) -> Tiles:
    return Tiles.from_array(np.full((AREA.height, AREA.width), level, np.uint8))


def drawn(stroke: Stroke | Smudge) -> Tiles:
    for index, (x, y) in enumerate(((60, 60), (240, 60), (240, 220))):
        stroke.extend(x, y, 1.0, index * 0.01)
    return stroke.finish()[0]


@given(level=LEVELS, grey_level=LEVELS, opacity=st.floats(0.05, 1.0))
def test_paint_mixes_its_grey_in_with_its_opacity(level, grey_level, opacity):
    brush = Brush(size=40, hardness=1.0, size_pressure=False, opacity=opacity)
    after = drawn(Stroke(brush, (grey_level,) * 3, full(level)))
    assert after.channels == COVERAGE
    assert after.pixel(150, 60)[0] == pytest.approx(level + (grey_level - level) * opacity, abs=1.1)
    assert after.pixel(150, 150) == (level,)


@given(colour=st.tuples(LEVELS, LEVELS, LEVELS))
def test_a_colour_counts_as_its_grey(colour):
    luma = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]
    assert grey(np.array([*reversed(colour), 255], np.uint8)) == pytest.approx(luma, abs=1.5)
    assert drawn(Stroke(HARD, colour, NO_COVERAGE)).pixel(150, 60)[0] == pytest.approx(luma, abs=1.5)


@given(level=LEVELS)
def test_erasing_is_painting_with_black(level):
    erased, blackened = (
        drawn(Stroke(HARD, (9, 9, 9), full(level), erase=True)),
        drawn(Stroke(HARD, (0,) * 3, full(level))),
    )
    assert np.array_equal(erased.read(AREA), blackened.read(AREA))
    assert erased.pixel(150, 60) == (0,)


def test_nothing_of_a_mask_is_kept_once_it_is_all_black():
    brush = Brush(size=900, hardness=1.0, size_pressure=False)
    assert not drawn(Stroke(brush, (0, 0, 0), full(200), erase=True)).tiles


def test_it_keeps_to_the_selection_and_paints_the_mirror_image():
    half = Tiles.from_array(np.full((80, 300), 128, np.uint8))
    after = drawn(Stroke(HARD, (255,) * 3, NO_COVERAGE, selection=half, mirror_x=150.0)).read(AREA)
    assert after[60, 100] == 128 and not after[80:].any()
    assert np.array_equal(after, after[:, ::-1])


def test_each_call_tells_where_it_changed_something():
    stroke, before = Stroke(Brush(size=30, size_pressure=False), (255,) * 3, full(100)), full(100).read(AREA)
    for index, x in enumerate((50, 120, 250)):
        now, dirty = stroke.extend(x, 90, 1.0, index * 0.01)
        outside = np.ones(before.shape, bool)
        outside[(dirty & AREA).slices] = False
        assert np.array_equal(now.read(AREA)[outside], before[outside])
        before = now.read(AREA)


def test_smudging_a_mask_is_smudging_what_it_shows():
    coverage = np.zeros((AREA.height, AREA.width), np.uint8)
    coverage[:, :100] = 255

    def smudged(pixels: np.ndarray) -> np.ndarray:
        smudge = Smudge(Brush(size=40, flow=0.3, size_pressure=False), Tiles.from_array(pixels))
        for x in range(60, 180, 5):
            smudge.extend(x, 140, 1.0, x * 0.001)
        return smudge.finish()[0].read(AREA)

    after = smudged(coverage)
    assert np.array_equal(after, smudged(np.dstack([coverage] * 4))[..., 3])
    assert 0 < after[140, 110] < 255
