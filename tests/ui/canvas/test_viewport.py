"""The view transform, without a window."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QPolygonF

from sdedit_studio.raster.geometry import Rect
from sdedit_studio.ui.canvas.viewport import IN_SIGHT, LARGEST_ZOOM, Viewport

A = Viewport(800, 600, 640, 480)

place = st.tuples(st.floats(0, 800), st.floats(0, 600)).map(lambda at: QPointF(*at))
step = st.one_of(
    st.tuples(st.just("zoomed"), st.floats(0.05, 20), place),
    st.tuples(st.just("panned"), st.floats(-5000, 5000), st.floats(-5000, 5000)),
    st.tuples(st.just("rotated"), st.floats(-400, 400), place),
    st.tuples(st.just("resized"), st.floats(150, 3000), st.floats(150, 2000), st.sampled_from([1.0, 1.25, 2.0])),
    st.tuples(st.just("with_page"), st.integers(1, 8192), st.integers(1, 8192)),
    st.tuples(st.just("flipped")),
    st.tuples(st.just("fitted")),
)


def after(steps, start=A):
    for name, *arguments in steps:
        start = getattr(start, name)(*arguments)
    return start


def apart(a, b):
    return QLineF(a, b).length()


@given(st.lists(step, max_size=8), place)
def test_to_document_is_the_inverse_of_to_view(steps, at):
    viewport = after(steps)
    assert apart(viewport.to_view.map(viewport.to_document(at)), at) < 1e-3


@given(st.lists(step, max_size=12))
def test_the_page_cannot_be_lost(steps):
    viewport = after(steps)
    page = viewport.to_view.map(QPolygonF(QRectF(*viewport.page)))
    seen = page.intersected(QPolygonF(QRectF(0, 0, viewport.width, viewport.height)))
    assert not seen.isEmpty()


def test_panning_ends_while_some_of_the_page_is_in_sight():
    far = A.panned(1e6, 0)
    assert far.to_view.map(QPointF(0, 240)).x() == 800 - IN_SIGHT


@given(st.floats(0.3, 3), place, st.floats(-180, 180), st.booleans())
def test_zooming_keeps_the_point_under_the_cursor(factor, at, rotation, mirrored):
    viewport = Viewport(800, 600, 4000, 3000, x=2000, y=1500, rotation=rotation, mirrored=mirrored)
    under = viewport.to_document(at)
    assert apart(viewport.zoomed(factor, at).to_view.map(under), at) < 1  # an upright page lies on whole pixels


def test_zoom_has_limits_and_round_steps():
    assert A.zoomed(1e9).zoom == LARGEST_ZOOM
    assert max(640, 480) * A.zoomed(1e-9).zoom == pytest.approx(48)
    assert A.zoomed_to(0.7).stepped(True).zoom == 1
    assert A.zoomed_to(0.7).stepped(False).zoom == pytest.approx(2 / 3)


@pytest.mark.parametrize("rotation", [0, 30, 90, -135])
def test_fit_shows_all_of_the_page_in_the_middle(rotation):
    fitted = A.panned(300, 200).zoomed(7).rotated_to(rotation).fitted()
    box = fitted.to_view.mapRect(QRectF(*fitted.page))
    assert QRectF(0, 0, 800, 600).contains(box)
    assert apart(box.center(), QPointF(400, 300)) < 1
    assert max(box.width() / 800, box.height() / 600) > 0.85


def test_a_document_pixel_is_a_screen_pixel_at_100_percent_on_any_screen():
    viewport = Viewport(800.5, 600, 641, 481, ratio=2.0).fitted().zoomed_to(1.0)
    assert viewport.to_view.m11() == 0.5
    corner = viewport.to_view.map(QPointF(0, 0)) * 2
    assert (corner.x(), corner.y()) == (round(corner.x()), round(corner.y()))


@pytest.mark.parametrize("mirrored", [False, True])
def test_rotation_is_clockwise_as_seen(mirrored):
    viewport = Viewport(800, 600, 640, 480, x=320, y=240, mirrored=mirrored)
    right = viewport.to_document(QPointF(500, 300))
    seen = viewport.rotated(15).to_view.map(right)
    assert math.degrees(math.atan2(seen.y() - 300, seen.x() - 400)) == pytest.approx(15)


def test_mirroring_swaps_left_and_right_about_the_middle_of_the_view():
    viewport = Viewport(800, 600, 640, 480, x=320, y=240)
    left = viewport.to_view.map(QPointF(100, 50))
    mirrored = viewport.flipped().to_view.map(QPointF(100, 50))
    assert (mirrored.x(), mirrored.y()) == (800 - left.x(), left.y())
    assert viewport.flipped().flipped() == viewport


def test_showing_fills_the_view_with_a_rectangle():
    viewport = A.showing(Rect(100, 50, 80, 60))
    assert viewport.zoom == 10
    assert viewport.seen() == Rect(100, 50, 80, 60)


def test_another_size_of_the_view_keeps_the_middle():
    viewport = A.zoomed(3, QPointF(100, 100))
    bigger = viewport.resized(1000, 700, 1.0)
    assert (bigger.x, bigger.y, bigger.zoom) == (viewport.x, viewport.y, viewport.zoom)


@pytest.mark.parametrize(("turned", "told"), [(0, 0), (180, 180), (-180, 180), (270, -90), (-190, 170), (725, 5)])
def test_the_rotation_is_told_within_half_a_turn_to_either_side(turned, told):
    assert A.rotated_to(turned).rotation == told
