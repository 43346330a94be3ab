"""Copy-on-write tiles: no change ever shows in an older picture."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from sdedit_studio.raster.geometry import NOTHING, Rect
from sdedit_studio.raster.tiles import COVERAGE, TILE, Tile, Tiles, as_image, blank

AREA = Rect(-300, -280, 900, 800)
RECTS = st.builds(Rect, st.integers(-290, 400), st.integers(-270, 350), st.integers(1, 180), st.integers(1, 150))


def draw(rect):
    return lambda tiles: tiles.painted(rect, lambda painter: painter.fillRect(*AREA, Qt.GlobalColor.red))


CHANGES = st.one_of(
    st.builds(lambda rect: lambda tiles: tiles.cleared(rect), RECTS),
    st.builds(lambda rect: lambda tiles: tiles.cropped(rect), RECTS),
    st.builds(draw, RECTS),
    st.builds(
        lambda rect, value: (
            lambda tiles: tiles.with_array(np.full((rect.height, rect.width, 4), value, np.uint8), rect.x, rect.y)
        ),
        RECTS,
        st.integers(0, 255),
    ),
    st.builds(lambda dx, dy: lambda tiles: tiles.moved(dx, dy), st.integers(-50, 50), st.integers(-50, 50)),
)


@given(st.lists(CHANGES, max_size=6))
def test_old_pictures_never_change(changes):
    tiles = Tiles()
    history = []
    for change in changes:
        history.append((tiles, tiles.read(AREA)))
        tiles = change(tiles)
    for old, pixels in history:
        assert np.array_equal(old.read(AREA), pixels)


@given(st.lists(CHANGES, min_size=2, max_size=6))
def test_difference_covers_every_changed_pixel(changes):
    old = new = Tiles()
    for change in changes:
        old, new = new, change(new)
    differs = (old.read(AREA) != new.read(AREA)).any(axis=2)
    for rect in new.difference(old):
        differs[(rect.moved(-AREA.x, -AREA.y) & Rect(0, 0, AREA.width, AREA.height)).slices] = False
    assert not differs.any()


@pytest.mark.parametrize("shift", [(7, 0), (0, 7), (-300, 5)])
def test_moved_pixels_differ_where_they_were_and_where_they_are(shift):
    here = Tiles.from_array(np.full((10, 10, 4), 255, np.uint8), 20, 30)
    there = here.moved(*shift)
    for found in (here.difference(there), there.difference(here)):
        covered = np.zeros((1000, 1000), bool)
        for rect in found:
            covered[rect.moved(500, 500).slices] = True
        for bounds in (here.content_bounds(), there.content_bounds()):
            assert covered[bounds.moved(500, 500).slices].all()
    assert here.difference(here) == []


def test_difference_is_tight():
    old = Tiles.from_array(np.full((500, 500, 4), 9, np.uint8))
    new = old.with_array(np.full((3, 5, 4), 7, np.uint8), 254, 100)
    assert sorted(new.difference(old)) == [Rect(254, 100, 2, 3), Rect(256, 100, 3, 3)]
    assert new.difference(new) == []


def test_a_tile_array_is_read_only():
    tile = Tile(blank(TILE, TILE))
    with pytest.raises(ValueError):
        tile.array[0, 0] = 1


@given(RECTS, RECTS)
def test_what_is_written_is_read(inside, read):
    random = np.random.default_rng(0).integers(0, 256, (inside.height, inside.width, 4), np.uint8)
    expected = blank(AREA.width, AREA.height)
    expected[inside.moved(-AREA.x, -AREA.y).slices] = random
    tiles = Tiles.from_array(random, inside.x, inside.y)
    assert np.array_equal(tiles.read(AREA), expected)
    assert np.array_equal(tiles.read(read), expected[read.moved(-AREA.x, -AREA.y).slices])
    assert np.array_equal(tiles.moved(7, -3).read(AREA.moved(7, -3)), expected)


@given(RECTS, RECTS)
def test_painting_stays_inside_its_rectangle(content, rect):
    tiles = Tiles.from_array(np.full((content.height, content.width, 4), 200, np.uint8), content.x, content.y)
    painted = draw(rect)(tiles)
    expected = tiles.read(AREA)
    expected[rect.moved(-AREA.x, -AREA.y).slices] = (0, 0, 255, 255)
    assert np.array_equal(painted.read(AREA), expected)


def test_transparent_tiles_are_dropped():
    tiles = Tiles.from_array(np.full((600, 600, 4), 50, np.uint8))
    assert len(tiles.cleared(Rect(0, 0, 256, 256)).tiles) == 8
    assert tiles.cleared(tiles.bounds).tiles == {}
    assert tiles.with_tiles({(0, 0): Tile(blank(TILE, TILE))}).tiles.keys() == tiles.tiles.keys() - {(0, 0)}


@given(RECTS)
def test_content_bounds_are_tight(rect):
    colour = Tiles.from_array(np.full((rect.height, rect.width, 4), 1, np.uint8), rect.x, rect.y)
    coverage = Tiles.from_array(np.full((rect.height, rect.width), 1, np.uint8), rect.x, rect.y)
    assert colour.content_bounds() == coverage.content_bounds() == rect
    assert rect in colour.bounds
    assert Tiles().content_bounds() == Tiles().bounds == NOTHING


def test_images_and_arrays_share_pixels():
    tiles = Tiles.from_array(np.full((10, 10, 4), (10, 20, 30, 255), np.uint8))
    assert tiles.tiles[0, 0].image.pixelColor(3, 3).getRgb() == (30, 20, 10, 255)
    assert tiles.image(Rect(9, 9, 2, 2)).pixelColor(1, 1).alpha() == 0
    mask = Tiles.from_array(np.full((10, 10), 77, np.uint8))
    assert mask.channels == COVERAGE
    assert mask.tiles[0, 0].image.pixelColor(0, 0).alpha() == 77
    assert mask.pixel(3, 3) == (77,)


def test_from_image_converts_any_format():
    image = QImage(5, 3, QImage.Format.Format_RGB888)
    image.fill(Qt.GlobalColor.green)
    tiles = Tiles.from_image(image, 2, 1)
    assert tiles.pixel(2, 1) == tiles.pixel(6, 3) == (0, 255, 0, 255)
    assert tiles.content_bounds() == Rect(2, 1, 5, 3)


def test_as_image_works_on_rows_of_any_length():
    coverage = np.arange(15, dtype=np.uint8).reshape(3, 5)
    assert as_image(coverage).pixelColor(4, 2).alpha() == 14
