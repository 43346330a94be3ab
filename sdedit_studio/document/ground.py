"""What a result stands on: the layers of the guide under it, told by their identities and never by their pixels."""

from __future__ import annotations

from collections.abc import Container, Iterable
from weakref import ref

from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Ground, Layer

CHANGED: Ground = ((),)
"""A ground that no layers make."""


def below(document: Document, layer_id: str) -> list[Layer]:
    """The visible layers of the guide under a layer, bottom first. Raises KeyError when it is not in the document."""
    return guides(document.layers[: document.index(layer_id)])


def guides(layers: Iterable[Layer]) -> list[Layer]:
    """Those that the model sees."""
    return [layer for layer in layers if layer.in_guide and layer.visible]


def ground(layers: Iterable[Layer]) -> Ground:
    """What these layers are, to be compared later; it keeps none of their pixels alive."""
    return tuple(
        (layer.id, ref(layer.pixels), layer.mask and ref(layer.mask), layer.opacity, layer.mode) for layer in layers
    )


def outdated(document: Document, layer: Layer) -> bool:
    """Whether a result's ground has changed since it was made. False for other layers, and where that is unknown."""
    if layer.generation is None or layer.ground is None:
        return False
    return layer.ground != ground(below(document, layer.id))


def grounded(document: Document, changed: Container[str] = ()) -> Document:
    """The document with its results taken to be of what is below them now, but for `changed` ones, given by id."""

    def now(layer: Layer) -> Layer:
        if layer.generation is None:
            return layer
        return layer.replace(ground=CHANGED if layer.id in changed else ground(below(document, layer.id)))

    return document.replace(layers=tuple(map(now, document.layers)))


def outdated_ids(document: Document) -> set[str]:
    """The results whose ground has changed."""
    return {layer.id for layer in document.layers if outdated(document, layer)}
