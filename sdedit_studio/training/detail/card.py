"""The card of a detail network, with the facts of its run."""

from __future__ import annotations

import torch

from sdedit_studio import __version__
from sdedit_studio.models.catalogue import ModelCard
from sdedit_studio.models.span import BLOCKS, CHANNELS, FACTOR, RECEPTIVE_RADIUS
from sdedit_studio.training.detail.recipe import DetailRecipe
from sdedit_studio.training.detail.start import Start
from sdedit_studio.training.history import Row

TEMPLATE = """# {name}

A detail network for {base}: it enlarges what that model makes {factor} times, and adds what is missing at that size.
To use it, copy `detail.json`, `model.safetensors` and this file to the folder `detail` of the model.

| | |
|---|---|
{table}
"""


def detail_card(
    recipe: DetailRecipe,
    last: Row,
    *,
    name: str,
    base: ModelCard,
    start: Start,
    count: int,
    source: str,
    size: tuple[int, int],
    device: torch.device,
) -> str:
    """The card as markdown. `last`: the last row. `count`: photographs of all processes. `size`: of the canvas."""
    device_name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type.upper()
    facts = {
        "Network": f"SPAN (Wan et al. 2023), {CHANNELS} channels, {BLOCKS} blocks, training branches merged; pictures "
        f"in [-1, 1]; reaches {RECEPTIVE_RADIUS} px to each side; fp16 safetensors",
        "Made for": f"{base.name}, {size[0]}x{size[1]} px",
        "Begun from": f"{start.name}, which is also the teacher",
        "Photographs": f"{count:,} of {source}; {recipe.frames:,} frames of {base.name}'s own passes made of them",
        "Training": f"{last.images // recipe.batch:,} steps of {recipe.batch} patches, {last.seconds / 60:.1f} minutes "
        f"on {device_name}; L1 and EfficientNet-Lite0 features against the teacher, drift of cell means, adversarial "
        f"loss {recipe.adversarial:g} after {recipe.critic_first:,} steps; Adam, learning rate "
        f"{recipe.learning_rate:g} with warm-up and linear decay, EMA, seed {recipe.seed}",
        "Loss": f"{last.loss:.4f} without the adversarial part",
        "Made with": f"SDEdit Studio {__version__}, PyTorch {torch.__version__}",
        "Licence": f"{start.licence}. The weights are derived from {start.name} and keep its licence",
    }
    table = "\n".join(f"| {label} | {fact} |" for label, fact in facts.items())
    return TEMPLATE.format(name=name, base=base.name, factor=FACTOR, table=table)
