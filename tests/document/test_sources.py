"""What a result was made from: compared by identity, kept alive by no one, carried along with the canvas."""

import gc
from weakref import ref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdedit_studio.document import edits
from sdedit_studio.document.document import Document
from sdedit_studio.document.history import History
from sdedit_studio.document.layer import Layer
from sdedit_studio.document.sources import CHANGED, guide_layers_below, outdated, sources_of, with_current_sources
from sdedit_studio.raster.blend import BlendMode
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles


def plain(level: int, side: int = 64) -> Tiles:
    return Tiles.from_array(np.full((side, side, 4), level, np.uint8))


@pytest.fixture
def document() -> Document:
    layers = [
        Layer("Sky", plain(255)),
        Layer("Notes", plain(9), in_guide=False),
        Layer("Hidden", plain(9), visible=False),
        Layer("Result", plain(200), generation={"seed": 3}),
        Layer("Above", plain(50)),
    ]
    return with_current_sources(Document.of(64, 64, layers))


def result(document: Document) -> Layer:
    return next(layer for layer in document.layers if layer.name == "Result")


def changed(document: Document, which: str, /, **fields) -> Document:
    return document.with_layer(next(layer.id for layer in document.layers if layer.name == which), **fields)


def test_only_what_the_model_sees_below_counts(document):
    assert [layer.name for layer in guide_layers_below(document, result(document).id)] == ["Sky"]
    assert not outdated(document, result(document))
    for name, fields in (
        ("Sky", {"pixels": plain(1)}),
        ("Sky", {"opacity": 0.5}),
        ("Sky", {"mode": BlendMode.MULTIPLY}),
        ("Sky", {"mask": Tiles(1)}),
        ("Sky", {"visible": False}),
        ("Notes", {"in_guide": True}),
        ("Hidden", {"visible": True}),
    ):
        other = changed(document, name, **fields)
        assert outdated(other, result(other)), (name, fields)
    for name, fields in (
        ("Sky", {"name": "Heaven"}),
        ("Notes", {"pixels": plain(1)}),
        ("Hidden", {"opacity": 0.5}),
        ("Above", {"pixels": plain(1)}),
        ("Result", {"pixels": plain(1)}),
        ("Result", {"opacity": 0.5}),
    ):
        other = changed(document, name, **fields)
        assert not outdated(other, result(other)), (name, fields)


def test_undo_of_a_change_below_makes_the_result_up_to_date_again(document):
    history = History(document)
    history.push("Brush stroke", changed(document, "Sky", pixels=plain(1)))
    assert outdated(history.document, result(history.document))
    history.undo()
    assert not outdated(history.document, result(history.document))


def test_a_ground_keeps_no_pixels_alive():
    pixels = plain(3)
    alive, kept = ref(pixels), sources_of([Layer("Sky", pixels)])
    del pixels
    gc.collect()
    assert alive() is None
    assert kept != sources_of([Layer("Sky", plain(3))])


def test_moving_the_stack_changes_the_ground_and_a_copy_follows_nothing(document):
    lower = document.reordered(result(document).id, 0)
    assert outdated(lower, result(lower))
    following = changed(document, "Result", follows=True)
    copy = following.duplicated(result(document).id).active_layer
    assert not copy.follows and not outdated(following.duplicated(result(document).id), copy)


@given(horizontally=st.booleans(), changed_before=st.booleans())
def test_a_change_of_the_whole_canvas_changes_no_ground(horizontally, changed_before):
    layers = [Layer("Sky", plain(255)), Layer("Result", plain(200), generation={"seed": 3})]
    document = with_current_sources(Document.of(64, 64, layers))
    if changed_before:
        document = changed(document, "Sky", pixels=plain(1))
    for other in (
        edits.flipped(document, horizontally=horizontally),
        edits.cropped(document, Rect(3, 4, 20, 30)),
        edits.with_canvas(document, 100, 90),
        edits.scaled(document, 32, 32),
    ):
        assert outdated(other, result(other)) == changed_before


def test_a_ground_that_is_not_known_is_not_outdated(document):
    assert not outdated(document, result(document).replace(sources=None))
    assert outdated(document, result(document).replace(sources=CHANGED))
    assert not outdated(document, Layer("Plain", sources=CHANGED))


def test_a_result_takes_the_place_of_an_earlier_one(document):
    before = result(changed(document, "Result", opacity=0.5, mask=Tiles(1)))
    document = document.with_layer(before.id, opacity=0.5, mask=before.mask)
    picture = np.full((20, 30, 3), (10, 20, 30), np.uint8)
    after = edits.replace_result(document, before.id, Rect(5, 6, 30, 20), picture, {"seed": 4})
    layer = result(after)
    assert (layer.id, layer.opacity, layer.mask, layer.name) == (before.id, 0.5, before.mask, "Result")
    assert layer.generation == {"seed": 4}
    assert layer.pixels.pixel(10, 10) == (30, 20, 10, 255) and layer.pixels.pixel(2, 2) == (200,) * 4
    assert [other for other in after.layers if other is not layer] == [x for x in document.layers if x.id != before.id]
    with pytest.raises(ValueError, match="size"):
        edits.replace_result(document, before.id, Rect(5, 6, 31, 20), picture, {})
