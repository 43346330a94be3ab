"""A test of memorisation: the training pictures nearest to results, and those nearest to unseen photographs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from sdedit_studio.evaluation.features import Features, extract
from sdedit_studio.evaluation.pictures import Watch, list_pictures, read_pictures, unwatched

CELLS = 8
"""Cells a side of the colour layout."""

CHUNK = 1000
"""Training pictures in memory at a time."""

SHORTLIST = 48
"""Training pictures with the most similar layout, whose features are compared."""


@dataclass(frozen=True)
class Neighbours:
    """For each of n pictures its nearest training picture (n, h, w, 3) uint8, and their features' distance (n,)."""

    pixels: np.ndarray
    distance: np.ndarray


def neighbours(pictures: np.ndarray, trained_on: Path, features: Features, watch: Watch = unwatched) -> Neighbours:
    """The nearest of the pictures in `trained_on`, a folder or zip, to each of `pictures` (n, side, side, 3) uint8.

    A copy has the colours of its original in the same places: colour layouts give a short list, from which the distance
    of features selects. Raises EvaluationProblem when the source cannot be read.
    """
    side = pictures.shape[1]
    names = list_pictures(trained_on)
    shortlists = _shortlists(colour_layout(pictures), trained_on, names, side, watch)
    wanted = extract(features, pictures)
    found, distances = [], []
    for done, (shortlist, own) in enumerate(zip(shortlists, wanted, strict=True), 1):
        candidates = read_pictures(trained_on, shortlist, side)
        distance = np.linalg.norm(extract(features, candidates.pixels) - own, axis=1)
        found.append(candidates.pixels[distance.argmin()])
        distances.append(distance.min())
        watch("Comparing with training pictures", done, len(pictures))
    return Neighbours(np.stack(found), np.array(distances))


def _shortlists(
    layouts: np.ndarray, source: Path, names: Sequence[str], side: int, watch: Watch
) -> Sequence[Sequence[str]]:
    best: list[list[tuple[float, str]]] = [[] for _ in layouts]
    for start in range(0, len(names), CHUNK):
        chunk = read_pictures(source, names[start : start + CHUNK], side)
        if len(chunk):
            distance = layout_distance(layouts, colour_layout(chunk.pixels))
            for index, row in enumerate(distance):
                best[index] = sorted([*best[index], *zip(row.tolist(), chunk.names, strict=True)])[:SHORTLIST]
        watch("Reading training pictures", min(start + CHUNK, len(names)), len(names))
    return [[name for _, name in each] for each in best]


def colour_layout(pictures: np.ndarray) -> np.ndarray:
    """The mean colours of an 8 x 8 grid, (n, 192), in grey levels."""
    small = [np.asarray(Image.fromarray(p).resize((CELLS, CELLS), Image.Resampling.BOX), np.float64) for p in pictures]
    return np.stack(small).reshape(len(pictures), -1)


def layout_distance(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Squared distances between rows of two sets of layouts, (n, m)."""
    return (one**2).sum(1)[:, None] + (other**2).sum(1) - 2 * one @ other.T
