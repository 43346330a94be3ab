"""The comparison of ways of refining at canvas size: the same first passes refined by a detail network, SDE, or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from sdedit_studio.diffusion.cascade import as_pixels, as_tensor, resized
from sdedit_studio.diffusion.plan import Stage
from sdedit_studio.evaluation.canvas_edits import Edits, edit_all
from sdedit_studio.evaluation.canvas_table import Row, Table, as_csv, as_json, as_markdown
from sdedit_studio.evaluation.cost import gflop
from sdedit_studio.evaluation.edits import Study, settings_of
from sdedit_studio.evaluation.features import Features, extract, sha256
from sdedit_studio.evaluation.kid import FEWEST, MANY
from sdedit_studio.evaluation.measures import drift, sharpness
from sdedit_studio.evaluation.pictures import Frame, Pictures, Watch, png, read_frames, unwatched
from sdedit_studio.evaluation.problem import EvaluationProblem
from sdedit_studio.evaluation.reference import MOST, Realism, Reference
from sdedit_studio.evaluation.sheet import sheet
from sdedit_studio.evaluation.strokes import COLOURS, strokes
from sdedit_studio.files.atomic import write
from sdedit_studio.models.loaded import LoadedModel
from sdedit_studio.parameters import Parameters, Refine

CROP = 256
"""Side in pixels of the crops that KID compares, or the canvas's short side where that is less."""

SHOWN = 8
"""Guides in `pairs-100.png`."""

PHOTOGRAPHS, GUIDES = "the photographs", "the guides"


def compare(
    model: LoadedModel,
    source: Path,
    reference: Path | None,
    count: int,
    frame: Frame,
    ways: Sequence[Refine],
    parameters: Parameters,
    folder: Path,
    features: Features,
    watch: Watch = unwatched,
    *,
    painted: bool = False,
) -> Table:
    """Edit `count` guides at the size of `frame` in each of `ways`, from the same first passes.

    `source`: a folder or zip of photographs, from which strokes are simulated, or with `painted`, of guides.
    `reference`: a folder or zip of photographs for KID; None for those of `source`. Writes `table.csv`, `.md`, `.json`
    and `pairs-100.png` into `folder`. Raises EvaluationProblem when a source cannot be read or has too few pictures,
    the ways have no first pass in common, or the folder holds something else; ModelProblem when a way needs a detail
    network that is not installed.
    """
    plans = {way: model.card.passes(frame.width, frame.height, replace(parameters, refine=way)) for way in ways}
    _check_first_pass(list(plans.values()), parameters.t0)
    if painted and reference is None:
        raise EvaluationProblem("Guides are no photographs: give a --reference to compare with.")
    pictures = _read(source, frame, count, watch, "Reading pictures")
    photographs = pictures
    if reference is not None:
        photographs = _read(reference, frame, MOST // len(crops(pictures.pixels[:1])), watch, "Reading the reference")
    guides = pictures.pixels if painted else np.stack([strokes(picture) for picture in pictures.pixels])
    settings = _settings(model, guides, parameters, frame)
    edits = edit_all(Study(folder, settings), model, guides, plans, parameters, watch)

    compared = crops(photographs.pixels)
    known = extract(features, compared, watch, "Features of the reference")
    realism = Realism(features, Reference(known, features.name, compared.shape[1], (reference or source).name))

    def row(name: str, pixels: np.ndarray) -> Row:
        own = pixels is photographs.pixels  # with themselves they have no KID
        kid = None if own else realism.measure(crops(pixels), watch, f"Features of {name}")
        return Row(name, kid, float(np.median([sharpness(picture) for picture in pixels])))

    shown = {GUIDES: guides} if painted else {PHOTOGRAPHS: pictures.pixels, GUIDES: guides}
    rows = [row(name, pixels) for name, pixels in shown.items()]
    for way in plans:
        shown[way.value] = np.stack([made.picture for made in edits.refined[way]])
        cost = gflop(model.card, frame.width, frame.height, replace(parameters, refine=way))
        rows.append(replace(row(way.value, shown[way.value]), gflop=cost, **_of_edits(edits, way)))
    notes = [
        *_notes(model, parameters, frame, pictures, source, painted=painted),
        _kid_note(rows[-1], pictures, photographs, realism, given=reference is not None),
        *_DEFINITIONS,
    ]
    table = Table(rows, features.name, {**settings, "pictures": list(pictures.names)}, notes)
    write(folder / "pairs-100.png", png(sheet({name: _middles(pixels[:SHOWN]) for name, pixels in shown.items()})))
    write(folder / "table.csv", as_csv(table))
    write(folder / "table.md", as_markdown(table))
    write(folder / "table.json", as_json(table))
    return table


def crops(pictures: np.ndarray) -> np.ndarray:
    """Square crops (m, side, side, 3) of `pictures` (n, h, w, 3): of each the largest centred grid of crops.

    `side`: `CROP`, or the short side where that is less.
    """
    height, width = pictures.shape[1:3]
    side = min(CROP, height, width)
    rows, columns = height // side, width // side
    top, left = (height - rows * side) // 2, (width - columns * side) // 2
    corners = [(top + row * side, left + column * side) for row in range(rows) for column in range(columns)]
    return np.stack([picture[y : y + side, x : x + side] for picture in pictures for y, x in corners])


def _check_first_pass(plans: Sequence[Sequence[Stage]], t0: float) -> None:
    """Raises EvaluationProblem unless all plans have the same first pass; a low t0 starts at a larger one."""
    firsts = {tuple(plan[:1]) for plan in plans}
    if len(firsts) != 1 or firsts == {()}:
        raise EvaluationProblem(
            f"At t0 {t0:g} the ways of refining have no first pass in common: choose a higher t0, or one way alone."
        )


def _read(source: Path, frame: Frame, most: int, watch: Watch, label: str) -> Pictures:
    pictures = read_frames(source, frame, most, watch, label)
    if not len(pictures) or len(crops(pictures.pixels)) < FEWEST:
        raise EvaluationProblem(
            f"{source} has {len(pictures)} pictures that fill {frame.width} x {frame.height} pixels, too few for KID: "
            "give more, a smaller --canvas, or a larger --enlarged."
        )
    return pictures


def _settings(model: LoadedModel, guides: np.ndarray, parameters: Parameters, frame: Frame) -> Mapping[str, Any]:
    """The settings that results depend on, besides the way of refining."""
    detail = model.card.detail(replace(parameters, refine=model.card.default_refine))
    return {
        **settings_of(model, guides, parameters),
        "t0": parameters.t0,
        "frame": asdict(frame),
        "detail_sha256": sha256(detail.folder / detail.weights) if detail else None,
    }


def _of_edits(edits: Edits, way: Refine) -> Mapping[str, float | None]:
    """The columns of a row that come from its edits: drifts and seconds."""
    pairs = list(zip(edits.firsts, edits.refined[way], strict=True))
    drifts = [drift(_enlarged(first.picture, made.picture.shape[:2]), made.picture) for first, made in pairs]
    last = [made.last_drift for _, made in pairs if made.last_drift is not None]
    return {
        "drift": float(np.mean(drifts)),
        "last_drift": float(np.mean(last)) if last else None,
        "seconds": median(first.seconds + made.seconds for first, made in pairs),
    }


def _enlarged(picture: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    return as_pixels(resized(as_tensor(picture, "cpu"), size))


def _middles(pictures: np.ndarray) -> np.ndarray:
    """The central square of each picture, at 100 %."""
    height, width = pictures.shape[1:3]
    side = min(CROP, height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return pictures[:, top : top + side, left : left + side]


_DEFINITIONS = (
    "Sharpness: the variance of the Laplacian (a pixel's four neighbours less four times the pixel) of the luma "
    "(BT.601, grey levels), median over pictures; compare with the photographs'.",
    "Drift: RMSE in grey levels between mean colours of cells of 16 x 16 px, mean over pictures: from the first pass "
    "enlarged by bicubic interpolation, and from the pass before the last.",
    "GFLOP: operations of the networks in all calls, tiles and windows of a picture, counted, first pass included; a "
    "multiply-add is two. Seconds: measured on this machine, first pass included, median over pictures; each way's "
    "first picture was made twice and timed the second time.",
)


def _notes(
    model: LoadedModel, parameters: Parameters, frame: Frame, pictures: Pictures, source: Path, *, painted: bool
) -> Sequence[str]:
    condition = parameters.condition or "any"
    made = "as they are" if painted else f"through a median filter, in {COLOURS} colours"
    kind = "pictures" if painted else "photographs"
    larger = f", enlarged up to {frame.enlarged:g} times" if frame.enlarged > 1 else ""
    left_out = f" {len(pictures.broken)} others were left out: unreadable or too small." if pictures.broken else ""
    return [
        f"{len(pictures)} guides at {frame.width} x {frame.height} px, model {model.card.name}, class {condition}, t0 "
        f"{parameters.t0:g}, first pass of {parameters.calls} calls of {parameters.solver}, {parameters.repeats} "
        f"round(s), seeds from {parameters.seed}, on {model.device_name}. All ways share the first passes; off is the "
        "first pass enlarged.",
        f"Guides: {kind} of {source.name} {made}{larger}.{left_out}",
    ]


def _kid_note(row: Row, pictures: Pictures, photographs: Pictures, realism: Realism, *, given: bool) -> str:
    """The note on how KID was computed."""
    assert row.kid is not None, "Pictures of a way are never the reference."
    kid, reference = row.kid, realism.reference
    note = (
        f"KID: {realism.features.name}; unbiased, cubic kernel, mean ± standard deviation over {kid.subsets} subsets "
        f"of {kid.size}; {kid.pictures} crops of {reference.side} px of {len(pictures)} pictures against "
        f"{kid.references} of {len(photographs)} photographs of {reference.source}."
    )
    if not given:
        note += " Those are the photographs that the strokes were simulated from."
    if not kid.steady:
        note += (
            f" With fewer than {MANY} crops on a side it compares the ways on these pictures, and no more: crops "
            "of one picture are alike, so that the spread between other pictures is larger than the one given."
        )
    return note
