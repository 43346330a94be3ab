"""The edits of a comparison at canvas size: first passes and their refinements, stored on disk."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
from PIL import Image

from sdedit_studio.diffusion.cascade import TILE, EditState, as_pixels, as_tensor, edit, resized
from sdedit_studio.diffusion.plan import Stage
from sdedit_studio.evaluation.edits import Study
from sdedit_studio.evaluation.measures import drift
from sdedit_studio.evaluation.pictures import Watch, png
from sdedit_studio.files.atomic import write
from sdedit_studio.models.loaded import LoadedModel
from sdedit_studio.parameters import Parameters, Refine


@dataclass(frozen=True)
class TimedPicture:
    """A picture (h, w, 3) uint8 and the seconds that it took.

    `last_drift`: the drift in the last pass alone (`measures.drift`), None where that is the first.
    """

    picture: np.ndarray
    seconds: float
    last_drift: float | None = None


@dataclass(frozen=True)
class Edits:
    """For each guide: the first pass, at its own size, and the refined pictures, at the guide's size."""

    firsts: Sequence[TimedPicture]
    refined: Mapping[Refine, Sequence[TimedPicture]]


def edit_all(
    study: Study,
    model: LoadedModel,
    guides: np.ndarray,
    plans: Mapping[Refine, Sequence[Stage]],
    parameters: Parameters,
    watch: Watch,
) -> Edits:
    """The edits of `guides` (n, h, w, 3) uint8 by the plan of each way; only results missing in `study` are made.

    All plans have the same first pass. Guide i has the seed `parameters.seed + i`.
    """
    firsts: list[TimedPicture] = []
    refined: dict[Refine, list[TimedPicture]] = {way: [] for way in plans}
    (plan, *_) = plans.values()
    warm: set[str] = set()
    for index, guide in enumerate(guides):
        chosen = replace(parameters, seed=(parameters.seed + index) % 2**32)
        first = _kept(study.kept("first", index), partial(_first, model, guide, plan[:1], chosen), warm)
        firsts.append(first)
        for way, passes in plans.items():
            make = partial(_refined, model, guide, passes, replace(chosen, refine=way), first.picture)
            refined[way].append(_kept(study.kept(way.value, index), make, warm))
        watch("Editing", index + 1, len(guides))
    return Edits(firsts, refined)


def _kept(path: Path, make: Callable[[], TimedPicture], warm: set[str]) -> TimedPicture:
    """The picture stored at `path`, or a new one.

    `warm`: the folders in which a picture was made before; the first one is made twice, for its time to be right.
    """
    facts = path.with_suffix(".json")
    if path.exists():
        with Image.open(path) as picture:
            return TimedPicture(np.asarray(picture.convert("RGB")), **json.loads(facts.read_text("utf-8")))
    if path.parent.name not in warm:
        make()
        warm.add(path.parent.name)
    made = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    write(facts, json.dumps({"seconds": made.seconds, "last_drift": made.last_drift}).encode())
    write(path, png(made.picture))
    return made


def _first(model: LoadedModel, guide: np.ndarray, passes: Sequence[Stage], parameters: Parameters) -> TimedPicture:
    began = perf_counter()
    *_, last = _states(model, guide, passes, replace(parameters, refine=Refine.OFF))
    return TimedPicture(as_pixels(last.picture), perf_counter() - began)


def _refined(
    model: LoadedModel, guide: np.ndarray, passes: Sequence[Stage], parameters: Parameters, first: np.ndarray
) -> TimedPicture:
    began, size = perf_counter(), guide.shape[:2]
    before = after = as_tensor(first, model.device)
    for state in _states(model, guide, passes, parameters, first):
        if state.call == state.stage.model_calls:
            before, after = after, state.picture
    picture = as_pixels(resized(after, size))
    seconds = perf_counter() - began
    return TimedPicture(
        picture, seconds, float(drift(as_pixels(resized(before, size)), picture)) if len(passes) > 1 else None
    )


def _states(
    model: LoadedModel,
    guide: np.ndarray,
    passes: Sequence[Stage],
    parameters: Parameters,
    first: np.ndarray | None = None,
) -> Iterator[EditState]:
    return edit(
        model.denoiser(parameters.condition, prompt=parameters.prompt, guidance=parameters.guidance),
        guide,
        None,
        passes,
        parameters,
        stride=model.card.stride,
        detail=model.detail(parameters),
        device=model.device,
        first=first,
        space=model.space,
        tile=max(TILE, model.card.native),
        few_step=model.card.few_step,
    )
