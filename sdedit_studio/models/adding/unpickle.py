"""Reading the tensors of research checkpoints, which are pickles, in a subprocess that may load data only."""

from __future__ import annotations

import json
import mmap
import multiprocessing
import re
import zipfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from sdedit_studio.models.catalogue import ModelProblem

PICKLES = (".ckpt", ".pt", ".pth", ".bin", ".pkl")

ORDER = "order"
"""The entry of the safetensors header with the names in the order of the checkpoint."""

_DEEPEST = 12
"""The deepest nesting of dicts and lists that is read."""

_PERSISTENT = b"torch_utils.persistence"


def unpickle(source: Path, target: Path) -> None:
    """Write the tensors of the checkpoint `source` to the safetensors file `target`, named by their path: "4/a.b".

    Optimizer states are left out. Raises ModelProblem for a file that is damaged, or would run code.
    """
    refuse_code(source)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            pool.submit(_convert, source, target).result()
        except BrokenProcessPool as error:
            raise ModelProblem(
                f"{source.name} could not be read: reading it ended abnormally, perhaps for lack of memory."
            ) from error


def refuse_code(source: Path) -> None:
    """Raises ModelProblem for a file that is known to contain source code."""
    try:
        with source.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            carries = content.find(_PERSISTENT) >= 0
    except ValueError as error:
        raise ModelProblem(f"{source.name} is empty: copy or download it again.") from error
    if carries:
        raise ModelProblem(
            f"{source.name} is a pickle that runs source code of its own when it is opened, as NVIDIA's EDM files do, "
            "so it is not opened here. OpenAI's edm_*_ema.pt files are networks of that kind without code."
        )


def _convert(source: Path, target: Path) -> None:
    """Runs in the subprocess."""
    try:
        tensors = dict(_tensors(_loaded(source), "", 0))
        if not tensors:
            raise ModelProblem(f"{source.name} holds no weights.")
        # safetensors sorts by name, but averaged weights without names are told by the order of those with names.
        save_file(_unshared(tensors, source), target, {ORDER: json.dumps(list(tensors))})
    except ModelProblem:
        raise
    except PermissionError:
        raise ModelProblem(f"{source.name} could not be read: you have no permission to.") from None
    except MemoryError:
        raise ModelProblem(f"There is not enough memory to read {source.name}: close other programs.") from None
    except Exception as error:  # a hostile or cut-off file can raise nearly anything
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelProblem(
            f"{source.name} is damaged or no PyTorch checkpoint ({reason[:160]}): copy or download it again."
        ) from None


def _loaded(source: Path) -> Any:
    zipped = zipfile.is_zipfile(source)
    if zipped:
        with zipfile.ZipFile(source) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > source.stat().st_size:
                raise ModelProblem(f"{source.name} is packed to be larger than it looks, so it is not opened.")
    try:
        return torch.load(source, map_location="cpu", weights_only=True, mmap=zipped or None)
    except UnpicklingError as error:
        if name := re.search(r"(?:GLOBAL |import of module )'?([\w.]+)", str(error)):
            raise ModelProblem(
                f"{source.name} would run code when it is opened ({name.group(1)}), so it is not opened. Ask for "
                "safetensors, or save its state_dict alone with torch.save where you trust it."
            ) from None
        raise


def _tensors(value: Any, path: str, depth: int) -> Iterator[tuple[str, Tensor]]:
    if isinstance(value, Tensor):
        yield path, value.detach()
    elif isinstance(value, dict | list | tuple) and depth < _DEEPEST and not _is_optimizer(value, path):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            yield from _tensors(inner, f"{path}/{key}" if path else str(key), depth + 1)


def _is_optimizer(value: Any, path: str) -> bool:
    return "optim" in path.rpartition("/")[2].lower() or (isinstance(value, dict) and "param_groups" in value)


def _unshared(tensors: dict[str, Tensor], source: Path) -> dict[str, Tensor]:
    """The tensors in separate memory, as safetensors requires. Raises ModelProblem when they exceed the file's size."""
    limit = 4 * source.stat().st_size
    if sum(tensor.numel() * tensor.element_size() for tensor in tensors.values()) > limit:
        raise ModelProblem(f"{source.name} declares more numbers than it holds, so it is not opened.")
    return {name: tensor.clone(memory_format=torch.contiguous_format) for name, tensor in tensors.items()}
