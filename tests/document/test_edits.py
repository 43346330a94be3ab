import threading
from math import ceil, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdedit_studio.document import edits
from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer
from sdedit_studio.parameters import Parameters
from sdedit_studio.raster.blend import BlendMode
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles

WIDTH, HEIGHT = 300, 270
CANVAS = Rect(0, 0, WIDTH, HEIGHT)


def noise(seed, rect=CANVAS, alpha=None) -> Tiles:
    random = np.random.default_rng(seed)
    opacity = (
        random.integers(0, 256, (rect.height, rect.width, 1))
        if alpha is None
        else np.full((rect.height, rect.width, 1), alpha)
    )
    colour = random.integers(0, 256, (rect.height, rect.width, 3))
    return Tiles.from_array(np.dstack([(colour * opacity + 127) // 255, opacity]).astype(np.uint8), rect.x, rect.y)


def full(rect, value=255) -> Tiles:
    return Tiles.from_array(np.full((rect.height, rect.width), value, np.uint8), rect.x, rect.y)


def soft(seed, rect) -> Tiles:
    return Tiles.from_array(
        np.random.default_rng(seed).integers(0, 256, (rect.height, rect.width), dtype=np.uint8), rect.x, rect.y
    )


def composite(document: Document) -> np.ndarray:
    return flatten(document.layers, document.bounds)


def inside(rect: Rect, shape=(HEIGHT, WIDTH)) -> np.ndarray:
    area = np.zeros(shape, bool)
    area[rect.y : rect.bottom, rect.x : rect.right] = True
    return area


@pytest.fixture
def document() -> Document:
    layers = [
        Layer("Paper", noise(1, alpha=255)),
        Layer("Paint", noise(2, Rect(-20, 30, 200, 300)), mode=BlendMode.SOFT_LIGHT, opacity=0.7),
    ]
    return Document.of(WIDTH, HEIGHT, layers)


# --- Fill, clear, copy, paste


def test_fill_without_a_selection_covers_the_canvas_and_no_more(document):
    filled = edits.fill(document, (10, 20, 30)).active_layer.pixels
    assert (filled.read(document.bounds) == (30, 20, 10, 255)).all()
    assert filled.pixel(-5, 40) == document.active_layer.pixels.pixel(-5, 40)
    assert filled.pixel(WIDTH, HEIGHT) == (0, 0, 0, 0)


def test_fill_follows_the_coverage_of_the_selection(document):
    rect = Rect(250, 200, 20, 60)
    document = document.replace(selection=soft(3, rect))
    before, after = document.active_layer.pixels, edits.fill(document, (200, 100, 0)).active_layer.pixels
    amount = document.selection.read(rect)[..., None] / 255
    expected = np.array([0, 100, 200, 255]) * amount + before.read(rect) * (1 - amount)
    assert np.abs(after.read(rect) - expected).max() <= 0.5
    outside = ~inside(rect)
    assert np.array_equal(after.read(document.bounds)[outside], before.read(document.bounds)[outside])


def test_fill_keeps_a_locked_alpha(document):
    document = document.with_layer(document.active, alpha_locked=True)
    before, after = (doc.active_layer.pixels.read(doc.bounds) for doc in (document, edits.fill(document, (255, 0, 9))))
    assert np.array_equal(before[..., 3], after[..., 3])
    assert np.array_equal(after[..., 2], after[..., 3])
    assert (after[..., 1] == 0).all()


def test_clear_takes_away_what_is_selected(document):
    rect = Rect(10, 40, 90, 90)
    cleared = edits.clear(document.replace(selection=full(rect))).active_layer.pixels
    assert not cleared.read(rect).any()
    outside = ~inside(rect)
    before = document.active_layer.pixels.read(document.bounds)
    assert np.array_equal(cleared.read(document.bounds)[outside], before[outside])
    assert not edits.clear(document).active_layer.pixels.read(document.bounds).any()


def test_cut_and_copy_take_the_selected_pixels_where_they_were(document):
    rect = Rect(50, 60, 70, 80)
    document = document.replace(selection=full(rect))
    cut, clip = edits.cut(document)
    content = document.active_layer.pixels.read(rect)
    assert (clip.x, clip.y) == (50, 60)
    assert np.array_equal(clip.pixels, content)
    assert np.array_equal(edits.copied(document).pixels, content)
    assert not cut.active_layer.pixels.read(rect).any()
    back = cut.with_pixels(cut.active_layer.pixels.with_array(clip.pixels, clip.x, clip.y))
    assert np.array_equal(composite(back), composite(document))


@given(seed=st.integers(0, 999))
@settings(max_examples=20, deadline=None)
def test_copied_pixels_are_valid_and_scaled_by_mask_and_selection(seed):
    rect = Rect(3, 5, 40, 30)
    layer = Layer("Paint", noise(seed, rect), mask=soft(seed + 1, rect))
    document = Document.of(60, 50, [layer]).replace(selection=soft(seed + 2, rect))
    clip = edits.copied(document)
    amount = layer.mask.read(rect)[..., None] / 255 * (document.selection.read(rect)[..., None] / 255)
    part = clip.pixels.shape[:2]
    expected = (layer.pixels.read(rect) * amount)[clip.y - 5 :, clip.x - 3 :][: part[0], : part[1]]
    assert np.abs(clip.pixels - expected).max() <= 1
    assert (clip.pixels[..., :3] <= clip.pixels[..., 3:]).all()


def test_nothing_to_copy_is_none(document):
    empty = document.replace(selection=full(Rect(250, 0, 10, 10)))
    assert edits.copied(empty) is None
    assert edits.cut(empty) == (empty, None)
    assert edits.copied_merged(empty) is not None
    assert edits.copied_merged(Document.of(9, 9, [Layer("Empty")])) is None


def test_copy_merged_is_the_composite(document):
    clip = edits.copied_merged(document)
    assert np.array_equal(clip.pixels, composite(document))


def test_paste_is_centred_in_view(document):
    pixels = np.full((21, 11, 4), 255, np.uint8)
    pasted = edits.pasted(document, pixels, Rect(100, 100, 51, 41))
    assert pasted.active_layer.pixels.content_bounds() == Rect(120, 110, 11, 21)
    assert pasted.layers.index(pasted.active_layer) == 2


@pytest.mark.parametrize(
    ("size", "at", "expected"),
    [
        ((600, 100), (5, 5), Rect(0, 110, 300, 50)),
        ((301, 2700), None, Rect(135, 0, 30, 270)),
        ((100, 60), (40, 200), Rect(-10, 170, 100, 60)),
        ((300, 270), None, Rect(0, 0, 300, 270)),
        ((8000, 1), None, Rect(0, 134, 300, 1)),
    ],
)
def test_a_dropped_picture_fits_or_lands_where_it_was_dropped(document, size, at, expected):
    picture = np.full((size[1], size[0], 4), 255, np.uint8)
    dropped = edits.with_picture(document, picture, "lake", at)
    assert dropped.active_layer.name == "lake"
    assert dropped.active_layer.pixels.content_bounds() == expected
    assert (dropped.active_layer.pixels.read(expected) == 255).all()


# --- Canvas


def test_crop_shows_what_was_there(document):
    rect = Rect(40, 50, 100, 300)
    cropped = edits.cropped(document.replace(selection=full(Rect(0, 0, 60, 70)), frame=Rect(100, 100, 99, 99)), rect)
    assert (cropped.width, cropped.height) == (100, 220)
    assert np.array_equal(composite(cropped), composite(document)[50:270, 40:140])
    assert cropped.selection.content_bounds() == Rect(0, 0, 20, 20)
    assert cropped.frame == Rect(60, 50, 40, 99)
    assert cropped.layers[1].pixels.content_bounds() in cropped.bounds
    with pytest.raises(ValueError, match="outside the canvas"):
        edits.cropped(document, Rect(300, 0, 10, 10))


def test_crop_drops_a_selection_and_frame_that_lie_outside(document):
    cropped = edits.cropped(
        document.replace(selection=full(Rect(200, 200, 9, 9)), frame=Rect(200, 200, 9, 9)), Rect(0, 0, 100, 100)
    )
    assert cropped.selection is None
    assert cropped.frame is None


@pytest.mark.parametrize(("anchor", "offset"), [((0, 0), (0, 0)), ((0.5, 0.5), (10, -10)), ((1, 1), (20, -20))])
def test_a_new_canvas_size_moves_the_picture_by_its_anchor(document, anchor, offset):
    resized = edits.with_canvas(document.replace(frame=Rect(50, 60, 70, 80)), WIDTH + 20, HEIGHT - 20, anchor)
    x, y = offset
    window = Rect(-x, -y, WIDTH + 20, HEIGHT - 20)
    assert np.array_equal(composite(resized), flatten(document.layers, window))
    assert resized.frame == Rect(50 + x, 60 + y, 70, 80)
    with pytest.raises(ValueError, match="1 to 8192"):
        edits.with_canvas(document, 0, 10)


def test_flipping_twice_changes_nothing_and_once_mirrors_all(document):
    document = document.replace(selection=soft(4, Rect(10, 20, 33, 44)), frame=Rect(1, 2, 30, 40))
    document = document.with_layer(document.active, mask=soft(5, Rect(0, 0, 150, 150)))
    for horizontally, mirror in ((True, np.fliplr), (False, np.flipud)):
        flipped = edits.flipped(document, horizontally=horizontally)
        assert np.array_equal(composite(flipped), mirror(composite(document)))
        assert np.array_equal(flipped.selection.read(document.bounds), mirror(document.selection.read(document.bounds)))
        again = edits.flipped(flipped, horizontally=horizontally)
        assert np.array_equal(composite(again), composite(document))
        assert again.frame == document.frame
    assert edits.flipped(document, horizontally=True).frame == Rect(WIDTH - 31, 2, 30, 40)


@pytest.mark.parametrize("size", [(600, 540), (150, 135), (77, 411), (1, 1)])
def test_scaling_keeps_edges_opaque_flat_areas_flat_and_places_in_step(size):
    rect = Rect(-90, 30, 200, 90)
    layers = [
        Layer("Paper", Tiles.from_array(np.full((HEIGHT, WIDTH, 4), (40, 90, 200, 255), np.uint8))),
        Layer("Box", Tiles.from_array(np.full((90, 200, 4), 255, np.uint8), rect.x, rect.y)),
        Layer("Empty"),
    ]
    document = Document.of(WIDTH, HEIGHT, layers).replace(selection=full(rect), frame=Rect(0, 0, 150, 135))
    scaled = edits.scaled(document, *size)
    assert (scaled.width, scaled.height) == size
    assert (scaled.layers[0].pixels.read(scaled.bounds) == (40, 90, 200, 255)).all()
    content = scaled.layers[1].pixels.content_bounds()
    expected = (rect.x * size[0] / WIDTH, rect.y * size[1] / HEIGHT, rect.right * size[0] / WIDTH)
    assert np.allclose((content.x, content.y, content.right), expected, atol=2 + 2 * size[0] / WIDTH)
    assert not scaled.layers[2].pixels.tiles
    assert scaled.selection.content_bounds() in scaled.bounds
    if size == (600, 540):
        assert scaled.frame == Rect(0, 0, 300, 270)
        assert (scaled.layers[1].pixels.read(Rect(-170, 70, 380, 160)) == 255).all()


def test_scaled_pixels_stay_valid_and_their_coverage_inside_a_hard_edge():
    rect = Rect(50, 60, 100, 101)
    document = Document.of(WIDTH, HEIGHT, [Layer("Paint", noise(1, rect), mask=full(rect))])
    for size in ((451, 333), (120, 99)):
        layer = edits.scaled(document, *size).active_layer
        pixels = layer.pixels.read(Rect(0, 0, *size))
        assert (pixels[..., :3] <= pixels[..., 3:]).all()
        edge = Rect(
            50 * size[0] // WIDTH - 2,
            60 * size[1] // HEIGHT - 2,
            100 * size[0] // WIDTH + 5,
            101 * size[1] // HEIGHT + 5,
        )
        assert layer.mask.content_bounds() in edge
    with pytest.raises(ValueError, match="1 to 8192"):
        edits.scaled(document, 9000, 10)


def test_flattening_looks_the_same_in_one_layer(document):
    document = document.inserted(Layer("Hidden", noise(7), visible=False))
    flat = edits.flattened(document)
    assert len(flat.layers) == 1
    assert np.array_equal(composite(flat), composite(document))
    assert flat.active_layer.pixels.content_bounds() in document.bounds


def test_a_flattened_layer_is_a_plain_one_whatever_the_bottom_one_was(document):
    veiled = Layer(
        "Veiled",
        noise(3, alpha=255),
        soft(4, CANVAS),
        opacity=0.4,
        mode=BlendMode.MULTIPLY,
        generation={"seed": 1},
    )
    document = document.inserted(veiled, 0)
    flat = edits.flattened(document)
    assert np.array_equal(composite(flat), composite(document))
    (layer,) = flat.layers
    assert (layer.name, layer.mask, layer.opacity, layer.mode, layer.visible, layer.generation) == (
        "Veiled",
        None,
        1.0,
        BlendMode.NORMAL,
        True,
        None,
    )
    hidden_below = document.with_layer(document.layers[0].id, visible=False)
    assert edits.flattened(hidden_below).active_layer.visible


@pytest.mark.parametrize(("flags", "merged"), [((True, False), True), ((False, True), True), ((False, False), False)])
def test_merged_layers_are_in_the_guide_if_one_of_them_was(document, flags, merged):
    for layer, flag in zip(document.layers, flags, strict=True):
        document = document.with_layer(layer.id, in_guide=flag)
    assert edits.merged_visible(document).active_layer.in_guide is merged


def test_merging_visible_layers_keeps_the_hidden_ones_in_their_order(document):
    hidden = Layer("Hidden", noise(7), visible=False)
    document = document.inserted(hidden, 1)
    merged = edits.merged_visible(document)
    assert [layer.name for layer in merged.layers] == ["Hidden", "Paint"]
    assert np.array_equal(composite(merged), composite(document))
    alone = Document.of(9, 9, [hidden])
    assert edits.merged_visible(alone) is alone


# --- Around the model


def test_the_frame_is_the_documents_own_or_the_canvas(document):
    assert edits.frame_of(document) == document.bounds
    assert edits.frame_of(document.replace(frame=Rect(-5, 10, 50, 60))) == Rect(0, 10, 45, 60)
    assert edits.frame_of(document.replace(frame=Rect(900, 0, 5, 5))) == document.bounds


@pytest.mark.parametrize(
    ("selected", "expected"),
    [
        (Rect(100, 100, 60, 60), Rect(68, 68, 124, 124)),  # 32 pixels of context at least
        (Rect(400, 300, 200, 100), Rect(350, 250, 300, 200)),  # a quarter of the longest side
        (Rect(0, 0, 60, 60), Rect(0, 0, 92, 92)),  # cut at the corner
        (Rect(200, 300, 400, 10), Rect(100, 155, 600, 300)),  # 2:1 at most
        (Rect(0, 590, 700, 10), Rect(0, 162, 875, 438)),  # moved back inside
        (Rect(0, 0, 1000, 600), Rect(0, 0, 1000, 600)),
    ],
)
def test_the_frame_of_a_selection_has_context(selected, expected):
    document = Document.of(1000, 600, [Layer("Paper")]).replace(selection=full(selected))
    assert edits.frame_of(document) == expected


@given(
    width=st.integers(1, 900),
    height=st.integers(1, 900),
    x=st.integers(0, 899),
    y=st.integers(0, 899),
    w=st.integers(1, 900),
    h=st.integers(1, 900),
)
@settings(deadline=None)
def test_every_frame_lies_in_the_canvas_and_holds_the_selection(width, height, x, y, w, h):
    canvas = Rect(0, 0, width, height)
    selected = Rect(x % width, y % height, w, h) & canvas
    frame = edits.frame_of(Document.of(width, height, [Layer("Paper")]).replace(selection=full(selected)))
    assert frame in canvas
    assert selected in frame
    long, short = max(frame[2:]), min(frame[2:])
    assert long <= 2 * short or short in (width, height)


def test_the_guide_is_the_flagged_layers_on_white(document):
    document = document.inserted(Layer("Notes", noise(9, alpha=255), in_guide=False))
    frame = Rect(20, 30, 100, 90)
    guide = edits.guide(document, frame)
    expected = flatten(document.layers[:2], frame)
    assert guide.dtype == np.uint8 and guide.flags.c_contiguous
    assert np.array_equal(guide, expected[..., 2::-1])
    half = Document.of(4, 4, [Layer("Half", Tiles.from_array(np.full((4, 4, 4), (0, 0, 100, 100), np.uint8)))])
    assert (edits.guide(half, half.bounds) == (255, 155, 155)).all()


def test_the_edit_mask_is_the_selection_in_the_frame(document):
    assert edits.edit_mask(document, document.bounds) is None
    document = document.replace(selection=soft(1, Rect(30, 40, 60, 60)))
    frame = Rect(20, 30, 100, 90)
    assert np.array_equal(edits.edit_mask(document, frame), document.selection.read(frame))
    with pytest.raises(ValueError, match="outside the frame"):
        edits.edit_mask(document, Rect(200, 200, 50, 50))


@given(
    frame=st.builds(Rect, st.integers(0, 90), st.integers(0, 80), st.integers(100, 200), st.integers(100, 200)),
    selected=st.none() | st.builds(Rect, *[st.integers(0, 60)] * 2, *[st.integers(140, 240)] * 2),
)
def test_an_edit_fades_to_the_edges_of_the_frame_where_there_is_more_to_edit_beyond(frame, selected):
    document = Document.of(WIDTH, HEIGHT, [Layer("Paint")])
    document = document if selected is None else document.replace(selection=full(selected & document.bounds))
    frame, chosen = frame & document.bounds, (selected or document.bounds) & document.bounds
    mask = edits.edit_mask(document, frame)
    mask = np.full((frame.height, frame.width), 255) if mask is None else mask
    hard = full(chosen).read(frame)
    assert (mask <= hard).all()
    fade = ceil(edits.FADE * sqrt(frame.area))
    top, left = (fade if chosen.y < frame.y else 0), (fade if chosen.x < frame.x else 0)
    bottom = frame.height - (fade if chosen.bottom > frame.bottom else 0)
    right = frame.width - (fade if chosen.right > frame.right else 0)
    assert np.array_equal(mask[top:bottom, left:right], hard[top:bottom, left:right])
    for edge, fades in ((mask[0], top), (mask[-1], bottom < frame.height), (mask[:, 0], left)):
        assert not fades or edge.max() <= 2
    assert right == frame.width or mask[:, -1].max() <= 2


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_result_changes_no_bit_outside_its_mask(documents, data):
    document = data.draw(documents)
    selected = data.draw(st.none() | st.builds(soft, st.integers(0, 99), st.just(Rect(60, 70, 120, 90))))
    document = document.replace(selection=selected)
    frame = edits.frame_of(document)
    mask = edits.edit_mask(document, frame)
    picture = np.random.default_rng(0).integers(0, 256, (frame.height, frame.width, 3), dtype=np.uint8)
    after = edits.add_result(document, frame, picture, mask, "SDEdit", {"seed": 1})
    before, now = composite(document), composite(after)
    coverage = np.zeros(before.shape[:2], np.uint8)
    coverage[frame.y : frame.bottom, frame.x : frame.right] = 255 if mask is None else mask
    assert np.array_equal(now[coverage == 0], before[coverage == 0])
    guides = [layer for layer in document.layers if layer.in_guide and layer.visible]
    at = after.index(after.active)
    assert after.layers[at - 1] is guides[-1] if guides else at == len(document.layers)
    if not any(layer.visible for layer in after.layers[at + 1 :]):
        whole = np.zeros((*before.shape[:2], 3), np.uint8)
        whole[frame.y : frame.bottom, frame.x : frame.right] = picture[..., ::-1]
        assert np.array_equal(now[coverage == 255][:, :3], whole[coverage == 255])


def test_a_result_is_one_masked_layer_with_its_record(document):
    frame = Rect(30, 40, 120, 100)
    mask = soft(3, Rect(0, 0, 120, 100)).read(Rect(0, 0, 120, 100))
    picture = np.zeros((100, 120, 3), np.uint8)
    parameters = Parameters(t0=0.42, seed=3)
    result = edits.add_result(document, frame, picture, mask, edits.result_name(parameters), parameters.as_dict())
    layer = result.active_layer
    assert layer.name == "SDEdit 0.42, seed 3"
    assert layer.generation["t0"] == 0.42
    assert (layer.pixels.read(frame) == (0, 0, 0, 255)).all()
    assert np.array_equal(layer.mask.read(frame), mask)
    assert layer.mask.content_bounds() in frame and layer.pixels.content_bounds() == frame
    assert edits.add_result(document, frame, picture, None, "x", {}).active_layer.mask.content_bounds() == frame
    with pytest.raises(ValueError, match="size of 120 x 100"):
        edits.add_result(document, frame, picture[:50], mask, "x", {})


def test_a_result_lies_above_the_guide_that_is_seen_and_else_on_top(document):
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)

    def names(document):
        return [layer.name for layer in edits.add_result(document, CANVAS, picture, None, "Result", {}).layers]

    notes = document.inserted(Layer("Notes", noise(5), in_guide=False), 2).inserted(Layer("Hidden", visible=False), 3)
    assert names(notes) == ["Paper", "Paint", "Result", "Notes", "Hidden"]
    for layer in document.layers:
        notes = notes.with_layer(layer.id, in_guide=False)
    assert names(notes) == ["Paper", "Paint", "Notes", "Hidden", "Result"]


def test_edits_work_away_from_the_main_thread(document):
    document = document.replace(selection=soft(1, Rect(20, 20, 99, 99)))
    found = []

    def work():
        frame = edits.frame_of(document)
        result = edits.add_result(
            document, frame, edits.guide(document, frame), edits.edit_mask(document, frame), "", {}
        )
        found.append(composite(edits.flattened(edits.scaled(edits.fill(result, (1, 2, 3)), 200, 200))))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    frame = edits.frame_of(document)
    result = edits.add_result(document, frame, edits.guide(document, frame), edits.edit_mask(document, frame), "", {})
    assert np.array_equal(found[0], composite(edits.flattened(edits.scaled(edits.fill(result, (1, 2, 3)), 200, 200))))
