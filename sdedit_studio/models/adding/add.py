"""`models add`: importing a file or folder into the models' folder, completely or not at all."""

from __future__ import annotations

import errno
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from sdedit_studio.models import detail
from sdedit_studio.models.adding import checkpoint, folder, latent, single, upscaler
from sdedit_studio.models.adding.imported import ImportedNetwork, ImportOptions, as_json, check, stride_of
from sdedit_studio.models.adding.unpickle import PICKLES
from sdedit_studio.models.catalogue import ModelCard, ModelProblem, card_of, digest, installed, read_card, user_folder
from sdedit_studio.models.detail import DetailCard
from sdedit_studio.models.load import load
from sdedit_studio.models.unet import read_config, read_weights
from sdedit_studio.models.upscaler import INSTALL, NoSpandrel
from sdedit_studio.parameters import Parameters

Watch = Callable[[str], None]
"""Called with what is being done, in a few words."""

PAPER_SIDE, PAPER_T0 = 256, 0.5
"""The paper's t0 for strokes, on models of this native side. Smaller pictures need less noise to lose as much."""

_OWN_FILES = ("model.json", "config.json", "README.md")
_STALE = 24 * 3600.0
"""Seconds after which what a killed `add` left is cleared away."""

_WORDS = {
    errno.ENOSPC: "the disk is full. Free some space and try again",
    errno.EACCES: "you have no permission there",
    errno.EROFS: "that disk is read-only",
}


def add(
    path: Path,
    options: ImportOptions | None = None,
    models_dir: Path | None = None,
    *,
    source: str | None = None,
    watch: Watch = lambda words: None,
) -> ModelCard | DetailCard:
    """Bring the model or upscaler at `path`, a folder or a file, into the models' folder, and return its card.

    It is read, checked (complete, right shapes, finite values), written to a temporary folder, tried with one model
    call, and only then moved to its place. `options`: what its files leave open. `source`: where it came from, by
    default the name of `path`. `watch`: called at each stage. Raises ModelProblem, with one sentence, for anything that
    cannot be used; then nothing has changed.
    """
    options, root = options or ImportOptions(), models_dir or user_folder()
    if not path.exists():
        raise ModelProblem(f"{path} does not exist. Give a folder or a file of a model.")
    name = _free_name(options.name or _slug(path.name if path.is_dir() else path.stem), root)
    with _staged(root) as staging:
        watch("Reading")
        facts = _written(path, options, staging, watch)
        facts |= {"source": source or path.resolve().name, "sha256": digest(staging)}
        if options.licence is not None:
            facts["licence"] = options.licence
        if facts["format"] == upscaler.FORMAT:
            place = root / detail.UPSCALERS / name
            (staging / detail.CARD).write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", "utf-8")
            card = detail.read_card(staging, name)
            watch("Trying it")
            upscaler.try_out(card)
            card = replace(card, folder=place)
        else:
            place = root / name
            card = card_of(staging, facts)
            (staging / "model.json").write_text(card.as_json(), "utf-8")
            watch("Trying it")
            _try(card)
            card = replace(card, name=name, folder=place, models_dir=models_dir)
        place.parent.mkdir(exist_ok=True)
        staging.rename(place)
    return card


def _written(path: Path, options: ImportOptions, staging: Path, watch: Watch) -> dict[str, Any]:
    """Write config and weights into `staging`; returns the values of its card, `model.json` or `detail.json`."""
    if path.is_dir():
        if (path / "model.json").is_file():
            return _own(path, staging)
        if latent.recognise(path):
            return latent.convert(path, options, staging, watch)
        network = check(folder.convert(path, options, staging), path.name)
        _keep_detail(path, staging)
        return _saved(network, path, staging)
    return _of_file(path, options, staging, watch)


def _of_file(path: Path, options: ImportOptions, staging: Path, watch: Watch) -> dict[str, Any]:
    if path.suffix.lower() not in (".safetensors", *PICKLES):
        raise ModelProblem(
            f"{path.name} is no model file: give a folder of diffusers, a .safetensors, or a .ckpt, .pt or .pth."
        )
    tensors = checkpoint.read_tensors(path, staging)
    if (state := single.state_of(tensors)) is not None:
        return single.convert(path, state, options, staging, watch)
    network = checkpoint.convert(tensors, options, path)
    if network is None and "time_embedding.linear_1.weight" in tensors:
        config = folder.read_json(path.with_name("config.json"))
        if not config:
            raise ModelProblem(f"{path.name} needs the config.json that belongs to it: put it into the same folder.")
        network = folder.unet(config, tensors, folder.scheduler_config(path.parent), options, path.name)
    if network is not None:
        return _saved(check(network, path.name), path, staging)
    unknown = (
        f"{path.name} holds no network of a known kind: DDPM, guided-diffusion, NCSN++, UNet2DModel or Stable Diffusion"
    )
    try:
        facts = upscaler.convert(tensors, path, staging)
    except NoSpandrel as error:
        raise ModelProblem(f"{unknown}. If it is an upscaler, {INSTALL}.") from error
    if facts is None:
        raise ModelProblem(f"{unknown}, nor an upscaler that spandrel knows.")
    return facts


def _saved(network: ImportedNetwork, path: Path, staging: Path) -> dict[str, Any]:
    weights = {name: tensor.contiguous() for name, tensor in network.weights.items()}
    save_file(weights, staging / "model.safetensors", {"format": "pt"})
    (staging / "config.json").write_text(json.dumps(network.config, indent=2), "utf-8")
    size = network.config["sample_size"]
    native = min(size) if isinstance(size, list | tuple) else size
    return {
        "title": (path.name if path.is_dir() else path.stem).replace("_", " ").replace("-", " "),
        "format": "unet",
        "weights": "model.safetensors",
        "native": native,
        "stride": stride_of(network.config),
        "default_t0": PAPER_T0 if native >= PAPER_SIDE else Parameters.t0,
    } | as_json(network.facts)


def _own(path: Path, staging: Path) -> dict[str, Any]:
    """Copy a folder in our own format, such as training writes; returns the values of its card."""
    card = read_card(path.resolve())
    if card.format == "latent":
        shutil.copytree(path, staging, dirs_exist_ok=True)
    else:
        check(ImportedNetwork(read_config(card), read_weights(card)), path.name)
        for name in (*_OWN_FILES, card.weights):
            if (path / name).is_file():
                shutil.copy2(path / name, staging / Path(name).name)
        _keep_detail(path, staging)
    return folder.read_json(path / "model.json")


def _try(card: ModelCard) -> None:
    """Call the model once on a small picture of noise: weights may fit in shape and yet give no finite values."""
    model = load(card, torch.device("cpu"), torch.float32)
    side = min(card.native, 2 * card.stride)
    generator = torch.Generator().manual_seed(0)
    x = model.space.encode(torch.zeros(1, 3, side, side))
    x = x + torch.randn(x.shape, generator=generator)
    if not model.denoiser(card.default_condition)(x, 1.0).isfinite().all():
        raise ModelProblem("The model gives values that are not numbers: it is damaged.")


def _keep_detail(path: Path, staging: Path) -> None:
    """Copy the detail network of a model's folder, if it has one."""
    if (card := detail.of_model(path.resolve())) is None:
        return
    kept = staging / detail.FOLDER
    kept.mkdir()
    for file in (detail.CARD, card.weights):
        shutil.copy2(card.folder / file, kept / file)
    upscaler.try_out(replace(card, folder=kept))


@contextmanager
def _staged(models_dir: Path) -> Iterator[Path]:
    """A temporary folder among the models, which is deleted at the end of the block unless it was renamed."""
    staging = models_dir / f".adding-{uuid4().hex}"
    try:
        staging.mkdir(parents=True)
        _clear_stale(models_dir)
        yield staging
    except OSError as error:
        raise _not_written(error.errno, str(error.strerror or error)) from error
    except SafetensorError as error:
        if "No space left" in str(error):
            raise _not_written(errno.ENOSPC, "") from error
        raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _not_written(code: int | None, words: str) -> ModelProblem:
    return ModelProblem(f"The model could not be added: {_WORDS.get(code or 0, words)}.")


def _clear_stale(models_dir: Path) -> None:
    removed = (each for folder in (models_dir, models_dir / detail.UPSCALERS) for each in folder.glob(".removed-*"))
    for left in (*models_dir.glob(".adding-*"), *removed):
        if time.time() - left.stat().st_mtime > _STALE:
            shutil.rmtree(left, ignore_errors=True)


def _free_name(name: str, models_dir: Path) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name) or name == detail.UPSCALERS:
        raise ModelProblem(f"“{name}” cannot be a model's name: use letters, digits, points, dashes and underscores.")
    if (models_dir / name).exists() or any(card.name == name for card in installed(models_dir)):
        raise ModelProblem(f"There is a model called “{name}” already: remove it first, or give this one another name.")
    if (models_dir / detail.UPSCALERS / name).exists():
        raise ModelProblem(f"There is an upscaler called “{name}” already: remove it first, or give another name.")
    return name


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.") or "model"
