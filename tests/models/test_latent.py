"""Latent text models: tiny ones with random weights in the very folders of diffusers, against its own arithmetic."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderTiny,
    DDIMScheduler,
    LCMScheduler,
    UNet2DConditionModel,
)
from safetensors.torch import load_file, save_file

from sdedit_studio.diffusion.cascade import edit
from sdedit_studio.diffusion.plan import plan
from sdedit_studio.engine.execute import execute
from sdedit_studio.engine.job import Job, Pixels, Result
from sdedit_studio.engine.measured import Measured
from sdedit_studio.models import latent
from sdedit_studio.models.adding.add import add
from sdedit_studio.models.adding.imported import ImportOptions
from sdedit_studio.models.catalogue import ModelProblem, Prediction, find
from sdedit_studio.models.load import load
from sdedit_studio.parameters import Parameters, Refine, Solver
from tests.models.adding.originals import randomised

transformers = pytest.importorskip("transformers")

CPU = torch.device("cpu")
CLOCK = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
TEXT = {
    "hidden_size": 32,
    "intermediate_size": 37,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "projection_dim": 24,
    "max_position_embeddings": 16,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 2,
}
UNET = {
    "sample_size": 8,
    "block_out_channels": (32, 64),
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "attention_head_dim": 8,
}


def pipeline(folder, *, xl=False, tiny=False, scheduler=None, **options):
    """A Stable Diffusion in diffusers' folders: 32 px, 4x smaller latents."""
    encoders = 2 if xl else 1
    more = {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 8 * 6 + TEXT["projection_dim"],
    }
    unet = UNet2DConditionModel(**{**UNET, "cross_attention_dim": 32 * encoders, **(more if xl else {}), **options})
    randomised(unet, 1).save_pretrained(folder / "unet")
    if tiny:
        widths = (32, 32, 32)
        vae = AutoencoderTiny(
            encoder_block_out_channels=widths,
            decoder_block_out_channels=widths,
            num_encoder_blocks=(1, 1, 1),
            num_decoder_blocks=(1, 1, 1),
        )
    else:
        vae = AutoencoderKL(
            block_out_channels=(32, 32, 32),
            down_block_types=("DownEncoderBlock2D",) * 3,
            up_block_types=("UpDecoderBlock2D",) * 3,
            sample_size=32,
        )
    randomised(vae, 2).save_pretrained(folder / "vae")
    vocabulary = {"<|startoftext|>": 1, "<|endoftext|>": 2, "!": 0}
    for letter in "abcdefghijklmnopqrstuvwxyz":
        vocabulary[letter] = len(vocabulary)
        vocabulary[f"{letter}</w>"] = len(vocabulary)
    for end in ("", "_2")[:encoders]:
        config = transformers.CLIPTextConfig(vocab_size=len(vocabulary), **TEXT)
        kind = transformers.CLIPTextModelWithProjection if end else transformers.CLIPTextModel
        randomised(kind(config), 3).save_pretrained(folder / f"text_encoder{end}")
        tokenizer = transformers.CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=16)
        tokenizer.save_pretrained(folder / f"tokenizer{end}")
    (scheduler or DDIMScheduler(**CLOCK)).save_pretrained(folder / "scheduler")
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "StableDiffusionPipeline"}))
    return folder


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """The same tiny network with several clocks and parts, added once."""
    root = tmp_path_factory.mktemp("latent")
    lcm = LCMScheduler(**CLOCK)
    added = {
        "sd": pipeline(root / "sd"),
        "velocity": pipeline(root / "velocity", scheduler=DDIMScheduler(**CLOCK, prediction_type="v_prediction")),
        "xl": pipeline(root / "xl", xl=True),
        "lcm": pipeline(root / "lcm", scheduler=lcm, time_cond_proj_dim=8),
        "sd-turbo": pipeline(root / "sd-turbo", tiny=True),
    }
    for folder in added.values():
        add(folder, models_dir=root / "models")
    return root


@pytest.fixture
def x():
    return torch.randn(2, 4, 8, 10, generator=torch.Generator().manual_seed(4))


def opened(models, name):
    return load(find(name, models / "models"), CPU, torch.float32)


def features(folder, prompt, end=""):
    kind = transformers.CLIPTextModelWithProjection if end else transformers.CLIPTextModel
    tokenizer = transformers.CLIPTokenizer.from_pretrained(folder / f"tokenizer{end}")
    tokens = tokenizer(prompt, padding="max_length", max_length=16, truncation=True, return_tensors="pt").input_ids
    with torch.no_grad():
        return kind.from_pretrained(folder / f"text_encoder{end}")(tokens, output_hidden_states=True)


def predicted_original(folder, x, step, output):
    scheduler = DDIMScheduler.from_pretrained(folder / "scheduler", clip_sample=False)
    scheduler.set_timesteps(1000)
    kept = scheduler.alphas_cumprod[step]
    return scheduler.step(output, step, kept.sqrt() * x).pred_original_sample


def test_what_is_known_of_them(models):
    cards = {name: find(name, models / "models") for name in ("sd", "velocity", "xl", "lcm", "sd-turbo")}
    assert all((card.native, card.stride, card.takes_prompt) == (32, 8, True) for card in cards.values())
    assert cards["velocity"].prediction is Prediction.VELOCITY
    assert [name for name, card in cards.items() if card.few_step] == ["lcm", "sd-turbo"]
    assert cards["lcm"].default_solver is Solver.CONSISTENCY
    assert [cards[name].default_guidance for name in ("sd", "lcm", "sd-turbo")] == [5.0, 8.5, 1.0]
    assert cards["sd"].sigma_max == pytest.approx(14.6, abs=0.02)


@pytest.mark.parametrize("name", ["sd", "velocity"])
@pytest.mark.parametrize("guidance", [1.0, 5.0])
def test_one_call_is_diffusers_own_step(models, name, guidance, x):
    folder, model, step = models / name, opened(models, name), 400
    unet = UNet2DConditionModel.from_pretrained(folder / "unet").eval()
    sigma = model.card.schedule.sigmas[step]
    sample = x / (1 + sigma**2) ** 0.5
    with torch.no_grad():
        conditional, without = (
            unet(sample, step, features(folder, prompt).last_hidden_state.expand(2, -1, -1)).sample
            for prompt in ("a red hill", "")
        )
    expected = predicted_original(folder, x, step, without + guidance * (conditional - without))
    found = model.denoiser(None, prompt="a red hill", guidance=guidance)(x, sigma)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)


def test_xl_has_two_encoders_and_is_told_sizes(models, x):
    folder, model, step = models / "xl", opened(models, "xl"), 400
    unet = UNet2DConditionModel.from_pretrained(folder / "unet").eval()
    one, two = features(folder, "a red hill"), features(folder, "a red hill", "_2")
    tokens = torch.cat([one.hidden_states[-2], two.hidden_states[-2]], 2).expand(2, -1, -1)
    sigma = model.card.schedule.sigmas[step]
    sample = x / (1 + sigma**2) ** 0.5
    sizes = torch.tensor([[32.0, 40.0, 0.0, 0.0, 32.0, 40.0]]).expand(2, -1)
    with torch.no_grad():
        added = {"text_embeds": two.text_embeds.expand(2, -1), "time_ids": sizes}
        conditional = unet(sample, step, tokens, added_cond_kwargs=added).sample
        zeros = {"text_embeds": torch.zeros_like(added["text_embeds"]), "time_ids": sizes}
        without = unet(sample, step, torch.zeros_like(tokens), added_cond_kwargs=zeros).sample
    for guidance in (1.0, 4.0):
        expected = predicted_original(folder, x, step, without + guidance * (conditional - without))
        found = model.denoiser(None, prompt="a red hill", guidance=guidance)(x, sigma)
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)


def test_a_consistency_model_is_told_the_guidance_in_one_call(models, x):
    model = opened(models, "lcm")
    mild, strong = (model.denoiser(None, prompt="hill", guidance=scale)(x, 1.0) for scale in (2.0, 8.0))
    assert not torch.equal(mild, strong)
    unet = UNet2DConditionModel.from_pretrained(models / "lcm" / "unet").eval()
    sigma, step = model.card.schedule.sigmas[400], 400
    embedding = latent.get_timestep_embedding(torch.full((2,), 7000.0), 8, downscale_freq_shift=1)
    tokens = features(models / "lcm", "hill").last_hidden_state.expand(2, -1, -1)
    with torch.no_grad():
        noise = unet(x / (1 + sigma**2) ** 0.5, step, tokens, timestep_cond=embedding).sample
    found = model.denoiser(None, prompt="hill", guidance=8.0)(x, sigma)
    torch.testing.assert_close(found, x - sigma * noise, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("name", "kind"), [("sd", AutoencoderKL), ("sd-turbo", AutoencoderTiny)])
def test_the_space_is_the_autoencoders(models, name, kind):
    space = opened(models, name).space
    vae = kind.from_pretrained(models / name / "vae").eval()
    picture = torch.rand(1, 3, 32, 40) * 2 - 1
    with torch.no_grad():
        encoded = vae.encode(picture)
        mean = encoded.latents if kind is AutoencoderTiny else encoded.latent_dist.mode()
        expected = vae.decode(mean).sample
    assert (space.channels, space.factor) == (4, 4)
    torch.testing.assert_close(space.encode(picture), mean * vae.config.scaling_factor)
    torch.testing.assert_close(space.decode(space.encode(picture)), expected, rtol=1e-3, atol=1e-3)
    assert space.preview(space.encode(picture)).shape == (1, 3, 8, 10)


def test_latents_are_shifted_before_they_are_scaled():
    vae = randomised(
        AutoencoderKL(
            block_out_channels=(32, 32),
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
            sample_size=32,
            scaling_factor=0.5,
            shift_factor=0.25,
        )
    ).eval()
    picture = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1
    with torch.no_grad():
        mean = vae.encode(picture).latent_dist.mode()
        decoded = vae.decode(mean).sample
    space = latent.Latents(vae)
    torch.testing.assert_close(space.encode(picture), (mean - 0.25) * 0.5)
    torch.testing.assert_close(space.decode((mean - 0.25) * 0.5), decoded, rtol=1e-4, atol=1e-4)


def test_previews_have_the_colours(models):
    """Of an autoencoder that keeps colours as they are, the linear map is exact."""

    class Shrinking(AutoencoderTiny):
        def encode(self, picture):
            small = latent.avg_pool2d(picture, 4)
            return type(
                "ImportedNetwork", (), {"latents": torch.cat([small, small.mean(1, keepdim=True)], 1) * 3 + 1}
            )()

    vae = Shrinking.from_pretrained(models / "sd-turbo" / "vae")
    picture = torch.rand(1, 3, 32, 40) * 2 - 1
    space = latent.Latents(vae)
    torch.testing.assert_close(space.preview(space.encode(picture)), latent.avg_pool2d(picture, 4), rtol=0, atol=1e-3)


@pytest.fixture
def guide():
    return np.random.default_rng(5).integers(0, 256, (44, 70, 3), np.uint8)


def done(guide, model, parameters, tmp_path, mask=None, strength=None):
    job = Job(
        Pixels.of(guide),
        parameters,
        None if mask is None else Pixels.of(mask),
        strength=None if strength is None else Pixels.of(strength),
    )
    measured = Measured(1, tmp_path / "measured.json")
    *previews, result = execute(job, model, cancelled=lambda: False, measured=measured)
    assert isinstance(result, Result)
    return result.picture.array, previews


def test_an_edit_end_to_end(models, guide, tmp_path):
    parameters = Parameters(t0=0.4, calls=2, prompt="a red hill", guidance=4.0, model="sd", refine=Refine.SDE)
    model = opened(models, "sd")
    one, previews = done(guide, model, parameters, tmp_path)
    assert one.shape == guide.shape
    assert not np.array_equal(one, guide)
    assert previews[0].preview.shape == (8, 12, 3), "as large as the latents"
    assert np.array_equal(one, done(guide, model, parameters, tmp_path)[0])
    for other in (replace(parameters, prompt="a sea"), replace(parameters, guidance=1.0), replace(parameters, seed=2)):
        assert not np.array_equal(one, done(guide, model, other, tmp_path)[0])


@pytest.mark.parametrize("refine", [Refine.OFF, Refine.SDE])
def test_outside_the_mask_it_is_bit_identical(models, guide, refine, tmp_path):
    mask = np.zeros(guide.shape[:2], np.uint8)
    mask[10:30, 20:51] = 255
    parameters = Parameters(t0=0.5, calls=2, refine=refine, model="sd", prompt="a hill")
    result, _ = done(guide, opened(models, "sd"), parameters, tmp_path, mask)
    assert np.array_equal(result[mask == 0], guide[mask == 0])
    assert not np.array_equal(result[mask == 255], guide[mask == 255])


def test_where_a_strength_map_is_black_it_is_bit_identical(models, guide, tmp_path):
    strength = np.zeros(guide.shape[:2], np.uint8)
    strength[:, 20:] = np.linspace(0, 255, 50)
    parameters = Parameters(t0=0.5, calls=3, refine=Refine.SDE, model="sd", prompt="a hill", guidance=4.0)
    result, _ = done(guide, opened(models, "sd"), parameters, tmp_path, strength=strength)
    assert np.array_equal(result[strength == 0], guide[strength == 0])
    assert not np.array_equal(result[strength == 255], guide[strength == 255])


def test_a_latent_may_change_where_any_of_its_pixels_may(models, guide):
    """In latent space the mask grows to whole latents; those it does not touch stay those of the guide."""
    model = opened(models, "sd")
    mask = np.zeros((32, 48), np.uint8)
    mask[9, 13] = 255
    guide = np.ascontiguousarray(guide[:32, :48])
    parameters = Parameters(t0=0.5, calls=2, refine=Refine.OFF, model="sd")
    passes = plan(48, 32, parameters, native=32, stride=8)
    space, decoded = model.space, []

    def decode(x):
        decoded.append(x)
        return space.decode(x)

    watched = SimpleNamespace(
        channels=space.channels, factor=space.factor, encode=space.encode, decode=decode, preview=space.preview
    )
    list(edit(model.denoiser(None), guide, mask, passes, parameters, stride=8, space=watched, tile=416))
    before = space.encode(torch.from_numpy(guide.copy()).permute(2, 0, 1)[None] / 127.5 - 1)
    changed = (decoded[-1] - before).abs().amax(1)[0] > 1e-6
    assert changed.nonzero().tolist() == [[2, 3]]


def test_a_frame_larger_than_a_tile_is_done_in_tiles(models, guide):
    model = opened(models, "sd")
    parameters = Parameters(t0=0.3, calls=1, refine=Refine.OFF, model="sd")
    passes = plan(70, 44, parameters, native=64, stride=8)
    *_, last = edit(model.denoiser(None), guide, None, passes, parameters, stride=8, space=model.space, tile=48)
    assert last.picture.shape[-2:] == (passes[-1].height, passes[-1].width)
    assert last.picture.isfinite().all()


def test_a_prompt_for_a_model_that_reads_none_is_refused(tiny_models):
    model = load(find("tiny", tiny_models), CPU, torch.float32)
    with pytest.raises(ModelProblem, match="reads no text"):
        model.denoiser(None, prompt="a hill")


def test_without_transformers_it_says_what_to_install(models, monkeypatch):
    monkeypatch.setattr(latent, "find_spec", lambda name: None)
    with pytest.raises(ModelProblem, match=r"pip install 'sdedit-studio\[text\]'"):
        opened(models, "sd")


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda folder: (folder / "vae" / "config.json").unlink(), "has no vae/config.json"),
        (lambda folder: (folder / "tokenizer").rename(folder / "other"), "has no folder tokenizer"),
        (lambda folder: (folder / "text_encoder" / "model.safetensors").write_bytes(b"\0" * 99), "damaged"),
        (lambda folder: amend(folder / "unet" / "config.json", in_channels=9), "does not fit"),
        (lambda folder: add_weight(folder / "unet"), "no known network has, such as another.weight"),
        (lambda folder: amend(folder / "vae" / "config.json", _class_name="VQModel"), "autoencoder VQModel"),
    ],
)
def test_what_cannot_be_used_is_told(harm, message, tmp_path):
    folder = pipeline(tmp_path / "net")
    harm(folder)
    with pytest.raises(ModelProblem, match=message) as problem:
        add(folder, ImportOptions(name="other"), tmp_path / "models")
    assert "\n" not in str(problem.value)
    assert list((tmp_path / "models").iterdir()) == []


def add_weight(folder):
    path = folder / latent.WEIGHTS
    save_file(load_file(path) | {"another.weight": torch.zeros(3)}, path)


def amend(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
