"""OpenAI's U-Net (Dhariwal & Nichol 2021): guided-diffusion, and the consistency and EDM networks built on it."""

from __future__ import annotations

from torch import Tensor

from sdedit_studio.diffusion.schedule import Betas, DiscreteVP
from sdedit_studio.models.adding.imported import ImportedNetwork, ImportOptions, schedule_facts
from sdedit_studio.models.adding.layers import State, Translator, numbers
from sdedit_studio.models.catalogue import ModelProblem, Prediction

SMALLEST_SIDE = 8
"""Side of the picture at the deepest level of all published networks; the native size follows from it."""

HEAD_CHANNELS = 64
"""Channels of an attention head, in all published networks but those for 128 pixels, which have `FEW_HEADS` heads."""

FEW_HEADS = 4
LEVELS_OF_128 = 5
LEVELS_OF_64 = 4

_RESNET = {
    "in_layers.0": "norm1",
    "in_layers.2": "conv1",
    "emb_layers.1": "time_emb_proj",
    "out_layers.0": "norm2",
    "out_layers.3": "conv2",
    "skip_connection": "conv_shortcut",
}


def recognise(state: State) -> bool:
    return "input_blocks.0.0.weight" in state and "time_embed.0.weight" in state


def convert(state: State, options: ImportOptions, label: str, stem: str = "") -> ImportedNetwork:
    """The network as `UNet2DModel`. `label`: its name in error messages.

    `stem`: the file's name without suffix; OpenAI's consistency and EDM networks begin with "cd_", "ct_" and "edm_".
    Raises ModelProblem for a network that `UNet2DModel` cannot represent.
    """
    blocks = len(numbers(state, "input_blocks.{}."))
    ups = [index for index in range(blocks) if _upsampler(state, index)]
    if not ups or blocks % (ups[0] + 1) or "middle_block.1.qkv.weight" not in state:
        raise ModelProblem(f"{label} is no U-Net of the kind that guided-diffusion uses.")
    layers = ups[0]
    levels = blocks // (layers + 1)
    ends = [level * (layers + 1) + layers for level in range(levels)]
    widths = [state[f"input_blocks.{end}.0.out_layers.3.weight"].shape[0] for end in ends]
    first, embedding = state["input_blocks.0.0.weight"].shape, state["time_embed.0.weight"].shape
    if first[0] != embedding[1] or first[0] != widths[0]:
        raise ModelProblem(
            f"{label} begins with {first[0]} channels but embeds time in {embedding[1]}, as the 512 pixel network of "
            "guided-diffusion does; networks of that kind cannot be used. Take the one for 256 pixels."
        )
    if first[1] != 3:
        raise ModelProblem(f"{label} takes {first[1]} channels and not 3: upsamplers cannot be used for SDEdit.")

    resampled = f"input_blocks.{layers + 1}.0.in_layers.0.weight" in state
    attentive = [f"input_blocks.{end}.1.qkv.weight" in state for end in ends]
    heads = _heads(options, levels)
    new_order = _new_order(options, state, levels, stem)
    translate = _Adm(state, label, options, heads, new_order)
    translate.layer("time_embed.0", "time_embedding.linear_1")
    translate.layer("time_embed.2", "time_embedding.linear_2")
    classes = 0
    if "label_emb.weight" in state:
        classes = len(state["label_emb.weight"])
        translate.put("class_embedding.weight", translate.take("label_emb.weight"))
    translate.layer("input_blocks.0.0", "conv_in")
    for level in range(levels):
        last = level == levels - 1
        start = 1 + level * (layers + 1)
        for index in range(layers):
            translate.block(f"input_blocks.{start + index}", f"down_blocks.{level}", index)
        if not last:
            translate.resampler(f"input_blocks.{start + layers}.0", f"down_blocks.{level}.downsamplers.0", "op")
        up, start = f"up_blocks.{level}", level * (layers + 1)
        for index in range(layers + 1):
            translate.block(f"output_blocks.{start + index}", up, index)
        if not last:
            end = f"output_blocks.{start + layers}.{_upsampler(state, start + layers)}"
            translate.resampler(end, f"{up}.upsamplers.0", "conv")
    translate.resnet("middle_block.0", "mid_block.resnets.0")
    translate.attention("middle_block.1", "mid_block.attentions.0")
    translate.resnet("middle_block.2", "mid_block.resnets.1")
    translate.layer("out.0", "conv_norm_out")
    learns_variance = len(state["out.2.weight"]) == 6
    for part in ("weight", "bias"):
        translate.put(f"conv_out.{part}", translate.take(f"out.2.{part}")[:3])  # what follows is the variance

    scale_shift = len(state["middle_block.0.emb_layers.1.weight"]) == 2 * widths[-1]
    plain = ("ResnetDownsampleBlock2D", "ResnetUpsampleBlock2D") if resampled else ("DownBlock2D", "UpBlock2D")
    native = SMALLEST_SIDE * 2 ** (levels - 1)
    config = {
        "_class_name": "UNet2DModel",
        "sample_size": native,
        "in_channels": 3,
        "out_channels": 3,
        "layers_per_block": layers,
        "block_out_channels": widths,
        "down_block_types": ["AttnDownBlock2D" if here else plain[0] for here in attentive],
        "up_block_types": ["AttnUpBlock2D" if here else plain[1] for here in reversed(attentive)],
        "downsample_type": "resnet" if resampled else "conv",
        "upsample_type": "resnet" if resampled else "conv",
        "attention_head_dim": options.head_channels or HEAD_CHANNELS,
        "attn_norm_num_groups": 32,
        "flip_sin_to_cos": True,
        "freq_shift": 0,
        "norm_eps": 1e-5,
        "resnet_time_scale_shift": "scale_shift" if scale_shift else "default",
        "num_class_embeds": classes or None,
    }
    if heads:
        config |= {"attention_head_dim": widths[-1] // heads, "attention_heads": heads}
    names = [str(index) for index in range(classes)]
    return ImportedNetwork(
        config, translate.finished(), {**_facts(options, levels, learns_variance, stem), "classes": tuple(names)}
    )


class _Adm(Translator):
    def __init__(self, state: State, label: str, options: ImportOptions, heads: int | None, new_order: bool) -> None:
        super().__init__(state, label)
        self._given, self._heads, self._new_order = options.head_channels or HEAD_CHANNELS, heads, new_order
        self._name = label

    def resnet(self, source: str, target: str) -> None:
        self.layers(source, target, _RESNET, optional="skip_connection")

    def block(self, source: str, target: str, index: int) -> None:
        self.resnet(f"{source}.0", f"{target}.resnets.{index}")
        if f"{source}.1.qkv.weight" in self._state:
            self.attention(f"{source}.1", f"{target}.attentions.{index}")

    def resampler(self, source: str, target: str, convolution: str) -> None:
        if f"{source}.{convolution}.weight" in self._state:
            self.layer(f"{source}.{convolution}", f"{target}.conv")
        else:
            self.resnet(source, target)

    def attention(self, source: str, target: str) -> None:
        self.layer(f"{source}.norm", f"{target}.group_norm")
        for part in ("weight", "bias"):
            combined = self.take(f"{source}.qkv.{part}")
            if part == "weight":
                combined = combined.flatten(1)
            for name, value in zip(("to_q", "to_k", "to_v"), self._split(combined), strict=True):
                self.put(f"{target}.{name}.{part}", value)
        self.put(f"{target}.to_out.0.weight", self.take(f"{source}.proj_out.weight").flatten(1))
        self.put(f"{target}.to_out.0.bias", self.take(f"{source}.proj_out.bias"))

    def _split(self, combined: Tensor) -> tuple[Tensor, ...]:
        """q, k and v of (3 channels, ...): legacy order is (head, q/k/v, channel), new order (q/k/v, head, channel)."""
        width = len(combined) // 3
        if self._new_order:
            return tuple(part.contiguous() for part in combined.chunk(3))
        heads = self._heads or width // self._given
        if not heads or width % heads:
            raise ModelProblem(f"{self._name} has {width} channels in its attention: say how many a head has.")
        return tuple(part.reshape(combined[:width].shape) for part in combined.unflatten(0, (heads, 3, -1)).unbind(1))


def _upsampler(state: State, index: int) -> int:
    """The index of the upsampling part of an output block, which is its last and no attention; 0 for none."""
    for part in (2, 1):
        if any(f"output_blocks.{index}.{part}.{name}.weight" in state for name in ("conv", "in_layers.0")):
            return part
    return 0


def _heads(options: ImportOptions, levels: int) -> int | None:
    return FEW_HEADS if levels == LEVELS_OF_128 and options.head_channels is None else None


def _new_order(options: ImportOptions, state: State, levels: int, stem: str) -> bool:
    """Whether attention is in the new order: in networks for 64 pixels, and in consistency and EDM networks."""
    if options.new_attention_order is not None:
        return options.new_attention_order
    return _kind(options, stem) in (Prediction.CONSISTENCY, Prediction.EDM) or levels == LEVELS_OF_64


def _kind(options: ImportOptions, stem: str) -> Prediction:
    if options.prediction is not None:
        return options.prediction
    match stem.lower().partition("_")[0]:
        case "cd" | "ct":
            return Prediction.CONSISTENCY
        case "edm":
            return Prediction.EDM
        case _:
            return Prediction.NOISE


def _facts(options: ImportOptions, levels: int, learns_variance: bool, stem: str) -> dict[str, object]:
    prediction = _kind(options, stem)
    if prediction in (Prediction.EDM, Prediction.CONSISTENCY):
        few = {"few_step": True, "default_calls": 2} if prediction is Prediction.CONSISTENCY else {}
        return {"prediction": prediction, "sigma_min": 0.002, "sigma_max": 80.0, **few}
    cosine = levels == LEVELS_OF_64 and learns_variance
    betas = options.betas or (Betas.COSINE if cosine else Betas.LINEAR)
    return {"prediction": prediction, **schedule_facts(DiscreteVP(betas=betas))}
