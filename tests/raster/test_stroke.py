"""Strokes: what they may change, what they may not, and that they look as a brush should."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sdedit_studio.raster import dab as tip
from sdedit_studio.raster.brush import Brush
from sdedit_studio.raster.dab import dab
from sdedit_studio.raster.geometry import NOTHING, Rect
from sdedit_studio.raster.smudge import Smudge
from sdedit_studio.raster.stroke import Stroke
from sdedit_studio.raster.tiles import EMPTY, Tiles

AREA = Rect(-200, -200, 900, 900)
RED = (200, 30, 40)
RED_PIXEL = (40, 30, 200, 255)


def read(tiles: Tiles) -> np.ndarray:
    return tiles.read(AREA)


def at(array: np.ndarray, x: int, y: int) -> tuple[int, ...]:
    return tuple(array[y - AREA.y, x - AREA.x].tolist())


def drag(stroke: Stroke | Smudge, *points: tuple[float, ...]) -> Tiles:
    for index, (x, y, *pressure) in enumerate(points):
        stroke.extend(x, y, pressure[0] if pressure else 1.0, index * 0.008)
    return stroke.finish()[0]


# --- One dab -------------------------------------------------------------------------------------------------------


@given(diameter=st.floats(1, 120), hardness=st.floats(0, 1), x=st.floats(-5, 5), y=st.floats(-5, 5))
@example(diameter=65.5, hardness=1.0, x=0.0, y=1.625)  # both the diameter and the centre are rounded by the most
@example(diameter=64.5, hardness=1.0, x=0.0, y=1.625)
def test_a_dab_is_round_and_where_it_belongs(diameter, hardness, x, y):
    mask, where = dab(x, y, diameter, hardness)
    assert mask.shape == (where.height, where.width)
    assert mask.min() >= 0 and mask.max() <= 1
    columns, rows = np.arange(where.x, where.right) + 0.5, np.arange(where.y, where.bottom) + 0.5
    step = 1 / 8 if diameter <= 16 else 1 / 4
    centre = (mask.sum(axis=0) @ columns / mask.sum(), mask.sum(axis=1) @ rows / mask.sum())
    assert centre == pytest.approx(
        (x, y), abs=step / 2 + (0.15 if diameter < 4 else 0.05)
    )  # a tip of few pixels is coarse
    distance = np.hypot(columns - x, rows[:, None] - y)
    rounded = step + (0.25 if diameter >= 64 else 0)
    assert (mask[distance > max(1, diameter / 2 + 0.5) + rounded] == 0).all()
    assert (mask[distance < hardness * diameter / 2 - 0.5 - rounded] > 0.99).all()


def test_the_hardest_tip_is_antialiased():
    mask, _ = dab(50.0, 50.0, 40, 1.0)
    partial = (mask > 0.02) & (mask < 0.98)
    assert 80 < partial.sum() < 300  # a rim of one pixel around 126 px
    assert mask.sum() == pytest.approx(np.pi * 20**2, rel=0.01)


def test_masks_are_kept_but_not_for_ever():
    first, _ = dab(0.1, 0.2, 33.0, 0.5)
    assert dab(7.1, 9.2, 33.0, 0.5)[0] is first
    for size in range(800, 830):
        dab(0, 0, size, 0.5)
    assert tip._masks.pixels == sum(mask.size for mask in tip._masks.values()) <= tip._CACHE_SIZE
    assert dab(0.1, 0.2, 33.0, 0.5)[0] is not first


def test_a_click_gives_one_dab():
    stroke = Stroke(Brush(size=20, hardness=1, size_pressure=False), RED, EMPTY)
    pixels, dirty = stroke.extend(100, 100, 1.0, 0.0)
    last, rest = stroke.finish()
    assert rest.empty and np.array_equal(read(last), read(pixels))
    assert pixels.pixel(100, 100) == RED_PIXEL
    assert dirty & pixels.content_bounds() == pixels.content_bounds() == Rect(90, 90, 20, 20)
    assert read(pixels)[..., 3].sum() / 255 == pytest.approx(np.pi * 10**2, rel=0.01)


def test_no_pressure_paints_nothing():
    assert drag(Stroke(Brush(), RED, EMPTY), (10, 10, 0.0), (60, 10, 0.0)).tiles == {}


# --- Coverage ------------------------------------------------------------------------------------------------------


@given(opacity=st.floats(0.02, 1), flow=st.floats(0.05, 1), hardness=st.floats(0, 1))
def test_scrubbing_never_passes_the_ceiling(opacity, flow, hardness):
    brush = Brush(size=30, opacity=opacity, flow=flow, hardness=hardness, size_pressure=False)
    alpha = read(drag(Stroke(brush, RED, EMPTY), *[(50 + 40 * (step % 2), 50) for step in range(12)]))[..., 3]
    assert alpha.max() <= opacity * 255 + 0.501
    assert alpha[50 - AREA.y, 70 - AREA.x] >= min(0.9, flow * 5) * opacity * 255 - 1


def test_coverage_goes_to_the_nearest_level():
    for level in range(0, 255, 7):
        for part, expected in ((0.4, level), (0.6, level + 1)):
            brush = Brush(size=20, hardness=1, opacity=(level + part) / 255, size_pressure=False)
            assert Stroke(brush, RED, EMPTY).extend(50, 50, 1.0, 0.0)[0].pixel(50, 50)[3] == expected


def test_a_mask_is_painted_to_the_nearest_level():
    grey_below = Tiles.from_array(np.full((100, 100), 100, np.uint8))
    for amount in range(1, 255, 6):
        brush = Brush(size=20, hardness=1, opacity=amount / 255, size_pressure=False)
        (found,) = Stroke(brush, (200, 200, 200), grey_below).extend(50, 50, 1.0, 0.0)[0].pixel(50, 50)
        assert found == round(100 + amount / 255 * 100)


def test_flow_builds_up():
    def alpha(times: int) -> int:
        brush = Brush(size=40, flow=0.05, hardness=1, size_pressure=False)
        return drag(Stroke(brush, RED, EMPTY), *[(50 + 30 * (step % 2), 50) for step in range(times)]).pixel(65, 50)[3]

    assert 20 < alpha(2) < alpha(4) < alpha(8) < 255


def test_pressure_sets_size_and_opacity():
    widths = []
    for pressure in (0.25, 0.5, 1.0):
        pixels = drag(Stroke(Brush(size=60, hardness=1), RED, EMPTY), (100, 100, pressure))
        widths.append(pixels.content_bounds().width)
    assert widths == pytest.approx([15, 30, 60], abs=1)
    brush = Brush(size=60, opacity_pressure=True, size_pressure=False)
    fading = drag(Stroke(brush, RED, EMPTY), (100, 100, 1.0), (200, 100, 0.5), (300, 100, 0.1))
    line = [fading.pixel(x, 100)[3] for x in (100, 150, 200, 250, 300)]
    assert line == sorted(line, reverse=True) and line[0] == 255 and line[-1] < 60


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("slope", [0.0, 0.1, 0.5, 1.0])
def test_thin_lines_are_even(size, slope):
    brush = Brush(size=size, hardness=1, size_pressure=False)
    pixels = drag(Stroke(brush, RED, EMPTY), (0.5, 100.5), (200.5, 100.5 + 200 * slope))
    ink = read(pixels)[..., 3].astype(float).sum(axis=0)[10 - AREA.x : 190 - AREA.x] / 255
    ink /= np.hypot(1, slope)
    assert ink.mean() == pytest.approx(size, rel=0.35)
    assert ink.std() < 0.2 * ink.mean()


def test_a_soft_stroke_has_no_visible_dabs():
    pixels = drag(Stroke(Brush(size=60, hardness=0.3, size_pressure=False), RED, EMPTY), (0, 100), (300, 103))
    for y in (85, 100, 115):
        row = read(pixels)[y - AREA.y, 60 - AREA.x : 240 - AREA.x, 3].astype(int)
        assert np.abs(np.diff(row)).max() <= 8


def test_colour_is_composited_once_over_what_was_there():
    below = Tiles.from_array(np.full((200, 200, 4), 255, np.uint8))
    pixels = drag(
        Stroke(Brush(size=50, opacity=0.5, hardness=1, size_pressure=False), (0, 0, 0), below),
        *[(60 + 60 * (step % 2), 100) for step in range(9)],
    )
    assert pixels.pixel(90, 100) == pytest.approx((127, 127, 127, 255), abs=1)
    assert pixels.pixel(90, 30) == (255, 255, 255, 255)


# --- What a stroke may change --------------------------------------------------------------------------------------

POINTS = st.lists(
    st.tuples(st.floats(-60, 400), st.floats(-60, 400), st.floats(0, 1)),
    min_size=1,
    max_size=5,
)
BRUSHES = st.builds(
    Brush,
    size=st.floats(1, 90),
    opacity=st.floats(0, 1),
    hardness=st.floats(0, 1),
    flow=st.floats(0.05, 1),
    spacing=st.floats(0.05, 1),
    size_pressure=st.booleans(),
    opacity_pressure=st.booleans(),
)
MIRRORS = st.none() | st.floats(100, 300)


@st.composite
def gestures(draw):
    """(a function from pixels and selection to a fresh stroke or smudge, whether it keeps alpha)"""
    brush, mirror, lag = draw(BRUSHES), draw(MIRRORS), draw(st.sampled_from([0.0, 0.6]))
    locked = draw(st.booleans())
    if draw(st.booleans()):
        erase = draw(st.booleans()) and not locked
        kind = {"erase": erase, "alpha_locked": locked, "mirror_x": mirror, "stabiliser": lag}
        return lambda pixels, selection: Stroke(brush, RED, pixels, selection=selection, **kind), locked
    kind = {"alpha_locked": locked, "mirror_x": mirror, "stabiliser": lag}
    return lambda pixels, selection: Smudge(brush, pixels, selection=selection, **kind), locked


@settings(max_examples=50)
@given(gesture=gestures(), points=POINTS, selected=st.booleans(), shift=st.integers(-90, 90))
def test_what_a_stroke_changes_and_what_not(picture, coverage, gesture, points, selected, shift):
    """The dirty rectangle covers every change; older pictures stay; selection and locked alpha hold."""
    make, locked = gesture
    start = Tiles.from_array(picture(1, 300, 310)).moved(shift, -shift)
    selection = Tiles.from_array(coverage(2, 280, 250), 40, 30) if selected else None
    stroke = make(start, selection)
    states = [(start, read(start))]
    steps = [lambda sample=sample, i=i: stroke.extend(*sample, i * 0.008) for i, sample in enumerate(points)]
    for step in [*steps, stroke.finish]:
        pixels, dirty = step()
        now = read(pixels)
        differs = (now != states[-1][1]).any(axis=2)
        differs[(dirty & AREA).moved(-AREA.x, -AREA.y).slices] = False
        assert not differs.any()
        states.append((pixels, now))
    for old, content in states:
        assert np.array_equal(read(old), content)
    before, after = states[0][1], states[-1][1]
    assert (after[..., :3] <= after[..., 3:]).all()
    if selection is not None:
        outside = selection.read(AREA) == 0
        assert np.array_equal(after[outside], before[outside])
    if locked:
        assert np.array_equal(after[..., 3], before[..., 3])


def test_erasing_takes_away():
    below = Tiles.from_array(np.full((300, 300, 4), 255, np.uint8))
    eraser = Stroke(Brush(size=50, hardness=1, size_pressure=False), RED, below, erase=True)
    pixels = drag(eraser, (100, 100), (200, 100))
    assert pixels.pixel(150, 100) == (0, 0, 0, 0)
    assert pixels.pixel(150, 200) == (255, 255, 255, 255)
    wiped = Stroke(Brush(size=900, hardness=1, size_pressure=False), RED, below, erase=True)
    assert drag(wiped, (150, 150)).tiles == {}


def test_erasing_where_nothing_is_changes_nothing():
    pixels, dirty = Stroke(Brush(), RED, EMPTY, erase=True).extend(10, 10, 1, 0)
    assert pixels.tiles == {} and dirty == NOTHING


def test_locked_alpha_takes_the_colour():
    array = np.zeros((100, 100, 4), np.uint8)
    array[:50] = (100, 100, 100, 100)
    brush = Brush(size=60, hardness=1, size_pressure=False)
    pixels = drag(Stroke(brush, RED, Tiles.from_array(array), alpha_locked=True), (50, 50))
    assert pixels.pixel(50, 40) == pytest.approx((16, 12, 78, 100), abs=1)
    assert pixels.pixel(50, 60) == (0, 0, 0, 0)


def test_a_feathered_selection_scales_the_paint():
    selection = Tiles.from_array(np.full((100, 100), 128, np.uint8))
    brush = Brush(size=60, hardness=1, size_pressure=False)
    pixels = drag(Stroke(brush, RED, EMPTY, selection=selection), (90, 50))
    assert pixels.pixel(90, 50)[3] == 128
    assert pixels.pixel(101, 50)[3] == 0


def test_mirrored_painting_is_symmetrical():
    brush = Brush(size=31, hardness=0.7)
    pixels = drag(Stroke(brush, RED, EMPTY, mirror_x=150.0), (40, 60, 0.4), (90.3, 120.7, 0.9), (120, 200, 1.0))
    left, right = pixels.read(Rect(0, 0, 150, 300)), pixels.read(Rect(150, 0, 150, 300))[:, ::-1]
    assert left.any()
    assert np.abs(left.astype(int) - right).max() <= 16  # centres are rounded to a quarter of a pixel


# --- Smudge --------------------------------------------------------------------------------------------------------


def test_smudging_one_colour_changes_nothing():
    flat = Tiles.from_array(np.full((300, 300, 4), (10, 90, 200, 255), np.uint8))
    pixels = drag(Smudge(Brush(size=40, size_pressure=False), flat), (100, 100), (200, 180))
    assert np.array_equal(read(pixels), read(flat))


def halves() -> Tiles:
    array = np.full((200, 400, 4), 255, np.uint8)
    array[:, :200, :3] = 0
    return Tiles.from_array(array)


def test_smudging_drags_colour_along():
    pixels = drag(Smudge(Brush(size=40, flow=0.8, size_pressure=False), halves()), (150, 100), (350, 100))
    row = [pixels.pixel(x, 100)[0] for x in range(190, 400)]
    assert row[30] < 60  # black was carried across the border
    assert row[-1] == 255
    assert pixels.pixel(230, 150) == (255, 255, 255, 255)


def test_smudging_lightly_is_not_rounded_between_events():
    """The pointer that reports every place twice makes the same dabs, and must leave the same pixels."""
    brush = Brush(size=30, flow=0.9, opacity=0.05, size_pressure=False)
    once = [(150 + 5 * step, 100) for step in range(30)]
    twice = [point for point in once for _ in range(2)]
    one, other = (drag(Smudge(brush, halves()), *points) for points in (once, twice))
    assert not np.array_equal(read(one), read(halves()))
    assert np.array_equal(read(one), read(other))


def test_more_flow_carries_further():
    def reach(flow: float) -> int:
        brush = Brush(size=40, flow=flow, size_pressure=False)
        row = drag(Smudge(brush, halves()), (150, 100), (390, 100)).read(Rect(0, 100, 400, 1))[0, :, 0]
        return int(np.count_nonzero(row < 128))

    assert 200 <= reach(0.0) < reach(0.5) < reach(0.8) < reach(1.0)


def test_smudging_spreads_into_transparency():
    array = np.zeros((200, 300, 4), np.uint8)
    array[:, :100] = (30, 20, 10, 255)
    pixels = drag(Smudge(Brush(size=40, flow=0.9, size_pressure=False), Tiles.from_array(array)), (80, 100), (180, 100))
    dragged = pixels.pixel(130, 100)
    assert dragged[3] > 100
    assert dragged[0] == pytest.approx(30 * dragged[3] / 255, abs=1)
