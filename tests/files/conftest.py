"""Random documents, and what it means for two to be the same, for the tests of this folder."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import strategies as st

from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer
from sdedit_studio.document.sources import CHANGED, outdated
from sdedit_studio.parameters import Parameters, Refine, Sde, Solver
from sdedit_studio.raster.blend import BlendMode
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import COLOUR, EMPTY, Tiles


def pixels(seed: int, rect: Rect) -> Tiles:
    """Random premultiplied pixels, with transparent, opaque and half transparent ones among them."""
    random = np.random.default_rng(seed)
    alpha = random.choice([0, 1, 60, 128, 254, 255], (rect.height, rect.width, 1))
    straight = random.integers(0, 256, (rect.height, rect.width, 3))
    return Tiles.from_array(np.dstack([(straight * alpha + 127) // 255, alpha]).astype(np.uint8), rect.x, rect.y)


def coverage(seed: int, rect: Rect) -> Tiles:
    random = np.random.default_rng(seed)
    return Tiles.from_array(random.integers(0, 256, (rect.height, rect.width), dtype=np.uint8), rect.x, rect.y)


_seeds = st.integers(0, 2**16)
_rects = st.builds(Rect, st.integers(-300, 300), st.integers(-300, 300), st.integers(1, 300), st.integers(1, 60))
_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=6,
)
_names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=20)
_masks = st.builds(coverage, _seeds, _rects) | st.just(Tiles(1))
_layers = st.builds(
    Layer,
    name=_names,
    pixels=st.builds(pixels, _seeds, _rects) | st.just(EMPTY),
    mask=_masks | st.none(),
    opacity=st.floats(0, 1),
    mode=st.sampled_from(BlendMode),
    visible=st.booleans(),
    in_guide=st.booleans(),
    alpha_locked=st.booleans(),
    generation=st.none() | st.dictionaries(st.text(), _json, max_size=4),
    follows=st.booleans(),
    sources=st.sampled_from([None, CHANGED]),
)
_documents = st.builds(
    lambda layers, active, selection, frame, protection: Document(
        200, 120, tuple(layers), layers[active % len(layers)].id, selection, frame, protection
    ),
    st.lists(_layers, min_size=1, max_size=4),
    st.integers(0, 9),
    st.none() | st.builds(coverage, _seeds, _rects),
    st.none() | _rects,
    st.none() | st.builds(coverage, _seeds, _rects),
)


@pytest.fixture(scope="session")
def documents() -> st.SearchStrategy[Document]:
    return _documents


@pytest.fixture(scope="session")
def parameters() -> st.SearchStrategy[Parameters]:
    return st.builds(
        Parameters,
        t0=st.floats(0, 1),
        calls=st.integers(1, 1000),
        repeats=st.integers(1, 10),
        refine=st.sampled_from(Refine),
        seed=st.integers(0, 2**32 - 1),
        solver=st.sampled_from(Solver),
        sde=st.sampled_from(Sde),
        condition=st.none() | st.text(),
    )


@pytest.fixture(scope="session")
def painting() -> Document:
    """A canvas with opaque and soft pixels, several modes, opacities and masks."""
    return Document.of(
        120,
        90,
        [
            Layer("Paper", Tiles.from_array(np.full((90, 120, 4), (210, 225, 240, 255), np.uint8))),
            Layer("Strokes", pixels(1, Rect(-10, 20, 90, 60)), opacity=0.7),
            Layer("Shade", pixels(2, Rect(30, -10, 80, 70)), mode=BlendMode.MULTIPLY, in_guide=False),
            Layer("Masked", pixels(3, Rect(20, 30, 70, 50)), coverage(4, Rect(40, 20, 60, 40)), generation={"seed": 3}),
            Layer("Glow", pixels(5, Rect(0, 0, 60, 60)), mode=BlendMode.SCREEN, opacity=0.4, alpha_locked=True),
        ],
    ).replace(selection=coverage(6, Rect(10, 10, 30, 30)), frame=Rect(8, 8, 60, 50))


@pytest.fixture(scope="session")
def content() -> Callable[[Document], tuple]:
    """All that a document is made of except its layers' identities, pixels included."""

    def picture(tiles: Tiles | None) -> tuple | None:
        if tiles is None:
            return None
        bounds = tiles.content_bounds()
        return tiles.channels == COLOUR, bounds, tiles.read(bounds).tobytes()

    def describe(document: Document) -> tuple:
        layers = [
            (
                *(x.name, picture(x.pixels), picture(x.mask), x.opacity, x.mode, x.visible, x.in_guide, x.alpha_locked),
                None if x.generation is None else dict(x.generation),
                x.follows,
                outdated(document, x),
            )
            for x in document.layers
        ]
        size = document.width, document.height
        coverages = picture(document.selection), picture(document.protection)
        return size, document.active_index, coverages, document.frame, layers

    return describe
