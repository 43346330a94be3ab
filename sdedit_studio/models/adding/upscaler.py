"""Importing published upscalers: any network of spandrel's that enlarges an RGB picture two or four times."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from sdedit_studio.models.adding.checkpoint import groups, preferred
from sdedit_studio.models.catalogue import ModelProblem
from sdedit_studio.models.detail import FACTORS, DetailCard
from sdedit_studio.models.detail_network import load_detail
from sdedit_studio.models.upscaler import build, kind_of

FORMAT = "spandrel"

_DOES = {
    "FaceSR": "restores faces",
    "Inpainting": "fills holes",
    "Restoration": "cleans pictures and does not enlarge them",
}
"""What networks of spandrel's other purposes do."""

_HEIGHT, _WIDTH = 20, 28
"""The size of the picture that an upscaler is tried on."""


def convert(tensors: Mapping[str, Tensor], path: Path, staging: Path) -> dict[str, Any] | None:
    """Write the upscaler in `tensors`, those of the file `path`, into `staging`; averaged weights before raw ones.

    Returns the values of `detail.json`; None when spandrel does not recognise them. Raises NoSpandrel when it is not
    installed, and ModelProblem for a damaged network and for one that cannot be used.
    """
    states = {name: state for name, state in groups(tensors).items() if kind_of(state) is not None}
    if not states:
        return None
    weights = states[preferred(states)]
    network = build(weights, path.name)
    kind = network.architecture.name
    if network.purpose != "SR":
        raise ModelProblem(
            f"{kind} {_DOES[network.purpose]}; it is not an upscaler. Add a network that enlarges two or four times."
        )
    if network.scale not in FACTORS:
        raise ModelProblem(
            f"This {kind} enlarges {network.scale} times. Add a network that enlarges two or four times."
        )
    channels = (network.input_channels, network.output_channels)
    if channels != (3, 3):
        raise ModelProblem(
            f"This {kind} is not made for RGB pictures: it takes {channels[0]} channels and gives {channels[1]}. Add "
            "one that takes and gives three."
        )
    for weight_name, weight in weights.items():
        if weight.is_floating_point() and not weight.isfinite().all():
            raise ModelProblem(f"{path.name} holds values that are not numbers (in {weight_name}): it is damaged.")
    save_file({key: weight.contiguous() for key, weight in weights.items()}, staging / "model.safetensors")
    return {
        "title": path.stem.replace("_", " ").replace("-", " "),
        "format": FORMAT,
        "weights": "model.safetensors",
        "factor": network.scale,
    }


def try_out(card: DetailCard) -> None:
    """Call an upscaler on a small picture of noise. Raises ModelProblem unless the size is right and values finite."""
    network = load_detail(card, torch.device("cpu"), torch.float32)
    picture = torch.rand(1, 3, _HEIGHT, _WIDTH, generator=torch.Generator().manual_seed(0)) * 2 - 1
    try:
        made = network.run(picture)
    except RuntimeError as error:
        raise ModelProblem(f"{card.title} cannot be run: {str(error).splitlines()[0][:160]}.") from error
    if made.shape != (1, 3, card.factor * _HEIGHT, card.factor * _WIDTH):
        raise ModelProblem(f"{card.title} does not enlarge {card.factor} times, as it should: it is damaged.")
    if not made.isfinite().all():
        raise ModelProblem(f"{card.title} gives values that are not numbers: it is damaged.")
