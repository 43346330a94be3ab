"""Importing single files: which network a checkpoint holds is recognised by the names of its weights."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor

from sdedit_studio.models.adding import adm, ddpm, ncsnpp
from sdedit_studio.models.adding.imported import ImportedNetwork, ImportOptions
from sdedit_studio.models.adding.layers import State, without_wrapper
from sdedit_studio.models.adding.unpickle import ORDER, PICKLES, unpickle
from sdedit_studio.models.catalogue import ModelProblem


def read_tensors(path: Path, scratch: Path) -> dict[str, Tensor]:
    """All tensors of a safetensors file or a checkpoint, by "path/name". `scratch`: a folder for temporary files.

    Raises ModelProblem for a file that is damaged, would run code, or is of no known kind.
    """
    if path.suffix.lower() in PICKLES:
        converted = scratch / "unpickled.safetensors"
        unpickle(path, converted)
        with safe_open(converted, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in json.loads(file.metadata()[ORDER])}
        converted.unlink()
        return tensors
    return load_safetensors(path)


def load_safetensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file. Raises ModelProblem when it is damaged."""
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise _damaged(path, error) from error


def convert(tensors: Mapping[str, Tensor], options: ImportOptions, path: Path) -> ImportedNetwork | None:
    """The network in a research checkpoint; None when it is of no known kind.

    Raises ModelProblem where it is incomplete.
    """
    states = {group: without_wrapper(state) for group, state in groups(tensors).items()}
    recognised = {name: kind for name, state in states.items() if (kind := _kind(state)) is not None}
    if not recognised:
        return None
    name = preferred(recognised)
    state, kind = states[name], recognised[name]
    try:
        match kind:
            case "ddpm":
                return ddpm.convert(state, options, path.name)
            case "adm":
                return adm.convert(state, options, path.name, path.stem)
            case _:
                shadow = states.get("ema/shadow_params")
                if shadow is not None:
                    state = ncsnpp.shadowed(state, [shadow[str(index)] for index in range(len(shadow))])
                return ncsnpp.convert(state, options, path.name)
    except (KeyError, IndexError, StopIteration) as error:
        raise ModelProblem(f"{path.name} is incomplete: it lacks {error}. Copy or download it again.") from error


def groups(tensors: Mapping[str, Tensor]) -> dict[str, State]:
    """The state dicts of a checkpoint by their path in it, in order."""
    found: dict[str, dict[str, Tensor]] = {}
    for path, tensor in tensors.items():
        group, _, name = path.rpartition("/")
        found.setdefault(group, {})[name] = tensor
    return dict(found)


def preferred(names: Iterable[str]) -> str:
    """The state dict to take among `names`: averaged weights before raw ones, later before earlier."""
    return max(enumerate(names), key=lambda each: ("ema" in each[1].lower(), each[0]))[1]


def _kind(state: State) -> str | None:
    for kind, module in (("ddpm", ddpm), ("adm", adm), ("ncsnpp", ncsnpp)):
        if module.recognise(state):
            return kind
    return None


def _damaged(path: Path, error: Exception) -> ModelProblem:
    return ModelProblem(f"{path.name} is damaged ({error}): copy or download it again.")
