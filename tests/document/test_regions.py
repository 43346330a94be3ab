"""What the masked tasks may change: widths, exact zeros, and one sentence where there is nothing to do."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer
from sdedit_studio.document.regions import (
    SEAM_MARGINS,
    STROKE_MARGINS,
    lies_on_a_picture,
    painted,
    pasted,
    strokes_on_a_photograph,
)
from sdedit_studio.raster.tiles import Tiles, blank

RNG = np.random.default_rng(7)


def photograph(width: int, height: int) -> Layer:
    pixels = RNG.integers(0, 256, (height, width, 4), np.uint8)
    pixels[..., 3] = 255
    return Layer("Photograph", Tiles.from_array(pixels))


def square(side: int, x: int, y: int, **fields) -> Layer:
    return Layer("Boat", Tiles.from_array(np.full((side, side, 4), 255, np.uint8), x, y), **fields)


def document(*layers: Layer, width: int = 400, height: int = 300) -> Document:
    return Document.of(width, height, [photograph(width, height), *layers])


def mask_of(region, doc: Document) -> np.ndarray:
    return region.mask.read(doc.bounds)


def test_a_pasted_square_is_grown_and_fades_by_parts_of_its_size():
    doc = document(square(100, 150, 100))
    mask = mask_of(pasted(doc), doc)
    row = mask[150].astype(int)
    grow, fade = 100 * SEAM_MARGINS.grow, 100 * SEAM_MARGINS.fade
    assert (mask[100:200, 150:250] == 255).all()
    left = row[:150][::-1]  # outwards from the square's left edge
    assert (left[: int(grow)] == 255).all()
    assert (np.diff(left) <= 0).all()
    assert left[round(grow + fade / 2) - 1] == pytest.approx(128, abs=20)
    assert not left[int(np.ceil(grow + fade)) :].any()
    assert mask.any(axis=0).sum() <= 100 + 2 * (grow + fade)


def test_inside_is_what_lies_further_in_than_the_seam():
    doc = document(square(100, 150, 100))
    inside = pasted(doc).inside.read(doc.bounds)
    assert not inside[:100].any() and not inside[200:].any()
    row = inside[150, 150:250].astype(int)
    seam = round(100 * SEAM_MARGINS.seam)
    assert row[0] < 20
    assert (row[seam:-seam] == 255).all()
    assert (np.diff(row[: seam + 1]) >= 0).all()


def test_a_larger_picture_has_a_wider_seam():
    def width(side: int) -> int:
        doc = document(square(side, 150, 100))
        return int(mask_of(pasted(doc), doc)[100 + side // 2, :150].astype(bool).sum())

    assert width(40) < width(90) < width(180)


def test_a_picture_of_a_few_pixels_still_fades_softly():
    doc = document(square(3, 200, 150))
    mask = mask_of(pasted(doc), doc)
    assert (mask[150:153, 200:203] == 255).all()
    assert len(np.unique(mask)) > 4
    assert mask.any(axis=0).sum() >= 3 + 2 * 6


def test_a_huge_picture_is_measured_in_steps_and_never_too_narrow():
    picture = np.zeros((1600, 1600, 4), np.uint8)
    yy, xx = np.mgrid[:1600, :1600]
    picture[(yy - 800) ** 2 + (xx - 800) ** 2 < 700**2] = 255
    doc = Document.of(2000, 1800, [Layer("Paper", square(2000, 0, 0).pixels), Layer("Disc", Tiles.from_array(picture))])
    mask = mask_of(pasted(doc), doc)
    assert (mask[:1600, :1600][picture[..., 3] > 0] == 255).all()
    size = sqrt((picture[..., 3] > 0).sum())
    reach = mask[800, 1500:].astype(bool).sum()
    assert reach == pytest.approx((SEAM_MARGINS.grow + SEAM_MARGINS.fade) * size, abs=6)
    assert not mask[800, 1500 + reach :].any()


def test_what_lies_off_the_canvas_takes_no_part_and_its_edge_is_no_seam():
    doc = document(square(120, -60, 100))
    region = pasted(doc)
    mask, inside = mask_of(region, doc), region.inside.read(doc.bounds)
    assert (mask[100:220, 0] == 255).all()
    assert (inside[130:190, 0] == 255).all()
    assert region.mask.content_bounds() in doc.bounds


def test_a_layers_mask_and_faint_shadows_say_where_its_picture_ends():
    half = np.zeros((300, 400), np.uint8)
    half[:, :200] = 255
    doc = document(square(100, 150, 100, mask=Tiles.from_array(half)))
    mask = mask_of(pasted(doc), doc)
    assert (mask[100:200, 150:200] == 255).all()
    assert not mask[:, 230:].any()

    faint = np.full((300, 400, 4), 4, np.uint8)
    faint[100:200, 150:250] = 255
    shadowed = document(Layer("Boat", Tiles.from_array(faint)))
    assert not mask_of(pasted(shadowed), shadowed)[:60].any()


def test_opacity_does_not_thin_the_mask():
    doc = document(square(100, 150, 100, opacity=0.4))
    assert mask_of(pasted(doc), doc).max() == 255


@pytest.mark.parametrize(
    ("layer", "says"),
    [
        (square(50, 10, 10, visible=False), "is hidden"),
        (square(50, 10, 10, opacity=0.0), "is hidden"),
        (square(50, 10, 10, in_guide=False), "not part of the guide"),
        (Layer("Empty"), "no picture on the active layer"),
        (square(50, 900, 900), "no picture on the active layer"),
        (square(500, -20, -20), "covers all of the canvas"),
    ],
)
def test_harmonise_says_why_it_cannot(layer, says):
    with pytest.raises(ValueError, match=says):
        pasted(document(layer))


def test_harmonise_needs_something_underneath():
    alone = Document.of(400, 300, [square(50, 10, 10)])
    with pytest.raises(ValueError, match="Nothing lies under"):
        pasted(alone)


def test_strokes_are_what_lies_above_the_photograph():
    doc = document(square(40, 100, 100), square(30, 200, 100), square(60, 300, 200, visible=False))
    mask = mask_of(painted(doc), doc)
    assert (mask[100:140, 100:140] == 255).all() and (mask[100:130, 200:230] == 255).all()
    assert not mask[210:, 310:].any(), "hidden strokes are not edited"
    size = sqrt(40**2 + 30**2)
    reach = max(2, STROKE_MARGINS.grow * size) + max(6, STROKE_MARGINS.fade * size)
    assert not mask[: int(100 - reach)].any()


def test_strokes_under_an_earlier_result_are_done_with():
    result = square(40, 100, 100).replace(generation={"seed": 1})
    doc = document(square(40, 100, 100), result)
    with pytest.raises(ValueError, match="Paint on a layer above the photo first"):
        painted(doc)
    again = doc.inserted(square(20, 300, 50))
    mask = mask_of(painted(again), again)
    assert mask[60, 310] == 255 and mask[120, 120] == 0


def test_edit_with_strokes_says_why_it_cannot():
    with pytest.raises(ValueError, match="Paint on a layer above the photo first"):
        painted(document(Layer("Strokes")))
    with pytest.raises(ValueError, match="Nothing fills the canvas"):
        painted(Document.of(400, 300, [square(40, 10, 10)]))
    thin = document().layers[0].replace(opacity=0.5)
    with pytest.raises(ValueError, match="Nothing fills the canvas"):
        painted(Document.of(400, 300, [thin, square(40, 10, 10)]))


def test_a_picture_is_offered_to_be_fitted_in_only_where_it_lies_on_one():
    assert lies_on_a_picture(document(square(100, 150, 100)))
    assert not lies_on_a_picture(document(square(600, -50, -50)))
    assert not lies_on_a_picture(document(square(100, 900, 900)))
    paper = blank(400, 300)
    paper[:] = 255
    assert not lies_on_a_picture(Document.of(400, 300, [Layer("Paper", Tiles.from_array(paper)), square(90, 10, 10)]))


def test_a_photograph_is_told_from_a_painting():
    assert strokes_on_a_photograph(document(square(30, 50, 50)))
    assert not strokes_on_a_photograph(document())
    assert not strokes_on_a_photograph(document(Layer("Strokes")))
    assert not strokes_on_a_photograph(document(square(30, 50, 50, visible=False)))
    gradient = blank(400, 300)
    gradient[...] = (np.arange(300) // 12 * 10)[:, None, None]
    gradient[..., 3] = 255
    painting = Document.of(400, 300, [Layer("Sky", Tiles.from_array(gradient)), square(30, 50, 50)])
    assert not strokes_on_a_photograph(painting)
    other = photograph(120, 90)
    pasted_picture = other.replace(pixels=other.pixels.moved(40, 40))
    assert not strokes_on_a_photograph(document(pasted_picture)), "a pasted picture is no stroke"
    half = Document.of(800, 300, [photograph(400, 300), square(30, 50, 50)])
    assert not strokes_on_a_photograph(half)
