"""Upscalers that others trained are added and used for the detail call; what is none is refused by name."""

import json
import shutil
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn.functional import avg_pool2d, interpolate

from sdedit_studio import resources
from sdedit_studio.diffusion.detail import enlarged, with_detail
from sdedit_studio.engine.execute import execute
from sdedit_studio.engine.job import Job, Pixels, Result
from sdedit_studio.engine.measured import Measured
from sdedit_studio.models import detail
from sdedit_studio.models.adding import checkpoint, unpickle
from sdedit_studio.models.adding.add import add
from sdedit_studio.models.adding.imported import ImportOptions
from sdedit_studio.models.catalogue import ModelProblem, detail_networks, digest, find, installed, remove
from sdedit_studio.models.detail_network import load_detail
from sdedit_studio.models.load import load
from sdedit_studio.parameters import Parameters, Refine
from tests.models.adding.strangers import saved, state

CPU = torch.device("cpu")

UPSCALERS = {
    "ESRGAN 4x": "params_ema",
    "ESRGAN 2x": "params",
    "SPAN 2x": "",
    "Compact 4x": "params",
    "SwinIR 2x": "params",
    "DAT 4x": "state_dict",
    "HAT 4x": "params_ema",
}
"""By architecture: how the checkpoint nests the weights."""


@pytest.fixture
def models(tmp_path):
    return tmp_path / "models"


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    monkeypatch.setattr(checkpoint, "unpickle", unpickle._convert)


def refused(path, models, message):
    with pytest.raises(ModelProblem, match=message) as problem:
        add(path, models_dir=models)
    assert "\n" not in str(problem.value)
    assert not models.exists() or list(models.iterdir()) == []


def smooth(height=96, width=128):
    """A picture without edges, (1, 3, height, width)."""
    small = torch.randn(1, 3, 4, 5, generator=torch.Generator().manual_seed(0)) / 3
    return interpolate(small, (height, width), mode="bicubic").clamp(-0.9, 0.9)


def _off(made, picture):
    """How far the means of cells of `made` are from those of `picture`, on average."""
    cells = avg_pool2d(picture, 16 * picture.shape[-1] // made.shape[-1])
    return (avg_pool2d(made, 16) - cells).abs().mean()


@pytest.mark.parametrize("kind", UPSCALERS)
class TestEachArchitecture:
    def test_it_is_added_and_enlarges_in_windows_without_seams(self, kind, models, tmp_path):
        card = add(saved(kind, tmp_path / "Some_net.pth", UPSCALERS[kind]), models_dir=models)
        assert card == detail.upscaler(models, "some-net")
        assert (card.title, card.factor, card.format) == ("Some net", int(kind[-2]), "spandrel")
        network, picture = load_detail(card, CPU, torch.float32), smooth(48, 112)
        whole = with_detail(network, picture, side=1000)
        windows = with_detail(network, picture, side=112)
        border = 16 * card.factor  # there a network of windows sees what fills its windows up
        inside = (..., slice(border, -border), slice(border, -border))
        assert (whole - windows)[inside].abs().max() < 1 / 127
        assert (whole - enlarged(picture, card.factor)).abs().max() > 0.01

    def test_colours_and_light_stay(self, kind, models, tmp_path):
        card = add(saved(kind, tmp_path / "net.pth", UPSCALERS[kind]), models_dir=models)
        network, picture = load_detail(card, CPU, torch.float32), smooth(32, 48)
        made, raw = (_off(each, picture) for each in (with_detail(network, picture, side=1000), network.run(picture)))
        assert made < max(0.02, raw / 3)


class TestFiles:
    def test_averaged_weights_are_taken(self, models, tmp_path):
        good = state("Compact 4x")
        torch.save({"params_ema": good, "params": {key: 0 * value for key, value in good.items()}}, tmp_path / "n.pth")
        card = add(tmp_path / "n.pth", models_dir=models)
        stored = load_file(card.folder / card.weights)
        assert all(torch.equal(stored[key], value) for key, value in good.items())

    def test_safetensors_and_prefixes_of_wrappers(self, models, tmp_path):
        wrapped = {f"module.{key}": value for key, value in state("SPAN 2x").items()}
        save_file(wrapped, tmp_path / "net.safetensors")
        card = add(tmp_path / "net.safetensors", ImportOptions(name="mine", licence="CC0"), models)
        assert (card.name, card.licence, card.source) == ("mine", "CC0", "net.safetensors")
        assert card.sha256 == digest(card.folder)

    def test_several_pictures_at_once_are_as_one_by_one(self, models, tmp_path):
        card = add(saved("ESRGAN 2x", tmp_path / "net.pth"), models_dir=models)
        run = load_detail(card, CPU, torch.float32).run
        pictures = torch.cat([smooth(16, 24), -smooth(16, 24)])
        assert torch.equal(run(pictures), torch.cat([run(pictures[:1]), run(pictures[1:])]))

    def test_a_processor_computes_in_full_precision(self, models, tmp_path):
        card = add(saved("ESRGAN 2x", tmp_path / "net.pth"), models_dir=models)
        half, full = (load_detail(card, CPU, dtype).run(smooth(16, 24)) for dtype in (torch.bfloat16, torch.float32))
        assert torch.equal(half, full)


class TestRefusals:
    @pytest.mark.parametrize(
        ("kind", "message"),
        [
            ("RestoreFormer", "^RestoreFormer restores faces; it is not an upscaler. Add a network that enlarges"),
            ("DnCNN", "^DnCNN cleans pictures and does not enlarge them; it is not an upscaler"),
            ("ESRGAN 8x", "^This ESRGAN enlarges 8 times. Add a network that enlarges two or four times.$"),
            ("grey ESRGAN", "takes 1 channels and gives 1"),
        ],
    )
    def test_what_is_no_upscaler_for_pictures(self, kind, message, models, tmp_path):
        refused(saved(kind, tmp_path / "net.pth"), models, message)

    def test_one_that_is_incomplete(self, models, tmp_path):
        weights = state("Compact 4x")
        del weights["body.2.bias"]
        torch.save(weights, tmp_path / "net.pth")
        refused(tmp_path / "net.pth", models, "has the names of RealESRGAN Compact but does not fit it.*body.2.bias")

    def test_values_that_are_not_numbers(self, models, tmp_path):
        weights = state("Compact 4x")
        weights["body.0.bias"].fill_(float("nan"))
        torch.save(weights, tmp_path / "net.pth")
        refused(tmp_path / "net.pth", models, "values that are not numbers")

    def test_without_spandrel_it_is_said_how_to_get_it(self, models, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "spandrel", None)
        refused(saved("Compact 4x", tmp_path / "net.pth"), models, r"pip install sdedit-studio\[upscalers\]")

    def test_one_that_changed_after_it_was_added(self, models, tmp_path):
        card = add(saved("ESRGAN 2x", tmp_path / "net.pth"), models_dir=models)
        with pytest.raises(ModelProblem, match="not the network of its card"):
            load_detail(replace(card, factor=4), CPU, torch.float32)
        (card.folder / card.weights).write_bytes(b"damaged")
        with pytest.raises(ModelProblem, match="cannot be loaded"):
            load_detail(card, CPU, torch.float32)


class TestNames:
    def test_models_and_upscalers_share_them(self, models, tiny_models, tmp_path):
        file = saved("SPAN 2x", tmp_path / "net.pth")
        add(file, models_dir=models)
        for taken, message in (("net", "an upscaler called"), ("scenes-96", "a model called"), ("upscalers", "cannot")):
            with pytest.raises(ModelProblem, match=message):
                add(tiny_models / "tiny", ImportOptions(name=taken), models)
        add(tiny_models / "tiny", models_dir=models)
        with pytest.raises(ModelProblem, match="a model called"):
            add(file, ImportOptions(name="tiny"), models)

    def test_an_upscaler_is_no_model_and_can_be_removed(self, models, tmp_path):
        add(saved("SPAN 2x", tmp_path / "net.pth"), models_dir=models)
        assert [card.name for card in installed(models)] == ["scenes-96"]
        assert [card.name for card in detail_networks(models)] == ["scenes-96", "net"]
        remove("net", models)
        assert [card.name for card in detail_networks(models)] == ["scenes-96"]


class TestEdits:
    @pytest.mark.parametrize("kind", ["ESRGAN 2x", "ESRGAN 4x"])
    def test_an_edit_is_carried_up_by_the_chosen_one(self, kind, models, tiny_models, tmp_path):
        add(saved(kind, tmp_path / "net.pth"), models_dir=models)
        add(tiny_models / "tiny", models_dir=models)
        model = load(find("tiny", models), CPU, torch.float32)
        guide = Pixels.of(np.full((64, 96, 3), (90, 140, 200), np.uint8))

        def made(crispness):
            parameters = Parameters(
                model="tiny", calls=2, refine=Refine.DETAIL, detail="net", crispness=crispness, t0=0.6
            )
            *_, result = execute(
                Job(guide, parameters), model, cancelled=lambda: False, measured=Measured(1, tmp_path / "times.json")
            )
            assert isinstance(result, Result)
            return result.picture

        crisp, plain = made(1.0), made(0.0)
        assert crisp.shape == (64, 96, 3)
        assert crisp != plain


class TestDetailFolders:
    @pytest.fixture
    def with_detail(self, tiny_models, tmp_path):
        shutil.copytree(tiny_models / "tiny", tmp_path / "mine")
        shutil.copytree(resources.path("models") / "scenes-96" / "detail", tmp_path / "mine" / "detail")
        return tmp_path / "mine"

    def test_a_model_keeps_the_detail_network_that_it_brings(self, with_detail, models):
        card = add(with_detail, models_dir=models)
        own = detail.of_model(card.folder)
        assert own is not None
        assert (own.name, own.factor) == ("mine", 4)
        assert card.default_refine is Refine.DETAIL
        assert card.detail(Parameters(model="mine")) == own

    def test_a_damaged_one_is_refused(self, with_detail, models):
        (with_detail / "detail" / "model.safetensors").write_bytes(b"damaged")
        refused(with_detail, models, "detail network .* cannot be loaded")
        values = json.loads((with_detail / "detail" / "detail.json").read_text())
        (with_detail / "detail" / "detail.json").write_text(json.dumps(values | {"weights": "../model.safetensors"}))
        refused(with_detail, models, "must be a file beside it")
