"""Outlines fitted to the view."""

import numpy as np
from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QTransform

from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.selection import contours, of_array, rectangle
from sdedit_studio.ui.canvas import ants
from sdedit_studio.ui.canvas.ants import trace
from tests.ui.documents import push

AREA = QRect(0, 0, 400, 300)
SQUARE = np.array([[10.0, 10.0], [60.0, 10.0], [60.0, 60.0], [10.0, 60.0], [10.0, 10.0]])


def corners(traced):
    return [(point.x(), point.y()) for line, _ in traced.lines for point in line.toList()]


def test_lines_lie_where_the_view_transform_says():
    traced = trace([SQUARE], QTransform.fromTranslate(5, 0).scale(2, 2), AREA)
    assert corners(traced) == [(25, 20), (125, 20), (125, 120), (25, 120), (25, 20)]
    assert traced.region.contains(QPointF(25, 60).toPoint())
    assert not traced.region.contains(QPointF(250, 250).toPoint())


def test_what_is_out_of_sight_is_left_out_and_dashes_go_on():
    traced = trace([SQUARE], QTransform.fromScale(20, 20), AREA)
    assert len(traced.lines) == 2  # into view along the top, and back up the left side
    assert all(x < 700 and y < 600 for x, y in corners(traced))
    assert traced.lines[0][1] == 0
    assert 3000 <= traced.lines[1][1] < 4000


def test_points_that_fall_together_and_specks_are_left_out():
    wave = np.stack([np.linspace(0, 3000, 30_001), np.sin(np.linspace(0, 900, 30_001))], axis=1)
    speck = SQUARE / 100
    traced = trace([wave, speck], QTransform.fromScale(0.1, 0.1), AREA)
    assert len(corners(traced)) < 700


def test_a_ragged_selection_costs_no_more_than_the_screen_can_show(monkeypatch):
    monkeypatch.setattr(ants, "MOST", 500)
    coverage = np.random.default_rng(0).integers(0, 2, (250, 350), np.uint8) * 255
    lines = contours(of_array(coverage, Rect(0, 0, 350, 250)), Rect(0, 0, 350, 250))
    assert sum(map(len, lines)) > 20_000
    longest = max(map(len, lines))
    assert len(corners(trace(lines, QTransform(), AREA))) <= 500 + longest


def test_the_former_outline_stays_in_place_until_the_next_is_traced(canvas):
    box = rectangle(Rect(50, 30, 100, 90), canvas.document.bounds)
    push(canvas.session, "Select", canvas.document.replace(selection=box))
    canvas.settle()
    outline = canvas.view._ants
    before = canvas.on_view(50, 30)
    canvas.view.zoom_by(3)
    moved = outline._moved().map(before)  # not traced anew yet
    assert (moved - canvas.on_view(50, 30)).manhattanLength() < 1e-6
    canvas.settle()
    assert outline._moved().isIdentity()
