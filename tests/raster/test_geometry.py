"""Rectangles as sets of pixels."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sdedit_studio.raster.geometry import NOTHING, Rect

RECTS = st.builds(Rect, *[st.integers(-6, 6)] * 2, *[st.integers(-2, 8)] * 2)


def pixels(rect: Rect) -> set[tuple[int, int]]:
    return {(x, y) for x in range(rect.x, rect.right) for y in range(rect.y, rect.bottom)}


@given(RECTS, RECTS)
def test_intersection_is_that_of_the_pixels(a, b):
    assert pixels(a & b) == pixels(a) & pixels(b)
    assert (a & b).empty == (not pixels(a) & pixels(b))


@given(RECTS, RECTS)
def test_union_is_the_smallest_rectangle_around_both(a, b):
    both = pixels(a) | pixels(b)
    assert both <= pixels(a | b)
    if both:
        columns, rows = zip(*both, strict=True)
        size = (max(columns) - min(columns) + 1, max(rows) - min(rows) + 1)
        assert (a | b) == Rect(min(columns), min(rows), *size)
    else:
        assert (a | b).empty


@given(RECTS, RECTS)
def test_containment(a, b):
    assert (a in b) == (pixels(a) <= pixels(b))


@given(RECTS, st.integers(-8, 8), st.integers(-8, 8))
def test_points(rect, x, y):
    assert ((x, y) in rect) == ((x, y) in pixels(rect))
    assert rect.area == len(pixels(rect))


@given(RECTS.filter(lambda rect: not rect.empty), st.integers(0, 3))
def test_growing_and_shrinking_back(rect, margin):
    assert rect.grown(margin).grown(-margin) == rect
    assert pixels(rect.moved(3, -2)) == {(x + 3, y - 2) for x, y in pixels(rect)}


@given(st.lists(RECTS))
def test_around_many(rects):
    assert set().union(*map(pixels, rects)) <= pixels(Rect.around(rects))
    assert Rect.around([]) == NOTHING


def test_slices_index_rows_first():
    array = np.zeros((5, 7))
    array[Rect(1, 2, 4, 3).slices] = 1
    assert array.sum() == 12 and array[2:5, 1:5].all()
