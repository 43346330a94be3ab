"""Which models are here: the folders with a `model.json`, shipped or added by the person. Loads no torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from sdedit_studio import resources
from sdedit_studio.parameters import Parameters


class ModelProblem(ValueError):
    """A model that cannot be found or used; the message is one sentence that says what to do."""


_SIZES = ("native", "stride", "sigma_min", "sigma_max", "sigma_data", "default_calls")
"""Figures that must be positive."""


@dataclass(frozen=True)
class ModelCard:
    """What a folder's `model.json` says. `name`, the folder's name, is what the command line and files call the model.

    `format`: how its network is built and preconditioned ("edm-unet": diffusers' `UNet2DModel` under EDM
    preconditioning). `native`: the side in pixels it was trained at; `stride`: sides must be multiples of it.
    `classes`: names of the classes 0, 1, ...; `any_class`: the label that stands for no class. `sigma_*` in units of
    data in [-1, 1].
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
    classes: tuple[str, ...] = ()
    any_class: int | None = None
    default_t0: float = Parameters.t0
    default_calls: int = Parameters.calls
    licence: str = "not stated"

    def class_id(self, condition: str | None) -> int | None:
        """The label of a class by its name; None stands for any. Raises ModelProblem for an unknown class."""
        if condition is None:
            return self.any_class
        if condition in self.classes:
            return self.classes.index(condition)
        known = f"choose one of {', '.join(self.classes)}" if self.classes else "it knows no classes"
        raise ModelProblem(f"The model {self.name} has no class “{condition}”: {known}.")


def user_folder() -> Path:
    """Where models that a person adds are kept, one folder each."""
    return user_data_path("sdedit-studio", appauthor=False) / "models"


def installed(models_dir: Path | None = None) -> Sequence[ModelCard]:
    """All models with a readable card: the shipped, then those in `models_dir` (default: the user's folder)."""
    return [card for folder in _folders(models_dir) if (card := _read_or_none(folder))]


def find(name: str, models_dir: Path | None = None) -> ModelCard:
    """The model called `name`. Raises ModelProblem when there is none, or its card cannot be read."""
    for folder in _folders(models_dir):
        if folder.name == name:
            return read_card(folder)
    names = ", ".join(card.name for card in installed(models_dir)) or "none"
    raise ModelProblem(f"There is no model called “{name}”. Installed: {names}.")


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
    return _card(folder, values)


def _card(folder: Path, values: dict[str, Any]) -> ModelCard:
    known = {field.name: field for field in fields(ModelCard) if field.name not in ("name", "folder")}
    if missing := [name for name, field in known.items() if field.default is MISSING and name not in values]:
        raise ModelProblem(
            f"{folder / 'model.json'} lacks {', '.join(missing)}. Restore it, or remove the model's folder."
        )
    given = {name: value for name, value in values.items() if name in known}
    kinds = {"str": str, "int": int, "float": (int, float), "int | None": (int, type(None)), "tuple[str, ...]": list}
    for name, value in given.items():
        wrong_kind = not isinstance(value, kinds[str(known[name].type)]) or isinstance(value, bool)
        if wrong_kind or (name in _SIZES and value <= 0):
            raise ModelProblem(f"{folder / 'model.json'} has a wrong value for {name}: {value!r}.")
    given["classes"] = tuple(given.get("classes", ()))
    return ModelCard(folder.name, folder, **given)


def _folders(models_dir: Path | None) -> list[Path]:
    roots = [resources.path("models"), models_dir or user_folder()]
    return [card.parent for root in roots for card in sorted(root.glob("*/model.json"))]


def _read_or_none(folder: Path) -> ModelCard | None:
    try:
        return read_card(folder)
    except ModelProblem:
        return None
