import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdedit_studio.document.document import MAX_SIDE, Document
from sdedit_studio.document.layer import Layer, united
from sdedit_studio.raster.blend import BlendMode
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles


def solid(bgra, rect=(0, 0, 64, 48)) -> Tiles:
    x, y, width, height = rect
    return Tiles.from_array(np.full((height, width, 4), bgra, np.uint8), x, y)


def noise(seed, alpha=None, width=64, height=48) -> Tiles:
    random = np.random.default_rng(seed)
    opacity = random.integers(0, 256, (height, width, 1)) if alpha is None else np.full((height, width, 1), alpha)
    colour = random.integers(0, 256, (height, width, 3))
    return Tiles.from_array(np.dstack([(colour * opacity + 127) // 255, opacity]).astype(np.uint8))


def covered(document: Document, older: Document) -> np.ndarray:
    """Which canvas pixels lie in a damage rectangle."""
    found = np.zeros((document.height, document.width), bool)
    for rect in document.damage(older):
        assert rect in document.bounds and not rect.empty
        found[rect.y : rect.bottom, rect.x : rect.right] = True
    return found


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_damage_covers_every_pixel_that_a_command_changes(documents, command, data):
    before = data.draw(documents)
    assert_damage_covers(before, data.draw(command).change(before))


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_damage_covers_every_pixel_that_several_commands_change(documents, commands, data):
    before = after = data.draw(documents)
    for command in data.draw(commands):
        after = command.change(after)
    assert_damage_covers(before, after)


def assert_damage_covers(before: Document, after: Document) -> None:
    changed = (flatten(before.layers, before.bounds) != flatten(after.layers, after.bounds)).any(axis=2)
    assert not (changed & ~covered(after, before)).any()
    assert not (changed & ~covered(before, after)).any()


def test_a_dab_damages_one_tile():
    document = Document.of(2048, 2048, [Layer("Paper", solid(255, (0, 0, 2048, 2048))), Layer("Paint")])
    painted = document.with_pixels(document.active_layer.pixels.with_array(np.full((9, 9, 4), 255, np.uint8), 600, 300))
    (damage,) = painted.damage(document)
    assert Rect(600, 300, 9, 9) in damage and damage in Rect(512, 256, 256, 256)
    assert document.damage(document) == []


def test_what_is_not_seen_damages_nothing():
    hidden = Layer("Hidden", noise(1), visible=False)
    document = Document.of(64, 48, [Layer("Paper", solid(255)), hidden])
    changed = document.with_layer(hidden.id, pixels=noise(2), mask=Tiles(1), opacity=0.5, mode=BlendMode.HUE)
    assert changed.damage(document) == []
    assert document.with_layer(hidden.id, name="Other", in_guide=False).damage(document) == []


def test_a_new_size_damages_everything():
    document = Document.of(64, 48, [Layer("Paper", solid(255))])
    assert document.replace(width=80).damage(document) == [Rect(0, 0, 80, 48)]


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("opacities", [(1.0, 1.0), (0.6, 0.5), (0.0, 1.0)])
def test_merging_normal_layers_down_looks_the_same(masked, opacities):
    mask = Tiles.from_array(np.random.default_rng(5).integers(0, 256, (48, 64), dtype=np.uint8)) if masked else None
    layers = [
        Layer("Paper", solid((200, 220, 240, 255))),
        Layer("Lower", noise(1), mask=mask, opacity=opacities[0]),
        Layer("Upper", noise(2), mask=mask, opacity=opacities[1]),
        Layer("Top", noise(3), mode=BlendMode.MULTIPLY),
    ]
    document = Document.of(64, 48, layers)
    merged = document.merged_down(layers[2].id)
    assert [layer.name for layer in merged.layers] == ["Paper", "Lower", "Top"]
    assert merged.active == layers[1].id
    before, after = (flatten(doc.layers, doc.bounds).astype(int) for doc in (document, merged))
    assert np.abs(before - after).max() <= 3  # two roundings, which Multiply can only pass on


def test_merging_opaque_layers_down_is_exact():
    layers = [
        Layer("Lower", noise(1, 255)),
        Layer("Upper", noise(2, 255), mask=Tiles.from_array(np.eye(64, dtype=np.uint8)[:48] * 255)),
    ]
    document = Document.of(64, 48, layers)
    merged = document.merged_down(document.active)
    assert np.array_equal(flatten(document.layers, document.bounds), flatten(merged.layers, merged.bounds))


@pytest.mark.parametrize("lower_visible", [True, False])
@pytest.mark.parametrize("upper_visible", [True, False])
def test_merging_down_with_a_hidden_layer_keeps_the_look(lower_visible, upper_visible):
    layers = [
        Layer("Paper", solid((10, 90, 170, 255))),
        Layer("Lower", noise(1, 255), mode=BlendMode.SCREEN, visible=lower_visible),
        Layer("Upper", noise(2, 255), mode=BlendMode.MULTIPLY, visible=upper_visible),
    ]
    document = Document.of(64, 48, layers)
    merged = document.merged_down(document.active)
    assert merged.active_layer.visible == (lower_visible or upper_visible)
    if not (lower_visible and upper_visible):
        assert np.array_equal(flatten(document.layers, document.bounds), flatten(merged.layers, merged.bounds))
    if not (lower_visible or upper_visible):
        assert not merged.active_layer.pixels.content_bounds().empty


def test_merging_keeps_what_lies_outside_the_canvas():
    layers = [Layer("Lower", solid(255, (-300, 5, 20, 20))), Layer("Upper", solid(255, (700, 5, 20, 20)).moved(3, 4))]
    merged = Document.of(64, 48, layers).merged_down(layers[1].id)
    assert merged.active_layer.pixels.content_bounds() == Rect(-300, 5, 1023, 24)
    with pytest.raises(ValueError, match="no layer below"):
        merged.merged_down(merged.active)


def test_united_is_the_composite_at_any_offset():
    layers = [Layer("A", noise(1).moved(-13, 200)), Layer("B", noise(2).moved(30, 231), mode=BlendMode.DIFFERENCE)]
    rect = Rect(-30, 190, 200, 120)
    assert np.array_equal(united(layers).read(rect), flatten(layers, rect))


def test_removing_a_layer_activates_its_neighbour_and_never_the_last_goes():
    a, b, c = (Layer(name, noise(1)) for name in "abc")
    document = Document.of(64, 48, [a, b, c])
    assert document.removed(c.id).active == b.id
    assert document.replace(active=a.id).removed(a.id).active == b.id
    assert document.removed(a.id).active == c.id
    last = document.removed(a.id).removed(b.id).removed(c.id)
    assert [layer.id for layer in last.layers] == [c.id]
    assert last.active_layer.pixels.content_bounds().empty
    with pytest.raises(KeyError):
        document.removed("nobody")


@given(st.permutations("abcd"), st.integers(-3, 9))
def test_reordering_is_a_move(names, index):
    layers = [Layer(name) for name in names]
    document = Document.of(8, 8, layers)
    moved = document.reordered(layers[1].id, index)
    without = [layer for layer in layers if layer is not layers[1]]
    without.insert(min(max(index, 0), 3), layers[1])
    assert list(moved.layers) == without
    assert (moved is document) == (list(moved.layers) == layers)


def test_a_document_refuses_nonsense():
    layer = Layer("Only")
    with pytest.raises(ValueError, match=f"1 to {MAX_SIDE} pixels"):
        Document.of(MAX_SIDE + 1, 10, [layer])
    with pytest.raises(ValueError, match="1 to"):
        Document.of(10, 0, [layer])
    with pytest.raises(ValueError, match="active layer"):
        Document(10, 10, (layer,), "another")
