"""The model card of a trained model, with the facts of its run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from sdedit_studio import __version__
from sdedit_studio.training.dataset import Dataset
from sdedit_studio.training.history import Row
from sdedit_studio.training.network import cost
from sdedit_studio.training.recipe import SIGMA_DATA, Recipe


def model_card(
    model: Mapping[str, Any],
    config: Mapping[str, Any],
    recipe: Recipe,
    data: Dataset,
    last: Row,
    *,
    name: str,
    source: str,
    base: str | None,
    device: torch.device,
) -> str:
    """The model card as markdown. `model`, `config`: values of `model.json` and `config.json`. `last`: the last row."""
    parameters, operations = cost(config)
    size = recipe.size
    classes = ", ".join(f"{index} {kind}" for index, kind in enumerate(data.classes))
    counts = ", ".join(f"{kind or 'of no class'} {count:,}" for kind, count in sorted(data.counts.items()))
    pictures = sum(data.counts.values())
    loss = "consistency" if recipe.few_step else recipe.objective
    held_out = "not measured" if last.held_out is None else f"{last.held_out:.4f}"
    device_name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type.upper()
    facts = {
        "Network": f"diffusers `UNet2DModel` on `pixel_unshuffle(x, {config['patch']})`, {parameters / 1e6:.1f} M "
        f"parameters, fp16 safetensors; {operations / 1e9:.3g} GFLOP a call at {size}x{size}",
        "Preconditioning": f"EDM (Karras et al. 2022), sigma_data {SIGMA_DATA}, sigma {model['sigma_min']:.3g} to "
        f"{model['sigma_max']:.3g}",
        "Native size": f"{size}x{size} px RGB in [-1, 1]; sides multiples of {model['stride']}",
        "Classes": f"{classes}, {model['any_class']} any" if classes else "none",
        "Data": f"{source}, {pictures:,} pictures ({counts}): {data.unreadable:,} unreadable and left out, "
        f"{data.enlarged:,} smaller than {size} px and enlarged, {len(data.held_out):,} held out",
        "Training": f"{last.images:,} pictures seen (about {last.images / pictures:.0f} epochs) in "
        f"{last.seconds / 60:.1f} minutes on {device_name}; loss {loss}, batch {recipe.batch}, AdamW (0.9, "
        f"0.99), learning rate {recipe.learning_rate:g} with warm-up and linear decay, dropout {config['dropout']:g}, "
        f"labels dropped {recipe.label_dropout:.0%}, EMA, seed {recipe.seed}",
        "Loss": f"{last.loss:.4f}; held out: {held_out}",
        "Made with": f"SDEdit Studio {__version__}, PyTorch {torch.__version__}",
        "Licence": model["licence"],
    }
    if base is not None:
        facts["Begun from"] = f"the weights of {base}"
    kind = "few-step denoiser: one or two calls, with new noise in between" if recipe.few_step else "denoiser"
    table = "\n".join(f"| {label} | {fact} |" for label, fact in facts.items())
    return TEMPLATE.format(name=name, kind=kind, table=table)


TEMPLATE = """# {name}

A {kind}. Add it with `sdedit-studio models add` and this folder.

| | |
|---|---|
{table}

With diffusers, whose `UNet2DModel` this is:

```python
import json
from pathlib import Path

from diffusers import UNet2DModel
from safetensors.torch import load_file
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

config = json.loads(Path("config.json").read_text())
patch, sd = config.pop("patch"), config.pop("sigma_data")
unet = UNet2DModel.from_config(config)
unet.load_state_dict(load_file("model.safetensors"))

def denoise(x, sigma, labels=None):  # x: (b, 3, h, w), sigma, labels: (b,)
    s = sigma[:, None, None, None]
    total = s**2 + sd**2
    out = unet(pixel_unshuffle(x / total**0.5, patch), 250 * sigma.log() / 4, labels).sample
    return sd**2 / total * x + s * sd / total**0.5 * pixel_shuffle(out, patch)
```
"""
