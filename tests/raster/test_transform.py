"""Transforms: exact where they can be, smooth where they cannot."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QTransform

from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import COVERAGE, EMPTY, Tiles
from sdedit_studio.raster.transform import transformed

AREA = Rect(-400, -400, 900, 900)


@pytest.fixture(scope="module")
def sample(picture):
    return Tiles.from_array(picture(0, 150, 90), 40, 30)


@pytest.mark.parametrize("smooth", [True, False])
def test_identity_is_the_same_object(sample, smooth):
    assert transformed(sample, QTransform(), smooth) is sample
    assert transformed(EMPTY, QTransform().rotate(3), smooth).tiles == {}


@given(dx=st.integers(-90, 90), dy=st.integers(-90, 90))
def test_whole_pixel_shifts_copy_nothing(sample, dx, dy):
    moved = transformed(sample, QTransform.fromTranslate(dx, dy))
    assert list(moved.tiles.values()) == list(sample.tiles.values())
    assert np.array_equal(moved.read(AREA.moved(dx, dy)), sample.read(AREA))


@pytest.mark.parametrize("smooth", [True, False])
def test_flips_and_quarter_turns_are_exact(sample, smooth):
    pixels = sample.read(Rect(40, 30, 150, 90))
    flipped = transformed(sample, QTransform.fromScale(-1, 1), smooth)
    assert np.array_equal(flipped.read(Rect(-190, 30, 150, 90)), pixels[:, ::-1])
    turned = transformed(sample, QTransform().rotate(90), smooth)
    assert np.array_equal(turned.read(Rect(-120, 40, 90, 150)), np.rot90(pixels, -1))


def test_nearest_enlarging_repeats_pixels(sample):
    large = transformed(sample, QTransform.fromScale(3, 3), smooth=False)
    pixels = sample.read(Rect(40, 30, 150, 90)).repeat(3, axis=0).repeat(3, axis=1)
    assert np.array_equal(large.read(Rect(120, 90, 450, 270)), pixels)


@pytest.mark.parametrize("scale", [0.5, 0.2, 0.07])
@pytest.mark.parametrize("angle", [0, 20])
def test_shrinking_averages(scale, angle):
    fine = np.full((400, 400, 4), 255, np.uint8)
    fine[::2, ::2, :3] = fine[1::2, 1::2, :3] = 0
    small = transformed(Tiles.from_array(fine), QTransform().rotate(angle).scale(scale, scale))
    centre = QTransform().rotate(angle).scale(scale, scale).map(200, 200)
    middle = small.read(Rect(int(centre[0]) - 5, int(centre[1]) - 5, 10, 10)).astype(int)
    assert np.abs(middle[..., :3] - 127).max() <= 6
    assert (middle[..., 3] == 255).all()


def test_shrinking_keeps_the_weight_of_the_picture():
    array = np.full((200, 300, 4), 255, np.uint8)
    for scale in ((0.2, 0.2), (0.13, 0.9), (1, 0.31)):
        small = transformed(Tiles.from_array(array, 17, 23), QTransform.fromScale(*scale))
        ink = small.read(AREA)[..., 3].sum() / 255
        assert ink == pytest.approx(60000 * scale[0] * scale[1], rel=0.03)


@pytest.mark.parametrize("angle", [7, 45, 133])
def test_turning_keeps_the_weight_and_softens_the_border(angle):
    array = np.full((200, 200, 4), 255, np.uint8)
    alpha = transformed(Tiles.from_array(array), QTransform().rotate(angle)).read(AREA)[..., 3]
    assert alpha.sum() / 255 == pytest.approx(40000, rel=0.005)
    border = ((alpha > 5) & (alpha < 250)).sum()
    assert 400 < border < 3000


def test_there_and_back_is_nearly_the_same():
    y, x = np.mgrid[0:200, 0:200]
    array = np.full((200, 200, 4), 255, np.uint8)
    array[..., 0], array[..., 1] = 128 + 100 * np.sin(x / 12), 128 + 100 * np.cos(y / 15)
    turn = QTransform().translate(30, 5).rotate(30).scale(1.2, 0.9)
    back = transformed(transformed(Tiles.from_array(array), turn), turn.inverted()[0])
    inner = Rect(20, 20, 160, 160)
    assert np.abs(back.read(inner).astype(int) - array[inner.slices]).mean() < 2


def test_a_shift_alone_stays_crisp(sample):
    moved = transformed(sample, QTransform.fromTranslate(2.4, -0.6))
    assert np.array_equal(moved.read(AREA.moved(2, -1)), sample.read(AREA))


def test_perspective_fills_its_quadrilateral(sample):
    solid = Tiles.from_array(np.full((100, 100, 4), 255, np.uint8))
    bent = transformed(solid, QTransform(1, 0.1, 0.001, 0.2, 1, 0, 0, 0, 1))
    assert bent.pixel(40, 40)[3] == 255
    assert bent.pixel(-3, 50)[3] == 0


def test_coverage_is_transformed_too():
    mask = Tiles.from_array(np.full((100, 100), 200, np.uint8))
    for transform in (QTransform().rotate(30), QTransform.fromScale(0.2, 0.2), QTransform.fromScale(2.5, 1)):
        result = transformed(mask, transform)
        centre = transform.map(50, 50)
        assert result.channels == COVERAGE
        assert result.pixel(int(centre[0]), int(centre[1])) == (200,)
