"""Folders of diffusers and of our own training, and single safetensors, against diffusers' own arithmetic."""

import json
import math
import shutil

import pytest
import torch
from diffusers import CMStochasticIterativeScheduler, DDPMScheduler, UNet2DModel
from safetensors.torch import load_file, save_file

from sdedit_studio.diffusion.schedule import Betas, DiscreteVP
from sdedit_studio.models.adding import checkpoint, unpickle
from sdedit_studio.models.adding.add import add
from sdedit_studio.models.adding.imported import ImportOptions
from sdedit_studio.models.catalogue import ModelProblem, Prediction, find
from sdedit_studio.models.load import load
from tests.models.adding.originals import randomised

CPU = torch.device("cpu")
SIGMAS = (0.05, 0.7, 5.0)
PLAIN = {
    "sample_size": 16,
    "block_out_channels": (32, 32),
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D", "AttnDownBlock2D"),
    "up_block_types": ("AttnUpBlock2D", "UpBlock2D"),
    "norm_num_groups": 8,  # a group of a single channel would take away whatever the time adds to it
}
NCSN = {
    "sample_size": 16,
    "block_out_channels": (32, 128),
    "layers_per_block": 1,
    "down_block_types": ("SkipDownBlock2D", "AttnSkipDownBlock2D"),
    "up_block_types": ("AttnSkipUpBlock2D", "SkipUpBlock2D"),
    "attention_head_dim": None,
    "norm_num_groups": None,
    "norm_eps": 1e-6,
    "time_embedding_type": "fourier",
    "center_input_sample": True,
    "mid_block_scale_factor": 2**0.5,
}


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    monkeypatch.setattr(checkpoint, "unpickle", unpickle._convert)


@pytest.fixture
def x():
    return torch.randn(2, 3, 16, 24, generator=torch.Generator().manual_seed(7))


def network(**options):
    return randomised(UNet2DModel(**{**PLAIN, **options}))


def denoiser(tmp_path, card, condition=None):
    return load(find(card.name, tmp_path / "models"), CPU, torch.float32).denoiser(condition)


def pipeline(folder, net, scheduler, *, where="", **saving):
    """Saved as pipelines are: the oldest have their network at the top, later ones in `unet`."""
    net.save_pretrained(folder / where, **saving)
    if scheduler is not None:
        scheduler.save_pretrained(folder / ("scheduler" if where else ""))
    return folder


@torch.no_grad()
def predicted_original(net, scheduler, x, step):
    """D as diffusers' DDPMScheduler has it, at a step of its own."""
    kept = scheduler.alphas_cumprod[step]
    sample = kept.sqrt() * x
    output = net(sample, torch.tensor(step)).sample[:, :3]
    return scheduler.step(output, step, sample, generator=torch.Generator()).pred_original_sample


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
@pytest.mark.parametrize("betas", ["linear", "scaled_linear", "squaredcos_cap_v2"])
def test_ddpm_is_diffusers_own_step(prediction, betas, x, tmp_path):
    net = network()
    scheduler = DDPMScheduler(1000, 0.001, 0.012, betas, prediction_type=prediction, clip_sample=False)
    card = add(pipeline(tmp_path / "DDPM-tiny", net, scheduler), models_dir=tmp_path / "models")
    assert (card.name, card.native, card.stride) == ("ddpm-tiny", 16, 2)
    denoise = denoiser(tmp_path, card)
    for step in (0, 250, 900):
        found = denoise(x, card.schedule.sigmas[step])
        expected = predicted_original(net, scheduler, x, step)
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3 * card.schedule.sigmas[step] + 1e-4)


@pytest.mark.parametrize(
    "saving", [{}, {"safe_serialization": False}, {"variant": "fp16"}, {"max_shard_size": "200KB"}]
)
def test_weights_in_every_way_that_diffusers_saves_them(saving, x, tmp_path):
    net = network()
    folder = pipeline(tmp_path / "net", net, DDPMScheduler(), where="unet", **saving)
    card = add(folder, models_dir=tmp_path / "models")
    found = load_file(card.folder / card.weights)
    assert all(torch.equal(found[name], weight) for name, weight in net.state_dict().items())


def test_attention_under_its_old_names(x, tmp_path):
    net = network()
    folder = pipeline(tmp_path / "old", net, DDPMScheduler())
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    weights = {}
    for name, weight in net.state_dict().items():
        for ours, theirs in old.items():
            name = name.replace(f".{ours}.", f".{theirs}.")
        weights[name] = weight
    save_file(weights, folder / "diffusion_pytorch_model.safetensors")
    card = add(folder, models_dir=tmp_path / "models")
    found = load_file(card.folder / card.weights)
    assert all(torch.equal(found[name], weight) for name, weight in net.state_dict().items())


def test_learned_variance_is_left_out(x, tmp_path):
    net = network(out_channels=6)
    scheduler = DDPMScheduler(clip_sample=False)
    card = add(pipeline(tmp_path / "net", net, scheduler), models_dir=tmp_path / "models")
    found = denoiser(tmp_path, card)(x, card.schedule.sigmas[250])
    torch.testing.assert_close(found, predicted_original(net, scheduler, x, 250), rtol=1e-3, atol=1e-3)


def test_score_sde_ve_lives_in_zero_to_one(x, tmp_path):
    """score_sde's own step: x + (s^2 - s'^2) score, here all the way to s' = 0."""
    net = randomised(UNet2DModel(**NCSN))
    folder = pipeline(tmp_path / "ncsnpp", net, None)
    (folder / "scheduler_config.json").write_text(json.dumps({"sigma_min": 0.01, "sigma_max": 378.0}))
    card = add(folder, models_dir=tmp_path / "models")
    assert (card.prediction, card.range, card.sigma_max) == (Prediction.SCORE, (0.0, 1.0), 756.0)
    for sigma in SIGMAS:
        u, s = (x + 1) / 2, torch.tensor(sigma / 2)
        with torch.no_grad():
            expected = 2 * (u + s**2 * net(u, s).sample) - 1
        torch.testing.assert_close(denoiser(tmp_path, card)(x, sigma), expected, rtol=1e-4, atol=1e-4)


def test_consistency_is_diffusers_own_step(x, tmp_path):
    net = network(num_class_embeds=3, resnet_time_scale_shift="scale_shift")
    scheduler = CMStochasticIterativeScheduler(sigma_min=0.002, sigma_max=80.0)
    card = add(pipeline(tmp_path / "cd", net, scheduler, where="unet"), models_dir=tmp_path / "models")
    assert (card.prediction, card.few_step, card.classes) == (Prediction.CONSISTENCY, True, ("0", "1", "2"))
    scheduler.set_timesteps(1)
    time = scheduler.timesteps[0]
    with torch.no_grad():
        output = net(scheduler.scale_model_input(80 * x, time), time, torch.tensor([1, 1])).sample
        expected = scheduler.step(output, time, 80 * x).prev_sample
    found = denoiser(tmp_path, card, "1")(80 * x, 80.0).clamp(-1, 1)
    torch.testing.assert_close(found, expected, rtol=0, atol=0.02)  # its step noises again, to 0.002


def test_a_single_safetensors_needs_its_config(x, tmp_path):
    net = network()
    folder = pipeline(tmp_path / "net", net, DDPMScheduler(beta_schedule="scaled_linear"))
    alone = tmp_path / "alone.safetensors"
    shutil.copy(folder / "diffusion_pytorch_model.safetensors", alone)
    with pytest.raises(ModelProblem, match=r"needs the config\.json"):
        add(alone, models_dir=tmp_path / "models")
    card = add(folder / "diffusion_pytorch_model.safetensors", ImportOptions(name="one"), tmp_path / "models")
    assert card.schedule.betas is Betas.SCALED_LINEAR


def test_what_a_person_says_goes_first(tmp_path):
    folder = pipeline(tmp_path / "net", network(), None)
    options = ImportOptions("mine", "MIT", Prediction.VELOCITY, Betas.COSINE)
    card = add(folder, options, tmp_path / "models")
    assert (card.name, card.licence, card.prediction) == ("mine", "MIT", Prediction.VELOCITY)
    assert card.schedule == DiscreteVP(betas=Betas.COSINE)
    assert find("mine", tmp_path / "models") == card


def test_a_model_of_our_own(tiny_models, x, tmp_path):
    card = add(tiny_models / "tiny", ImportOptions(name="mine"), tmp_path / "models")
    assert (card.title, card.classes, card.any_class, card.format) == ("Tiny", ("hill", "lake"), 2, "edm-unet")
    assert card.sha256 is not None
    theirs = load(find("tiny", tiny_models), CPU, torch.float32).denoiser("lake")
    assert torch.equal(denoiser(tmp_path, card, "lake")(x[..., :16], 0.7), theirs(x[..., :16], 0.7))


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda folder: (folder / "config.json").write_text("{"), "cannot be read"),
        (lambda folder: (folder / "config.json").write_text('{"_class_name": "VQModel"}'), "holds VQModel"),
        (lambda folder: (folder / "config.json").unlink(), "holds no model"),
        (lambda folder: (folder / "diffusion_pytorch_model.safetensors").unlink(), "has no weights"),
        (lambda folder: (folder / "diffusion_pytorch_model.safetensors").write_bytes(b"\0" * 99), "damaged"),
        (lambda folder: amend(folder / "config.json", block_out_channels=[32, 64]), "does not fit|missing"),
        (lambda folder: amend(folder / "config.json", layers_per_block="many"), "cannot be built"),
        (lambda folder: amend(folder / "config.json", in_channels=4), "not made for RGB"),
        (lambda folder: amend(folder / "scheduler_config.json", rescale_betas_zero_snr=True), "end in pure noise"),
        (lambda folder: amend(folder / "scheduler_config.json", beta_schedule="mine"), "models add --schedule`"),
        (lambda folder: amend(folder / "scheduler_config.json", prediction_type="mine"), "models add --prediction`"),
    ],
)
def test_what_cannot_be_used_is_told_and_leaves_nothing(harm, message, tmp_path):
    folder = pipeline(tmp_path / "net", network(), DDPMScheduler())
    harm(folder)
    with pytest.raises(ModelProblem, match=message) as problem:
        add(folder, models_dir=tmp_path / "models")
    assert "\n" not in str(problem.value)
    assert len(str(problem.value)) < 400
    assert list((tmp_path / "models").iterdir()) == []


def amend(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_edms_own_form_of_another_network_is_told_a_quarter_of_log_sigma_in_thousands(x, tmp_path):
    net = network()
    folder = pipeline(tmp_path / "edm", net, None)
    card = add(folder, ImportOptions(prediction=Prediction.EDM), tmp_path / "models")
    assert (card.prediction, card.format) == (Prediction.EDM, "unet")
    for sigma in SIGMAS:
        total = sigma**2 + 0.25
        with torch.no_grad():
            output = net(x / total**0.5, torch.full((2,), 250 * math.log(sigma))).sample
        expected = 0.25 / total * x + sigma * 0.5 / total**0.5 * output
        torch.testing.assert_close(denoiser(tmp_path, card)(x, sigma), expected, rtol=1e-4, atol=1e-4)
