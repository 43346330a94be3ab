"""What tools paint on, and the protection as part of the document."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdedit_studio.document import edits
from sdedit_studio.document.document import Document
from sdedit_studio.document.history import History
from sdedit_studio.document.layer import Layer
from sdedit_studio.document.painting import filled, paint_over
from sdedit_studio.document.target import Target, surface, with_surface
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.gradient import gradient
from sdedit_studio.raster.tiles import COVERAGE, NO_COVERAGE, Tiles

CANVAS = Rect(0, 0, 300, 270)
COVERAGES = (Target.MASK, Target.PROTECTION)


def soft(seed: int) -> Tiles:
    return Tiles.from_array(np.random.default_rng(seed).integers(0, 256, (270, 300), np.uint8))


def there(document: Document, target: Target) -> np.ndarray:
    return surface(document, target).read(document.bounds)


@pytest.fixture(scope="module")
def document() -> Document:
    paper = Tiles.from_array(np.full((270, 300, 4), 255, np.uint8))
    return Document.of(300, 270, [Layer("Paper", paper), Layer("Paint", paper, soft(1))])


@pytest.mark.parametrize("target", Target)
def test_what_is_put_there_is_there_and_nothing_else_changes(documents, target):
    @given(documents, st.integers(0, 99))
    def check(document, seed):
        tiles = soft(seed) if target in COVERAGES else Tiles.from_array(np.full((20, 20, 4), seed, np.uint8))
        changed = with_surface(document, target, tiles)
        assert surface(changed, target) is tiles
        for other in set(Target) - {target}:
            assert surface(changed, other) is surface(document, other)

    check()


def test_no_protection_is_none_however_it_came_about(document):
    assert with_surface(document.replace(protection=soft(1)), Target.PROTECTION, NO_COVERAGE).protection is None
    assert edits.clear(document.replace(protection=soft(1)), Target.PROTECTION).protection is None


@given(colour=st.tuples(*[st.integers(0, 255)] * 3))
@pytest.mark.parametrize("target", COVERAGES)
def test_a_fill_is_grey_within_the_selection(document, target, colour):
    box = Tiles.from_array(np.full((50, 60), 255, np.uint8), 20, 30)
    before, after = there(document, target), there(edits.fill(document.replace(selection=box), colour, target), target)
    expected = before.copy()
    expected[30:80, 20:80] = round((29 * colour[2] + 150 * colour[1] + 77 * colour[0]) / 256)
    assert np.abs(after.astype(int) - expected).max() <= 1
    assert np.array_equal(after[80:], before[80:])


@pytest.mark.parametrize("target", COVERAGES)
def test_gradients_and_shapes_are_laid_on_coverage(document, target):
    white, black = (255, 255, 255, 255), (0, 0, 0, 255)
    ramp = paint_over(document, CANVAS, lambda where: gradient(where, (0, 0), (300, 0), white, black), target)
    assert np.abs(there(ramp, target)[100].astype(int) - np.linspace(254.5, 0.5, 300)).max() <= 1.5
    clear = paint_over(
        document, CANVAS, lambda where: gradient(where, (0, 0), (300, 0), white, (255, 255, 255, 0)), target
    )
    before = there(document, target)[100].astype(float)
    part = np.linspace(1, 0, 300)
    assert np.abs(there(clear, target)[100] - (before * (1 - part) + 255 * part)).max() <= 2.5


def test_a_shape_on_the_mask_leaves_the_pixels(document):
    from PySide6.QtGui import QPainterPath

    path = QPainterPath()
    path.addRect(10, 10, 50, 50)
    after = paint_over(document, CANVAS, filled((255, 255, 255), 1.0, path), Target.MASK)
    assert after.active_layer.pixels is document.active_layer.pixels
    assert there(after, Target.MASK)[30, 30] == 255


@given(seed=st.integers(0, 99), horizontally=st.booleans())
def test_the_canvas_carries_the_protection_along(seed, horizontally):
    protected = Document.of(300, 270, [Layer("Paint")]).replace(protection=soft(seed))
    before = protected.protection.read(CANVAS)
    flipped = edits.flipped(protected, horizontally=horizontally).protection
    assert np.array_equal(flipped.read(CANVAS), before[:, ::-1] if horizontally else before[::-1])
    cut = edits.cropped(protected, Rect(40, 50, 100, 90)).protection
    assert np.array_equal(cut.read(Rect(0, 0, 100, 90)), before[50:140, 40:140])
    assert cut.content_bounds() in Rect(0, 0, 100, 90)
    assert edits.with_canvas(protected, 400, 370).protection.read(Rect(50, 50, 300, 270)).tobytes() == before.tobytes()
    assert edits.scaled(protected, 600, 540).protection.channels == COVERAGE


@given(seed=st.integers(0, 99))
def test_protecting_is_a_change_to_show_to_undo_and_to_save(seed):
    document = Document.of(300, 270, [Layer("Paint")])
    history = History(document)
    protection = Tiles.from_array(np.full((40, 50), 90 + seed, np.uint8), 100, 120)
    history.push("Paint protection", document.replace(protection=protection))
    assert history.document.damage(document) == document.damage(history.document) == [Rect(100, 120, 50, 40)]
    assert history.modified
    history.undo()
    assert history.document is document and not history.modified
    assert history.nbytes == protection.nbytes


def _unheld(frame):
    """What may change in the frame where nothing is protected."""
    mask = edits.edit_mask(Document.of(300, 270, [Layer("Paint")]), frame)
    return np.full((frame.height, frame.width), 255) if mask is None else mask


@given(seed=st.integers(0, 99), frame=st.builds(Rect, *[st.integers(0, 100)] * 2, *[st.integers(30, 170)] * 2))
def test_what_is_protected_may_not_change_by_as_much(seed, frame):
    held = np.random.default_rng(seed).choice([0, 100, 255], (270, 300)).astype(np.uint8)
    document = Document.of(300, 270, [Layer("Paint")]).replace(protection=Tiles.from_array(held))
    here = held[frame.slices]
    assert np.array_equal(edits.strength(document, frame), 255 - here)
    selected = np.zeros((270, 300), np.uint8)
    selected[frame.slices] = 200
    document = document.replace(selection=Tiles.from_array(selected))
    assert np.array_equal(edits.edit_mask(document, frame), np.where(here == 255, 0, 200))
    free = edits.edit_mask(document.replace(selection=None), frame)
    assert (free[here == 255] == 0).all() and (free[here < 255] == _unheld(frame)[here < 255]).all()


def test_protection_elsewhere_and_none_at_all_leave_the_frame_free():
    document = Document.of(300, 270, [Layer("Paint")])
    assert edits.strength(document, CANVAS) is None and edits.edit_mask(document, CANVAS) is None
    document = document.replace(protection=Tiles.from_array(np.full((50, 50), 255, np.uint8)))
    assert edits.strength(document, Rect(100, 100, 90, 90)) is None
    assert np.array_equal(edits.edit_mask(document, Rect(100, 100, 90, 90)), _unheld(Rect(100, 100, 90, 90)))
    with pytest.raises(ValueError, match="protected"):
        edits.edit_mask(document, Rect(0, 0, 50, 50))
