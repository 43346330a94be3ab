"""A sheet of variations, asked for and filled by a test."""

from __future__ import annotations

import numpy as np

from sdedit_studio.raster.compositor import flatten
from sdedit_studio.raster.tiles import Tiles
from tests.ui.documents import push

COLOURS = [(200, 40, 10), (10, 200, 40), (40, 10, 200), (90, 90, 90), (150, 20, 150)]


def composite(document) -> np.ndarray:
    return flatten(document.layers, document.bounds)


def paint(session) -> None:
    """A white stroke on the top layer, at 4 to 12."""

    def change(document):
        layer = document.layers[-1]
        pixels = layer.pixels.with_array(np.full((8, 8, 4), 255, np.uint8), 4, 4)
        return document.with_layer(layer.id, pixels=pixels)

    session.change("Stroke", change, at_once=True)


def select_left(session) -> None:
    coverage = np.full((64, 48), 255, np.uint8)
    push(session, "Select", session.document.replace(selection=Tiles.from_array(coverage)))


async def begun(flow) -> list:
    """Ask for a sheet; returns the engine's runs of it."""
    before = len(flow.engine.idle)
    flow.variations.make()
    await flow.until(lambda: len(flow.engine.idle) > before)
    return flow.engine.idle[before:]


async def filled(flow, runs=None):
    """A full sheet, each picture in a colour of its own."""
    variations = flow.variations
    for run, colour in zip(runs or await begun(flow), COLOURS, strict=False):
        run.progress(8, colour=colour)
        run.finish(colour)
    await flow.until(lambda: not variations.filling)
    return variations


async def shown(flow, variation) -> None:
    await flow.until(lambda: flow.generation.shown is not None and flow.generation.shown.edit.job is variation.edit.job)
