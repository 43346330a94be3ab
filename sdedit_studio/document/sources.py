"""The sources of a result: the guide layers below it that it was made from, compared by identity, not by pixels."""

from __future__ import annotations

from collections.abc import Container, Iterable
from weakref import ref

from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer, Sources

CHANGED: Sources = ((),)
"""Sources that equal those of no layers, for a result whose layers are known to have changed."""


def guide_layers_below(document: Document, layer_id: str) -> list[Layer]:
    """The visible guide layers below a layer, bottom first. Raises KeyError when it is not in the document."""
    return guide_layers(document.layers[: document.index(layer_id)])


def guide_layers(layers: Iterable[Layer]) -> list[Layer]:
    """The layers that the model sees."""
    return [layer for layer in layers if layer.in_guide and layer.visible]


def sources_of(layers: Iterable[Layer]) -> Sources:
    """The identities of these layers, to be compared later. They hold weak references only, so pixels can be freed."""
    return tuple(
        (layer.id, ref(layer.pixels), layer.mask and ref(layer.mask), layer.opacity, layer.mode) for layer in layers
    )


def outdated(document: Document, layer: Layer) -> bool:
    """Whether a result's sources have changed since it was made. False for other layers, and for unknown sources."""
    if layer.generation is None or layer.sources is None:
        return False
    return layer.sources != sources_of(guide_layers_below(document, layer.id))


def with_current_sources(document: Document, changed: Container[str] = ()) -> Document:
    """The document with the sources of each result set to what is below it now; to CHANGED for the ids in `changed`."""

    def updated(layer: Layer) -> Layer:
        if layer.generation is None:
            return layer
        below = guide_layers_below(document, layer.id)
        return layer.replace(sources=CHANGED if layer.id in changed else sources_of(below))

    return document.replace(layers=tuple(map(updated, document.layers)))


def outdated_ids(document: Document) -> set[str]:
    """The ids of the results whose sources have changed."""
    return {layer.id for layer in document.layers if outdated(document, layer)}
