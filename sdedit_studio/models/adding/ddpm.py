"""The U-Net of DDPM, DDIM and SDEdit in PyTorch (Ho et al. 2020; `models/diffusion.py` of those repositories)."""

from __future__ import annotations

from sdedit_studio.diffusion.schedule import Betas, DiscreteVP
from sdedit_studio.models.adding.imported import ImportedNetwork, ImportOptions, schedule_facts
from sdedit_studio.models.adding.layers import State, Translator, numbers
from sdedit_studio.models.catalogue import ModelProblem, Prediction

ATTENTION_SIDE = 16
"""Side of the picture at the level with attention in all published networks; the native size follows from it."""

_RESNET = {
    "norm1": "norm1",
    "conv1": "conv1",
    "temb_proj": "time_emb_proj",
    "norm2": "norm2",
    "conv2": "conv2",
    "nin_shortcut": "conv_shortcut",
}
_ATTENTION = {"q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0"}


def recognise(state: State) -> bool:
    return "temb.dense.0.weight" in state


def convert(state: State, options: ImportOptions, label: str) -> ImportedNetwork:
    """The network as `UNet2DModel`. Raises ModelProblem for a layout other than that of the published networks."""
    levels = len(numbers(state, "down.{}."))
    attentive = numbers(state, "down.{}.attn.")
    if levels < 2 or not attentive:
        raise ModelProblem(f"{label} is no U-Net of the kind that DDPM and SDEdit use: it has no levels or attention.")
    layers = len(numbers(state, "down.0.block.{}."))
    widths = [state[f"down.{level}.block.{layers - 1}.conv2.weight"].shape[0] for level in range(levels)]
    translate = Translator(state, label)
    translate.layer("temb.dense.0", "time_embedding.linear_1")
    translate.layer("temb.dense.1", "time_embedding.linear_2")
    translate.layer("conv_in", "conv_in")
    for level in range(levels):
        _blocks(translate, f"down.{level}", f"down_blocks.{level}", layers, level in attentive)
        if level < levels - 1:
            translate.layer(f"down.{level}.downsample.conv", f"down_blocks.{level}.downsamplers.0.conv")
        up = f"up_blocks.{levels - 1 - level}"
        _blocks(translate, f"up.{level}", up, layers + 1, level in attentive)
        if level > 0:
            translate.layer(f"up.{level}.upsample.conv", f"{up}.upsamplers.0.conv")
    _resnet(translate, "mid.block_1", "mid_block.resnets.0")
    _attention(translate, "mid.attn_1", "mid_block.attentions.0")
    _resnet(translate, "mid.block_2", "mid_block.resnets.1")
    translate.layer("norm_out", "conv_norm_out")
    translate.layer("conv_out", "conv_out")

    native = ATTENTION_SIDE * 2 ** attentive[0]
    kinds = ["Attn" if level in attentive else "" for level in range(levels)]
    config = {
        "_class_name": "UNet2DModel",
        "sample_size": native,
        "in_channels": 3,
        "out_channels": 3,
        "layers_per_block": layers,
        "block_out_channels": widths,
        "down_block_types": [f"{kind}DownBlock2D" for kind in kinds],
        "up_block_types": [f"{kind}UpBlock2D" for kind in reversed(kinds)],
        "attention_head_dim": None,
        "downsample_padding": 0,
        "flip_sin_to_cos": False,
        "freq_shift": 1,
        "norm_eps": 1e-6,
    }
    facts = schedule_facts(DiscreteVP(betas=options.betas or Betas.LINEAR))
    return ImportedNetwork(
        config, translate.finished(), {"prediction": options.prediction or Prediction.NOISE, **facts}
    )


def _blocks(translate: Translator, source: str, target: str, count: int, attentive: bool) -> None:
    for index in range(count):
        _resnet(translate, f"{source}.block.{index}", f"{target}.resnets.{index}")
        if attentive:
            _attention(translate, f"{source}.attn.{index}", f"{target}.attentions.{index}")


def _resnet(translate: Translator, source: str, target: str) -> None:
    translate.layers(source, target, _RESNET, optional="nin_shortcut")


def _attention(translate: Translator, source: str, target: str) -> None:
    translate.layer(f"{source}.norm", f"{target}.group_norm")
    for theirs, ours in _ATTENTION.items():
        # 1x1 convolutions there, linear layers here.
        translate.put(f"{target}.{ours}.weight", translate.take(f"{source}.{theirs}.weight").flatten(1))
        translate.put(f"{target}.{ours}.bias", translate.take(f"{source}.{theirs}.bias"))
