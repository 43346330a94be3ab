"""The edits of a study: many guides at many t0, in batches at the model's native size, stored on disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from sdedit_studio.diffusion.noise import NoiseSource, noise_source
from sdedit_studio.diffusion.plan import sigma_of_t0
from sdedit_studio.diffusion.sdedit import sdedit
from sdedit_studio.evaluation.features import sha256
from sdedit_studio.evaluation.pictures import Watch, png, unwatched
from sdedit_studio.evaluation.problem import EvaluationProblem
from sdedit_studio.files.atomic import write
from sdedit_studio.models.loaded import LoadedModel
from sdedit_studio.parameters import Parameters

BATCH = 16

_SETTINGS = "settings.json"


class Study:
    """The folder of a study, with a PNG for each result, so that a stopped study can resume.

    `settings`: all that results depend on besides t0. Raises EvaluationProblem when the folder holds something else.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self.folder = folder
        path = folder / _SETTINGS
        text = json.dumps(settings, indent=1, sort_keys=True)
        if path.exists():
            if path.read_text("utf-8") != text:
                raise EvaluationProblem(
                    f"{folder} holds results of other settings: choose another folder, or remove it."
                )
        elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise EvaluationProblem(f"{folder} holds other things: choose an empty or a new folder.")
        else:
            folder.mkdir(parents=True, exist_ok=True)
            write(path, text.encode())

    def result(self, t0: float, index: int) -> Path:
        """The file of the result of guide `index` at `t0`."""
        return self.kept(f"t0-{t0:.9g}", index)

    def kept(self, name: str, index: int) -> Path:
        """The file of the picture called `name` of guide `index`."""
        return self.folder / "results" / name / f"{index:05d}.png"


def settings_of(model: LoadedModel, guides: np.ndarray, parameters: Parameters) -> Mapping[str, Any]:
    """All that the results of a study depend on besides t0, as plain JSON values."""
    chosen = {name: value for name, value in parameters.as_dict().items() if name not in ("t0", "refine")}
    weights = model.card.folder / model.card.weights
    return chosen | {
        "weights_sha256": sha256(weights) if weights.is_file() else None,
        "side": model.card.native,
        "guides_sha256": hashlib.sha256(guides.tobytes()).hexdigest(),
    }


def edit_all(
    study: Study,
    model: LoadedModel,
    guides: np.ndarray,
    t0s: Sequence[float],
    parameters: Parameters,
    watch: Watch = unwatched,
) -> Mapping[float, np.ndarray]:
    """The edits of `guides` (n, side, side, 3) uint8 at each t0, of the same shape; only missing results are made.

    Guide i has the seed `parameters.seed + i`, the same at every t0.
    """
    batches = [range(start, min(start + BATCH, len(guides))) for start in range(0, len(guides), BATCH)]
    lacking = [
        (t0, batch) for t0 in t0s for batch in batches if not all(study.result(t0, index).exists() for index in batch)
    ]
    calls = parameters.calls * parameters.repeats
    total, done = sum(len(batch) * calls for t0, batch in lacking if t0 > 0), 0
    for t0, batch in lacking:
        seeds = [(parameters.seed + index) % 2**32 for index in batch]

        def called(count: int = len(batch)) -> None:
            nonlocal done
            done += count
            watch("Editing", done, total)

        pictures = edited(model, guides[batch.start : batch.stop], replace(parameters, t0=t0), seeds, called)
        study.result(t0, 0).parent.mkdir(parents=True, exist_ok=True)
        for index, picture in zip(batch, pictures, strict=True):
            write(study.result(t0, index), png(picture))
    return {t0: np.stack([_read(study.result(t0, index)) for index in range(len(guides))]) for t0 in t0s}


def start_level(model: LoadedModel, t0: float) -> float:
    """The start level of an edit at `t0`, at most the highest level of the model."""
    return min(sigma_of_t0(t0), model.card.sigma_max)


def edited(
    model: LoadedModel, guides: np.ndarray, parameters: Parameters, seeds: Sequence[int], called: Callable[[], None]
) -> np.ndarray:
    """SDEdit of a batch (n, side, side, 3) uint8; returns the same shape. `called`: called after each model call.

    Each result equals an edit of that guide alone with its seed, as a person would export it.
    """
    if parameters.t0 == 0:
        return guides
    start = torch.from_numpy(guides.copy()).to(model.device).permute(0, 3, 1, 2).float() / 127.5 - 1
    x = model.space.encode(start)
    for step in sdedit(
        model.denoiser(parameters.condition, prompt=parameters.prompt, guidance=parameters.guidance),
        x,
        start_level(model, parameters.t0),
        parameters.calls,
        partial(_noise, seeds, (x.shape[1], x.shape[2], x.shape[3]), model.device),
        solver=parameters.solver,
        sde=parameters.sde,
        repeats=parameters.repeats,
    ):
        x = step.estimate
        called()
    picture = model.space.decode(x)
    return ((picture + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()


def _noise(seeds: Sequence[int], size: tuple[int, int, int], device: torch.device, repeat: int) -> NoiseSource:
    return noise_source(seeds, size, place=(0, repeat), device=device)


def _read(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))
