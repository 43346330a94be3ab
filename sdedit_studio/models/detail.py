"""Which detail networks are here: those that models bring, and upscalers added by the person. Loads no torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path

from sdedit_studio.models.problem import ModelProblem

CARD = "detail.json"

FOLDER = "detail"
"""Of a model's folder, the one with the detail network that it brings."""

FORMATS = ("span", "spandrel")

FACTORS = (2, 4)


@dataclass(frozen=True)
class DetailCard:
    """What a folder's `detail.json` says of a detail network. `name`: what the command line and files call it.

    `format`: "span", our own, or "spandrel", anything that library reads. `weights`: the file. `factor`: how many times
    it enlarges, 2 or 4. `reach`: how many pixels of its input to each side decide a pixel; None where nobody knows.
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
    def measured_as(self) -> str:
        """What its times are kept under; a model may have the same name."""
        return f"{self.name}, detail"


def of_model(folder: Path) -> DetailCard | None:
    """The detail network that the model in `folder` brings, called as the model is; None when it brings none.

    Raises ModelProblem when its card is damaged.
    """
    path = folder / FOLDER
    return _read(path, folder.name) if (path / CARD).is_file() else None


def upscalers(models_dir: Path) -> Sequence[DetailCard]:
    """The upscalers that were added, those with a readable card."""
    found = []
    for card in sorted(upscalers_folder(models_dir).glob(f"*/{CARD}")):
        try:
            found.append(_read(card.parent, card.parent.name))
        except ModelProblem:
            continue
    return [card for card in found if not card.name.startswith(".")]


def upscalers_folder(models_dir: Path) -> Path:
    """Where upscalers are kept, one folder each."""
    return models_dir / "upscalers"


def upscaler(models_dir: Path, name: str) -> DetailCard | None:
    """The added upscaler called `name`, or None. Raises ModelProblem when its card is damaged."""
    folder = upscalers_folder(models_dir) / name
    return _read(folder, name) if folder.parent.name == "upscalers" and (folder / CARD).is_file() else None


def _read(folder: Path, name: str) -> DetailCard:
    path = folder / CARD
    try:
        values = json.loads(path.read_text("utf-8"))
        known = {field.name: field for field in fields(DetailCard) if field.name not in ("name", "folder")}
        missing = [key for key, field in known.items() if field.default is MISSING and key not in values]
        if missing:
            raise ValueError(f"it lacks {', '.join(missing)}")
        card = DetailCard(name, folder, **{key: values[key] for key in known if key in values})
        if card.factor not in FACTORS or card.format not in FORMATS or not isinstance(card.reach, int | None):
            raise ValueError("its factor, format or reach is wrong")
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ModelProblem(
            f"{path} cannot be read: {error}. Restore it, or remove the folder of the detail network."
        ) from error
    return card
