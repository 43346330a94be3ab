"""Dabs along a path: even, and the same however the movement was cut into events."""

import math
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sdedit_studio.raster.brush import Brush
from sdedit_studio.raster.path import Path

FLAT = Brush(size=40, spacing=0.1, size_pressure=False)


def walked(path, samples):
    dabs = [dab for index, sample in enumerate(samples) for dab in path.extend(*sample, index * 0.008)]
    return dabs + path.finish()


def test_a_click_is_one_dab_where_it_was():
    path = Path(FLAT)
    assert path.extend(3.25, 4.5, 0.7, 0.0) == [(3.25, 4.5, 0.7)]
    assert path.finish() == []


def test_nothing_sampled_is_nothing_to_finish():
    assert Path(FLAT).finish() == []


@given(cuts=st.lists(st.floats(0, 1), max_size=30), angle=st.floats(0, 2 * math.pi), spacing=st.floats(0.05, 1))
def test_dabs_do_not_depend_on_the_cutting_of_a_movement(cuts, angle, spacing):
    brush = Brush(size=40, spacing=spacing, size_pressure=False)
    parts = [0.0, *sorted(cuts), 1.0]
    samples = [(300 * part * math.cos(angle), 300 * part * math.sin(angle), 1.0) for part in parts]
    dabs = walked(Path(brush), samples)
    expected = walked(Path(brush), [samples[0], samples[-1]])
    assume(abs(300 / (40 * spacing) % 1 - 0.5) < 0.499)  # else the last dab is a matter of rounding
    assert len(dabs) == len(expected)
    for dab, other in zip(dabs, expected, strict=True):
        assert dab == pytest.approx(other, abs=1e-6)


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(0, 500), st.just(1.0)), min_size=2, max_size=8))
def test_dabs_are_one_spacing_apart(samples):
    for one, other in pairwise(walked(Path(FLAT), samples)):
        # Along the curve it is exactly 4 px; the straight way may be shorter, where the curve turns.
        assert math.dist(one[:2], other[:2]) <= 4 + 1e-6


def test_a_circle_is_round():
    turn = [2 * math.pi * index / 24 for index in range(25)]
    dabs = walked(Path(FLAT), [(100 * math.cos(a), 100 * math.sin(a), 1.0) for a in turn])
    middle = [math.hypot(dab.x, dab.y) for dab in dabs if dab.x < 90]  # all but the two end pieces
    assert min(middle) > 99.8 and max(middle) < 100.2
    assert len(dabs) == pytest.approx(2 * math.pi * 100 / 4, abs=2)


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(0, 500), st.floats(0, 1)), min_size=1, max_size=8))
def test_pressure_stays_within_its_neighbours(samples):
    pressures = [pressure for *_, pressure in samples]
    for dab in walked(Path(Brush()), samples):
        assert min(pressures) - 1e-9 <= dab.pressure <= max(pressures) + 1e-9


def test_spacing_follows_the_size_of_the_dab():
    dabs = walked(Path(Brush(size=100, spacing=0.1)), [(0, 0, 0.2), (200, 0, 0.2), (201, 0, 1.0), (400, 0, 1.0)])
    gaps = {round(dab.x): other.x - dab.x for dab, other in pairwise(dabs)}
    assert gaps[0] == pytest.approx(2)
    assert gaps[max(x for x in gaps)] == pytest.approx(10)


def test_pressing_harder_on_the_spot_paints():
    dabs = walked(Path(Brush(size=100, spacing=0.1)), [(5, 5, 0.05), (5, 5, 0.5), (5, 5, 1.0)])
    assert len(dabs) > 3
    assert all((dab.x, dab.y) == (5, 5) for dab in dabs)
    assert dabs[-1].pressure > 0.8


def test_tiny_tips_are_not_stacked():
    dabs = walked(Path(Brush(size=1, spacing=0.08, size_pressure=False)), [(0, 0, 1), (50, 0, 1)])
    assert len(dabs) == 51


def test_the_stabiliser_trails_and_catches_up():
    samples = [(10.0 * index, 0.0 if index < 20 else 8.0 * (-1) ** index, 1.0) for index in range(61)]
    free, steady = Path(FLAT), Path(FLAT, stabiliser=0.8)
    early = [dab for index, sample in enumerate(samples) for dab in steady.extend(*sample, index * 0.008)]
    rest = steady.finish()
    assert 300 < early[-1].x < 450
    assert math.dist(rest[-1][:2], samples[-1][:2]) < 4 + 1e-6
    straight = walked(free, samples)
    shaken = [abs(dab.y) for dab in early if dab.x > 250]
    assert max(shaken) < 0.5 * max(abs(dab.y) for dab in straight)


def test_a_stopped_clock_does_not_stop_the_stabiliser():
    path = Path(FLAT, stabiliser=0.5)
    dabs = [dab for index in range(100) for dab in path.extend(5.0 * index, 0, 1, 7.0)]
    assert dabs[-1].x > 200
