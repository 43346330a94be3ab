"""Latent text models (Rombach et al. 2022): Stable Diffusion 1, 2 and XL, their Turbo and latent-consistency kin.

A model's folder is a diffusers pipeline's: `unet`, `vae`, `text_encoder`, `tokenizer`, for XL also `text_encoder_2` and
`tokenizer_2`. Pictures are encoded, edited in latent space at the true noise level, and decoded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from diffusers.models.embeddings import get_timestep_embedding
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import avg_pool2d

from sdedit_studio.diffusion.denoiser import Denoiser
from sdedit_studio.diffusion.level import Level, row
from sdedit_studio.models.catalogue import ModelCard, ModelProblem
from sdedit_studio.models.graphs import Graphs
from sdedit_studio.models.loaded import LoadedModel
from sdedit_studio.models.unet import Module, adapted, laid_out

WEIGHTS = "diffusion_pytorch_model.safetensors"
AUTOENCODERS = {"AutoencoderKL": AutoencoderKL, "AutoencoderTiny": AutoencoderTiny}

TILES = 2
"""Sides of its native size from which on an autoencoder works in tiles."""

_CALIBRATION = 16
"""Latents across the picture that previews are fitted on."""


def load_latent(card: ModelCard, device: torch.device, dtype: torch.dtype) -> LoadedModel:
    """`dtype`: what the network computes in. Raises ModelProblem when a part is missing or damaged."""
    need_transformers(card.name)
    unet = _part(card, "unet", UNet2DConditionModel, device, dtype)
    config = read_config(card.folder / "vae", card.name)
    autoencoder = _part(card, "vae", AUTOENCODERS.get(config.get("_class_name", ""), AutoencoderKL), device)
    text = TextEncoder(card, device)
    space = Latents(autoencoder)
    conditioned = _Conditioned(card, unet, text, space.factor, device, dtype)
    return LoadedModel(card, device, lambda label: conditioned("", 1.0), space, conditioned)


def need_transformers(name: str) -> None:
    """Raises ModelProblem when the package that reads prompts is not installed."""
    if find_spec("transformers") is None:
        raise ModelProblem(
            f"The model {name} reads text, which needs the text extra: install it with pip install "
            "'sdedit-studio[text]'."
        )


class Latents:
    """The space of an autoencoder: latents scaled to a variance of about 1."""

    def __init__(self, autoencoder: AutoencoderKL | AutoencoderTiny) -> None:
        self._autoencoder: Any = autoencoder
        config = autoencoder.config
        self.channels: int = config["latent_channels"]
        tiny = isinstance(autoencoder, AutoencoderTiny)
        levels = len(config["encoder_block_out_channels" if tiny else "block_out_channels"])
        self.factor: int = 2 ** (levels - 1)
        self._scale: float = config["scaling_factor"]
        self._shift: float = config.get("shift_factor") or 0.0
        if not tiny:  # the tiny one needs little memory at any size
            tile = TILES * config["sample_size"]
            autoencoder.enable_tiling()
            autoencoder.tile_sample_min_size, autoencoder.tile_latent_min_size = tile, tile // self.factor

    @torch.inference_mode()
    def encode(self, picture: Tensor) -> Tensor:
        found = self._autoencoder.encode(picture)
        latents = found.latents if isinstance(self._autoencoder, AutoencoderTiny) else found.latent_dist.mode()
        return (latents - self._shift) * self._scale

    @torch.inference_mode()
    def decode(self, x: Tensor) -> Tensor:
        return self._autoencoder.decode(x / self._scale + self._shift).sample

    def preview(self, x: Tensor) -> Tensor:
        """One colour for each latent, as a linear map of it: decoding takes longer than a call."""
        ones = torch.ones_like(x[:, :1])
        return torch.einsum("bchw,cd->bdhw", torch.cat([x, ones], 1), self._colours).clamp(-1, 1)

    @cached_property
    def _colours(self) -> Tensor:
        """(channels + 1, 3): the least-squares fit of colours to latents, on squares of many colours."""
        device = next(self._autoencoder.parameters()).device
        generator = torch.Generator().manual_seed(0)
        squares = torch.rand(1, 3, _CALIBRATION, _CALIBRATION, generator=generator) * 2 - 1
        picture = squares.repeat_interleave(self.factor, 2).repeat_interleave(self.factor, 3).to(device)
        latents = self.encode(picture)
        known = torch.cat([latents, torch.ones_like(latents[:, :1])], 1).flatten(2)[0].T
        wanted = avg_pool2d(picture, self.factor).flatten(2)[0].T
        return torch.linalg.lstsq(known.cpu(), wanted.cpu(), driver="gelsd").solution.to(device)


@dataclass(frozen=True)
class Embedded:
    """A prompt: its tokens' features (1, n, d), and for XL its own (1, d')."""

    tokens: Tensor
    pooled: Tensor | None


class TextEncoder:
    """One text encoder, or XL's two side by side. Raises ModelProblem when they are missing or damaged."""

    def __init__(self, card: ModelCard, device: torch.device) -> None:
        self._device = device
        self._parts = [self._part(card, end) for end in ("", "_2") if (card.folder / f"text_encoder{end}").is_dir()]
        index = card.folder / "model_index.json"
        pipeline = json.loads(index.read_text("utf-8")) if index.is_file() else {}
        self._nothing_is_zero = len(self._parts) == 2 and pipeline.get("force_zeros_for_empty_prompt", True)
        self._latest: tuple[str, Embedded] | None = None

    @torch.inference_mode()
    def __call__(self, prompt: str) -> Embedded:
        if self._latest is None or self._latest[0] != prompt:
            self._latest = (prompt, self._embedded(prompt))
        return self._latest[1]

    def nothing(self) -> Embedded:
        """What stands for no prompt."""
        embedded = self._embedded("")
        if not self._nothing_is_zero or embedded.pooled is None:
            return embedded
        return Embedded(torch.zeros_like(embedded.tokens), torch.zeros_like(embedded.pooled))

    @torch.inference_mode()
    def _embedded(self, prompt: str) -> Embedded:
        features, pooled = [], None
        for tokenizer, encoder in self._parts:
            length = min(tokenizer.model_max_length, encoder.config.max_position_embeddings)
            tokens = tokenizer(prompt, padding="max_length", max_length=length, truncation=True, return_tensors="pt")
            found = encoder(tokens.input_ids.to(self._device), output_hidden_states=True)
            # XL takes the features before the last layer.
            features.append(found.hidden_states[-2] if len(self._parts) == 2 else found.last_hidden_state)
            pooled = getattr(found, "text_embeds", None)
        return Embedded(torch.cat(features, 2), pooled)

    def _part(self, card: ModelCard, end: str) -> tuple[Any, Any]:
        from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        try:
            tokenizer = CLIPTokenizer.from_pretrained(card.folder / f"tokenizer{end}", local_files_only=True)
            kind: Any = CLIPTextModelWithProjection if end else CLIPTextModel
            encoder, report = kind.from_pretrained(
                card.folder / f"text_encoder{end}",
                local_files_only=True,
                use_safetensors=True,
                dtype=torch.float32,
                output_loading_info=True,
            )
            if lacking := sorted(map(str, (*report["missing_keys"], *report["mismatched_keys"]))):
                # transformers would go on with random numbers.
                raise ValueError(f"{len(lacking)} weights are missing or do not fit, such as {lacking[0]}")
        except Exception as error:  # transformers raises nearly anything
            raise _damaged(card.name, card.folder / f"text_encoder{end}", error) from error
        return tokenizer, encoder.to(self._device).eval().requires_grad_(False)


@dataclass(frozen=True)
class _Conditioned:
    """The denoiser of a prompt and a guidance scale; without and with the prompt in one batch."""

    card: ModelCard
    unet: UNet2DConditionModel
    text: TextEncoder
    factor: int
    device: torch.device
    dtype: torch.dtype

    def __call__(self, prompt: str, guidance: float) -> Denoiser:
        both = guidance != 1 and not self.told_guidance
        embedded = [*([self.text.nothing()] if both else []), self.text(prompt)]
        tokens = torch.cat([each.tokens for each in embedded]).to(self.dtype)
        pooled = None if embedded[0].pooled is None else torch.cat([e.pooled for e in embedded if e.pooled is not None])

        @torch.inference_mode()
        def predict(x: Tensor, time: Level) -> Tensor:
            copies = len(embedded) * len(x)
            sample = x.repeat(len(embedded), 1, 1, 1).to(self.dtype, memory_format=torch.channels_last)
            times = row(time, x).repeat(len(embedded))
            inputs = [sample, times, tokens.repeat_interleave(len(x), 0)]
            if self.told_guidance:
                inputs.append(self.guidance_embedding(guidance, copies))
            if pooled is not None:
                inputs += [pooled.repeat_interleave(len(x), 0).to(self.dtype), self.sizes(x, copies)]
            output = self.run(*inputs).float()
            if not both:
                return output
            without, conditional = output.chunk(2)
            return without + guidance * (conditional - without)

        return adapted(self.card, predict)

    @cached_property
    def run(self) -> Graphs:
        def call(sample: Tensor, times: Tensor, tokens: Tensor, *more: Tensor) -> Tensor:
            rest = list(more)
            told = rest.pop(0) if self.told_guidance else None
            added = {"text_embeds": rest[0], "time_ids": rest[1]} if rest else None
            return self.unet(sample, times, tokens, timestep_cond=told, added_cond_kwargs=added, return_dict=False)[0]

        return Graphs(call, self.device)

    @property
    def told_guidance(self) -> bool:
        """Whether it is a latent consistency model, which takes the scale as an input and needs no second call."""
        return self.unet.config["time_cond_proj_dim"] is not None

    def guidance_embedding(self, guidance: float, count: int) -> Tensor:
        scale = torch.full((count,), 1000 * (guidance - 1), device=self.device)
        width: int = self.unet.config["time_cond_proj_dim"]
        return get_timestep_embedding(scale, width, downscale_freq_shift=1).to(self.dtype)

    def sizes(self, x: Tensor, count: int) -> Tensor:
        """XL is told the size of the picture, where it was cropped, and the size wanted, in pixels."""
        height, width = (side * self.factor for side in x.shape[-2:])
        values = [(height, width, 0, 0, height, width)]
        return torch.tensor(values, dtype=self.dtype).to(self.device, non_blocking=True).repeat(count, 1)


def read_config(folder: Path, name: str) -> dict[str, Any]:
    """The `config.json` in a part's folder. Raises ModelProblem when it cannot be read."""
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(name, folder, error) from error
    if not isinstance(config, dict):
        raise _damaged(name, folder, ValueError("config.json must hold one JSON object"))
    return config


def build(kind: type[Module], config: Mapping[str, Any]) -> Module:
    """A network without values, on the meta device."""
    with torch.device("meta"):
        return kind.from_config(config)  # pyright: ignore[reportAttributeAccessIssue]


def _part(
    card: ModelCard, part: str, kind: type[Module], device: torch.device, dtype: torch.dtype = torch.float32
) -> Module:
    folder = card.folder / part
    try:
        network = build(kind, read_config(folder, card.name))
        weights = {name: weight.to(device, dtype) for name, weight in load_file(folder / WEIGHTS).items()}
        network.load_state_dict(weights, assign=True)
    except (OSError, SafetensorError, RuntimeError, TypeError, ValueError, KeyError) as error:
        raise _damaged(card.name, folder, error) from error
    return laid_out(network).eval().requires_grad_(False)


def _damaged(name: str, folder: Path, error: Exception) -> ModelProblem:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return ModelProblem(f"The model {name} cannot be loaded from {folder} ({lines[-1].strip()[:200]}): add it again.")
