"""The canvas picture: always what `flatten` says, wherever and however it was brought up to date."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QImage, QPainter, QTransform

from sdedit_studio.raster.blend import BlendMode
from sdedit_studio.raster.compositor import Composite, flatten
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles, as_image, blank

WIDTH, HEIGHT = 605, 333
BOUNDS = Rect(0, 0, WIDTH, HEIGHT)
RECTS = st.builds(Rect, st.integers(-40, 600), st.integers(-40, 330), st.integers(1, 300), st.integers(1, 200))


def pixels_of(image: QImage) -> np.ndarray:
    return Tiles.from_image(image).read(Rect(0, 0, image.width(), image.height()))


def close(a: np.ndarray, b: np.ndarray) -> bool:
    """Equal to a level: Qt rounds a layer of partial opacity differently in the last pixels of a row."""
    return a.shape == b.shape and (a.size == 0 or np.abs(a.astype(int) - b).max() <= 1)


def drawn(composite: Composite, to_view: QTransform, width: int, height: int, *visible: Rect) -> np.ndarray:
    view = blank(width, height)
    image = as_image(view)
    painter = QPainter(image)
    for rect in visible or [composite.bounds]:
        composite.draw(painter, to_view, rect)
    painter.end()
    return view


@pytest.fixture(scope="module")
def stack(picture, coverage, layer):
    """Layers with most of what there is: offsets, masks, modes, opacity, a hidden one."""
    return [
        layer(Tiles.from_array(picture(0, 400, 333), -20, 0)),
        layer(Tiles.from_array(picture(1, 500, 200), 100, 50).moved(13, 7), opacity=0.6),
        layer(Tiles.from_array(picture(2, 300, 300), 33, 3), Tiles.from_array(coverage(2, 200, 300), 101, 20)),
        layer(Tiles.from_array(picture(3, 605, 333)), mode=BlendMode.LUMINOSITY, opacity=0.4),
        layer(Tiles.from_array(picture(4, 605, 333)), visible=False),
        layer(Tiles.from_array(picture(5, 300, 200), 250, 20), mode=BlendMode.MULTIPLY),
    ]


@pytest.fixture
def composite(stack):
    composite = Composite(WIDTH, HEIGHT)
    composite.update(stack, BOUNDS)
    return composite


@given(rect=RECTS)
def test_a_part_is_a_part_of_the_whole(stack, rect):
    inside = rect & BOUNDS
    assert close(flatten(stack, inside), flatten(stack, BOUNDS)[inside.slices])


def test_paper_lies_under_everything(stack, layer):
    assert (flatten([], Rect(0, 0, 2, 2), (10, 20, 30)) == (30, 20, 10, 255)).all()
    paper = layer(Tiles.from_array(np.full((HEIGHT, WIDTH, 4), (30, 20, 10, 255), np.uint8)))
    assert np.array_equal(flatten(stack, BOUNDS, (10, 20, 30)), flatten([paper, *stack], BOUNDS))


def test_threads_flatten_the_same_layers_at_once(stack):
    expected = flatten(stack, BOUNDS)
    with ThreadPoolExecutor(4) as threads:
        assert all(
            np.array_equal(result, expected) for result in threads.map(lambda _: flatten(stack, BOUNDS), range(12))
        )


def test_nothing_to_flatten(stack):
    assert flatten(stack, Rect(5, 5, 0, 10)).shape == (10, 0, 4)
    assert not flatten([], BOUNDS).any()


def test_update_gives_what_flatten_gives(composite, stack):
    assert not composite.pending
    assert close(pixels_of(composite.image()), flatten(stack, BOUNDS))


@given(changes=st.lists(st.tuples(RECTS, st.integers(0, 255)), max_size=5), level=st.integers(0, 4))
def test_changes_reach_every_level(stack, layer, changes, level):
    composite = Composite(WIDTH, HEIGHT)
    composite.update(stack, BOUNDS)
    top = Tiles()
    for rect, value in changes:
        top = top.with_array(np.full((rect.height, rect.width, 4), value, np.uint8), rect.x, rect.y)
        composite.invalidate([rect])
        composite.image(2)
        refreshed = composite.update([*stack, layer(top)], BOUNDS)
        assert Rect.around(refreshed) == rect & BOUNDS or (rect & BOUNDS).empty
    expected = flatten([*stack, layer(top)], BOUNDS)
    for _ in range(level):
        padded = np.pad(expected, ((0, len(expected) % 2), (0, expected.shape[1] % 2), (0, 0)), "edge").astype(int)
        blocks = padded.reshape(len(padded) // 2, 2, -1, 2, 4)
        expected = (blocks.sum(axis=(1, 3)) + 2) // 4
    assert close(pixels_of(composite.image(level)), expected)


def test_who_keeps_an_image_does_not_hold_up_the_composite(stack):
    composite = Composite(WIDTH, HEIGHT)
    kept = QImage(composite.image())
    composite.update(stack, BOUNDS)
    assert close(pixels_of(composite.image()), flatten(stack, BOUNDS))
    assert kept.size() == composite.image().size()


def test_visible_parts_come_first_and_each_step_gets_on(stack):
    composite = Composite(WIDTH, HEIGHT)
    visible = Rect(520, 260, 50, 50)
    steps = 0
    while composite.pending:
        refreshed = composite.update(stack, visible, budget=0)
        assert len(refreshed) == 1
        assert steps or not (refreshed[0] & visible).empty
        steps += 1
    assert steps == 6
    assert close(pixels_of(composite.image()), flatten(stack, BOUNDS))
    assert composite.update(stack, visible, budget=0) == []


def test_only_invalid_pixels_are_touched(composite):
    before = pixels_of(composite.image())
    composite.invalidate([Rect(100, 100, 20, 20), Rect(-50, 0, 20, 20), Rect(WIDTH, 0, 9, 9)])
    assert composite.update([], BOUNDS) == [Rect(100, 100, 20, 20)]
    before[100:120, 100:120] = 0
    assert np.array_equal(pixels_of(composite.image()), before)


def test_actual_size_is_exact(composite, stack):
    assert np.array_equal(drawn(composite, QTransform(), WIDTH, HEIGHT), pixels_of(composite.image()))
    moved = drawn(composite, QTransform.fromTranslate(-100, -50), 200, 200)
    assert close(moved, flatten(stack, Rect(100, 50, 200, 200)))


@pytest.mark.parametrize("zoom", [2, 3, 8])
def test_zoomed_in_pixels_are_crisp(composite, stack, zoom):
    view = drawn(composite, QTransform.fromScale(zoom, zoom), 40 * zoom, 30 * zoom)
    expected = flatten(stack, Rect(0, 0, 40, 30)).repeat(zoom, axis=0).repeat(zoom, axis=1)
    assert np.array_equal(view, expected)


@pytest.mark.parametrize("zoom", [0.2, 0.37, 0.5, 0.8, 1.0, 1.6, 3.0])
@pytest.mark.parametrize("angle", [0, 15])
def test_drawing_in_parts_leaves_no_seams(layer, zoom, angle):
    """As a window repaints: clipped to what was exposed. Turned views differ at a few pixels where Qt's spans end."""
    slopes = np.full((HEIGHT, WIDTH, 4), 255, np.uint8)
    slopes[..., 0] = np.arange(WIDTH) // 4
    slopes[..., 1] = np.arange(HEIGHT)[:, None] // 4
    composite = Composite(WIDTH, HEIGHT)
    composite.update([layer(Tiles.from_array(slopes))], BOUNDS)
    to_view = QTransform().translate(100, 20).rotate(angle).scale(zoom, zoom)
    parts = Composite(WIDTH, HEIGHT)
    parts.update([layer(Tiles.from_array(slopes))], BOUNDS)
    view = blank(500, 400)
    image = as_image(view)
    painter = QPainter(image)
    for left, top in np.ndindex(5, 4):
        exposed = QRect(100 * left, 100 * top, 100, 100)
        box = to_view.inverted()[0].mapRect(QRectF(exposed)).toAlignedRect()
        painter.setClipRect(exposed)
        parts.draw(painter, to_view, Rect(box.x(), box.y(), box.width(), box.height()).grown(1))
    painter.end()
    differs = np.abs(view.astype(int) - drawn(composite, to_view, 500, 400)).max(axis=2) > 1
    assert differs.mean() <= (0.005 if angle else 0)


def test_zoomed_out_stripes_become_their_mean(layer):
    stripes = np.full((512, 512, 4), 255, np.uint8)
    stripes[::2, :, :3] = 0
    composite = Composite(512, 512)
    composite.update([layer(Tiles.from_array(stripes))], composite.bounds)
    for zoom in (0.5, 0.31, 0.25, 0.1):
        view = drawn(composite, QTransform.fromScale(zoom, zoom), int(512 * zoom), int(512 * zoom))
        assert np.abs(view[..., :3].astype(int) - 128).max() <= 2
        assert (view[..., 3] == 255).all()


@pytest.mark.parametrize("zoom", [0.1, 0.3, 0.5, 0.7])
def test_an_opaque_canvas_is_opaque_to_its_edge(layer, zoom):
    composite = Composite(WIDTH, HEIGHT)
    composite.update([layer(Tiles.from_array(np.full((HEIGHT, WIDTH, 4), 255, np.uint8)))], BOUNDS)
    view = drawn(composite, QTransform.fromScale(zoom, zoom), int(WIDTH * zoom), int(HEIGHT * zoom))
    assert (view == 255).all()


def test_a_high_resolution_screen_gets_its_pixels(layer):
    fine = np.full((64, 64, 4), 255, np.uint8)
    fine[:, ::2, :3] = 0
    composite = Composite(64, 64)
    composite.update([layer(Tiles.from_array(fine))], composite.bounds)
    image = QImage(64, 64, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(2)
    painter = QPainter(image)
    composite.draw(painter, QTransform.fromScale(0.5, 0.5), composite.bounds)
    painter.end()
    assert np.array_equal(pixels_of(image.copy()), fine)


def test_nothing_visible_draws_nothing(composite):
    assert not drawn(composite, QTransform(), 50, 50, Rect(-100, 0, 50, 50)).any()
