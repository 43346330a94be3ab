import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdedit_studio.document.document import Document
from sdedit_studio.document.history import History
from sdedit_studio.document.layer import Layer
from sdedit_studio.raster.tiles import Tiles

TILE_BYTES = 256 * 256 * 4


def content(document: Document) -> tuple:
    """All that a document is made of, pixel bytes included."""

    def pixels(tiles):
        return tiles and (tiles.origin, {key: tile.array.tobytes() for key, tile in tiles.tiles.items()})

    layers = [
        (x.id, x.name, x.opacity, x.mode, x.visible, x.in_guide, x.alpha_locked, pixels(x.pixels), pixels(x.mask))
        for x in document.layers
    ]
    return document.width, document.height, layers, document.active, pixels(document.selection), document.frame


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_undo_and_redo_give_back_identical_documents(documents, commands, data):
    document = data.draw(documents)
    history = History(document)
    past, future = [], []
    now = content(document)
    for move in data.draw(st.lists(st.sampled_from(["do", "do", "gesture", "undo", "redo"]), min_size=2, max_size=12)):
        if move in ("do", "gesture"):
            before = history.document
            for command in data.draw(commands):
                if move == "do":
                    before = history.document
                    history.push(command.name, command.change(before))
                    if history.document is not before:
                        past.append(now)
                        future = []
                        now = content(history.document)
                else:
                    history.amend(command.change(history.document))
            if move == "gesture":
                history.commit("gesture", before)
                if history.document is not before:
                    past.append(now)
                    future = []
                    now = content(history.document)
        elif move == "undo":
            assert (history.undo() is not None) == bool(past)
            if past:
                future.append(now)
                now = past.pop()
        else:
            assert (history.redo() is not None) == bool(future)
            if future:
                past.append(now)
                now = future.pop()
        assert content(history.document) == now
    while past:
        history.undo()
        assert content(history.document) == past.pop()
    assert history.undo() is None


@pytest.fixture
def history() -> History:
    paper = Tiles.from_array(np.full((1024, 1024, 4), 255, np.uint8))
    return History(Document.of(1024, 1024, [Layer("Paper", paper), Layer("Paint")]), budget=5 * TILE_BYTES)


def dab(history: History, value: int, x: int = 300, y: int = 300) -> Document:
    """One stroke inside one tile of the paper."""
    document = history.document.replace(active=history.document.layers[0].id)
    pixels = document.active_layer.pixels.with_array(np.full((5, 5, 4), value, np.uint8), x, y)
    return document.with_pixels(pixels)


def test_a_step_costs_only_the_tiles_it_changed(history):
    history.push("Dab", dab(history, 1))
    assert history.nbytes == TILE_BYTES
    history.push("Opacity", history.document.with_layer(history.document.active, opacity=0.5))
    assert history.nbytes == TILE_BYTES
    history.push("Duplicate", history.document.duplicated(history.document.active))
    history.push("Move", history.document.with_layer(history.document.active, **moved(history.document)))
    assert history.nbytes == TILE_BYTES
    history.undo()
    history.undo()
    assert history.nbytes == TILE_BYTES


def moved(document: Document) -> dict:
    layer = document.active_layer.moved(10, 20)
    return {"pixels": layer.pixels, "mask": layer.mask}


def test_a_deleted_layer_is_paid_for(history):
    history.push("Delete", history.document.removed(history.document.layers[0].id))
    assert history.nbytes == 16 * TILE_BYTES
    assert history.undo() == "Delete"
    assert history.nbytes == 0
    assert history.redo() == "Delete"
    assert history.nbytes == 16 * TILE_BYTES


def test_the_budget_drops_the_oldest_steps_and_never_the_current_document(history):
    documents = [history.document]
    for value in range(1, 9):
        history.push(f"Dab {value}", dab(history, value))
        documents.append(history.document)
        assert history.document is documents[-1]
        assert history.nbytes <= 5 * TILE_BYTES
    labels = []
    while label := history.undo():
        labels.append(label)
    assert labels == ["Dab 8", "Dab 7", "Dab 6", "Dab 5", "Dab 4"]
    assert history.document is documents[3]


def test_the_newest_step_stays_even_when_it_alone_exceeds_the_budget(history):
    history.push("Dab", dab(history, 1))
    history.push("Delete", history.document.removed(history.document.layers[0].id))
    assert (history.undo_label, history.nbytes) == ("Delete", 16 * TILE_BYTES)
    assert history.undo() == "Delete"
    assert history.undo() is None


def test_a_gesture_is_one_step_and_no_change_is_none(history):
    before = history.document
    for x in range(300, 330):
        history.amend(dab(history, 3, x))
    history.commit("Stroke", before)
    history.commit("Nothing", history.document)
    assert history.undo_label == "Stroke"
    history.undo()
    assert history.document is before
    assert history.undo_label is None


def test_a_new_step_forgets_what_was_undone(history):
    history.push("One", dab(history, 1))
    history.undo()
    assert history.redo_label == "One"
    history.push("Two", dab(history, 2))
    assert (history.redo_label, history.redo()) == (None, None)


def test_modified_follows_the_picture_and_not_the_selection(history):
    start = history.document
    assert not history.modified
    history.push("Select", start.replace(selection=Tiles.from_array(np.ones((4, 4), np.uint8))))
    assert not history.modified
    history.push("Dab", dab(history, 1))
    assert history.modified
    history.mark_saved(history.document)
    assert not history.modified
    history.undo()
    assert history.modified
    history.redo()
    assert not history.modified


def test_the_revision_counts_every_change(history):
    history.amend(history.document)
    assert history.revision == 0
    history.push("Dab", dab(history, 1))
    history.undo()
    assert history.revision == 2


COVERAGE_BYTES = 256 * 256


def covered(value: int) -> Tiles:
    return Tiles.from_array(np.full((20, 20), value, np.uint8), 300, 300)


@pytest.mark.parametrize("part", ["mask", "selection", "protection"])
def test_coverage_is_paid_for_wherever_it_is(history, part):
    def with_coverage(value: int) -> Document:
        document, tiles = history.document, covered(value)
        return document.with_layer(document.active, mask=tiles) if part == "mask" else document.replace(**{part: tiles})

    history.push("Add", with_coverage(100))
    assert history.nbytes == 0, "what was there before had none"
    history.push("Change", with_coverage(200))
    assert history.nbytes == COVERAGE_BYTES


def test_what_was_undone_is_paid_for_until_it_is_forgotten(history):
    paint = history.document.active_layer.pixels.with_array(np.full((5, 5, 4), 9, np.uint8), 0, 0)
    history.push("First paint", history.document.with_pixels(paint))
    assert history.nbytes == 0
    history.undo()
    assert history.nbytes == TILE_BYTES, "redo alone keeps the paint"
    history.push("Rename", history.document.with_layer(history.document.active, name="Else"))
    assert history.nbytes == 0


def test_tiles_that_two_layers_share_are_paid_for_once(history):
    history.push("Duplicate", history.document.duplicated(history.document.layers[0].id))
    first, second = history.document.layers[0].id, history.document.layers[1].id
    history.push("Delete both", history.document.removed(first).removed(second))
    assert history.nbytes == 16 * TILE_BYTES
