"""Taking colours: which pixels count, and how much."""

from __future__ import annotations

import numpy as np
import pytest

from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.tools.pick import colour_at


@pytest.fixture
def document() -> Document:
    """One blue pixel of level 90 on black, under a layer whose five columns to the left are a thin red."""
    black = np.zeros((20, 20, 4), np.uint8)
    black[..., 3] = 255
    black[10, 10, 0] = 90
    veil = np.zeros((20, 20, 4), np.uint8)
    veil[:, :5] = (0, 0, 100, 100)
    return Document.of(20, 20, [Layer("Black", Tiles.from_array(black)), Layer("Veil", Tiles.from_array(veil))])


@pytest.mark.parametrize(("x", "y"), [(9, 9), (11, 9), (10, 10), (9, 11), (11, 11)])
def test_a_sample_is_the_mean_of_the_square_around_its_pixel(document, x, y):
    assert colour_at(document, x + 0.9, y + 0.1, 3) == (0, 0, 10)
    assert colour_at(document, x, y) == ((0, 0, 90) if (x, y) == (10, 10) else (0, 0, 0))


@pytest.mark.parametrize(("x", "y"), [(8, 10), (12, 10), (10, 8), (10, 12)])
def test_what_lies_beyond_the_square_does_not_count(document, x, y):
    assert colour_at(document, x, y, 3) == (0, 0, 0)


def test_transparent_pixels_weigh_nothing(document):
    assert colour_at(document, 4, 5, 3, all_layers=False) == (255, 0, 0)
    assert colour_at(document, 15, 5, 3, all_layers=False) is None


def test_a_square_at_the_edge_of_the_canvas_is_what_lies_on_it(document):
    assert colour_at(document, 0, 0, 11, all_layers=False) == (255, 0, 0)
    assert colour_at(document, 20, 5) is None and colour_at(document, -0.1, 5) is None
