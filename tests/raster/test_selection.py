"""Selections as sets, and what feathering and growing promise."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sdedit_studio.raster import selection as sel
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles

BOUNDS = Rect(0, 0, 40, 30)
BINARY = arrays(np.uint8, (30, 40), elements=st.sampled_from([0, 255])).map(lambda a: sel.of_array(a, BOUNDS))
SOFT = arrays(np.uint8, (30, 40), elements=st.sampled_from([0, 60, 128, 255])).map(lambda a: sel.of_array(a, BOUNDS))
RECTS = st.builds(Rect, st.integers(-10, 45), st.integers(-10, 35), st.integers(1, 40), st.integers(1, 30))


def read(selection: Tiles | None, bounds: Rect = BOUNDS) -> np.ndarray:
    return np.zeros((bounds.height, bounds.width), np.uint8) if selection is None else selection.read(bounds)


def same(a: Tiles | None, b: Tiles | None) -> bool:
    return np.array_equal(read(a), read(b))


@given(SOFT)
def test_inverting_twice_changes_nothing(a):
    assert same(sel.invert(sel.invert(a, BOUNDS), BOUNDS), a)


def test_inverting_everything_is_nothing():
    everything = sel.invert(None, BOUNDS)
    assert (read(everything) == 255).all()
    assert sel.invert(everything, BOUNDS) is None


@given(BINARY, BINARY, BINARY)
def test_the_laws_of_sets(a, b, c):
    def add(x, y):
        return sel.combine(x, y, "add", BOUNDS)

    def subtract(x, y):
        return sel.combine(x, y, "subtract", BOUNDS)

    def intersect(x, y):
        return sel.combine(x, y, "intersect", BOUNDS)

    assert same(add(a, b), add(b, a)) and same(intersect(a, b), intersect(b, a))
    assert same(add(a, add(b, c)), add(add(a, b), c))
    assert same(intersect(a, add(b, c)), add(intersect(a, b), intersect(a, c)))
    assert same(subtract(a, b), intersect(a, sel.invert(b, BOUNDS)))
    assert same(sel.invert(add(a, b), BOUNDS), intersect(sel.invert(a, BOUNDS), sel.invert(b, BOUNDS)))
    assert same(add(subtract(a, b), intersect(a, b)), a)
    assert subtract(a, a) is None
    assert same(sel.combine(a, b, "replace", BOUNDS), b)


@given(SOFT, st.sampled_from(["replace", "add", "subtract", "intersect"]))
def test_soft_edges_combine_without_seams(a, how):
    expected = None if how == "intersect" and a is None else a
    if how == "subtract":
        expected = sel.of_array(np.minimum(read(a), 255 - read(a)), BOUNDS)
    assert same(sel.combine(a, a, how, BOUNDS), expected)


@given(RECTS)
def test_a_rectangle_is_exact_and_inside_the_canvas(rect):
    expected = np.zeros((30, 40), np.uint8)
    expected[(rect & BOUNDS).slices] = 255
    selection = sel.rectangle(rect, BOUNDS)
    assert np.array_equal(read(selection), expected)
    assert (selection is None) == (rect & BOUNDS).empty


def test_shapes_are_antialiased_and_of_the_right_size():
    bounds = Rect(0, 0, 300, 300)
    ellipse = read(sel.ellipse(Rect(50, 60, 200, 100), bounds), bounds)
    assert ellipse.sum() / 255 == pytest.approx(np.pi * 100 * 50, rel=0.002)
    assert ((ellipse > 0) & (ellipse < 255)).sum() > 100
    triangle = read(sel.polygon([(10, 10), (210, 10), (10, 110)], bounds), bounds)
    assert triangle.sum() / 255 == pytest.approx(10000, rel=0.002)
    assert sel.ellipse(Rect(400, 0, 10, 10), bounds) is None
    assert sel.polygon([(5, 5), (9, 9)], bounds) is None
    assert read(sel.ellipse(Rect(-50, -50, 100, 100), bounds), bounds)[0, 0] == 255


def test_a_polygon_that_crosses_itself_has_no_hole():
    turns = [(50 + 40 * np.cos(a), 50 + 40 * np.sin(a)) for a in np.linspace(0, 4 * np.pi, 5, endpoint=False)]
    star = sel.polygon(turns, Rect(0, 0, 100, 100))
    assert star is not None and star.pixel(50, 50) == (255,)


@given(BINARY, BINARY, st.floats(0.5, 8))
def test_feathering_keeps_one_inside_the_other(a, b, radius):
    both = sel.combine(a, b, "add", BOUNDS)
    assert (read(sel.feather(a, radius, BOUNDS)).astype(int) <= read(sel.feather(both, radius, BOUNDS))).all()


def test_a_feathered_edge_falls_evenly():
    bounds = Rect(0, 0, 200, 60)
    soft = read(sel.feather(sel.rectangle(Rect(0, 0, 100, 60), bounds), 10, bounds), bounds).astype(int)
    row = soft[30]
    assert (np.diff(row) <= 0).all()
    assert row[99] == pytest.approx(128, abs=12)
    assert row[85] > 250 and row[115] < 5
    # The canvas's own edge is not an edge of the selection.
    assert (soft[:, 0] == 255).all() and np.array_equal(soft[0], soft[30])
    assert sel.feather(None, 5, bounds) is None


@given(SOFT, st.integers(1, 4))
def test_growing_contains_and_shrinking_is_contained(a, pixels):
    grown, shrunk = read(sel.grow(a, pixels, BOUNDS)), read(sel.grow(a, -pixels, BOUNDS))
    assert (grown >= read(a)).all() and (shrunk <= read(a)).all()
    assert same(sel.grow(a, 0, BOUNDS), a)


@given(BINARY, st.integers(1, 4))
def test_shrinking_is_growing_what_is_outside(a, pixels):
    outside = sel.invert(a, BOUNDS)
    assert same(sel.grow(a, -pixels, BOUNDS), sel.invert(sel.grow(outside, pixels, BOUNDS), BOUNDS))


def test_growing_a_point_gives_a_disc():
    bounds = Rect(0, 0, 61, 61)
    disc = read(sel.grow(sel.rectangle(Rect(30, 30, 1, 1), bounds), 20, bounds), bounds)
    assert disc[30, 10] == disc[50, 30] == 255 and disc[30, 9] == 0
    assert disc.sum() / 255 == pytest.approx(np.pi * 20.5**2, rel=0.02)


def surrounded(lines: list[np.ndarray], size: tuple[int, int]) -> np.ndarray:
    """Which pixels of a canvas (height, width) lie inside closed lines, by counting the crossings to their left."""
    crossings = np.zeros(size, int)
    rows = np.arange(size[0]) + 0.501  # past the pixel's centre, where corners of the lines lie
    columns = np.arange(size[1]) + 0.5
    for line in lines:
        for (x0, y0), (x1, y1) in itertools.pairwise(line.tolist()):
            met = (np.minimum(y0, y1) <= rows) & (rows < np.maximum(y0, y1))
            x = x0 + (rows[met] - y0) / (y1 - y0) * (x1 - x0) if met.any() else np.empty(0)
            crossings[met] += x[:, None] < columns
    return crossings % 2 == 1


@given(BINARY)
def test_contours_go_around_what_is_selected(a):
    assert np.array_equal(surrounded(sel.contours(a, BOUNDS), (30, 40)), read(a) == 255)


def test_contours_close_across_tiles():
    bounds = Rect(0, 0, 600, 530)
    disc = sel.ellipse(Rect(10, 0, 580, 530), bounds)
    lines = sel.contours(disc, bounds)
    assert len(lines) > 3
    assert np.array_equal(surrounded(lines, (530, 600)), read(disc, bounds) > 127)
    ends = [tuple(line[end]) for line in lines for end in (0, -1)]
    assert all(ends.count(end) == 2 for end in ends)


def test_the_contour_of_a_rectangle_lies_on_its_edges():
    (line,) = sel.contours(sel.rectangle(Rect(5, 6, 20, 10), BOUNDS), BOUNDS)
    assert (*line.min(axis=0), *line.max(axis=0)) == (5, 6, 25, 16)
    assert len(line) < 14
    assert sel.contours(None, BOUNDS) == []
