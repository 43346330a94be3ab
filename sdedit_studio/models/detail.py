"""The cards of detail networks: those that models bring, and upscalers that a person adds. Loads no torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields
from pathlib import Path

from sdedit_studio.models.problem import ModelProblem

CARD = "detail.json"

FOLDER = "detail"
"""The subfolder of a model's folder with the detail network that it brings."""

UPSCALERS = "upscalers"
"""The subfolder of the models' folder with the added upscalers, one folder each."""

FORMATS = ("span", "spandrel")

FACTORS = (2, 4)


@dataclass(frozen=True)
class DetailCard:
    """The contents of a detail network's `detail.json`. `name`: what the command line and files call it.

    `format`: "span", our own, or "spandrel", anything that this library reads. `weights`: the file. `factor`: how many
    times it enlarges, 2 or 4. `reach`: the radius of its receptive field in pixels of its input; None where unknown.
    `source`: where it came from.
    """

    name: str
    folder: Path
    title: str
    format: str
    weights: str
    factor: int
    reach: int | None = None
    licence: str = "not stated"
    source: str | None = None
    sha256: str | None = None

    @property
    def upscaler(self) -> bool:
        """Whether it was added on its own, and not brought by a model."""
        return self.folder.parent.name == UPSCALERS

    @property
    def bytes_on_disk(self) -> int:
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())

    @property
    def measured_as(self) -> str:
        """The name that its measured times are stored under; a model may have the same `name`."""
        return f"{self.name}, detail"


def of_model(folder: Path) -> DetailCard | None:
    """The detail network that the model in `folder` brings, which has the model's name; None when it brings none.

    Raises ModelProblem when its card is damaged.
    """
    path = folder / FOLDER
    return read_card(path, folder.name) if (path / CARD).is_file() else None


def upscalers(models_dir: Path) -> Sequence[DetailCard]:
    """The added upscalers with a readable card."""
    found = []
    for folder in upscaler_folders(models_dir):
        with suppress(ModelProblem):
            found.append(read_card(folder, folder.name))
    return found


def upscaler_folders(models_dir: Path) -> Sequence[Path]:
    """The folders of all added upscalers."""
    return [card.parent for card in sorted((models_dir / UPSCALERS).glob(f"[!.]*/{CARD}"))]


def upscaler(models_dir: Path, name: str) -> DetailCard | None:
    """The added upscaler called `name`, or None. Raises ModelProblem when its card is damaged."""
    folders = [folder for folder in upscaler_folders(models_dir) if folder.name == name]
    return read_card(folders[0], name) if folders else None


def read_card(folder: Path, name: str) -> DetailCard:
    """The card of the detail network in `folder`, which is called `name`. Raises ModelProblem when it is damaged."""
    path = folder / CARD
    try:
        values = json.loads(path.read_text("utf-8"))
        known = {field.name: field for field in fields(DetailCard) if field.name not in ("name", "folder")}
        missing = [key for key, field in known.items() if field.default is MISSING and key not in values]
        if missing:
            raise ValueError(f"it lacks {', '.join(missing)}")
        card = DetailCard(name, folder, **{key: values[key] for key in known if key in values})
        enlarges = type(card.factor) is int and card.factor in FACTORS
        if not enlarges or card.format not in FORMATS or not isinstance(card.reach, int | None):
            raise ValueError("its factor, format or reach is wrong")
        if Path(card.weights).name != card.weights:
            raise ValueError("its weights must be a file beside it")
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ModelProblem(
            f"{path} cannot be read: {error}. Restore it, or remove the folder of the detail network."
        ) from error
    return card
