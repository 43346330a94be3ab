"""Importing folders of diffusers' pipelines around a `UNet2DModel`."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diffusers.models.unets.unet_2d import UNet2DModel
from torch import Tensor

from sdedit_studio.diffusion.schedule import Betas, DiscreteVP
from sdedit_studio.models.adding.checkpoint import load_safetensors, read_tensors
from sdedit_studio.models.adding.imported import ImportedNetwork, ImportOptions, schedule_facts
from sdedit_studio.models.catalogue import ModelProblem, Prediction
from sdedit_studio.models.unet import OWN_KEYS

WEIGHTS = "diffusion_pytorch_model"

_BETAS = {"linear": Betas.LINEAR, "scaled_linear": Betas.SCALED_LINEAR, "squaredcos_cap_v2": Betas.COSINE}
_PREDICTIONS = {
    "epsilon": Prediction.NOISE,
    "v_prediction": Prediction.VELOCITY,
    "sample": Prediction.PICTURE,
}
_OLD_NAMES = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
"""Names of attention layers before diffusers 0.14, which most published networks have."""


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; empty where there is no such file. Raises ModelProblem when it is damaged."""
    try:
        values = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ModelProblem(f"{path} cannot be read ({error}): copy or download it again.") from error
    if not isinstance(values, dict):
        raise ModelProblem(f"{path} is damaged: it must hold one JSON object.")
    return values


def network_folder(folder: Path) -> Path | None:
    """The folder of the network in a diffusers folder: `unet`, or the folder itself; None when there is none."""
    return next((at for at in (folder / "unet", folder) if (at / "config.json").is_file()), None)


def scheduler_config(folder: Path) -> dict[str, Any]:
    return read_json(folder / "scheduler" / "scheduler_config.json") or read_json(folder / "scheduler_config.json")


def convert(folder: Path, options: ImportOptions, scratch: Path) -> ImportedNetwork:
    """The network of a pipeline around `UNet2DModel`. Raises ModelProblem for any other, or when files are missing."""
    network = network_folder(folder)
    config = read_json(network / "config.json") if network else {}
    if network is None or config.get("_class_name") != "UNet2DModel":
        kind = config.get("_class_name") or read_json(folder / "model_index.json").get("_class_name") or "no model"
        raise ModelProblem(
            f"{folder.name} holds {kind}, which cannot be used: add a folder with a UNet2DModel or a Stable Diffusion."
        )
    if (folder / "vqvae").is_dir():
        raise ModelProblem(f"{folder.name} works in the latents of a VQ autoencoder, which cannot be used.")
    weights = {_renamed(name): tensor for name, tensor in read_weights(network, scratch).items()}
    return unet(config, weights, scheduler_config(folder), options, folder.name)


def unet(
    config: Mapping[str, Any],
    weights: dict[str, Tensor],
    scheduler: Mapping[str, Any],
    options: ImportOptions,
    label: str,
) -> ImportedNetwork:
    """A network with diffusers' own configuration. Raises ModelProblem for an unknown schedule."""
    known = set(inspect.signature(UNet2DModel.__init__).parameters) | OWN_KEYS | {"_class_name"}
    config = {name: value for name, value in config.items() if name in known}
    if config.get("in_channels", 3) != 3 or config.get("out_channels", 3) not in (3, 6):
        raise ModelProblem(f"{label} is not made for RGB pictures and cannot be used.")
    for part in ("weight", "bias"):
        if f"conv_out.{part}" in weights:
            weights[f"conv_out.{part}"] = weights[f"conv_out.{part}"][:3].clone()  # what follows is the variance
    config["out_channels"] = 3
    classes = config.get("num_class_embeds") or 0
    names = tuple(str(index) for index in range(classes))
    return ImportedNetwork(config, weights, {**_facts(config, scheduler, options, label), "classes": names})


def read_weights(folder: Path, scratch: Path, stem: str = WEIGHTS) -> dict[str, Tensor]:
    """The weights in a folder of diffusers, in one file or several: safetensors before pickles, full precision first.

    Raises ModelProblem when there are none, or they are damaged.
    """
    for suffix in (".safetensors", ".fp16.safetensors", ".bin", ".fp16.bin"):
        if (path := folder / f"{stem}{suffix}").is_file():
            return read_tensors(path, scratch)
        if parts := read_json(folder / f"{stem}{suffix}.index.json").get("weight_map"):
            tensors: dict[str, Tensor] = {}
            for name in sorted(set(parts.values())):
                part = folder / Path(str(name)).name
                tensors |= load_safetensors(part) if part.suffix == ".safetensors" else read_tensors(part, scratch)
            return tensors
    raise ModelProblem(f"{folder.name} has no weights: {stem}.safetensors or {stem}.bin is missing.")


def schedule_of(scheduler: Mapping[str, Any], options: ImportOptions, label: str) -> DiscreteVP:
    """The discrete schedule of a scheduler's configuration, by default DDPM's. Raises ModelProblem for unknown ones."""
    name = scheduler.get("beta_schedule", "linear")
    if options.betas is None and (name not in _BETAS or scheduler.get("trained_betas") is not None):
        raise ModelProblem(
            f"{label} has the noise schedule “{name}”, which is not known: say which it is with `sdedit-studio models "
            "add --schedule`."
        )
    if options.betas is None and scheduler.get("rescale_betas_zero_snr"):
        raise ModelProblem(f"{label} has a noise schedule rescaled to end in pure noise, which cannot be used.")
    return DiscreteVP(
        int(scheduler.get("num_train_timesteps", 1000)),
        float(scheduler.get("beta_start", 1e-4)),
        float(scheduler.get("beta_end", 0.02)),
        options.betas or _BETAS[name],
    )


def prediction_of(scheduler: Mapping[str, Any], options: ImportOptions, label: str) -> Prediction:
    name = scheduler.get("prediction_type", "epsilon")
    if options.prediction is None and name not in _PREDICTIONS:
        raise ModelProblem(
            f"{label} predicts “{name}”, which is not known: say what it is with `sdedit-studio models add "
            "--prediction`."
        )
    return options.prediction or _PREDICTIONS[name]


def _facts(
    config: Mapping[str, Any], scheduler: Mapping[str, Any], options: ImportOptions, label: str
) -> dict[str, Any]:
    if config.get("time_embedding_type") == "fourier":
        centred = not config.get("center_input_sample", False)
        low, scale = (-1.0, 1.0) if centred else (0.0, 2.0)
        return {
            "prediction": options.prediction or Prediction.SCORE,
            "range": (low, 1.0),
            "sigma_min": scale * float(scheduler.get("sigma_min", 0.01)),
            "sigma_max": scale * float(scheduler.get("sigma_max", 348.0)),
        }
    if options.prediction is Prediction.CONSISTENCY or "CMStochastic" in scheduler.get("_class_name", ""):
        return {
            "prediction": Prediction.CONSISTENCY,
            "sigma_min": float(scheduler.get("sigma_min", 0.002)),
            "sigma_max": float(scheduler.get("sigma_max", 80.0)),
            "sigma_data": float(scheduler.get("sigma_data", 0.5)),
            "few_step": True,
            "default_calls": 2,
        }
    if options.prediction is Prediction.EDM:
        return {"prediction": Prediction.EDM, "sigma_min": 0.002, "sigma_max": 80.0}
    return {
        "prediction": prediction_of(scheduler, options, label),
        **schedule_facts(schedule_of(scheduler, options, label)),
    }


def _renamed(name: str) -> str:
    if "attentions." not in name:
        return name
    front, layer, part = name.rsplit(".", 2)
    return f"{front}.{_OLD_NAMES.get(layer, layer)}.{part}"
