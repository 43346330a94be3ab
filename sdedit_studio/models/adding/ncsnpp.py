"""NCSN++ of score_sde (Song et al. 2021) as published for 256 and 1024 pixels: VE, with input and output pyramids."""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

from sdedit_studio.models.adding.imported import ImportedNetwork, ImportOptions
from sdedit_studio.models.adding.layers import State, Translator, numbers
from sdedit_studio.models.catalogue import ModelProblem, Prediction

ATTENTION_SIDE = 16
SIGMA_MIN = 0.01
SIGMA_MAX = {256: 348.0, 1024: 1348.0}
"""The highest level by native size, where the file does not hold it, for data in [0, 1]. No edit starts as high."""

_RESNET = {
    "GroupNorm_0": "norm1",
    "Conv_0": "conv1",
    "Dense_0": "time_emb_proj",
    "GroupNorm_1": "norm2",
    "Conv_1": "conv2",
    "Conv_2": "conv_shortcut",
}


def recognise(state: State) -> bool:
    return any(key.startswith("all_modules.") for key in state)


def shadowed(state: State, shadow: list) -> State:
    """`state` with its weights replaced by the averaged ones, which have no names and are in the order of parameters.

    Raises ModelProblem when their shapes do not match.
    """
    trained = [name for name in state if name not in ("sigmas", "all_modules.0.W")]
    if len(trained) != len(shadow) or any(
        state[name].shape != weight.shape for name, weight in zip(trained, shadow, strict=True)
    ):
        raise ModelProblem("The averaged weights in this checkpoint do not belong to its network: it is damaged.")
    return {**state, **dict(zip(trained, shadow, strict=True))}


def convert(state: State, options: ImportOptions, label: str) -> ImportedNetwork:
    """The network as `UNet2DModel`. Raises ModelProblem for other networks of score_sde.

    Its modules are numbered in the order in which score_sde builds them.
    """
    if "all_modules.0.W" not in state:
        raise ModelProblem(
            f"{label} is a network of score_sde without Fourier features (VP or CIFAR-10), which cannot be used: take "
            "an NCSN++ for 256 or 1024 pixels."
        )
    combines = [index for index in numbers(state, "all_modules.{}.") if _combine(state, index)]
    if not combines:
        raise ModelProblem(
            f"{label} has no input pyramid; only score_sde's NCSN++ for 256 and 1024 pixels can be used."
        )
    levels = len(combines) + 1
    layers = sum(_is_resnet(state, index) for index in range(4, combines[0])) - 1
    translate = Translator({key: weight for key, weight in state.items() if key != "sigmas"}, label)
    translate.put("time_proj.weight", translate.take("all_modules.0.W"))
    translate.layer("all_modules.1", "time_embedding.linear_1")
    translate.layer("all_modules.2", "time_embedding.linear_2")
    translate.layer("all_modules.3", "conv_in")
    modules = iter(range(4, 4 + len(state)))
    widths, attentive = [], []

    for level in range(levels):
        here = f"down_blocks.{level}"
        for index in range(layers):
            block = next(modules)
            _resnet(translate, block, f"{here}.resnets.{index}")
            if index == 0:
                widths.append(len(state[f"all_modules.{block}.Conv_1.weight"]))
                attentive.append(_is_attention(state, block + 1))
            if attentive[-1]:
                _attention(translate, next(modules), f"{here}.attentions.{index}")
        if level < levels - 1:
            _resnet(translate, next(modules), f"{here}.resnet_down")
            next(modules)  # the pyramid's own shrinking, which has no weights
            combine = next(modules)
            name = "Conv_0" if f"all_modules.{combine}.Conv_0.weight" in state else "Conv"
            translate.layer(f"all_modules.{combine}.{name}", f"{here}.skip_conv")
    _resnet(translate, next(modules), "mid_block.resnets.0")
    _attention(translate, next(modules), "mid_block.attentions.0")
    _resnet(translate, next(modules), "mid_block.resnets.1")
    for level in reversed(range(levels)):
        here = f"up_blocks.{levels - 1 - level}"
        for index in range(layers + 1):
            _resnet(translate, next(modules), f"{here}.resnets.{index}")
        if attentive[level]:
            _attention(translate, next(modules), f"{here}.attentions.0")
        if level < levels - 1:
            next(modules)  # the pyramid's own enlarging
        norm, conv = ("conv_norm_out", "conv_out") if level == 0 else (f"{here}.skip_norm", f"{here}.skip_conv")
        translate.layer(f"all_modules.{next(modules)}", norm)
        translate.layer(f"all_modules.{next(modules)}", conv)
        if level > 0:
            _resnet(translate, next(modules), f"{here}.resnet_up")

    if not any(attentive):
        raise ModelProblem(f"{label} has no attention, so its native size cannot be told.")
    native = ATTENTION_SIDE * 2 ** attentive.index(True)
    kinds = ["Attn" if here else "" for here in attentive]
    config = {
        "_class_name": "UNet2DModel",
        "sample_size": native,
        "in_channels": 3,
        "out_channels": 3,
        "center_input_sample": True,
        "layers_per_block": layers,
        "block_out_channels": widths,
        "down_block_types": [f"{kind}SkipDownBlock2D" for kind in kinds],
        "up_block_types": [f"{kind}SkipUpBlock2D" for kind in reversed(kinds)],
        "attention_head_dim": None,
        "mid_block_scale_factor": sqrt(2),
        "norm_eps": 1e-6,
        "norm_num_groups": None,
        "time_embedding_type": "fourier",
    }
    sigmas = [sigma.item() for sigma in state["sigmas"].flatten()] if "sigmas" in state else ()
    low, high = (min(sigmas), max(sigmas)) if sigmas else (SIGMA_MIN, SIGMA_MAX.get(native, SIGMA_MAX[256]))
    facts = {
        "prediction": options.prediction or Prediction.SCORE,
        "range": (0.0, 1.0),
        "sigma_min": 2 * low,  # from [0, 1] to [-1, 1]
        "sigma_max": 2 * high,
    }
    return ImportedNetwork(config, translate.finished(), facts)


def _resnet(translate: Translator, index: int, target: str) -> None:
    translate.layers(f"all_modules.{index}", target, _RESNET, optional="Conv_2")


def _attention(translate: Translator, index: int, target: str) -> None:
    source = f"all_modules.{index}"
    translate.layer(f"{source}.GroupNorm_0", f"{target}.group_norm")
    for number, name in enumerate(("to_q", "to_k", "to_v", "to_out.0")):
        # Their matrices act on channels from the left, (in, out).
        translate.put(f"{target}.{name}.weight", translate.take(f"{source}.NIN_{number}.W").T.contiguous())
        translate.put(f"{target}.{name}.bias", translate.take(f"{source}.NIN_{number}.b"))


def _is_resnet(state: State, index: int) -> bool:
    return f"all_modules.{index}.Conv_1.weight" in state


def _is_attention(state: State, index: int) -> bool:
    return f"all_modules.{index}.NIN_0.W" in state


def _combine(state: State, index: int) -> bool:
    own = [key for key in _keys(state, index) if key.endswith("weight")]
    return own in ([f"all_modules.{index}.Conv_0.weight"], [f"all_modules.{index}.Conv.weight"])


def _keys(state: State, index: int) -> Iterator[str]:
    return (key for key in state if key.startswith(f"all_modules.{index}."))
