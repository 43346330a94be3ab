"""Single files of Stable Diffusion: tiny ones under the original code's names, against the folders they stand for."""

import json
from itertools import product

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint, convert_ldm_vae_checkpoint
from safetensors.torch import load_file, save_file

from sdedit_studio.models.adding import checkpoint, single, unpickle
from sdedit_studio.models.adding.add import add
from sdedit_studio.models.adding.imported import ImportOptions
from sdedit_studio.models.adding.latent import SCHEDULER
from sdedit_studio.models.adding.single import KINDS, Kind
from sdedit_studio.models.catalogue import ModelProblem, Prediction, find
from sdedit_studio.models.load import load
from tests.models.adding.originals import randomised
from tests.models.test_latent import TEXT, pipeline

transformers = pytest.importorskip("transformers")

RESNET = ("in_layers.0", "in_layers.2", "emb_layers.1", "out_layers.0", "out_layers.3", "skip_connection")
BLOCK = (
    *(f"attn{n}.{name}" for n in (1, 2) for name in ("to_q", "to_k", "to_v", "to_out.0")),
    *("ff.net.0.proj", "ff.net.2", "norm1", "norm2", "norm3"),
)
ATTENTION = ("norm", "proj_in", "proj_out", *(f"transformer_blocks.0.{name}" for name in BLOCK))
VAE_RESNET = ("norm1", "conv1", "norm2", "conv2", "nin_shortcut")


def unet_layers():
    """All layer names that the original U-Net of two levels with one block each could have."""
    yield from ("time_embed.0", "time_embed.2", "input_blocks.0.0", "out.0", "out.2", "label_emb.0.0", "label_emb.0.2")
    for side, count in (("input_blocks", 4), ("output_blocks", 4)):
        for index, part in product(range(count), range(3)):
            if (side, index) != ("input_blocks", 0):
                yield from (f"{side}.{index}.{part}.{name}" for name in (*RESNET, *ATTENTION, "op", "conv"))
    for part, names in ((0, RESNET), (1, ATTENTION), (2, RESNET)):
        yield from (f"middle_block.{part}.{name}" for name in names)


def vae_layers(levels=3):
    yield from ("quant_conv", "post_quant_conv")
    for coder, way, blocks, sampler in (("encoder", "down", 2, "downsample"), ("decoder", "up", 3, "upsample")):
        yield from (f"{coder}.{name}" for name in ("conv_in", "norm_out", "conv_out"))
        for level in range(levels):
            yield f"{coder}.{way}.{level}.{sampler}.conv"
            yield from (f"{coder}.{way}.{level}.block.{i}.{name}" for i in range(blocks) for name in VAE_RESNET)
        for part in ("block_1", "block_2"):
            yield from (f"{coder}.mid.{part}.{name}" for name in VAE_RESNET)
        yield from (f"{coder}.mid.attn_1.{name}" for name in ("norm", "q", "k", "v", "proj_out"))


def originally(prefix, layers, weights, convert, config):
    """`weights` under their original names: each candidate's is found by sending a mark of its own through the map."""
    names = [f"{prefix}{layer}.{part}" for layer in layers for part in ("weight", "bias")]
    found = {}
    for name in names:  # those of blocks that are not there confuse the map, so they go one by one
        found[name] = torch.tensor(float(len(found)))
    marks = {int(mark): name for name, mark in found.items()}
    # A first pass with all tells which exist; a second with only those is the map itself.
    for _ in range(2):
        translated = convert(dict(found), config)
        kept = {marks[int(mark)]: name for name, mark in translated.items() if name in weights}
        found = {name: mark for name, mark in found.items() if name in kept}
    assert sorted(kept.values()) == sorted(weights)
    return {original: weights[name] for original, name in kept.items()}


def clip_l(weights):
    return {f"cond_stage_model.transformer.text_model.{name}": weight for name, weight in weights.items()}


@pytest.fixture
def folder(tmp_path):
    return pipeline(tmp_path / "sd")


@pytest.fixture
def file(folder, tmp_path, monkeypatch):
    """The pipeline's weights as one file, and a kind that says what they are."""
    unet, vae = UNet2DConditionModel.from_pretrained(folder / "unet"), AutoencoderKL.from_pretrained(folder / "vae")
    text = transformers.CLIPTextModel.from_pretrained(folder / "text_encoder")
    configs = [json.loads((folder / part / "config.json").read_text()) for part in ("unet", "vae", "text_encoder")]
    kind = Kind(configs[0], configs[1], [("cond_stage_model.transformer.", configs[2])], SCHEDULER)
    monkeypatch.setitem(KINDS, 32, kind)
    tensors = originally(single.PREFIX, unet_layers(), unet.state_dict(), convert_ldm_unet_checkpoint, unet.config)
    tensors |= originally("first_stage_model.", vae_layers(), vae.state_dict(), convert_ldm_vae_checkpoint, vae.config)
    tensors |= clip_l(text.state_dict())
    save_file({name: weight.contiguous().clone() for name, weight in tensors.items()}, tmp_path / "tiny-v1.safetensors")
    (folder / "tokenizer").rename(tmp_path / "tokenizer")
    return tmp_path / "tiny-v1.safetensors"


def test_it_is_the_folder_it_stands_for(file, folder, tmp_path):
    card = add(file, models_dir=tmp_path / "models")
    assert (card.format, card.native, card.stride, card.prediction) == ("latent", 32, 8, Prediction.NOISE)
    for part in ("unet", "vae"):
        name = "diffusion_pytorch_model.safetensors"
        found, expected = load_file(card.folder / part / name), load_file(folder / part / name)
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[key], expected[key]) for key in expected)
    (tmp_path / "tokenizer").rename(folder / "tokenizer")
    add(folder, ImportOptions(name="folder"), tmp_path / "models")
    x = torch.randn(1, 4, 8, 8)
    one, other = (
        load(find(name, tmp_path / "models"), torch.device("cpu"), torch.float32).denoiser(
            None, prompt="a hill", guidance=3.0
        )(x, 1.0)
        for name in ("tiny-v1", "folder")
    )
    torch.testing.assert_close(one, other)


def test_an_old_pickle_of_one(file, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "unpickle", unpickle._convert)
    torch.save({"epoch": 3, "state_dict": load_file(file)}, tmp_path / "old.ckpt")
    one, other = (add(path, models_dir=tmp_path / "models") for path in (file, tmp_path / "old.ckpt"))
    assert one.sha256 == other.sha256


def test_the_tokenizer_comes_from_a_model_that_is_here(file, folder, tmp_path):
    (tmp_path / "tokenizer").rename(folder / "tokenizer")
    add(folder, ImportOptions(name="folder"), tmp_path / "models")
    assert (add(file, models_dir=tmp_path / "models").folder / "tokenizer").is_dir()


def test_offline_without_a_tokenizer_it_says_so(file, tmp_path, monkeypatch):
    (tmp_path / "tokenizer").rename(tmp_path / "elsewhere")

    def offline(source):
        raise OSError("no connection")

    monkeypatch.setattr(transformers.CLIPTokenizer, "from_pretrained", offline)
    refused(file, tmp_path, "needs CLIP's tokenizer")


@pytest.mark.parametrize(
    ("prefix", "message"),
    [
        ("first_stage_model.", r"vae.*(incomplete|lacks)"),
        ("cond_stage_model.", "has no text encoder"),
        ("cond_stage_model.transformer.text_model.encoder.layers.1", "weights are missing or do not fit"),
        (single.PREFIX + "out.2", r"unet.*(incomplete|lacks)"),
        (single.CONTEXT, "no Stable Diffusion 1, 2 or XL"),
    ],
)
def test_parts_that_are_missing_are_told(prefix, message, file, tmp_path):
    tensors = {name: weight for name, weight in load_file(file).items() if not name.startswith(prefix)}
    save_file(tensors, file)
    refused(file, tmp_path, message)


def refused(file, tmp_path, message):
    with pytest.raises(ModelProblem, match=message) as problem:
        add(file, models_dir=tmp_path / "models")
    assert "\n" not in str(problem.value)
    assert list((tmp_path / "models").iterdir()) == []


def open_clip(weights, prefix):
    """A text encoder's weights as open_clip has them: attention in one matrix, the projection the other way round."""
    weights = {name.removeprefix("text_model."): weight for name, weight in weights.items()}
    tensors = {
        f"{prefix}positional_embedding": weights["embeddings.position_embedding.weight"],
        f"{prefix}token_embedding.weight": weights["embeddings.token_embedding.weight"],
        f"{prefix}text_projection": weights["text_projection.weight"].T,
        f"{prefix}ln_final.weight": weights["final_layer_norm.weight"],
        f"{prefix}ln_final.bias": weights["final_layer_norm.bias"],
    }
    names = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}
    for layer, part in product(range(TEXT["num_hidden_layers"]), ("weight", "bias")):
        ours, theirs = f"encoder.layers.{layer}.", f"{prefix}transformer.resblocks.{layer}."
        for one, other in (*names.items(), ("self_attn.out_proj", "attn.out_proj")):
            tensors[f"{theirs}{other}.{part}"] = weights[f"{ours}{one}.{part}"]
        tensors[f"{theirs}attn.in_proj_{part}"] = torch.cat(
            [weights[f"{ours}self_attn.{letter}_proj.{part}"] for letter in "qkv"]
        )
    return tensors


def test_open_clips_text_encoder_is_renamed():
    """Stable Diffusion 2's and XL's second."""
    config = transformers.CLIPTextConfig(vocab_size=20, hidden_act="gelu", **TEXT)
    model = randomised(transformers.CLIPTextModelWithProjection(config))
    weights = {name.removeprefix("text_model."): weight for name, weight in model.state_dict().items()}
    prefix = "conditioner.embedders.1.model."
    found = single._text(open_clip(weights, prefix), prefix, TEXT)
    found = {name.removeprefix("text_model."): weight for name, weight in found.items()}
    assert found.keys() == weights.keys()
    assert all(torch.equal(found[name], weight) for name, weight in weights.items())


@pytest.fixture
def second(file, monkeypatch):
    """The same pipeline as a file of Stable Diffusion 2, which has open_clip's text encoder."""
    kind, second = KINDS[32], KINDS[1024]
    prefix = second.texts[0][0]
    unet = {**kind.unet, "sample_size": second.unet["sample_size"]}
    monkeypatch.setitem(KINDS, 32, Kind(unet, kind.vae, [(prefix, kind.texts[0][1])], second.scheduler))
    tensors, own = load_file(file), "cond_stage_model.transformer."
    text = {name.removeprefix(own): weight for name, weight in tensors.items() if name.startswith(own)}
    width = TEXT["hidden_size"]
    text = open_clip({**text, "text_model.text_projection.weight": torch.eye(width)}, prefix)
    tensors = {name: weight for name, weight in tensors.items() if not name.startswith(own)} | text
    path = file.with_name("tiny-v2.safetensors")
    save_file({name: weight.contiguous() for name, weight in tensors.items()}, path)
    return path


def test_stable_diffusion_2_predicts_the_velocity_and_its_base_at_512_pixels_the_noise(second, tmp_path):
    base = second.rename(second.with_name("tiny-v2-base.safetensors"))
    card = add(base, models_dir=tmp_path / "models")
    assert (card.prediction, card.native) == (Prediction.NOISE, 4 * 64)
    card = add(base.rename(second), models_dir=tmp_path / "models")
    assert (card.prediction, card.native) == (Prediction.VELOCITY, 4 * 96)


def test_stable_diffusion_2_pads_prompts_with_the_token_0(second, file, tmp_path):
    first = KINDS[32]
    padded = {}
    for path, kind in ((second, first), (file, first)):
        prefix = kind.texts[0][0] if path is second else "cond_stage_model.transformer."
        target = tmp_path / f"tokenizer of {path.stem}"
        single._write_tokenizer(path, target, tmp_path / "models", open_clip=single._is_open_clip(prefix))
        tokenizer = transformers.CLIPTokenizer.from_pretrained(target)
        padded[path.stem] = tokenizer("a", padding="max_length", max_length=6).input_ids
    assert padded["tiny-v1"] == [1, 4, 2, 2, 2, 2]
    assert padded["tiny-v2"] == [1, 4, 2, 0, 0, 0]


def test_weights_of_no_known_part_are_told(file, tmp_path):
    tensors = load_file(file)
    tensors["first_stage_model.encoder.down.0.block.0.another.weight"] = torch.zeros(3)
    save_file(tensors, file)
    refused(file, tmp_path, "weights that no known network has")


def test_the_kinds_are_networks_of_the_published_sizes():
    """Parameters of the U-Nets of Stable Diffusion 1.5, 2.1 and XL."""
    sizes = {}
    for width, kind in KINDS.items():
        with torch.device("meta"):
            unet = UNet2DConditionModel.from_config(dict(kind.unet))
        sizes[width] = sum(parameter.numel() for parameter in unet.parameters())
    assert {width: sizes[width] for width in (768, 1024, 2048)} == {
        768: 859_520_964,
        1024: 865_910_724,
        2048: 2_567_463_684,
    }
