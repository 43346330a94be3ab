"""The catalogue of models: the folders with a `model.json`, shipped or added by a person. Loads no torch."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import uuid4

from platformdirs import user_data_path

from sdedit_studio import mix, resources
from sdedit_studio.diffusion.plan import Stage, plan
from sdedit_studio.diffusion.schedule import Betas, DiscreteVP
from sdedit_studio.models import detail
from sdedit_studio.models.detail import DetailCard
from sdedit_studio.models.problem import ModelProblem
from sdedit_studio.parameters import Parameters, Refine, Solver


class Prediction(StrEnum):
    """What a network predicts; `diffusion.denoiser` has an adapter for each."""

    NOISE = "noise"
    VELOCITY = "velocity"
    PICTURE = "picture"
    SCORE = "score"
    EDM = "edm"
    CONSISTENCY = "consistency"


_SIZES = ("native", "stride", "sigma_min", "sigma_max", "sigma_data", "default_calls")
"""Fields that must be positive."""

_PLACES = ("name", "folder", "models_dir")
"""Fields that `model.json` does not hold."""

_SHOWN = 8
"""Classes named in an error message at most."""


@dataclass(frozen=True)
class ModelCard:
    """The contents of a model's `model.json`. `name`: the folder's name, which the command line and files use.

    `format`: "edm-unet" (diffusers' `UNet2DModel` as our training makes it), "unet" (any other `UNet2DModel`) or
    "latent" (a latent text model in diffusers' folders). `weights`: the network's file. `native`: the side in pixels of
    the pictures it was trained on; `stride`: sides must be multiples of it. `prediction`: what the network predicts.
    `schedule`: the discrete schedule it was trained on, or None for a continuous one. `range`: of its training data.
    `sigma_min`, `sigma_max`, `sigma_data`: in units of data in [-1, 1], or of latents. `classes`: names of the labels
    0, 1, ...; `any_class`: the label of the unconditional network. `few_step`: whether it is made for 1 to 4 model
    calls. `default_*`: settings to start with. `sha256`: see `digest`. `source`: where it came from. `models_dir`:
    where added models and upscalers are kept, None for the user's folder.
    """

    name: str
    folder: Path
    title: str
    format: str
    weights: str
    native: int
    stride: int
    sigma_min: float
    sigma_max: float
    sigma_data: float = 0.5
    prediction: Prediction = Prediction.EDM
    schedule: DiscreteVP | None = None
    range: tuple[float, float] = (-1.0, 1.0)
    classes: tuple[str, ...] = ()
    any_class: int | None = None
    few_step: bool = False
    default_t0: float = Parameters.t0
    default_calls: int = Parameters.calls
    default_guidance: float = Parameters.guidance
    licence: str = "not stated"
    sha256: str | None = None
    source: str | None = None
    models_dir: Path | None = field(default=None, compare=False)

    def passes(self, width: int, height: int, parameters: Parameters, *, sketch: bool = False) -> Sequence[Stage]:
        """The passes of an edit of a `width` x `height` frame on this model; see `plan`.

        Raises ModelProblem when they need a detail network that is not installed.
        """
        network = self.detail(parameters)
        return plan(
            width,
            height,
            parameters,
            native=self.native,
            stride=self.stride,
            sigma_max=self.sigma_max,
            few_step=self.few_step,
            factor=network.factor if network else 1,
            sketch=sketch,
        )

    def detail(self, parameters: Parameters) -> DetailCard | None:
        """The detail network of an edit on this model; None for an edit without one.

        Raises ModelProblem when the one named is not installed, or none is named and the model brings none.
        """
        if parameters.refine is not Refine.DETAIL:
            return None
        if parameters.detail is None:
            if (own := detail.of_model(self.folder)) is not None:
                return own
            raise ModelProblem(
                f"The model {self.name} brings no detail network: refine by SDE, or choose one of "
                f"{', '.join(card.name for card in detail_networks(self.models_dir))}."
            )
        for card in detail_networks(self.models_dir):
            if card.name == parameters.detail:
                return card
        raise ModelProblem(
            f"There is no detail network called “{parameters.detail}”. Installed: "
            f"{', '.join(card.name for card in detail_networks(self.models_dir))}."
        )

    @property
    def default_refine(self) -> Refine:
        """DETAIL where the model brings a detail network with a readable card."""
        return Refine.SDE if self.own_detail is None else Refine.DETAIL

    @property
    def own_detail(self) -> DetailCard | None:
        """The detail network that the model brings, if its card can be read."""
        try:
            return detail.of_model(self.folder)
        except ModelProblem:
            return None

    @property
    def default_solver(self) -> Solver:
        return Solver.CONSISTENCY if self.few_step else Parameters.solver

    @property
    def takes_prompt(self) -> bool:
        return self.format == "latent"

    @property
    def default_condition(self) -> str | None:
        """The condition to run with when none is chosen: None for any class, or the first class where it needs one."""
        return self.classes[0] if self.classes and self.any_class is None else None

    def shares(self, condition: str | None) -> Sequence[tuple[int | None, float]]:
        """The label and the share of each class in `condition`: one class, a mix (see `mix.read`), or None for any.

        The shares sum to 1. Raises ModelProblem for an unknown class.
        """
        if condition is None and (self.any_class is not None or not self.classes):
            return ((self.any_class, 1.0),)
        try:
            shares = {} if condition is None else mix.read(condition, self.classes)
        except ValueError:
            shares = {condition: 1.0}
        if shares and all(name in self.classes for name in shares):
            return tuple((self.classes.index(name), share) for name, share in shares.items())
        more = f", … {self.classes[-1]}" if len(self.classes) > _SHOWN else ""
        known = f"choose one of {', '.join(self.classes[:_SHOWN])}{more}" if self.classes else "it knows no classes"
        if len(self.classes) > 1:
            known += f", or mix them as in “{self.classes[0]} 60, {self.classes[1]} 40”"
        if condition is None:
            raise ModelProblem(f"The model {self.name} must be told what to show: {known}.")
        unknown = next(name for name in shares if name not in self.classes)
        raise ModelProblem(f"The model {self.name} has no class “{unknown}”: {known}.")

    def runs(self, parameters: Parameters) -> int:
        """Network runs per model call of an edit: one for each class of a mix, and one more for guidance."""
        if self.takes_prompt or parameters.condition is None:
            return 1
        try:
            count = len(self.shares(parameters.condition))
        except ModelProblem:
            return 1
        if self.any_class is None or parameters.guidance == 1:
            return count
        return 1 if parameters.guidance == 0 else count + 1

    @property
    def bundled(self) -> bool:
        """Whether it comes with the studio."""
        return self.folder.is_relative_to(resources.path("models"))

    @property
    def bytes_on_disk(self) -> int:
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())

    def as_json(self) -> str:
        """The text of its `model.json`, without fields that have their default."""
        values = {
            field.name: value
            for field in fields(self)
            if field.name not in _PLACES and (value := getattr(self, field.name)) != field.default
        }
        if self.schedule is not None:
            values["schedule"] = asdict(self.schedule)
        return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def user_folder() -> Path:
    """The user's folder of added models, with one folder for each."""
    return user_data_path("sdedit-studio", appauthor=False) / "models"


def installed(models_dir: Path | None = None) -> Sequence[ModelCard]:
    """All models with a readable card: the shipped ones, then those in `models_dir` (default: the user's folder)."""
    return [card for folder in _folders(models_dir) if (card := _read_or_none(folder))]


def detail_networks(models_dir: Path | None = None) -> Sequence[DetailCard]:
    """All installed detail networks: those that models bring, then the added upscalers."""
    brought = (model.own_detail for model in installed(models_dir))
    return [*(card for card in brought if card), *detail.upscalers(models_dir or user_folder())]


def find(name: str, models_dir: Path | None = None) -> ModelCard:
    """The model called `name`. Raises ModelProblem when there is none, or its card cannot be read."""
    for folder in _folders(models_dir):
        if folder.name == name:
            return replace(read_card(folder), models_dir=models_dir)
    names = ", ".join(card.name for card in installed(models_dir)) or "none"
    raise ModelProblem(f"There is no model called “{name}”. Installed: {names}.")


def remove(name: str, models_dir: Path | None = None) -> None:
    """Delete the model or the upscaler called `name`.

    It leaves the catalogue at once, whatever happens while its files are deleted. A damaged one can be removed. Raises
    ModelProblem for an unknown or a shipped one, or when the system refuses.
    """
    folders = [*_folders(models_dir), *detail.upscaler_folders(models_dir or user_folder())]
    folder = next((folder for folder in folders if folder.name == name), None)
    if folder is None:
        find(name, models_dir)
        return
    if folder.is_relative_to(resources.path("models")):
        raise ModelProblem(f"The model {name} comes with SDEdit Studio and cannot be removed.")
    gone = folder.with_name(f".removed-{uuid4().hex}")
    try:
        folder.rename(gone)
        shutil.rmtree(gone)
    except OSError as error:
        raise ModelProblem(f"{folder} could not be removed: {error.strerror}. Delete what is left by hand.") from error


def read_card(folder: Path) -> ModelCard:
    """The card of the model in `folder`. Raises ModelProblem when `model.json` is missing, damaged or incomplete."""
    path = folder / "model.json"
    try:
        values = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ModelProblem(f"The model {folder.name} has no readable model.json: {error.strerror}.") from error
    except ValueError as error:
        raise ModelProblem(f"{path} is damaged: {error}. Restore it, or remove the model's folder.") from error
    if not isinstance(values, dict):
        raise ModelProblem(f"{path} is damaged: it must hold one JSON object.")
    return card_of(folder, values)


def card_of(folder: Path, values: dict[str, Any]) -> ModelCard:
    """The card of a `model.json` with these values. Raises ModelProblem when a value is missing or wrong."""
    known = {field.name: field for field in fields(ModelCard) if field.name not in _PLACES}
    if missing := [name for name, field in known.items() if field.default is MISSING and name not in values]:
        raise ModelProblem(
            f"{folder / 'model.json'} lacks {', '.join(missing)}. Restore it, or remove the model's folder."
        )
    given = {name: value for name, value in values.items() if name in known}
    for name, value in given.items():
        try:
            given[name] = _READERS[str(known[name].type)](value)
            if name in _SIZES and value <= 0:
                raise ValueError
        except (TypeError, ValueError):
            raise ModelProblem(f"{folder / 'model.json'} has a wrong value for {name}: {value!r}.") from None
    return ModelCard(folder.name, folder, **given)


def digest(folder: Path) -> str:
    """The SHA-256 of a model's safetensors file; of several files, that of the sorted lines `HASH  PATH`."""
    hashes = {path.relative_to(folder).as_posix(): _sha256(path) for path in weight_files(folder)}
    if len(hashes) == 1:
        return next(iter(hashes.values()))
    lines = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(hashes.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def weight_files(folder: Path) -> Sequence[Path]:
    """The files with a model's own weights, without those of its detail network."""
    return [
        path
        for path in folder.rglob("*.safetensors")
        if path.name != "reference.safetensors" and folder / detail.FOLDER not in path.parents
    ]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _exactly(*kinds: type) -> Any:
    def read(value: object) -> object:
        if type(value) not in kinds:
            raise TypeError
        return value

    return read


def _pair(value: list[float]) -> tuple[float, float]:
    low, high = (_exactly(int, float)(end) for end in value)
    if not low < high:
        raise ValueError
    return low, high


def _schedule(value: dict[str, Any] | None) -> DiscreteVP | None:
    if value is None:
        return None
    schedule = DiscreteVP(**{**value, "betas": Betas(value.get("betas", Betas.LINEAR))})
    if not (1 < schedule.steps <= 100_000 and 0 < schedule.beta_first <= schedule.beta_last < 1):
        raise ValueError
    return schedule


def _names(value: list[str]) -> tuple[str, ...]:
    return tuple(_exactly(str)(name) for name in _exactly(list)(value))


_READERS: dict[str, Any] = {
    "str": _exactly(str),
    "str | None": _exactly(str, type(None)),
    "int": _exactly(int),
    "int | None": _exactly(int, type(None)),
    "float": _exactly(int, float),
    "bool": _exactly(bool),
    "Prediction": Prediction,
    "DiscreteVP | None": _schedule,
    "tuple[float, float]": _pair,
    "tuple[str, ...]": _names,
}
"""Readers of JSON values by the type of a field. They raise TypeError or ValueError."""


def _folders(models_dir: Path | None) -> list[Path]:
    roots = [resources.path("models"), models_dir or user_folder()]
    found = [card.parent for root in roots for card in sorted(root.glob("*/model.json"))]
    return [folder for folder in found if not folder.name.startswith(".")]


def _read_or_none(folder: Path) -> ModelCard | None:
    try:
        return read_card(folder)
    except ModelProblem:
        return None
