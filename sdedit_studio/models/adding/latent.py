"""Importing latent text models such as Stable Diffusion from folders of diffusers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from safetensors.torch import save_file
from torch import Tensor

from sdedit_studio.models.adding.folder import prediction_of, read_json, read_weights, schedule_of, scheduler_config
from sdedit_studio.models.adding.imported import ImportOptions, as_json, compare, schedule_facts
from sdedit_studio.models.catalogue import ModelProblem
from sdedit_studio.models.latent import AUTOENCODERS, WEIGHTS, build, need_transformers

Watch = Callable[[str], None]

_FEW_STEP_SCHEDULERS = ("LCMScheduler", "TCDScheduler")

FULL_GUIDANCE, LCM_GUIDANCE = 5.0, 8.5
FEW_CALLS, CALLS = 2, 12
T0 = 0.45

SCHEDULER = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
"""The schedule of every Stable Diffusion; single files do not hold it."""


def recognise(folder: Path) -> bool:
    return read_json(folder / "unet" / "config.json").get("_class_name") == "UNet2DConditionModel"


def convert(folder: Path, options: ImportOptions, staging: Path, watch: Watch) -> dict[str, Any]:
    """Write the parts of a pipeline's folder into `staging`; returns the values of `model.json`.

    Raises ModelProblem for one that is incomplete, damaged, or no plain text-to-picture model.
    """
    need_transformers(folder.name)
    parts = ["text_encoder", *(["text_encoder_2"] if (folder / "text_encoder_2").is_dir() else [])]
    for part in ("vae", *parts, *(name.replace("text_encoder", "tokenizer") for name in parts)):
        if not (folder / part).is_dir():
            raise ModelProblem(f"{folder.name} is incomplete: it has no folder {part}.")
    for part in ("vae", *parts):
        if not (folder / part / "config.json").is_file():
            raise ModelProblem(f"{folder.name} is incomplete: it has no {part}/config.json.")
    unet_config, vae_config = read_json(folder / "unet" / "config.json"), read_json(folder / "vae" / "config.json")
    for part, kind, config in (
        ("unet", UNet2DConditionModel, unet_config),
        ("vae", _autoencoder(vae_config, folder.name), vae_config),
    ):
        watch(f"Checking {part}")
        weights = read_weights(folder / part, staging)
        save_network(kind, config, weights, staging / part, f"{folder.name}/{part}")
    for part in parts:
        watch(f"Checking {part}")
        stem = "model" if any((folder / part).glob("model*.safetensors*")) else "pytorch_model"
        weights = read_weights(folder / part, staging, stem)
        save_text_encoder(read_json(folder / part / "config.json"), weights, staging / part, f"{folder.name}/{part}")
        tokenizer = part.replace("text_encoder", "tokenizer")
        shutil.copytree(folder / tokenizer, staging / tokenizer)
    if (folder / "model_index.json").is_file():
        shutil.copy2(folder / "model_index.json", staging)
    scheduler = scheduler_config(folder) or SCHEDULER
    return facts_of(unet_config, vae_config, scheduler, options, folder.name)


def facts_of(
    unet: Mapping[str, Any], vae: Mapping[str, Any], scheduler: Mapping[str, Any], options: ImportOptions, label: str
) -> dict[str, Any]:
    """The values of a latent model's `model.json`. Raises ModelProblem for inpainting and similar networks."""
    channels = vae.get("latent_channels", 4)
    if unet.get("in_channels", 4) != channels or unet.get("out_channels", 4) != channels:
        raise ModelProblem(
            f"{label} takes {unet.get('in_channels')} channels, as inpainting and instruction models do: take the "
            "plain text-to-picture model; SDEdit needs no other."
        )
    embeds_guidance = unet.get("time_cond_proj_dim") is not None
    few_step = embeds_guidance or scheduler.get("_class_name") in _FEW_STEP_SCHEDULERS or "turbo" in label.lower()
    factor = 2 ** (len(vae.get("block_out_channels") or vae.get("encoder_block_out_channels") or [0] * 4) - 1)
    size = unet.get("sample_size", 64)
    levels = len(unet.get("block_out_channels", [0] * 4))
    return as_json(
        {
            "title": label.replace("_", " ").replace("-", " "),
            "format": "latent",
            "weights": f"unet/{WEIGHTS}",
            "native": factor * (min(size) if isinstance(size, list) else size),
            "stride": factor * 2 ** (levels - 1),
            "prediction": prediction_of(scheduler, options, label),
            **schedule_facts(schedule_of(scheduler, options, label)),
            "few_step": few_step,
            "default_t0": T0,
            "default_calls": FEW_CALLS if few_step else CALLS,
            "default_guidance": LCM_GUIDANCE if embeds_guidance else 1.0 if few_step else FULL_GUIDANCE,
        }
    )


def _autoencoder(config: Mapping[str, Any], label: str) -> Any:
    name = config.get("_class_name", "AutoencoderKL")
    if name not in AUTOENCODERS:
        raise ModelProblem(f"{label} has the autoencoder {name}, which is not known.")
    return AUTOENCODERS[name]


def save_network(kind: Any, config: Mapping[str, Any], weights: Mapping[str, Tensor], target: Path, label: str) -> None:
    """Write one network of diffusers' class `kind`. Raises ModelProblem unless its weights fit and are finite."""
    try:
        expected = build(kind, config).state_dict()
    except (TypeError, ValueError, KeyError, RuntimeError) as error:
        raise ModelProblem(f"{label} describes a network that cannot be built ({error}).") from error
    weights = {_renamed(name): weight for name, weight in weights.items()}
    compare(expected, weights, label)
    target.mkdir()
    save_file({name: weight.contiguous() for name, weight in weights.items()}, target / WEIGHTS, {"format": "pt"})
    (target / "config.json").write_text(json.dumps(config, indent=2), "utf-8")


def _renamed(name: str) -> str:
    """The name since diffusers 0.14 of a layer of an autoencoder's attention."""
    if ".attentions." not in name:
        return name
    for old, new in ((".query.", ".to_q."), (".key.", ".to_k."), (".value.", ".to_v."), (".proj_attn.", ".to_out.0.")):
        name = name.replace(old, new)
    return name


def save_text_encoder(config: Mapping[str, Any], weights: Mapping[str, Tensor], target: Path, label: str) -> None:
    """Write a text encoder; whether it fits is checked when it is tried. Raises ModelProblem unless it is finite."""
    for name, weight in weights.items():
        if weight.is_floating_point() and not weight.isfinite().all():
            raise ModelProblem(f"{label} holds values that are not numbers (in {name}): it is damaged.")
    target.mkdir()
    saved = {name: weight.contiguous() for name, weight in weights.items()}
    save_file(saved, target / "model.safetensors", {"format": "pt"})
    (target / "config.json").write_text(json.dumps(config, indent=2), "utf-8")
