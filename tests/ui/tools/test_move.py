"""Moving, scaling and rotating a layer or the selected pixels."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from sdedit_studio.document.transforming import Lifted
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.selection import rectangle
from sdedit_studio.raster.tiles import Tiles, blank
from sdedit_studio.ui.tools.grips import GRIPS, places
from sdedit_studio.ui.tools.placement import Placement
from sdedit_studio.ui.widgets.number_field import NumberField
from tests.ui.documents import push

SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
BOX = Rect(60, 40, 60, 40)


@pytest.fixture
def block(canvas):
    """A canvas with an opaque box on the active layer, and the move tool."""
    array = blank(BOX.width, BOX.height)
    array[:] = (0, 0, 255, 255)
    array[:, : BOX.width // 2] = (255, 0, 0, 255)  # blue to the left, red to the right
    push(canvas.session, "Box", canvas.document.with_pixels(Tiles.from_array(array, BOX.x, BOX.y)))
    canvas.tool("move")
    return canvas


def content(canvas):
    """The rectangle of what is more than half covered; scaling leaves a soft rim of a pixel."""
    pixels = canvas.document.active_layer.pixels
    rect = pixels.content_bounds()
    solid = (pixels.read(rect)[..., 3] > 127).astype(np.uint8) * 255
    return Tiles.from_array(solid, rect.x, rect.y).content_bounds()


def test_a_drag_moves_the_layer_by_whole_pixels_in_one_step(block):
    before = block.document.active_layer.pixels.read(BOX)
    block.press(90.2, 60.7)
    block.move(95, 65)
    block.release(100.4, 70.4)
    block.settle()
    assert content(block) == BOX.moved(10, 10)
    assert np.array_equal(block.document.active_layer.pixels.read(BOX.moved(10, 10)), before)
    assert block.steps == ["Box", "Move layer"]
    assert not block.view.waits
    block.session.undo()
    assert content(block) == BOX


def test_shift_moves_along_one_axis_and_keys_by_pixels(block):
    block.press(90, 60)
    block.release(110, 65, SHIFT)
    block.settle()
    assert content(block) == BOX.moved(20, 0)
    QTest.keyClick(block.view, Qt.Key.Key_Left)
    QTest.keyClick(block.view, Qt.Key.Key_Up, SHIFT)
    block.settle()
    assert content(block) == BOX.moved(19, -10)


@pytest.mark.parametrize(
    ("by", "moved"), [((-20, 5), (-20, 0)), ((-5, -20), (0, -20)), ((5, -20), (0, -20)), ((20, -5), (20, 0))]
)
def test_shift_moves_along_the_axis_that_the_drag_went_further_on(block, by, moved):
    block.press(90, 60)
    block.release(90 + by[0], 60 + by[1], SHIFT)
    block.settle()
    assert content(block) == BOX.moved(*moved)


def test_a_mask_moves_along(block):
    mask = rectangle(Rect(60, 40, 10, 10), block.document.bounds)
    push(block.session, "Mask", block.document.with_layer(block.document.active, mask=mask))
    block.drag((90, 60), (100, 60))
    block.settle()
    assert block.document.active_layer.mask.content_bounds() == Rect(70, 40, 10, 10)


def test_a_corner_scales_with_the_proportions_kept_and_enter_applies(block):
    before = block.document
    block.drag((120, 80), (150, 100))
    block.settle()
    assert content(block) == Rect(60, 40, 90, 60)
    assert block.view.waits
    assert block.steps == ["Box"]
    QTest.keyClick(block.view, Qt.Key.Key_Return)
    block.settle()
    assert block.steps == ["Box", "Transform layer"]
    assert not block.view.waits
    block.session.undo()
    assert block.document is before


def test_shift_frees_the_proportions_and_alt_keeps_the_middle(block):
    block.press(120, 80)
    block.release(150, 80, SHIFT)
    block.settle()
    assert content(block) == Rect(60, 40, 90, 40)
    block.view.cancel()
    block.press(120, 80)
    block.release(135, 90, ALT)
    block.settle()
    assert content(block) == Rect(45, 30, 90, 60)


def test_a_side_scales_across_only_when_proportions_are_free(block):
    block.view.tool.keep_aspect.set(False)
    block.drag((60, 60), (40, 75))
    block.settle()
    assert content(block) == Rect(40, 40, 80, 40)


def test_pulling_through_the_other_side_flips(block):
    block.view.tool.keep_aspect.set(False)
    block.drag((60, 60), (180, 60))
    block.settle()
    assert content(block) == Rect(120, 40, 60, 40)
    pixel = block.document.active_layer.pixels.pixel
    assert pixel(130, 60)[:3] == (0, 0, 255)
    assert pixel(170, 60)[:3] == (255, 0, 0)


def test_outside_a_corner_rotates_and_shift_keeps_to_round_angles(block):
    block.press(135, 90)
    block.move(100, 110)
    block.release(60, 106, SHIFT)
    block.settle()
    assert block.view.tool.placement.angle == 90
    assert content(block) == Rect(70, 30, 40, 60)


def test_several_drags_are_one_step_and_escape_takes_all_of_them_back(block):
    before = block.document
    block.drag((120, 80), (150, 100))
    block.drag((90, 60), (100, 60))
    block.drag((70, 40), (75, 45))
    block.settle()
    assert block.steps == ["Box"]
    QTest.keyClick(block.view, Qt.Key.Key_Escape)
    assert block.document is before
    assert block.steps == ["Box"]
    assert block.view.tool.placement == Placement.of(BOX)


def test_another_tool_applies_and_a_change_by_someone_else_comes_after(block):
    start = block.document
    block.drag((120, 80), (150, 100))
    block.session.set_tool("brush")
    block.settle()
    assert block.steps == ["Box", "Transform layer"]
    block.session.set_tool("move")
    block.drag((150, 100), (120, 80))
    block.settle()
    scaled = block.document.with_layer(block.document.active, opacity=0.5)
    push(block.session, "Opacity", scaled)
    assert block.steps == ["Box", "Transform layer", "Transform layer", "Opacity"]
    for _ in range(3):
        block.session.undo()
    assert block.document is start


def test_undo_while_a_transform_waits_takes_back_the_transform(block):
    before = block.document
    block.drag((120, 80), (150, 100))
    block.settle()
    block.session.undo()
    assert block.document is before
    assert not block.view.waits


def test_selected_pixels_are_cut_out_and_the_selection_goes_along(block):
    half = rectangle(Rect(0, 0, 90, 150), block.document.bounds)
    push(block.session, "Select", block.document.replace(selection=half))
    block.drag((70, 60), (70, 100))
    block.settle()
    alpha = block.alpha()
    assert alpha[50, 70] == 0
    assert alpha[50, 110] == 255
    assert alpha[110, 70] == 255
    block.tool("brush")
    block.settle()
    assert block.steps[-1] == "Move selected pixels"
    assert block.document.selection.content_bounds() == Rect(0, 40, 90, 110)


@given(st.integers(-80, 80), st.integers(-80, 80))
def test_pixels_that_are_lifted_and_put_back_are_as_they_were(dx, dy):
    from PySide6.QtGui import QTransform

    from sdedit_studio.ui.document.session import new_document

    rng = np.random.default_rng(0)
    array = rng.integers(0, 255, (40, 60, 4), np.uint8)
    array[..., 3] = 255
    document = new_document(200, 150).with_pixels(Tiles.from_array(array, 60, 40))
    selected = document.replace(selection=rectangle(Rect(70, 50, 20, 20), document.bounds))
    lifted = Lifted.of(selected)
    moved = lifted.placed(QTransform.fromTranslate(dx, dy))
    assert np.array_equal(
        moved.active_layer.pixels.read(Rect(70 + dx, 50 + dy, 20, 20)),
        document.active_layer.pixels.read(Rect(70, 50, 20, 20)),
    )
    same = lifted.placed(QTransform())
    assert np.array_equal(
        same.active_layer.pixels.read(document.bounds), document.active_layer.pixels.read(document.bounds)
    )


def test_numbers_and_flips_in_the_option_bar(block):
    tool = block.view.tool
    options = tool.options()
    fields = {field._field.accessibleName(): field for field in options if isinstance(field, NumberField)}
    assert [field.value for field in fields.values()] == [60, 40, 60, 40, 0]
    fields["Width in pixels"].value_changed.emit(120)
    block.settle()
    assert content(block) == Rect(30, 20, 120, 80)
    fields["Left edge in pixels"].value_changed.emit(50)
    fields["Rotation in degrees"].value_changed.emit(90)
    block.settle()
    assert [field.value for field in fields.values()] == [50, 20, 120, 80, 90]
    block.view.cancel()
    tool._flip(horizontally=True)
    block.settle()
    assert content(block) == BOX
    assert block.document.active_layer.pixels.pixel(61, 60)[:3] == (0, 0, 255)
    assert block.view.accept()
    block.settle()
    assert block.steps[-1] == "Transform layer"


def test_an_empty_or_hidden_layer_is_explained(canvas):
    canvas.tool("move")
    canvas.drag((50, 50), (80, 80))
    assert "nothing on" in canvas.messages[-1]
    assert not canvas.view.accept()
    push(canvas.session, "Hide", canvas.document.with_layer(canvas.document.active, visible=False))
    canvas.drag((50, 50), (80, 80))
    assert "hidden" in canvas.messages[-1]
    assert canvas.steps == ["Hide"]


numbers = st.floats(-100, 100)
placements = st.builds(
    lambda x, y, across, down, angle: Placement(BOX, x, y, across, down, angle),
    numbers,
    numbers,
    *[st.sampled_from([-2.0, -1.0, 0.5, 1.0, 3.0])] * 2,
    st.floats(-179, 180),
)


@given(placements, st.sampled_from(GRIPS), numbers, numbers)
def test_a_pulled_grip_follows_the_pointer_and_the_opposite_one_stays(placement, grip, dx, dy):
    pulled = placement.pulled(grip, QPointF(dx, dy), keep_aspect=False, centred=False)
    before, after = (places(p.rect, p.transform) for p in (placement, pulled))
    if placement.only_moved or pulled.only_moved or min(abs(pulled.width), abs(pulled.height)) <= 1.01:
        return
    opposite = (-grip[0], -grip[1])
    assert math.dist(after[opposite].toTuple(), before[opposite].toTuple()) < 1e-6
    if 0 not in grip:
        assert math.dist((after[grip] - before[grip]).toTuple(), (dx, dy)) < 1e-6


@given(placements, st.sampled_from(GRIPS), numbers, numbers, st.booleans())
def test_kept_proportions_stay_and_no_side_vanishes(placement, grip, dx, dy, centred):
    pulled = placement.pulled(grip, QPointF(dx, dy), keep_aspect=True, centred=centred)
    assert min(abs(pulled.width), abs(pulled.height)) >= 1
    if min(abs(pulled.width), abs(pulled.height)) > 1:
        assert pulled.width * placement.height == pytest.approx(pulled.height * placement.width)
    if centred:
        assert pulled.middle == placement.middle


@given(placements, st.booleans())
def test_flips_mirror_what_is_seen_about_the_middle(placement, horizontally):
    flipped = placement.flipped(horizontally=horizontally)
    corner = QPointF(BOX.x, BOX.y)
    before = placement.moved(0.25, 0).transform.map(corner) - placement.moved(0.25, 0).middle
    after = flipped.moved(0.25, 0).transform.map(corner) - flipped.moved(0.25, 0).middle
    if placement.only_moved or flipped.only_moved:
        return
    expected = QPointF(-before.x(), before.y()) if horizontally else QPointF(before.x(), -before.y())
    assert math.dist(after.toTuple(), expected.toTuple()) < 1e-6
