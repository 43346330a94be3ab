"""Importing Stable Diffusion 1, 2 and XL from single files, with the names of the original code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from diffusers.loaders.single_file_utils import (
    convert_ldm_clip_checkpoint,
    convert_ldm_unet_checkpoint,
    convert_ldm_vae_checkpoint,
    convert_open_clip_checkpoint,
)
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import Tensor

from sdedit_studio.models.adding.imported import ImportOptions
from sdedit_studio.models.adding.latent import SCHEDULER, facts_of, save_network, save_text_encoder
from sdedit_studio.models.catalogue import ModelProblem, installed
from sdedit_studio.models.latent import need_transformers

PREFIX = "model.diffusion_model."
CONTEXT = PREFIX + "middle_block.1.transformer_blocks.0.attn2.to_k.weight"
"""A weight whose width is that of the text features, by which the kinds are recognised."""

TOKENIZER = "openai/clip-vit-large-patch14"
"""The tokenizer of every kind; single files do not hold it."""


@dataclass(frozen=True)
class Kind:
    """One kind of Stable Diffusion. `texts`: for each text encoder its prefix in the file, and its configuration."""

    unet: Mapping[str, Any]
    vae: Mapping[str, Any]
    texts: Sequence[tuple[str, Mapping[str, Any]]]
    scheduler: Mapping[str, Any]


_CROSS = "CrossAttnDownBlock2D"
_UNET = {
    "_class_name": "UNet2DConditionModel",
    "sample_size": 64,
    "block_out_channels": [320, 640, 1280, 1280],
    "down_block_types": [_CROSS, _CROSS, _CROSS, "DownBlock2D"],
    "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
    "layers_per_block": 2,
    "attention_head_dim": 8,
    "cross_attention_dim": 768,
}
_UNET_2 = _UNET | {
    "sample_size": 96,
    "attention_head_dim": [5, 10, 20, 20],
    "cross_attention_dim": 1024,
    "use_linear_projection": True,
}
_UNET_XL = _UNET | {
    "sample_size": 128,
    "block_out_channels": [320, 640, 1280],
    "down_block_types": ["DownBlock2D", _CROSS, _CROSS],
    "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    "attention_head_dim": [5, 10, 20],
    "transformer_layers_per_block": [1, 2, 10],
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}
_VAE = {
    "_class_name": "AutoencoderKL",
    "block_out_channels": [128, 256, 512, 512],
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
    "sample_size": 512,
    "scaling_factor": 0.18215,
}
_CLIP_L = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "projection_dim": 768,
    "hidden_act": "quick_gelu",
    "vocab_size": 49408,
}
_OPEN_CLIP_H = _CLIP_L | {
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 23,
    "num_attention_heads": 16,
    "projection_dim": 512,
    "hidden_act": "gelu",
}
_OPEN_CLIP_G = _CLIP_L | {
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_hidden_layers": 32,
    "num_attention_heads": 20,
    "projection_dim": 1280,
    "hidden_act": "gelu",
}

KINDS = {
    768: Kind(_UNET, _VAE, [("cond_stage_model.transformer.", _CLIP_L)], SCHEDULER),
    1024: Kind(
        _UNET_2,
        _VAE | {"sample_size": 768},
        [("cond_stage_model.model.", _OPEN_CLIP_H)],
        SCHEDULER | {"prediction_type": "v_prediction"},
    ),
    2048: Kind(
        _UNET_XL,
        _VAE | {"sample_size": 1024, "scaling_factor": 0.13025},
        [("conditioner.embedders.0.transformer.", _CLIP_L), ("conditioner.embedders.1.model.", _OPEN_CLIP_G)],
        SCHEDULER,
    ),
}
"""The kinds by the width of the text features: Stable Diffusion 1, 2 (at 768 pixels a v-prediction model) and XL."""


def state_of(tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor] | None:
    """The weights of a Stable Diffusion among a file's tensors, which pickles nest; None where there are none."""
    for nest in ("", "state_dict/"):
        if any(name.startswith(nest + PREFIX) for name in tensors):
            return {name.removeprefix(nest): tensor for name, tensor in tensors.items()}
    return None


def convert(
    path: Path, tensors: Mapping[str, Tensor], options: ImportOptions, staging: Path, watch: Callable[[str], None]
) -> dict[str, Any]:
    """Write the parts of the file `path`, which holds `tensors`, into `staging`; returns the values of `model.json`.

    Raises ModelProblem for an unknown kind, for an incomplete or damaged file, and offline when no installed model has
    the tokenizer.
    """
    need_transformers(path.stem)
    kind = KINDS.get(tensors[CONTEXT].shape[1]) if CONTEXT in tensors else None
    if kind is None:
        raise ModelProblem(f"{path.name} is no Stable Diffusion 1, 2 or XL: its text features are of another width.")
    unet = _as_made(kind.unet, path.stem)
    for part, network, config, translate in (
        ("unet", UNet2DConditionModel, unet, convert_ldm_unet_checkpoint),
        ("vae", AutoencoderKL, kind.vae, convert_ldm_vae_checkpoint),
    ):
        watch(f"Checking {part}")
        try:
            weights = translate(dict(tensors), config)
        except (KeyError, IndexError, ValueError) as error:
            raise ModelProblem(f"{path.name} is incomplete: its {part} lacks {error}.") from error
        save_network(network, config, weights, staging / part, f"{path.name}, {part},")
    for end, (prefix, config) in zip(("", "_2"), kind.texts, strict=False):
        watch("Checking text encoder")
        weights = _text(tensors, prefix, config)
        if not weights:
            raise ModelProblem(f"{path.name} has no text encoder, so it cannot be used alone: add a whole model.")
        save_text_encoder(config, weights, staging / f"text_encoder{end}", path.name)
        _write_tokenizer(path, staging / f"tokenizer{end}", staging.parent, open_clip=_is_open_clip(prefix))
    predicts = kind.scheduler if unet is kind.unet else SCHEDULER
    return facts_of(unet, kind.vae, predicts, options, path.stem)


def _as_made(unet: Mapping[str, Any], label: str) -> Mapping[str, Any]:
    """The configuration of the U-Net, which for Stable Diffusion 2 base and Turbo is that of 512 pixels."""
    small = any(sign in label.lower() for sign in ("512", "base", "turbo"))
    return {**unet, "sample_size": 64} if unet.get("sample_size") == 96 and small else unet


def _text(tensors: Mapping[str, Tensor], prefix: str, config: Mapping[str, Any]) -> dict[str, Tensor]:
    if not _is_open_clip(prefix):
        own = {name: tensor for name, tensor in tensors.items() if name.startswith(prefix)}
        return {name: weight for name, weight in convert_ldm_clip_checkpoint(own).items() if "position_ids" not in name}
    described: Any = SimpleNamespace(config=SimpleNamespace(hidden_size=config["hidden_size"]))
    return convert_open_clip_checkpoint(described, dict(tensors), prefix=prefix)


def _is_open_clip(prefix: str) -> bool:
    return prefix.endswith(".model.")


def _write_tokenizer(path: Path, target: Path, models_dir: Path, *, open_clip: bool) -> None:
    """Write CLIP's tokenizer, taken from the file's folder, an installed model, or the hub. Raises ModelProblem."""
    from transformers import CLIPTokenizer

    here = [path.parent / "tokenizer", *(card.folder / "tokenizer" for card in installed(models_dir))]
    source = next((folder for folder in here if folder.is_dir()), TOKENIZER)
    try:
        tokenizer = CLIPTokenizer.from_pretrained(source)
    except Exception as error:  # what the hub and transformers raise offline differs by version
        raise ModelProblem(
            f"{path.name} needs CLIP's tokenizer, which is fetched once from the hub ({TOKENIZER}), and the hub cannot "
            "be reached: put a folder “tokenizer” beside the file, or try again online."
        ) from error
    tokenizer.pad_token = "!" if open_clip else tokenizer.eos_token
    tokenizer.save_pretrained(target)
