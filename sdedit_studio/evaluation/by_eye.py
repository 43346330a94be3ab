"""Contact sheets to judge a model by eye: strokes beside results, and results beside the nearest training pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sdedit_studio.evaluation.features import Features
from sdedit_studio.evaluation.memorisation import neighbours
from sdedit_studio.evaluation.pictures import Watch, png, unwatched
from sdedit_studio.evaluation.sheet import sheet
from sdedit_studio.files.atomic import write

PAIRS, ROWS = 48, 8

LOOKED_FOR = 24
"""The number of results whose nearest training pictures are searched."""


def show_pairs(folder: Path, guides: np.ndarray, pictures: np.ndarray) -> None:
    """Write `pairs.png`: up to 48 guides (n, h, w, 3) uint8, each beside its result."""
    columns = {}
    shown = min(PAIRS, len(guides))
    for start in range(0, shown, ROWS):
        part = slice(start, min(start + ROWS, shown))
        columns |= {
            f"strokes {start + 1}-{part.stop}": guides[part],
            f"pictures {start + 1}-{part.stop}": pictures[part],
        }
    write(folder / "pairs.png", png(sheet(columns)))


def show_neighbours(
    folder: Path,
    guides: np.ndarray,
    pictures: np.ndarray,
    photographs: np.ndarray,
    trained_on: Path,
    features: Features,
    watch: Watch = unwatched,
) -> str:
    """Write `neighbours.png`: results beside the nearest training pictures, the nearest first.

    All pictures (n, side, side, 3) uint8. Returns a note with the distances of the results, and for comparison those of
    `photographs` that were not trained on: a model that memorises makes pictures that are nearer. Raises
    EvaluationProblem when `trained_on` cannot be read.
    """
    chosen = slice(0, LOOKED_FOR)
    both = np.concatenate([pictures[chosen], photographs[chosen]])
    found = neighbours(both, trained_on, features, watch)
    count = len(pictures[chosen])
    made, real = found.distance[:count], found.distance[count:]
    order = made.argsort()
    columns = {"guide": guides[order], "result": pictures[order], "nearest trained on": found.pixels[order]}
    write(folder / "neighbours.png", png(sheet(columns)))
    return (
        f"Nearest training picture by {features.name}, distance of features: {np.median(made):.3g} from the results in "
        f"the median, {made.min():.3g} at the least; {np.median(real):.3g} and {real.min():.3g} from photographs that "
        f"were not trained on. {count} of each, among the pictures of {trained_on.name}."
    )


def nearest_level(t0s: Sequence[float], wanted: float) -> float | None:
    """The value of `t0s` above 0 that is nearest to `wanted`, or None."""
    return min((t0 for t0 in t0s if t0 > 0), key=lambda t0: abs(t0 - wanted), default=None)
