"""Atomic writing of a run's files, and checkpoints."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from sdedit_studio.training.problem import TrainingProblem


def write(path: Path, data: bytes) -> None:
    """Write `data` to `path` atomically: a kill or a full disk leaves the old file. Raises TrainingProblem."""
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise TrainingProblem(
            f"{path} cannot be written ({error.strerror or error}): make room or choose another --out, and run the "
            "same command again. What was saved before is intact."
        ) from error


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """`write` of `values`, indented."""
    write(path, (json.dumps(values, indent=2, ensure_ascii=False) + "\n").encode())


def write_png(path: Path, picture: Image.Image) -> None:
    """`write` of `picture` as a PNG file."""
    buffer = BytesIO()
    picture.save(buffer, "png")
    write(path, buffer.getvalue())


def save_checkpoint(path: Path, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
    """Write one safetensors file with `state`, plain JSON values, in its header."""
    data = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    write(path, save(data, {"state": json.dumps(state)}))


def load_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Inverse of `save_checkpoint`. Raises TrainingProblem when the file is damaged."""
    try:
        with safe_open(path, "pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, json.loads(file.metadata()["state"])  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise TrainingProblem(
            f"{path} is damaged ({error}): remove it to begin again, or choose another --out."
        ) from error
