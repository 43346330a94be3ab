"""The paper's experiment on simulated strokes: SDEdit over t0 against baselines, on pictures not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from sdedit_studio.evaluation.by_eye import nearest_level, show_neighbours, show_pairs
from sdedit_studio.evaluation.edits import Study, edit_all, settings_of
from sdedit_studio.evaluation.features import Features
from sdedit_studio.evaluation.kid import FEWEST
from sdedit_studio.evaluation.memorisation import colour_layout, layout_distance
from sdedit_studio.evaluation.pictures import Watch, list_pictures, png, read_pictures, unwatched
from sdedit_studio.evaluation.plot import check_plots
from sdedit_studio.evaluation.problem import EvaluationProblem
from sdedit_studio.evaluation.reference import MOST, SUFFIX, Realism, as_file, read_reference, reference_of
from sdedit_studio.evaluation.sheet import sheet
from sdedit_studio.evaluation.strokes import strokes
from sdedit_studio.evaluation.sweep import curve_row, realism_notes, run_notes, write_table
from sdedit_studio.evaluation.table import Table, row
from sdedit_studio.files.atomic import write
from sdedit_studio.models.loaded import LoadedModel
from sdedit_studio.parameters import Parameters

SHOWN = 16
"""Guides on the contact sheet."""


@dataclass(frozen=True)
class Split:
    """Disjoint sets of pictures: `photographs` for strokes, `gallery` for the nearest photographs, `reference` for KID.

    `reference` is empty when it comes from another source. The gallery is no part of it, as KID would otherwise compare
    pictures with themselves.
    """

    photographs: Sequence[str]
    gallery: Sequence[str]
    reference: Sequence[str]


def split(names: list[str], count: int, *, reference_given: bool) -> Split:
    """Split `names`: `count` photographs drawn at random, with a fixed seed, and the others into two halves.

    Raises EvaluationProblem when too few pictures are left over.
    """
    drawn = [names[i] for i in np.random.default_rng(0).permutation(len(names))]
    photographs, others = drawn[:count], drawn[count:]
    if len(photographs) < FEWEST:
        raise EvaluationProblem(
            f"KID needs at least {FEWEST} pictures to make guides of, and there are {len(photographs)}."
        )
    if reference_given:
        return Split(photographs, others[:MOST], ())
    if len(others) < 2 * FEWEST:
        raise EvaluationProblem(
            f"{len(names)} pictures leave {len(others)} to compare {count} guides with: give more pictures, a lower "
            "--count, or a --reference."
        )
    middle = len(others) // 2
    return Split(photographs, others[:middle][:MOST], others[middle:][:MOST])


def evaluate(
    model: LoadedModel,
    source: Path,
    reference: Path | None,
    count: int,
    t0s: Sequence[float],
    parameters: Parameters,
    folder: Path,
    features: Features,
    watch: Watch = unwatched,
    *,
    trained_on: Path | None = None,
) -> Table:
    """Simulate strokes from `count` pictures of `source`, a folder or zip, and edit them at each t0.

    Writes `table.csv`, `.md`, `.json`, `curve.png`, `contact.png` (some guides at every t0), `pairs.png` (more of them
    at the t0 nearest to the model's own) and `reference.safetensors` (what KID compared with, for other studies) into
    `folder`. `reference`: as for `read_reference`; None for half of the remaining pictures. `trained_on`: the
    model's training pictures, the nearest of which are shown in `neighbours.png`. Raises EvaluationProblem when a
    source cannot be read or has too few pictures, or the folder holds something else.
    """
    check_plots()
    side = model.card.native
    if reference is not None and reference.resolve() == source.resolve():
        raise EvaluationProblem(
            f"{source} cannot be its own reference: leave --reference out, and it will be shared out."
        )
    names = split(list_pictures(source), count, reference_given=reference is not None)
    photographs = read_pictures(source, names.photographs, side, watch, "Reading photographs")
    gallery = read_pictures(source, names.gallery, side, watch, "Reading neighbours")
    rest = read_pictures(source, names.reference, side, watch, "Reading the reference")
    if len(photographs) < FEWEST:
        raise EvaluationProblem(f"Only {len(photographs)} pictures of {source} can be read, and KID needs {FEWEST}.")
    guides = np.stack([strokes(picture) for picture in photographs.pixels])
    settings = settings_of(model, guides, parameters)
    results = edit_all(Study(folder, settings), model, guides, sorted({0.0, *t0s}), parameters, watch)

    if reference is None:
        against = reference_of(rest, features, source.name, watch)
    else:
        against = read_reference(reference, features, side, watch)
    realism = Realism(features, against)
    baselines = {"the guide, blurred": np.stack([blurred(guide) for guide in guides])}
    if len(gallery):
        baselines["the nearest photograph"] = nearest(guides, gallery.pixels)
    baselines["the photographs themselves"] = photographs.pixels

    rows = [curve_row(model, t0, guides, pictures, realism, watch) for t0, pictures in results.items()]
    for method, pictures in baselines.items():
        rows.append(
            row(method, None, None, guides, pictures, realism.measure(pictures, watch, f"Features of {method}"))
        )
    broken = [*photographs.broken, *gallery.broken, *rest.broken]
    notes = [
        *run_notes(model, parameters, len(guides)),
        *realism_notes(rows, realism),
        "Guides: photographs through a median filter, in 6 colours. Nearest: by mean colours of an 8 x 8 grid, among "
        f"{len(gallery)} other photographs of {source.name}.",
        *([f"Left out, as they cannot be read: {', '.join(broken)}."] if broken else []),
    ]
    own = nearest_level(t0s, model.card.default_t0)
    if own is not None:
        show_pairs(folder, guides, results[own])
        if trained_on is not None:
            pictures = photographs.pixels
            notes.append(show_neighbours(folder, guides, results[own], pictures, trained_on, features, watch))
    table = Table(rows, features.name, {**settings, "photographs": list(photographs.names)}, notes)
    columns = {"photograph": photographs.pixels, "guide": guides}
    columns |= {f"t0 {t0:g}": pictures for t0, pictures in results.items() if t0 > 0}
    columns |= {"blurred": baselines["the guide, blurred"]}
    columns |= {"nearest": baselines["the nearest photograph"]} if len(gallery) else {}
    write(folder / "contact.png", png(sheet({name: pictures[:SHOWN] for name, pictures in columns.items()})))
    write(folder / f"reference{SUFFIX}", as_file(against))
    write_table(folder, table, model.card.default_t0)
    return table


def blurred(picture: np.ndarray) -> np.ndarray:
    """A baseline: a Gaussian blur with a standard deviation of 1/50 of the picture's height."""
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(picture.shape[0] / 50)))


def nearest(guides: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    """A baseline: for each guide the picture of `gallery` with the most similar colour layout, (n, h, w, 3) uint8."""
    return gallery[layout_distance(colour_layout(guides), colour_layout(gallery)).argmin(1)]
