"""Which solver and how many calls suit live mode: `python tests/benchmarks/live_calls.py PICTURES [--count 48]`.

PICTURES is a folder or zip of photographs the model was not trained on. Strokes are simulated from some of them and
edited; the others are what KID compares with. Printed for each choice, as a Markdown table: L2 to the guide, KID, and
by how many grey levels the picture moves away from one stroke added to the guide, and under it, with the same noise.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from sdedit_studio.evaluation.edits import BATCH, edited
from sdedit_studio.evaluation.evaluate import split
from sdedit_studio.evaluation.features import choose, extract
from sdedit_studio.evaluation.kid import kid
from sdedit_studio.evaluation.measures import l2
from sdedit_studio.evaluation.pictures import list_pictures, read_pictures
from sdedit_studio.evaluation.strokes import strokes
from sdedit_studio.models.catalogue import find
from sdedit_studio.models.load import load
from sdedit_studio.models.loaded import LoadedModel
from sdedit_studio.parameters import Parameters, Solver

CALLS = (3, 4, 5, 6, 8)
SOLVERS = (Solver.DPMPP_2M, Solver.DPMPP_2M_SDE)
STROKE = (slice(40, 52), slice(24, 72))
AWAY = 16
"""Pixels from the stroke beyond which nothing was painted."""


def all_edits(model: LoadedModel, guides: np.ndarray, parameters: Parameters) -> np.ndarray:
    starts = range(0, len(guides), BATCH)
    return np.concatenate(
        [
            edited(model, guides[i : i + BATCH], parameters, range(i, min(i + BATCH, len(guides))), lambda: None)
            for i in starts
        ]
    )


def with_stroke(guides: np.ndarray) -> np.ndarray:
    """Each guide with a broad stroke across its middle, in its own colours reversed."""
    painted = guides.copy()
    painted[:, *STROKE] = 255 - guides.mean((1, 2), keepdims=True).astype(np.uint8)
    return painted


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure solvers and calls for live mode.")
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--count", type=int, default=48, help="guides to edit")
    parser.add_argument("--still", type=int, default=16, help="guides to add a stroke to")
    args = parser.parse_args()
    model = load(find(Parameters.model), torch.device("cpu"), torch.float32, compiled=True)
    side = model.card.native
    parts = split(list_pictures(args.pictures), args.count, reference_given=False)
    photographs = read_pictures(args.pictures, parts.photographs, side).pixels
    others = read_pictures(args.pictures, [*parts.gallery, *parts.reference], side).pixels
    guides = np.stack([strokes(picture) for picture in photographs])
    painted = with_stroke(guides[: args.still])
    features = choose("efficientnet-lite0")
    reference = extract(features, others)

    away, under = np.ones((side, side), bool), np.zeros((side, side), bool)
    down, across = STROKE
    away[down.start - AWAY : down.stop + AWAY, across.start - AWAY : across.stop + AWAY] = False
    under[STROKE] = True

    def realism(pictures: np.ndarray) -> str:
        estimate = kid(extract(features, pictures), reference)
        return f"{estimate.mean:.3f} ± {estimate.std:.3f}"

    print(f"{len(guides)} guides, t0 {Parameters.t0:g}, KID against {len(others)} photographs by {features.name}\n")
    print("| solver | calls | L2 | KID | moves away from the stroke: mean, 99th percentile | under it |")
    print("|---|---|---|---|---|---|")
    print(f"| the guides themselves | | 0 | {realism(guides)} | | |")
    print(f"| their photographs | | | {realism(photographs)} | | |", flush=True)
    for solver in SOLVERS:
        for calls in CALLS:
            parameters = replace(Parameters(), solver=solver, calls=calls)
            results = all_edits(model, guides, parameters)
            moved = np.abs(all_edits(model, painted, parameters).astype(int) - results[: args.still])
            change = moved.mean(3)
            print(
                f"| {solver} | {calls} | {l2(results, guides).mean():.0f} | {realism(results)} "
                f"| {change[:, away].mean():.1f}, {np.percentile(change[:, away], 99):.0f} "
                f"| {change[:, under].mean():.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
