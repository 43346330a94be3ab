"""The bundled model's format, read from a tiny model of the same kind; and the bundled model itself."""

import json
import shutil

import pytest
import torch
from diffusers.models.unets.unet_2d import UNet2DModel
from safetensors.torch import load_file, save_file
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

from sdedit_studio.models.catalogue import ModelProblem, find
from sdedit_studio.models.load import load

CPU = torch.device("cpu")


@pytest.fixture
def models(tiny_models, tmp_path):
    shutil.copytree(tiny_models, tmp_path / "models")
    return tmp_path / "models"


def opened(models, dtype=torch.float32):
    return load(find("tiny", models), CPU, dtype)


def test_the_denoiser_is_the_networks_arithmetic(models):
    """D = c_skip y + c_out F(unshuffle(c_in y), 250 ln(s) / 4, class), written out with diffusers' own class."""
    folder = models / "tiny"
    config = json.loads((folder / "config.json").read_text())
    network = UNet2DModel(**{key: value for key, value in config.items() if key not in ("patch", "sigma_data")})
    network.load_state_dict(load_file(folder / "model.safetensors"))
    network.eval()
    x, sigma = torch.randn(2, 3, 16, 24), torch.tensor(0.7)
    total = sigma**2 + 0.25
    with torch.no_grad():
        output = network(pixel_unshuffle(x / total.sqrt(), 2), 250 * sigma.log() / 4, torch.tensor([1, 1])).sample
    expected = 0.25 / total * x + sigma * 0.5 / total.sqrt() * pixel_shuffle(output, 2)
    torch.testing.assert_close(opened(models).denoiser("lake")(x, 0.7), expected, rtol=1e-4, atol=1e-4)


def test_the_class_matters_and_any_is_one_of_its_own(models):
    model = opened(models)
    x = torch.randn(1, 3, 16, 16)
    hill, lake, anything = (model.denoiser(name)(x, 2.0) for name in ("hill", "lake", None))
    assert not torch.equal(hill, lake)
    assert not torch.equal(hill, anything)
    with pytest.raises(ModelProblem, match="no class"):
        model.denoiser("desert")


def test_a_mix_is_the_mean_of_its_classes_and_guidance_goes_on_from_there(models):
    model = opened(models)
    x = torch.randn(1, 3, 16, 16)
    hill, lake, anything = (model.denoiser(name)(x, 2.0) for name in ("hill", "lake", None))
    mean = 0.6 * hill + 0.4 * lake
    torch.testing.assert_close(model.denoiser("hill 60, lake 40")(x, 2.0), mean)
    guided = model.denoiser("hill 60, lake 40", guidance=3.0)(x, 2.0)
    torch.testing.assert_close(guided, anything + 3 * (mean - anything))
    assert torch.equal(model.denoiser("lake 100")(x, 2.0), lake)


def test_pictures_stay_float32_whatever_the_network_computes_in(models):
    x = torch.randn(1, 3, 16, 16)
    exact, coarse = (opened(models, dtype).denoiser(None)(x, 1.0) for dtype in (torch.float32, torch.bfloat16))
    assert coarse.dtype == torch.float32
    torch.testing.assert_close(coarse, exact, rtol=0, atol=0.05)


def test_names_of_devices(models):
    assert opened(models).device_name == "CPU"


def truncate(path):
    path.write_bytes(path.read_bytes()[:-100])


def empty(path):
    path.write_bytes(b"")


def rubbish(path):
    path.write_bytes(b"\x80\x04" + b"not a model at all" * 20)


def other_shapes(path):
    save_file({name: value[:1] for name, value in load_file(path).items()}, path)


def lacking(path):
    weights = load_file(path)
    weights.pop("conv_in.weight")
    save_file(weights, path)


@pytest.mark.parametrize("harm", [truncate, empty, rubbish, other_shapes, lacking, lambda path: path.unlink()])
def test_damaged_weights_are_told_in_one_sentence(models, harm):
    harm(models / "tiny" / "model.safetensors")
    with pytest.raises(ModelProblem) as problem:
        opened(models)
    message = str(problem.value)
    assert "tiny cannot be loaded from" in message
    assert "Restore the file, or add the model again." in message
    assert "\n" not in message
    assert len(message) < 500


@pytest.mark.parametrize("text", ["{", '{"in_channels": "many"}', '{"block_out_channels": [8]}', "[]"])
def test_a_damaged_config_is_told(models, text):
    (models / "tiny" / "config.json").write_text(text)
    with pytest.raises(ModelProblem, match="cannot be loaded"):
        opened(models)


def test_a_missing_config_is_told(models):
    (models / "tiny" / "config.json").unlink()
    with pytest.raises(ModelProblem, match="cannot be loaded"):
        opened(models)


def test_an_unknown_format_is_told(models):
    path = models / "tiny" / "model.json"
    path.write_text(path.read_text().replace("edm-unet", "from-the-future"))
    with pytest.raises(ModelProblem, match="unknown format “from-the-future”"):
        opened(models)


@pytest.mark.model
def test_the_bundled_model_denoises():
    """On a smooth scene it takes away most of a noise that a blur could not, and knows a class from another."""
    model = load(find("scenes-96"), CPU, torch.float32)
    rows = torch.linspace(0.8, -0.8, 96)[:, None].expand(96, 96)
    clean = torch.stack([rows * 0.5, rows * 0.7, rows])[None]
    noisy = clean + 0.5 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    sea, street = (model.denoiser(name)(noisy, 0.5) for name in ("sea", "street"))
    assert (sea - clean).square().mean() < 0.03 * (noisy - clean).square().mean()
    assert not torch.equal(sea, street)
