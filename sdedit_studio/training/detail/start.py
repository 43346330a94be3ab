"""The network that a run starts from, which is also its teacher."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load

from sdedit_studio.models import detail
from sdedit_studio.models.catalogue import ModelCard
from sdedit_studio.models.span import Span
from sdedit_studio.training.problem import TrainingProblem


@dataclass(frozen=True)
class Start:
    """A network with its `name` for people, its `licence`, and the `sha256` of its file."""

    network: Span
    name: str
    licence: str
    sha256: str


def read_start(path: Path | None, base: ModelCard, licence: str | None = None) -> Start:
    """The network in `path`, a safetensors file in Span's layout, or the one that `base` brings.

    `licence`: of the file; None for that of its card. Raises TrainingProblem, and ModelProblem for a
    damaged card.
    """
    if path is None:
        own = detail.of_model(base.folder)
        if own is None or own.format != "span":
            raise TrainingProblem(
                f"The model {base.name} brings no detail network to begin from: name one with --start, a safetensors "
                "file in Span's layout."
            )
        return _read(own.folder / own.weights, f"the detail network of {base.name}", licence or own.licence)
    if not path.is_file():
        raise TrainingProblem(
            f"There is no file {path} to begin from: name a safetensors file in Span's layout, or leave out --start "
            "for the base model's own."
        )
    return _read(path, path.name, licence or "not stated")


def _read(path: Path, name: str, licence: str) -> Start:
    try:
        data = path.read_bytes()
        network = Span()
        network.load_state_dict({key: value.float() for key, value in load(data).items()})
    except (OSError, SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0].rstrip(":")
        raise TrainingProblem(f"{path} holds no weights in Span's layout ({reason}): name another --start.") from error
    return Start(network, name, licence, hashlib.sha256(data).hexdigest())
