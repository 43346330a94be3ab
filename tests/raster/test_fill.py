"""Flood fill finds the area that a person means."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from sdedit_studio.raster.fill import flood
from sdedit_studio.raster.tiles import as_image


def paper(width: int, height: int) -> np.ndarray:
    return np.full((height, width, 4), 255, np.uint8)


def ring(width: int, height: int, pen: float = 3.0) -> np.ndarray:
    """An antialiased black ellipse on white."""
    array = paper(width, height)
    image = as_image(array)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(Qt.GlobalColor.black, pen))
    painter.drawEllipse(QRectF(width * 0.1 + 0.3, height * 0.1, width * 0.8, height * 0.8))
    painter.end()
    return array


@given(arrays(np.uint8, (7, 6), elements=st.sampled_from([0, 100, 255])), st.integers(0, 5), st.integers(0, 6))
def test_contiguous_fill_is_what_a_walk_reaches(values, x, y):
    image = np.repeat(values[..., None], 4, axis=2)
    reached, todo = set(), [(x, y)]
    while todo:
        here = todo.pop()
        column, row = here
        if here in reached or not (0 <= column < 6 and 0 <= row < 7) or values[row, column] != values[y, x]:
            continue
        reached.add(here)
        todo += [(column + 1, row), (column - 1, row), (column, row + 1), (column, row - 1)]
    covered = flood(image, x, y, 0.0, grow=0)
    assert {(column, row) for row, column in np.argwhere(covered == 255).tolist()} == reached
    assert set(np.unique(covered)) <= {0, 255}
    assert np.array_equal(flood(image, x, y, 0.0, contiguous=False, grow=0) == 255, values == values[y, x])


@given(st.integers(0, 255), st.integers(0, 255), st.floats(0, 1))
def test_tolerance_is_the_largest_channel_difference(a, b, tolerance):
    image = np.zeros((1, 2, 4), np.uint8)
    image[0, 0, 1], image[0, 1, 1] = a, b
    assert (flood(image, 0, 0, tolerance)[0, 1] == 255) == (abs(a - b) <= round(tolerance * 255))


def test_grow_leaves_no_halo_inside_an_antialiased_line():
    image = ring(120, 100)
    tight, grown = flood(image, 60, 50, 0.1, grow=0), flood(image, 60, 50, 0.1)
    assert (grown >= tight).all()
    filled = image.copy()
    filled[grown == 255] = (0, 0, 255, 255)
    # From the centre to the line the picture is red until the darkest pixel: nothing pale is left between.
    row = filled[50, 60:]
    line = int(np.argmin(row[:, 2]))
    assert (row[: line - 1] == (0, 0, 255, 255)).all()
    assert row[line - 1, 1] < 100
    assert grown[50, 119] == 0


def test_grow_does_not_pass_a_hard_edge():
    image = paper(40, 20)
    image[:, 20:, :3] = 0
    assert np.array_equal(flood(image, 0, 0, 0.1, grow=1), flood(image, 0, 0, 0.1, grow=0))


def test_grow_does_not_swallow_a_thin_line():
    image = paper(40, 40)
    image[20, :, :3] = 0
    covered = flood(image, 5, 5, 0.1, grow=3)
    assert (covered[:20] == 255).all() and not covered[20:].any()


def test_outside_the_picture_is_refused():
    with pytest.raises(ValueError, match="inside the canvas"):
        flood(paper(4, 4), 4, 0, 0.1)


def test_a_large_fill_is_quick():
    image = ring(2048, 2048, 6)
    start = time.perf_counter()
    covered = flood(image, 1024, 1024, 0.1)
    assert time.perf_counter() - start < 3
    assert covered.mean() / 255 == pytest.approx(np.pi * 0.4**2, rel=0.02)
