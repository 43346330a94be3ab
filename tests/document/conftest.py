"""Random documents and random commands on them, for the property tests of this folder."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import strategies as st

from sdedit_studio.document import edits
from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer
from sdedit_studio.raster.blend import BlendMode
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles

WIDTH, HEIGHT = 300, 270  # four tiles, none of them whole but one


def _pixels(seed: int, rect: Rect) -> Tiles:
    """Random premultiplied pixels, with transparent, opaque and half transparent ones among them."""
    random = np.random.default_rng(seed)
    alpha = random.choice([0, 1, 60, 128, 254, 255], (rect.height, rect.width, 1))
    straight = random.integers(0, 256, (rect.height, rect.width, 3))
    return Tiles.from_array(np.dstack([(straight * alpha + 127) // 255, alpha]).astype(np.uint8), rect.x, rect.y)


def _coverage(seed: int, rect: Rect) -> Tiles:
    random = np.random.default_rng(seed)
    return Tiles.from_array(random.choice([0, 100, 255], (rect.height, rect.width)).astype(np.uint8), rect.x, rect.y)


_seeds = st.integers(0, 2**16)
_rects = st.builds(Rect, st.integers(-40, 200), st.integers(-40, 200), st.integers(80, 300), st.integers(80, 300))
_layers = st.builds(
    Layer,
    name=st.just("Layer"),
    pixels=st.builds(_pixels, _seeds, _rects),
    mask=st.none() | st.builds(_coverage, _seeds, _rects),
    opacity=st.sampled_from([1.0, 0.3, 0.0]),
    mode=st.sampled_from(BlendMode),
    visible=st.sampled_from([True, True, True, False]),
    in_guide=st.booleans(),
    alpha_locked=st.booleans(),
)


@dataclass(frozen=True)
class Command:
    """A change of a document, with a name for hypothesis to print."""

    name: str
    change: Callable[[Document], Document]

    def __repr__(self) -> str:
        return self.name


def _on_layer(name: str, change: Callable[[Document, str], Document]) -> st.SearchStrategy[Command]:
    return st.integers(0, 9).map(
        lambda n: Command(f"{name} {n}", lambda doc: change(doc, doc.layers[n % len(doc.layers)].id))
    )


_colours = st.tuples(*[st.integers(0, 255)] * 3)
_COMMANDS = {
    "paint": st.builds(lambda s, r: Command(f"paint {r}", lambda d: d.with_pixels(_pixels(s, r))), _seeds, _rects),
    "select": st.builds(
        lambda s, r: Command(f"select {r}", lambda d: d.replace(selection=_coverage(s, r))), _seeds, _rects
    ),
    "deselect": st.just(Command("deselect", lambda d: d.replace(selection=None))),
    "fill": st.builds(lambda c: Command(f"fill {c}", lambda d: edits.fill(d, c)), _colours),
    "clear": st.just(Command("clear", edits.clear)),
    "cut": st.just(Command("cut", lambda d: edits.cut(d)[0])),
    "insert": st.builds(
        lambda layer, n: Command(f"insert {n}", lambda d: d.inserted(layer, min(n, len(d.layers)))),
        _layers,
        st.integers(0, 9),
    ),
    "activate": _on_layer("activate", lambda d, i: d.replace(active=i)),
    "duplicate": _on_layer("duplicate", Document.duplicated),
    "remove": _on_layer("remove", Document.removed),
    "reorder": st.integers(-1, 5).flatmap(
        lambda to: _on_layer(f"reorder to {to}", lambda d, i: d.reordered(i, to)),
    ),
    "merge down": _on_layer("merge down", lambda d, i: d.merged_down(i) if d.index(i) else d),
    "visible": _on_layer("hide or show", lambda d, i: d.with_layer(i, visible=not d.layer(i).visible)),
    "move": _on_layer("move", lambda d, i: d.with_layer(i, **vars_of(d.layer(i).moved(7, -90)))),
    "mask": st.builds(_coverage, _seeds, _rects).flatmap(
        lambda mask: _on_layer("mask", lambda d, i: d.with_layer(i, mask=mask)),
    ),
    "unmask": _on_layer("unmask", lambda d, i: d.with_layer(i, mask=None)),
    "mode": st.sampled_from(BlendMode).flatmap(
        lambda mode: _on_layer(f"mode {mode}", lambda d, i: d.with_layer(i, mode=mode)),
    ),
    "opacity": st.sampled_from([1.0, 0.4, 0.0]).flatmap(
        lambda opacity: _on_layer(f"opacity {opacity}", lambda d, i: d.with_layer(i, opacity=opacity)),
    ),
    "merge visible": st.just(Command("merge visible", edits.merged_visible)),
    "flatten": st.just(Command("flatten", edits.flattened)),
    "flip": st.booleans().map(lambda way: Command(f"flip {way}", lambda d: edits.flipped(d, horizontally=way))),
}


def vars_of(layer: Layer) -> dict[str, Tiles | None]:
    return {"pixels": layer.pixels, "mask": layer.mask}


@pytest.fixture(scope="session")
def documents() -> st.SearchStrategy[Document]:
    return st.lists(_layers, min_size=2, max_size=4).map(lambda layers: Document.of(WIDTH, HEIGHT, layers))


@pytest.fixture(scope="session")
def commands() -> st.SearchStrategy[list[Command]]:
    return st.lists(st.one_of(*_COMMANDS.values()), min_size=1, max_size=3)


@pytest.fixture(scope="session", params=_COMMANDS)
def command(request) -> st.SearchStrategy[Command]:
    return _COMMANDS[request.param]
